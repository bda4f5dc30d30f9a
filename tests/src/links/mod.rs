//! What every kind of link must do, run over each of them: in memory, direct, through a broker.

mod direct;
mod rigs;
mod suite;

use std::time::Duration;
use sync::link::{Event, Link, Receipt, Route, SendError};

/// What takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// The next event that is none of the link's own affairs.
pub async fn event(link: &mut impl Link) -> Event {
    tokio::time::timeout(PATIENCE, link.event()).await.expect("nothing happens on the link")
}

/// Waits for a frame, passing over `Up` and `Room`.
pub async fn frame(link: &mut impl Link) -> (Route, Vec<u8>, Receipt) {
    loop {
        match event(link).await {
            Event::Frame { route, bytes, receipt } => return (route, bytes, receipt),
            Event::Up { .. } | Event::Room => {}
            other => panic!("no frame: {other:?}"),
        }
    }
}

/// Waits for a frame and is done with it.
pub async fn take(link: &mut impl Link) -> Vec<u8> {
    let (_, bytes, receipt) = frame(link).await;
    link.done(receipt);
    bytes
}

/// Waits until a route is up.
pub async fn up(link: &mut impl Link, wanted: &Route) {
    loop {
        match event(link).await {
            Event::Up { route, .. } if route == *wanted => return,
            Event::Up { .. } | Event::Room => {}
            other => panic!("not up: {other:?}"),
        }
    }
}

/// Waits until a route is down, passing over what came before.
pub async fn down(link: &mut impl Link, wanted: &Route) -> String {
    loop {
        if let Event::Down { route, why } = event(link).await
            && route == *wanted
        {
            return why;
        }
    }
}

/// Waits for an alarm, passing over all else.
pub async fn alarm(link: &mut impl Link) -> String {
    loop {
        if let Event::Alarm(words) = event(link).await {
            return words;
        }
    }
}

/// Sends, waiting for room where the link is full.
pub async fn send(link: &mut impl Link, route: &Route, bytes: &[u8]) {
    while let Err(error) = link.send(route, bytes.to_vec()) {
        assert_eq!(error, SendError::Full);
        while event(link).await != Event::Room {}
    }
}
