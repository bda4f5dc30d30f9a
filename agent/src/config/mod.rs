//! The till's configuration: one file in TOML, the environment on top, built-in defaults below.
//!
//! All problems are found at once and named with file, line, column and key ([`Finding`]).
//! `config/agent.toml` shows every key, `docs/configuration.md` explains them. What the shop is
//! (name, taxes, staff) is data, not configuration: [`crate::import`] has it. Loaded by the
//! command line.

mod clash;
mod de;
mod finding;
mod read;
mod schema;
mod sections;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use clash::{MAX_SCANNERS, MAX_SIBLINGS};
pub use finding::{ConfigError, Finding, MAX_FINDINGS, Place};
pub use schema::schema;
pub use sections::{
    Config, Http, Hub, KeepAlive, Links, Log, LogFormat, Printer, Scanner, Seconds, Sibling, Store,
    Terminal, Till,
};
pub use value::{
    DeviceName, DrawerPin, Given, HostName, HostPort, LogFilter, Loopback, MAX_ZONES, OwnThing,
    Text, TextValue, ThingName, TopicName, ValueError, Within, Zones,
};

use tree::Tree;

/// The longest configuration that is read, in bytes: the shipped one is 5 KB with its comments.
pub const MAX_FILE: u64 = 1024 * 1024;

impl Config {
    /// Reads the file, if one is given, and the overrides `TILL_<SECTION>__<KEY>` of `env`
    /// (`std::env::vars_os()`).
    ///
    /// # Errors
    /// All that is wrong with it, up to [`MAX_FINDINGS`].
    pub fn load(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let tree = match path {
            Some(path) => read_file(path).and_then(|text| Tree::parse(path, text)),
            None => Ok(Tree::empty()),
        };
        let mut tree = tree.map_err(ConfigError::new)?;
        let mut findings = tree.override_with(env, &schema::keys());
        findings.extend(clash::between_devices(&tree));
        findings.extend(clash::between_siblings(&tree));
        let config = read::read(&mut tree, &mut findings);
        findings.extend(config.as_ref().and_then(|config| clash::between_waits(&tree, config)));
        match config {
            Some(config) if findings.is_empty() => Ok(config),
            _ => Err(ConfigError::new(findings)),
        }
    }

    /// All that is wrong, for `till check`; empty when [`Config::load`] succeeds.
    #[must_use]
    pub fn check(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Vec<Finding> {
        Self::load(path, env).map_or_else(|error| error.findings, |_| Vec::new())
    }
}

fn read_file(path: &Path) -> Result<String, Vec<Finding>> {
    let finding = |message: String| {
        vec![Finding { place: Place::File(path.to_owned()), key: String::new(), message }]
    };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(
        |error| {
            finding(format!("cannot be read ({error}): give the path of a file the till may read"))
        },
    )?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(finding(format!("is longer than {MAX_FILE} bytes: is it the right file?")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column =
            String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        vec![Finding {
            place: Place::Line { file: path.to_owned(), line, column },
            key: String::new(),
            message: "is not UTF-8: save the file in UTF-8".to_owned(),
        }]
    })
}
