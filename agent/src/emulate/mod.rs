//! `till emulate`: a scanner, a printer with drawer and a card terminal to try a till with, on
//! their real transports.
//!
//! | module | holds |
//! | --- | --- |
//! | [`args`] | the command line's part |
//! | [`control`], `socket`, `devices` | what one can tell running emulators: words, way, deed |
//! | `planned` | the terminal's planned faults, in those words |
//! | [`paper`], `printer` | the printed paper, shown and saved; the drawer |
//! | `scanner`, `terminal` | the serial line that keeps its name; the books that go on |
//!
//! The devices themselves, bytes and faults, are the drivers crate's. The command line runs this,
//! and tests do.

pub mod args;
pub mod control;
mod devices;
mod error;
pub mod paper;
mod planned;
mod printer;
mod scanner;
mod socket;
mod terminal;
#[cfg(test)]
mod tests;

pub use args::Emulate;
pub use error::EmulateError;
pub use socket::tell;

use crate::home::wall_clock;
use devices::Devices;
use drivers::printer::emulator::PrinterEmulator;
use drivers::printer::profile::Profile;
use drivers::terminal::emulator::{Emulator, EmulatorConfig};
use jiff::tz::TimeZone;
use paper::Shelf;
use printer::Watch;
use scanner::Scanner;
use socket::ControlSocket;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terminal::{Books, books_file, seconds_into_year};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How often the scanner's line is unlocked: sooner than a till tries to open it again.
const UNLOCK: Duration = Duration::from_millis(500);

/// Which emulators run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the scanner's line, the paper and the control socket are; made when it is missing.
    pub folder: PathBuf,
    /// Whether there is a scanner.
    pub scanner: bool,
    /// The printer, if there is one.
    pub printer: Option<PrinterOptions>,
    /// The card terminal, if there is one.
    pub terminal: Option<TerminalOptions>,
}

/// How the printer is.
#[derive(Debug, Clone)]
pub struct PrinterOptions {
    /// Its port on 127.0.0.1; 0 is any.
    pub port: u16,
    /// Its paper.
    pub profile: Profile,
    /// How long the drawer stays open.
    pub drawer_closes_after: Duration,
}

/// How the terminal is.
#[derive(Debug, Clone)]
pub struct TerminalOptions {
    /// Its port on 127.0.0.1; 0 is any.
    pub port: u16,
    /// Its ZVT password, six digits.
    pub password: u32,
    /// How many times faster than people and banks it works.
    pub pace: u32,
}

/// Who hears what the emulators have to say, a line or a piece of paper at a time.
#[derive(Clone)]
pub struct Say(Arc<dyn Fn(&str) + Send + Sync>);

impl Say {
    /// Says it to `hearer`.
    pub fn to(hearer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hearer))
    }

    fn say(&self, text: &str) {
        (self.0)(text);
    }
}

impl std::fmt::Debug for Say {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Say")
    }
}

/// Emulators that run. They stop when this is dropped.
#[derive(Debug)]
pub struct Emulators {
    devices: Arc<Devices>,
    tasks: JoinSet<()>,
}

impl Emulators {
    /// Starts emulators. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the folder or a port cannot be used, or others run there.
    pub async fn start(options: &Options, say: Say) -> Result<Self, EmulateError> {
        let folder = &options.folder;
        std::fs::create_dir_all(folder).map_err(EmulateError::folder(folder))?;
        // First: it tells whether the folder is free.
        let control = ControlSocket::bind(folder)?;
        let mut tasks = JoinSet::new();
        let scanner = match options.scanner {
            true => Some(Mutex::new(Scanner::at(folder.join("scanner"))?)),
            false => None,
        };
        let printer = match &options.printer {
            Some(printer) => {
                let shelf = Shelf::at(folder.join("paper"))?;
                Some(start_printer(printer, shelf, &say, &mut tasks).await?)
            }
            None => None,
        };
        let terminal = match &options.terminal {
            Some(terminal) => {
                let books = Books::at(books_file(folder))?;
                Some(start_terminal(terminal, books, &say, &mut tasks).await?)
            }
            None => None,
        };
        let devices = Arc::new(Devices { scanner, printer, terminal, say });
        tasks.spawn(control.serve(Arc::clone(&devices)));
        if devices.scanner.is_some() {
            tasks.spawn(keep_unlocked(Arc::clone(&devices)));
        }
        Ok(Self { devices, tasks })
    }

    /// Where each device is and what it is at, a line each.
    pub async fn status(&self) -> String {
        self.devices.status().await
    }

    /// The printer's address.
    #[must_use]
    pub fn printer(&self) -> Option<SocketAddr> {
        self.devices.printer.as_ref().map(|(_, address)| *address)
    }

    /// The terminal's address.
    #[must_use]
    pub fn terminal(&self) -> Option<SocketAddr> {
        self.devices.terminal.as_ref().map(Emulator::address)
    }

    /// Carries a line of [`control`] out.
    ///
    /// # Errors
    /// Why it was not, in words.
    pub async fn tell(&self, line: &str) -> Result<String, String> {
        self.devices.tell(line).await
    }

    /// Stops them and takes away the scanner's line and the control socket.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn listen(
    device: &'static str,
    option: &'static str,
    port: u16,
) -> Result<TcpListener, EmulateError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |why| EmulateError::Port { device, address, option, why };
    TcpListener::bind(address).await.map_err(failed)
}

async fn start_printer(
    options: &PrinterOptions,
    shelf: Shelf,
    say: &Say,
    tasks: &mut JoinSet<()>,
) -> Result<(drivers::printer::emulator::PrinterControl, SocketAddr), EmulateError> {
    let PrinterOptions { port, profile, drawer_closes_after } = options.clone();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |why| {
        let option = "--printer-port";
        EmulateError::Port { device: "printer", address, option, why }
    };
    let emulator = PrinterEmulator::bind(address, profile.clone()).await.map_err(failed)?;
    let address = emulator.address().map_err(failed)?;
    let control = emulator.control();
    let watch =
        Watch { control: control.clone(), profile, shelf, drawer_closes_after, say: say.clone() };
    tasks.spawn(watch.run());
    let say = say.clone();
    tasks.spawn(async move {
        if let Err(error) = emulator.run().await {
            say.say(&format!("printer   takes no connections any more: {error}"));
        }
    });
    Ok((control, address))
}

async fn start_terminal(
    options: &TerminalOptions,
    books: Books,
    say: &Say,
    tasks: &mut JoinSet<()>,
) -> Result<Emulator, EmulateError> {
    let listener = listen("terminal", "--terminal-port", options.port).await?;
    let mut config = EmulatorConfig {
        password: options.password,
        clock_start_s: seconds_into_year(&wall_clock().to_zoned(TimeZone::system())),
        ..EmulatorConfig::default()
    };
    books.go_on(&mut config);
    let terminal =
        Emulator::start(listener, config, options.pace).map_err(EmulateError::Runtime)?;
    tasks.spawn(books.watch(terminal.clone(), say.clone()));
    Ok(terminal)
}

/// Takes off the lock that a killed till leaves on the scanner's line.
async fn keep_unlocked(devices: Arc<Devices>) {
    let mut times = tokio::time::interval(UNLOCK);
    loop {
        times.tick().await;
        if let Some(scanner) = &devices.scanner {
            scanner.lock().await.unlock();
        }
    }
}
