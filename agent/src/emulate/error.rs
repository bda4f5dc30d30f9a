//! What can keep emulators from running, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the emulators do not run, or could not be told something.
#[derive(Debug, thiserror::Error)]
pub enum EmulateError {
    /// The folder or a file in it cannot be used.
    #[error("{}: {why}. Name a folder that you may write to with --folder", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Something that is not ours stands where a file should be made.
    #[error("{} is in the way and was not made by `till emulate`: move it, or name another --folder", .0.display())]
    InTheWay(PathBuf),
    /// Other emulators use the folder.
    #[error("emulators are running in {} already: stop them, or name another --folder", .0.display())]
    Running(PathBuf),
    /// The control socket cannot be made.
    #[error("{}: {why}. A socket's path has at most 107 bytes: a shorter --folder may do", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A port cannot be listened on.
    #[error(
        "the emulated {device} cannot listen on {address}: {why}. Stop what uses the port, or choose another with {option} (0 takes any that is free)"
    )]
    Port {
        /// The device.
        device: &'static str,
        /// The address.
        address: SocketAddr,
        /// The option that chooses the port.
        option: &'static str,
        /// Why.
        why: io::Error,
    },
    /// The system gives no pty.
    #[error("the emulated scanner gets no serial line: {0}")]
    Pty(io::Error),
    /// The terminal's books of an earlier run cannot be read.
    #[error("the last line of {} is not one of the terminal's books: move the file away", .0.display())]
    Books(PathBuf),
    /// Nobody listens to `till emulate tell`.
    #[error("no emulators run in {}: start `till emulate all` with the same --folder first", .0.display())]
    NotRunning(PathBuf),
    /// The conversation with the emulators broke.
    #[error("the emulators did not answer: {0}")]
    Silent(io::Error),
    /// The emulators refused.
    #[error("{0}")]
    Refused(String),
    /// The process cannot be set up.
    #[error("the emulators cannot start: {0}")]
    Runtime(io::Error),
}

impl EmulateError {
    /// An error of a file or folder.
    pub(super) fn folder(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |why| Self::Folder { path, why }
    }
}
