//! A till's folder with its configuration, the demo store imported, and emulated devices.

use super::till_binary;
use anyhow::{Context as _, Result, bail};
use drivers::printer::emulator::PrinterEmulator;
use drivers::printer::profile::Profile;
use drivers::terminal::emulator::{Emulator, EmulatorConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How many times faster than a person and a bank the terminal works.
const PACE: u32 = 400;

/// What a new store imports, in this order.
const FILES: [&str; 8] =
    ["store", "taxes", "tenders", "reasons", "staff", "catalogue", "prices", "stock"];

/// A till's folder. The devices live as long as it does, whatever becomes of the till.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    terminal: Emulator,
    _runtime: Runtime,
}

impl Place {
    /// The demo store, with a printer and a card terminal.
    ///
    /// # Errors
    /// When something cannot be made or imported.
    pub fn demo() -> Result<Self> {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (terminal, printer) = runtime.block_on(async {
            let listener = TcpListener::bind(any).await?;
            let terminal = Emulator::start(listener, EmulatorConfig::default(), PACE)?;
            let printer = PrinterEmulator::bind(any, Profile::ROLL_80).await?;
            let address = printer.address()?;
            tokio::spawn(printer.run());
            anyhow::Ok((terminal, address))
        })?;
        let place = Self { folder, terminal, _runtime: runtime };
        place.write_config(printer)?;
        place.import_demo()?;
        Ok(place)
    }

    /// Adds sections to `agent.toml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, sections: &str) -> Result<()> {
        let text = std::fs::read_to_string(self.config())? + sections;
        std::fs::write(self.config(), text).context("agent.toml cannot be written")
    }

    /// `agent.toml`.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("agent.toml")
    }

    /// The till's own folder.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("till")
    }

    /// What the tills logged.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("till.log")
    }

    /// The last lines of the log, for a failing test's message.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
    }

    /// The card terminal: its faults and its books.
    #[must_use]
    pub const fn terminal(&self) -> &Emulator {
        &self.terminal
    }

    /// Runs `till` with this configuration, and returns what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn till(&self, arguments: &[&str]) -> Result<String> {
        let mut till = Command::new(till_binary()?);
        let done = till.arg("--config").arg(self.config()).args(arguments).output()?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        bail!("till {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr))
    }

    fn write_config(&self, printer: SocketAddr) -> Result<()> {
        let (home, terminal) = (self.home(), self.terminal.address());
        let text = format!(
            "[store]\nfolder = {home:?}\n[http]\nport = 0\n[log]\nlevel = \"warn\"\n\
             [printer]\nendpoint = \"tcp://{printer}\"\n\
             [terminal]\nendpoint = \"tcp://{terminal}\"\npassword = \"000000\"\n\
             acknowledge_seconds = 1\nanswer_seconds = 2\nsilence_seconds = 3\n\
             order_seconds = 5\nretry_seconds = 1\n"
        );
        std::fs::write(self.config(), text).context("agent.toml cannot be written")
    }

    fn import_demo(&self) -> Result<()> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
        for name in FILES {
            let file = demo.join(format!("{name}.csv"));
            self.till(&["import", name, &file.to_string_lossy()])?;
        }
        Ok(())
    }
}
