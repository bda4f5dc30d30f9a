//! Tills of a shop that talk directly: one that is slow, one whose line dies without a word, one
//! that restarts.

use super::rigs::till;
use super::{down, event, frame, send, take, up};
use crate::broker::{Chain, Proxy};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use sync::link::direct::{Admission, DirectLink, Listener, Sibling};
use sync::link::{Event, Link, SendError};

async fn listen() -> Listener {
    Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

/// A till of the shop; it admits every other.
fn start(
    chain: &Chain,
    listener: Listener,
    thing: &str,
    siblings: &[(&str, SocketAddr)],
) -> DirectLink {
    let admission: Admission = Arc::new(|peer| Ok(till(&peer.name)));
    let tls = chain.tls(&chain.till("HH01", thing)).unwrap();
    let siblings = siblings
        .iter()
        .map(|(thing, at)| Sibling { thing: (*thing).to_owned(), address: at.to_string() });
    DirectLink::start(listener, &tls, siblings.collect(), admission).unwrap()
}

#[tokio::test]
async fn a_till_that_is_slow_holds_nobody_else_back() {
    let chain = Chain::new("acme");
    let (one, two, three) = (listen().await, listen().await, listen().await);
    let (at_two, at_three) = (two.address(), three.address());
    let mut one = start(&chain, one, "till-1", &[("till-2", at_two), ("till-3", at_three)]);
    let mut slow = start(&chain, two, "till-2", &[]);
    let mut quick = start(&chain, three, "till-3", &[]);
    up(&mut slow, &till("till-1")).await;
    up(&mut quick, &till("till-1")).await;
    let mut ups = 0;
    while ups < 2 {
        ups += usize::from(matches!(event(&mut one).await, Event::Up { .. }));
    }
    // Till 2 is never done with anything; its sibling fills every buffer on the way to it.
    let long = vec![7; 100_000];
    let mut refused = 0;
    while refused < 3 {
        match one.send(&till("till-2"), long.clone()) {
            Ok(()) => refused = 0,
            Err(error) => {
                assert_eq!(error, SendError::Full);
                refused += 1;
            }
        }
        // A frame to till 3 and back takes as long as sockets need to move what they can.
        one.send(&till("till-3"), long.clone()).unwrap();
        assert_eq!(take(&mut quick).await, long);
        quick.send(&till("till-1"), b"got it".to_vec()).unwrap();
        assert_eq!(take(&mut one).await, b"got it");
    }
    // It gets all of it once it is done with some.
    let (_, _, receipt) = frame(&mut slow).await;
    slow.done(receipt);
    for _ in 0..31 {
        take(&mut slow).await;
    }
}

#[tokio::test]
async fn a_line_that_dies_without_a_word_is_noticed_by_both_and_replaced() {
    let chain = Chain::new("acme");
    let (one, two) = (listen().await, listen().await);
    let proxy = Proxy::start(two.address()).await.unwrap();
    let mut one = start(&chain, one, "till-1", &[("till-2", proxy.address())]);
    let mut two = start(&chain, two, "till-2", &[]);
    both_up(&mut one, &mut two).await;
    proxy.stall();
    let (to_one, to_two) = (till("till-1"), till("till-2"));
    let whys = tokio::join!(down(&mut one, &to_two), down(&mut two, &to_one));
    for why in [whys.0, whys.1] {
        assert_eq!(why, "nothing was heard for 10 s");
    }
    proxy.heal();
    both_up(&mut one, &mut two).await;
}

#[tokio::test]
async fn either_till_may_restart() {
    let chain = Chain::new("acme");
    let (listen_one, listen_two) = (listen().await, listen().await);
    let (at_one, at_two) = (listen_one.address(), listen_two.address());
    let mut one = start(&chain, listen_one, "till-1", &[("till-2", at_two)]);
    let mut two = start(&chain, listen_two, "till-2", &[("till-1", at_one)]);
    both_up(&mut one, &mut two).await;
    // The one that accepts.
    drop(two);
    down(&mut one, &till("till-2")).await;
    let mut two = start(&chain, again(at_two).await, "till-2", &[("till-1", at_one)]);
    both_up(&mut one, &mut two).await;
    // The one that dials.
    drop(one);
    down(&mut two, &till("till-1")).await;
    let mut one = start(&chain, again(at_one).await, "till-1", &[("till-2", at_two)]);
    both_up(&mut one, &mut two).await;
}

/// Tills 1 and 2 see each other, and a frame passes.
async fn both_up(one: &mut DirectLink, two: &mut DirectLink) {
    let (to_one, to_two) = (till("till-1"), till("till-2"));
    tokio::join!(up(one, &to_two), up(two, &to_one));
    send(one, &to_two, b"alive").await;
    assert_eq!(take(two).await, b"alive");
}

/// A port that a link held a moment ago: its tasks let go of it when they are next run.
async fn again(address: SocketAddr) -> Listener {
    loop {
        if let Ok(listener) = Listener::bind(address).await {
            return listener;
        }
        tokio::task::yield_now().await;
    }
}
