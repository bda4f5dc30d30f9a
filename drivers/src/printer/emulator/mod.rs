//! A receipt printer with a drawer, on TCP: it reads the real bytes and shows its paper.
//!
//! Tests and `till emulate printer` run it; a [`PrinterControl`] opens its cover, takes its paper
//! away, makes it babble, and reads what it printed. [`grammar`] cuts bytes into commands,
//! [`mechanism`] carries them out, this file is the network card.

pub mod grammar;
pub mod mechanism;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use self::mechanism::Mechanism;
use super::paper::Paper;
use super::profile::Profile;
use super::{svg, text};

/// Bytes read at once.
const READ: usize = 2048;

/// An emulated printer, listening.
#[derive(Debug)]
pub struct PrinterEmulator {
    listener: TcpListener,
    control: PrinterControl,
}

/// The hold on an emulated printer: its cover, its paper, its drawer, its faults.
#[derive(Debug, Clone)]
pub struct PrinterControl {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    printer: Mutex<Mechanism>,
    changed: Notify,
}

impl PrinterEmulator {
    /// A printer of `profile` with enough paper, listening on `address`.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn bind(address: SocketAddr, profile: Profile) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let printer = Mutex::new(Mechanism::new(profile));
        let shared = Arc::new(Shared { printer, changed: Notify::new() });
        Ok(Self { listener, control: PrinterControl { shared } })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system can't say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A hold on it.
    #[must_use]
    pub fn control(&self) -> PrinterControl {
        self.control.clone()
    }

    /// Serves one host after another, as printers do, until the future is dropped.
    ///
    /// # Errors
    /// When accepting fails.
    pub async fn run(self) -> io::Result<()> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if let Err(error) = self.control.serve(stream).await {
                tracing::debug!(%error, "the emulated printer's host is gone");
            }
        }
    }
}

impl PrinterControl {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        self.lock().connected();
        let mut inbound = [0_u8; READ];
        loop {
            let (answers, hang_up, room) = {
                let mut printer = self.lock();
                (printer.take_answers(), printer.hangs_up(), printer.room())
            };
            stream.write_all(&answers).await?;
            if hang_up {
                return Ok(());
            }
            // A full buffer reads no more: the host feels it as a connection that takes nothing.
            let space = inbound.get_mut(..room.min(READ)).unwrap_or_default();
            let length = tokio::select! {
                read = stream.read(space), if room > 0 => read?,
                () = self.shared.changed.notified() => continue,
            };
            if length == 0 {
                return Ok(());
            }
            self.lock().receive(inbound.get(..length).unwrap_or_default());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Mechanism> {
        // A poisoned lock only says that a test failed elsewhere; the printer goes on.
        self.shared.printer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes or reads the printer itself; a connected host notices at once.
    pub fn with<T>(&self, act: impl FnOnce(&mut Mechanism) -> T) -> T {
        let result = act(&mut self.lock());
        self.shared.changed.notify_one();
        result
    }

    /// What hangs out of the printer.
    #[must_use]
    pub fn paper(&self) -> Paper {
        self.lock().paper().clone()
    }

    /// What hangs out of the printer, as text.
    #[must_use]
    pub fn text(&self) -> String {
        text::render(&self.paper())
    }

    /// What hangs out of the printer, as a picture.
    ///
    /// # Errors
    /// As [`svg::png`].
    pub fn png(&self) -> Result<Vec<u8>, svg::PictureError> {
        svg::png(&self.paper())
    }
}
