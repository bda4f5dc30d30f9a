//! `till doctor`: a list of checks, each with what was found and what to do.
//!
//! | module | looks at |
//! | --- | --- |
//! | `folder` | the till's folder, secrets, disk |
//! | `clock` | the clock and the time zone |
//! | `store` | both databases, the journal, payments, print jobs |
//! | `shop` | staff, PINs, items and prices |
//! | `enrolment` | who the till is in its chain, and until when |
//! | `outside` | the API's port and the devices |
//!
//! Works on a stopped till, which it keeps from starting meanwhile, and on a running one, whose
//! API it asks. It changes nothing. Called by the command line, whose exit code is
//! [`DoctorReport::exit_code`].

mod clock;
mod enrolment;
mod folder;
mod outside;
mod shop;
mod store;

use super::Watch;
use crate::config::{Config, ConfigError};
use crate::home::{Home, HomeError};
use crate::plural::counted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// How a check came out. In rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Someone should look; the till sells.
    Warning,
    /// Something does not work, or money is at stake.
    Problem,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, such as `journal`.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// What to do; absent when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Everything that was checked, in the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// Whether the till was running.
    pub running: bool,
    /// The checks.
    pub checks: Vec<Check>,
}

/// How a till is examined.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// What the machine's clock says.
    pub now: Timestamp,
    /// The machine's time zone, where it has one.
    pub zone: Option<TimeZone>,
    /// The instant before which no clock can be right: the program's own build date.
    pub built: Timestamp,
    /// Verifies the whole journal and every page, however long that takes.
    pub full: bool,
    /// How long a device is waited for.
    pub patience: Duration,
}

/// Examines the till that `config` describes.
pub async fn examine(
    config: Result<&Config, &ConfigError>,
    options: &DoctorOptions,
    watch: Watch<'_>,
) -> DoctorReport {
    let mut checks = Vec::new();
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let found = error.to_string();
            let remedy = "correct the configuration; `till check` names the same lines";
            checks.push(Check::problem("configuration", found, remedy));
            return DoctorReport { running: false, checks };
        }
    };
    checks.push(Check::ok("configuration", "every key can be read"));
    if let Some(missing) = folder::missing(config) {
        checks.push(missing);
        return DoctorReport { running: false, checks };
    }
    let home = match Home::at(&config.store.folder) {
        Ok(home) => home,
        Err(error) => {
            checks.push(Check::problem("folder", error, "give the folder to the till's user"));
            return DoctorReport { running: false, checks };
        }
    };
    // Held to the end: nobody else may talk to the devices meanwhile.
    let lock = home.lock();
    let running = matches!(lock, Err(HomeError::InUse(_)));
    checks.extend(folder::check(config, &home));
    let shop = shop::load(&home);
    let currency = shop.settings.as_ref().map(|settings| settings.store.currency);
    let look = store::check(&home, options, running, currency, watch, &mut checks);
    checks.extend(clock::check(options, look.last_entry, shop.settings.as_ref()));
    checks.extend(enrolment::check(config, &home, shop.settings.as_ref(), options));
    checks.extend(shop::check(shop, &home, look.inspection.as_ref(), options.now));
    // The journal's read transaction ends before devices are waited for.
    drop(look);
    checks.extend(outside::check(config, running, currency, options.patience).await);
    DoctorReport { running, checks }
}

impl Check {
    fn ok(name: &'static str, found: impl fmt::Display) -> Self {
        Self { name, outcome: Outcome::Ok, found: found.to_string(), remedy: None }
    }

    fn warning(name: &'static str, found: impl fmt::Display, remedy: impl Into<String>) -> Self {
        let (found, remedy) = (found.to_string(), Some(remedy.into()));
        Self { name, outcome: Outcome::Warning, found, remedy }
    }

    fn problem(name: &'static str, found: impl fmt::Display, remedy: impl Into<String>) -> Self {
        let (found, remedy) = (found.to_string(), Some(remedy.into()));
        Self { name, outcome: Outcome::Problem, found, remedy }
    }
}

impl DoctorReport {
    /// The worst outcome.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.checks.iter().map(|check| check.outcome).max().unwrap_or(Outcome::Ok)
    }

    /// 0 when there is no problem, 1 when there is one.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.worst() == Outcome::Problem)
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.running { "running" } else { "stopped" };
        writeln!(f, "The till is {state}.")?;
        for check in &self.checks {
            let word = match check.outcome {
                Outcome::Ok => "ok",
                Outcome::Warning => "warning",
                Outcome::Problem => "problem",
            };
            writeln!(f, "{word:<8} {:<14} {}", check.name, check.found.replace('\n', "\n  "))?;
            if let Some(remedy) = &check.remedy {
                writeln!(f, "{:<23} → {remedy}", "")?;
            }
        }
        let count = |outcome| self.checks.iter().filter(|check| check.outcome == outcome).count();
        let (problems, warnings) = (count(Outcome::Problem), count(Outcome::Warning));
        writeln!(
            f,
            "{}: {}, {}",
            counted(self.checks.len(), "check", "checks"),
            counted(problems, "problem", "problems"),
            counted(warnings, "warning", "warnings")
        )
    }
}
