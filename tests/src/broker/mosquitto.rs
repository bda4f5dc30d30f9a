//! The broker's process: started on a free port, stopped, killed, restarted on the same one.

use super::{Chain, Settings, config, mosquitto_binary};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use tempfile::TempDir;

/// Ports tried: another process may take one between our look and mosquitto's.
const TRIES: usize = 20;

/// A running broker. Dropping it kills it.
#[derive(Debug)]
pub struct Mosquitto {
    folder: TempDir,
    settings: Settings,
    port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts a broker of a chain, and waits until it listens.
    ///
    /// # Errors
    /// When there is no mosquitto, or it does not start; its log is in the error.
    pub fn start(chain: &Chain, settings: &Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        config::write(folder.path(), chain, settings)?;
        let mut broker = Self { folder, settings: settings.clone(), port: 0, child: None };
        for _ in 0..TRIES {
            broker.port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            match broker.restart() {
                Err(_) if broker.log().contains("Address already in use") => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(broker),
            }
        }
        bail!("no free port for mosquitto in {TRIES} tries")
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What it wrote since it was started last.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Gives these tills rules, and no others; it knows them from its next start on.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn allow(&self, chain: &Chain, tills: &[(&str, &str)]) -> Result<()> {
        config::write_rules(self.folder.path(), chain, tills).context("no rules")
    }

    /// Asks it to stop (SIGTERM), as when its machine is shut down, and waits.
    ///
    /// # Errors
    /// When it can't be signalled.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            Command::new("kill").arg(child.id().to_string()).status()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Starts it again on its port, and waits until it listens.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        config::write_for_port(self.folder.path(), &self.settings, self.port)?;
        let mut child = Command::new(mosquitto_binary()?)
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("mosquitto can't be started")?;
        let stderr = child.stderr.take().context("mosquitto has no log")?;
        self.child = Some(child);
        if !wait_until_it_runs(stderr, &self.folder.path().join("log"))? {
            self.kill();
            bail!("mosquitto ended instead of listening:\n{}", self.log());
        }
        Ok(())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads the log until it says that the broker runs; a thread then keeps writing it down, for a
/// broker that can't log would stop.
fn wait_until_it_runs(stderr: ChildStderr, path: &Path) -> Result<bool> {
    let mut file = fs::File::create(path)?;
    let mut lines = BufReader::new(stderr).lines();
    for line in lines.by_ref() {
        let line = line?;
        writeln!(file, "{line}")?;
        if line.contains("mosquitto version") && line.ends_with("running") {
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    writeln!(file, "{line}").ok();
                }
            });
            return Ok(true);
        }
    }
    Ok(false)
}
