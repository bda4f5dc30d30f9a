//! The real `till` process with emulated devices beside it, and a client of its API: for every
//! end-to-end test and for the benchmarks that measure a whole till.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let place = tests::process::Place::demo()?;
//! let agent = tests::process::Agent::start(&place)?;
//! let mut client = tests::process::Client::log_in(agent.address(), "101", "4826")?;
//! client.post("/shifts", &serde_json::json!({"float": {"minor": 10_000, "currency": "EUR"}}))?;
//! # Ok(()) }
//! ```

pub mod chain;
mod client;
mod place;

pub use client::{Answer, Client};
pub use place::Place;

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A till that takes longer to stop has hung.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The `till` binary: `TILL_BIN`, else the one of this build, which cargo is asked to bring up
/// to date (testing one crate does not build another's binary).
///
/// # Errors
/// When it cannot be built.
pub fn till_binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TILL_BIN") {
        return Ok(path.into());
    }
    // target/<profile>/deps/<this test>
    let test = std::env::current_exe().context("this test has no path")?;
    let profile = test.ancestors().nth(2).context("this test is not in a target folder")?;
    let target = profile.parent().context("this test is not in a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--offline", "--package", "agent", "--bin", "till"]);
    build.args(["--manifest-path", manifest]).arg("--target-dir").arg(target);
    // What cargo says of this crate would be taken for news by build scripts that look at it, and
    // everything above them built again, now and when this crate is built next.
    for (name, _) in std::env::vars_os() {
        let said = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if said {
            build.env_remove(name);
        }
    }
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    if !build.status().context("cargo cannot be started")?.success() {
        bail!("the till binary does not build");
    }
    Ok(profile.join("till"))
}

/// A running till. Dropping it kills it.
#[derive(Debug)]
pub struct Agent {
    child: Arc<Mutex<Child>>,
    address: SocketAddr,
    /// Held open: a till that can't print would stop.
    _stdout: BufReader<ChildStdout>,
}

impl Agent {
    /// Starts a till in `place` and waits until it answers. What it logs goes to `till.log`.
    ///
    /// # Errors
    /// When it ends before it answers; the log's last lines are in the error.
    pub fn start(place: &Place) -> Result<Self> {
        let log = File::options().create(true).append(true).open(place.log())?;
        let mut child = Command::new(till_binary()?)
            .args(["run", "--config"])
            .arg(place.config())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("till cannot be started")?;
        let stdout = child.stdout.take().context("till has no output")?;
        let mut stdout = BufReader::new(stdout);
        match address(&mut stdout) {
            Some(address) => {
                Ok(Self { child: Arc::new(Mutex::new(child)), address, _stdout: stdout })
            }
            None => {
                child.kill().ok();
                let status = child.wait()?;
                bail!("till ended with {status} before it listened:\n{}", place.log_tail())
            }
        }
    }

    /// Where it answers.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Kills it as a power cut or the system would (SIGKILL), from any thread at any moment.
    #[must_use]
    pub fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    /// Asks it to stop (SIGTERM) and waits for its exit.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop(self) -> Result<ExitStatus> {
        Command::new("kill").arg(lock(&self.child).id().to_string()).status()?;
        let until = Instant::now() + STOP_PATIENCE;
        while Instant::now() < until {
            if let Some(status) = lock(&self.child).try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("till did not stop within {STOP_PATIENCE:?}")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.killer().kill();
    }
}

/// Ends a till without warning.
#[derive(Debug)]
pub struct Killer(Arc<Mutex<Child>>);

impl Killer {
    /// Kills it, and returns when it is gone.
    pub fn kill(&self) {
        let mut child = lock(&self.0);
        child.kill().ok();
        child.wait().ok();
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address in the line that a till greets with.
fn address(stdout: &mut BufReader<ChildStdout>) -> Option<SocketAddr> {
    let mut line = String::new();
    while stdout.read_line(&mut line).ok()? > 0 {
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        if let Some(address) = url.and_then(|url| url.split('/').next()?.parse().ok()) {
            return Some(address);
        }
        line.clear();
    }
    None
}
