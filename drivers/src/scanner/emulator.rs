//! A scanner that types codes: on a pty as a serial one, or over TCP either way round.
//!
//! Tests and `till emulate scanner` use it; the real driver reads its bytes.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream};

/// An emulated scanner with a line to its host.
#[derive(Debug)]
pub struct ScannerEmulator {
    line: Line,
}

#[derive(Debug)]
enum Line {
    Pty(pipe::Sender),
    Tcp(TcpStream),
}

impl ScannerEmulator {
    /// A serial scanner on a new pty, and the path at which the host opens it.
    ///
    /// # Errors
    /// When the system gives no pty. Must be called within a tokio runtime.
    pub fn pty() -> io::Result<(Self, PathBuf)> {
        let master =
            rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        rustix::pty::grantpt(&master)?;
        rustix::pty::unlockpt(&master)?;
        let path = rustix::pty::ptsname(&master, Vec::new())?;
        // Raw from the first byte: a terminal would echo codes and turn CR into LF.
        let mut line = rustix::termios::tcgetattr(&master)?;
        line.make_raw();
        rustix::termios::tcsetattr(&master, OptionalActions::Now, &line)?;
        rustix::fs::fcntl_setfl(&master, OFlags::NONBLOCK | OFlags::RDWR)?;
        // A pty's master is written like a pipe; the check that it is one is what is left out.
        let master = pipe::Sender::from_owned_fd_unchecked(master)?;
        let path = PathBuf::from(OsString::from_vec(path.into_bytes()));
        Ok((Self { line: Line::Pty(master) }, path))
    }

    /// A network scanner that calls its host.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn connect(host: SocketAddr) -> io::Result<Self> {
        Ok(Self { line: Line::Tcp(TcpStream::connect(host).await?) })
    }

    /// A network scanner that its host calls.
    ///
    /// # Errors
    /// When accepting fails.
    pub async fn accept(listener: &TcpListener) -> io::Result<Self> {
        Ok(Self { line: Line::Tcp(listener.accept().await?.0) })
    }

    /// Scans `code` and sends it behind its symbology identifier (`]E0`; empty for none), ended
    /// by CR.
    ///
    /// # Errors
    /// When the line is broken.
    pub async fn scan(&mut self, identifier: &str, code: &str) -> io::Result<()> {
        self.type_raw(format!("{identifier}{code}\r").as_bytes()).await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the line is broken.
    pub async fn type_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.line {
            Line::Tcp(stream) => stream.write_all(bytes).await,
            Line::Pty(master) => master.write_all(bytes).await,
        }
    }
}
