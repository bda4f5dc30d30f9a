//! Where mosquitto is: on the PATH, or fetched once by a script.

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The `mosquitto` to run: the one on the PATH or in `/usr/sbin`, else Debian's, which
/// `scripts/fetch-mosquitto.sh` puts below `target/tools` without root.
///
/// # Errors
/// What the script says that is missing, and what to do.
pub fn mosquitto_binary() -> Result<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| find().map_err(|error| format!("{error:#}")));
    found.clone().map_err(anyhow::Error::msg)
}

fn find() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian puts it where a user's PATH does not lead.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    if let Some(installed) = folders.map(|at| at.join("mosquitto")).find(|at| at.is_file()) {
        return Ok(installed);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/fetch-mosquitto.sh");
    let run = Command::new(script).output().context("fetch-mosquitto.sh can't be started")?;
    if !run.status.success() {
        bail!("{}", String::from_utf8_lossy(&run.stderr).trim());
    }
    Ok(PathBuf::from(String::from_utf8(run.stdout)?.trim()))
}
