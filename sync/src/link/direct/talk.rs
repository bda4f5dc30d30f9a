//! One connection that was greeted: frames in, frames out, signs of life when there are none.

use super::framing::{self, Broken};
use crate::link::Route;
use crate::link::mailbox::Line;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter};
use tokio::time::timeout;

/// How often an idle side says that it lives.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// Why a conversation ended.
pub(super) enum End {
    /// The line broke, the peer left, or a newer connection came.
    Gone(String),
    /// The peer does what no till does.
    Wrong(String),
}

/// Carries frames both ways until the connection ends.
pub(super) async fn talk(stream: impl AsyncRead + AsyncWrite, line: &Line, route: &Route) -> End {
    let (mut reader, writer) = tokio::io::split(stream);
    // A frame's header and body leave in as few TLS records as may be.
    let mut writer = BufWriter::with_capacity(16 << 10, writer);
    tokio::select! {
        end = listen(&mut reader, line, route) => end,
        end = speak(&mut writer, line) => end,
        () = line.replaced() => End::Gone("a newer connection took its place".to_owned()),
    }
}

/// Reads no faster than the session deals with what it has: the rest waits in the peer's queue.
async fn listen(reader: &mut (impl AsyncRead + Unpin), line: &Line, route: &Route) -> End {
    loop {
        line.credit().await;
        match framing::read(reader).await {
            Ok(None) => {}
            Ok(Some(frame)) => {
                if line.deliver(route.clone(), frame).is_none() {
                    return End::Gone("the session took no more frames".to_owned());
                }
            }
            Err(broken @ Broken::TooLong(_)) => return End::Wrong(broken.to_string()),
            Err(broken) => return End::Gone(broken.to_string()),
        }
    }
}

async fn speak(writer: &mut (impl AsyncWrite + Unpin), line: &Line) -> End {
    loop {
        let frame = timeout(SIGN_OF_LIFE, line.next_frame()).await;
        let frame = frame.map_or_else(|_| Vec::new(), |(_, frame)| frame);
        if let Err(error) = framing::write(writer, &frame).await {
            return End::Gone(Broken::Io(error).to_string());
        }
    }
}
