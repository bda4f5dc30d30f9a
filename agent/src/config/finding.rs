//! What is wrong with a configuration, and where: for people at `till check` and at start.

use std::fmt;
use std::path::PathBuf;

/// Problems that are named; a file with more of them is another file.
pub const MAX_FINDINGS: usize = 100;

/// One problem. Displayed as `/etc/till/agent.toml:12:8: http.port: what, and what to do`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// The key, such as `http.port` or `scanner 2, name`; empty when it is about the whole.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Where a setting stands. Ordered as a person reads: the file from its top, then the
/// environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    File(PathBuf),
    /// In the file.
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// Characters, from 1.
        column: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// The built-in defaults; they are tested to be right.
    BuiltIn,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::BuiltIn => f.write_str("built-in defaults"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Why a configuration is not used: all that is wrong with it, in the order of [`Place`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(findings))]
pub struct ConfigError {
    /// Never empty, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

impl ConfigError {
    /// Sorts the findings and keeps the first [`MAX_FINDINGS`].
    pub(super) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|one, other| one.place.cmp(&other.place));
        findings.truncate(MAX_FINDINGS);
        Self { findings }
    }
}

fn list(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
