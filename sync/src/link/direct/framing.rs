//! A frame on a stream: its length, 4 bytes big-endian, then its bytes. Length 0 says only that
//! the line lives.

use crate::link::tls::{cause, closed, explain};
use crate::wire::MAX_FRAME_BYTES;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A line that says nothing for so long is dead: three words of [`super::talk`] were lost.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("{}", ended(.0))]
    Io(#[from] io::Error),
    #[error("nothing was heard for {} s", SILENCE.as_secs())]
    Silent,
    #[error("a frame of {0} bytes is longer than any till sends")]
    TooLong(usize),
}

/// What ended the line, in words for a person.
fn ended(error: &io::Error) -> String {
    match cause(error) {
        Some(tls) => explain(tls),
        None if closed(error) => "the other till closed the line".to_owned(),
        None => format!("the line broke ({error})"),
    }
}

/// Reads a frame, or `None` for a sign of life. Dropping the future loses bytes.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Vec<u8>>, Broken> {
    let mut header = [0; 4];
    timeout(SILENCE, stream.read_exact(&mut header)).await.map_err(|_| Broken::Silent)??;
    let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if length == 0 {
        return Ok(None);
    }
    if length > MAX_FRAME_BYTES {
        return Err(Broken::TooLong(length));
    }
    let mut frame = vec![0; length];
    timeout(SILENCE, stream.read_exact(&mut frame)).await.map_err(|_| Broken::Silent)??;
    Ok(Some(frame))
}

/// Writes a frame, or a sign of life when it is empty. Dropping the future leaves half of it.
pub(super) async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::duplex;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(future)
    }

    /// Reads what `bytes` hold; the writer's end stays open when `open`.
    fn read_all(bytes: &[u8], open: bool) -> Result<Option<Vec<u8>>, Broken> {
        block_on(async {
            let (mut near, mut far) = duplex(bytes.len().max(1));
            near.write_all(bytes).await.unwrap();
            let kept = open.then_some(near);
            let result = read(&mut far).await;
            drop(kept);
            result
        })
    }

    /// Appended to, never changed: tills of two versions talk to each other.
    #[test]
    fn golden() {
        let mut bytes = Vec::new();
        block_on(write(&mut bytes, b"till")).unwrap();
        block_on(write(&mut bytes, b"")).unwrap();
        assert_eq!(bytes, b"\0\0\0\x04till\0\0\0\0");
    }

    proptest! {
        #[test]
        fn frames_round_trip_however_the_stream_cuts_them(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            pipe in 1_usize..50,
        ) {
            let read_back = block_on(async {
                let (mut near, mut far) = duplex(pipe);
                let writing = async {
                    for frame in &frames {
                        write(&mut near, frame).await.unwrap();
                    }
                };
                let reading = async {
                    let mut read_back = Vec::new();
                    for _ in &frames {
                        read_back.push(read(&mut far).await.unwrap().unwrap_or_default());
                    }
                    read_back
                };
                tokio::join!(writing, reading).1
            });
            prop_assert_eq!(read_back, frames);
        }
    }

    #[test]
    fn what_ended_a_line_is_told_without_words_for_programmers() {
        use rustls::{AlertDescription, Error};
        let eof = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        let refused = Error::AlertReceived(AlertDescription::CertificateRevoked);
        for (error, says) in [
            (io::Error::new(io::ErrorKind::UnexpectedEof, eof), "the other till closed the line"),
            (io::ErrorKind::ConnectionReset.into(), "the other till closed the line"),
            (io::ErrorKind::BrokenPipe.into(), "the other till closed the line"),
            (
                io::Error::new(io::ErrorKind::InvalidData, refused),
                "it refuses this till's certificate: it was revoked",
            ),
            (io::Error::other("no route"), "the line broke (no route)"),
        ] {
            assert_eq!(Broken::Io(error).to_string(), says);
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        fn check(bytes: &[u8], open: bool, says: &str) {
            let error = read_all(bytes, open).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let longest = u32::try_from(MAX_FRAME_BYTES).unwrap();
        check(b"", false, "closed");
        check(b"\0\0", false, "closed");
        check(b"\0\0\0\x05till", false, "closed");
        check(b"\xff\xff\xff\xff", true, "longer than any till sends");
        check(&(longest + 1).to_be_bytes(), true, "longer than any till sends");
        check(&longest.to_be_bytes(), true, "nothing was heard");
        check(b"", true, "nothing was heard");
        check(b"\0\0\0\x05till", true, "nothing was heard");
    }
}
