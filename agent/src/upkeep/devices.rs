//! `till devices`: each configured device and how it is.
//!
//! A running till is asked through its API, since a printer or terminal talks to one host at a
//! time. When none runs, the devices are asked themselves, through the same drivers, for a moment.
//! Called by the command line and by [`super::doctor`].

use crate::config::Config;
use commerce::Currency;
use drivers::endpoint::Endpoint;
use drivers::health::Health;
use drivers::machine::Machine;
use drivers::printer::driver::PrinterMachine;
use drivers::scanner::ScannerMachine;
use drivers::task::{Device, TaskConfig, spawn};
use drivers::terminal::driver::TerminalDriver;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Reports of a device that may wait to be thrown away: nobody asked it for anything.
const REPORTS: usize = 16;
/// How long a device is waited for: connecting takes up to 3 s, a terminal's answer up to 5 s.
pub const PATIENCE: Duration = Duration::from_secs(9);
/// How long a running till is waited for; it is on this machine.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 256 * 1024;

/// A device and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Its name: `printer`, `terminal`, or a scanner's own.
    pub name: String,
    /// What it is: `printer`, `terminal` or `scanner`.
    pub kind: String,
    /// Where it is.
    pub endpoint: String,
    /// `online`, `degraded`, `offline` or `faulted`.
    pub health: String,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// All devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DevicesReport {
    /// Whether a running till said so; else the devices were asked themselves.
    pub from_running_till: bool,
    /// The devices, in the order of the configuration.
    pub devices: Vec<DeviceReport>,
}

/// Why a running till did not tell.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody answered.
    #[error("no till answers at {address}: {detail}")]
    Silent {
        /// Where it was asked.
        address: SocketAddr,
        /// What happened.
        detail: String,
    },
    /// Something answered, but not with devices.
    #[error("{address} answers, but not with the state of its devices: {detail}")]
    Refused {
        /// Where it was asked.
        address: SocketAddr,
        /// What it said.
        detail: String,
    },
}

/// The answer of `GET /api/v1/devices`.
#[derive(Deserialize)]
struct Answer {
    devices: Vec<DeviceReport>,
}

/// Asks the till that runs at `address`. Blocks for some seconds at most.
///
/// # Errors
/// When nobody answers, or with something else.
pub fn ask_running(address: SocketAddr) -> Result<Vec<DeviceReport>, AskError> {
    let config = ureq::Agent::config_builder().timeout_global(Some(ANSWER)).build();
    let response = config.new_agent().get(format!("http://{address}/api/v1/devices")).call();
    let refused = |detail: String| AskError::Refused { address, detail };
    let mut response = match response {
        Ok(response) => response,
        Err(ureq::Error::StatusCode(status)) => return Err(refused(format!("HTTP {status}"))),
        Err(error) => return Err(AskError::Silent { address, detail: error.to_string() }),
    };
    let answer: Answer = response
        .body_mut()
        .with_config()
        .limit(MAX_ANSWER)
        .read_json()
        .map_err(|error| refused(error.to_string()))?;
    Ok(answer.devices)
}

/// Asks every configured device itself, all at once, for `patience` at most. Only for a stopped
/// till: hold its lock meanwhile. Without a currency, nothing was imported yet, and a terminal
/// is not asked.
pub async fn probe(
    config: &Config,
    currency: Option<Currency>,
    patience: Duration,
) -> Vec<DeviceReport> {
    let mut probes = JoinSet::new();
    for (place, scanner) in config.scanner.iter().enumerate() {
        let (name, endpoint) = (scanner.name.as_str().to_owned(), scanner.endpoint.clone());
        probes.spawn(async move {
            let health = reach(ScannerMachine::new(), &endpoint, &name, patience).await;
            (place, report(&name, "scanner", &endpoint, health))
        });
    }
    let place = config.scanner.len();
    if let Some(printer) = &config.printer {
        let (endpoint, profile) = (printer.endpoint.clone(), (*printer.profile).clone());
        probes.spawn(async move {
            let health = reach(PrinterMachine::new(profile), &endpoint, "printer", patience).await;
            (place, report("printer", "printer", &endpoint, health))
        });
    }
    if let Some(terminal) = &config.terminal {
        let endpoint = terminal.endpoint.clone();
        let driver =
            currency.map(|currency| TerminalDriver::new(&terminal.driver(currency, false)));
        probes.spawn(async move {
            let faulted = |why: &str| Health::Faulted { why: why.to_owned() };
            let health = match driver {
                Some(Some(driver)) => reach(driver, &endpoint, "terminal", patience).await,
                Some(None) => faulted("no card terminal takes the store's currency"),
                None => faulted("not asked, because no store was imported yet"),
            };
            (place + 1, report("terminal", "terminal", &endpoint, health))
        });
    }
    let mut found = probes.join_all().await;
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, report)| report).collect()
}

/// Connects, waits until the device has said how it is, and lets it go.
async fn reach<M: Machine>(
    machine: M,
    endpoint: &Endpoint,
    name: &str,
    patience: Duration,
) -> Health {
    let (reports, mut inbox) = mpsc::channel(REPORTS);
    let device: Device<M::Command> =
        spawn(machine, endpoint.transport(), TaskConfig::new(name, 0), reports);
    let drain = tokio::spawn(async move { while inbox.recv().await.is_some() {} });
    let mut health = device.health();
    let first = health.borrow().clone();
    // A device that is still on its way when patience ends is reported as it is then.
    timeout(patience, settled(&mut health, &first)).await.ok();
    let found = health.borrow().clone();
    device.stop().await;
    drain.abort();
    found
}

/// Ends when the device is as it will be: usable, out of order, or not to be reached.
async fn settled(health: &mut watch::Receiver<Health>, first: &Health) {
    let done = |now: &Health| match now {
        Health::Online | Health::Faulted { .. } => true,
        Health::Degraded { .. } => false,
        Health::Offline { .. } => now != first,
    };
    health.wait_for(done).await.ok();
}

fn report(name: &str, kind: &str, endpoint: &Endpoint, health: Health) -> DeviceReport {
    DeviceReport {
        name: name.to_owned(),
        kind: kind.to_owned(),
        endpoint: endpoint.to_string(),
        health: health.name().to_owned(),
        why: health.why().map(ToOwned::to_owned),
    }
}

impl fmt::Display for DevicesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.devices.is_empty() {
            return writeln!(f, "No device is configured.");
        }
        for device in &self.devices {
            let why = device.why.as_deref().unwrap_or_default();
            writeln!(
                f,
                "{:<10} {:<10} {:<32} {:<9} {why}",
                device.name, device.kind, device.endpoint, device.health
            )?;
        }
        Ok(())
    }
}
