//! The real `till run` over the benchmark's data: started, asked, weighed, stopped or killed.

use crate::client::Client;
use crate::data::Data;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tests::process::till_binary;

/// Someone of the demo store, with their PIN.
const CASHIER: (&str, &str) = ("101", "4826");

/// A till's folder with 100,000 past sales, PINs, and a shift open; gone when dropped.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new(data: &Data) -> Result<Self> {
        let home = Self { folder: data.scratch()? };
        fs::copy(data.past(100_000), home.till_db())?;
        fs::hard_link(data.catalogue().path, home.path().join("catalogue.db"))?;
        // The key with which the past sales were sealed.
        fs::write(home.path().join("till.key"), [7; 32])?;
        Live::start(&home)?.stop()?;
        let staff = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo/staff.csv");
        let imported = home.command()?.arg("import").arg("staff").arg(staff).output()?;
        ensure!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        Ok(home)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn till_db(&self) -> PathBuf {
        self.path().join("till.db")
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(till_binary()?);
        command
            .env("TILL_STORE__FOLDER", self.path())
            .env("TILL_HTTP__PORT", "0")
            .env("TILL_LOG__LEVEL", "warn");
        Ok(command)
    }
}

/// A running till; killed when dropped.
pub struct Live {
    child: Child,
    address: SocketAddr,
    /// Held open: a till that can't print would stop.
    _stdout: BufReader<ChildStdout>,
}

impl Live {
    /// Starts it and waits for the line that says where it answers.
    pub fn start(home: &Home) -> Result<Self> {
        let log = fs::File::create(home.path().join("log"))?;
        let mut child = home
            .command()?
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("till has no output")?);
        let mut line = String::new();
        while stdout.read_line(&mut line)? > 0 {
            let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
            if let Some(address) = url.and_then(|url| url.split('/').next()?.parse().ok()) {
                return Ok(Self { child, address, _stdout: stdout });
            }
            line.clear();
        }
        child.kill().ok();
        child.wait()?;
        bail!("till did not start: {}", fs::read_to_string(home.path().join("log"))?)
    }

    pub fn cashier(&self) -> Result<Client> {
        let (staff, pin) = CASHIER;
        Client::log_in(self.address, staff, pin)
    }

    /// Anonymous resident memory in MB.
    pub fn anonymous_mb(&self) -> Result<f64> {
        anonymous_mb(self.child.id())
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(self.child.wait()?.success(), "till did not stop cleanly");
        Ok(())
    }

    /// Kills it without warning.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Anonymous resident memory of a process in MB, as the kernel counts it.
pub fn anonymous_mb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("the kernel does not tell RssAnon")?
        .parse()?;
    Ok(kib * 1024.0 / 1e6)
}
