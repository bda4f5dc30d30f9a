//! What stands around the till: the API's port and the devices.

use super::Check;
use crate::config::Config;
use crate::upkeep::devices::{AskError, DeviceReport, ask_running, probe};
use commerce::Currency;
use drivers::endpoint::Endpoint;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

/// Checks port and devices: of a running till through its API, else themselves.
pub(super) async fn check(
    config: &Config,
    running: bool,
    currency: Option<Currency>,
    patience: Duration,
) -> Vec<Check> {
    let address = config.http.socket_address();
    let mut checks = missing_files(config);
    if !running {
        checks.push(port_free(address));
        checks.extend(probe(config, currency, patience).await.iter().map(device));
        return checks;
    }
    if address.port() == 0 {
        let found = "the till runs at a port that the system chose (http.port is 0)";
        checks.push(Check::warning("api", found, "set http.port, so that it can be asked"));
        return checks;
    }
    let asked = tokio::task::spawn_blocking(move || ask_running(address)).await;
    match asked {
        Ok(Ok(devices)) => {
            checks.push(Check::ok("api", format!("answers at http://{address}")));
            checks.extend(devices.iter().map(device));
        }
        Ok(Err(error @ AskError::Refused { .. })) => {
            let remedy = "look whether another program has the port";
            checks.push(Check::warning("api", error, remedy));
        }
        Ok(Err(error)) => {
            let remedy = "look into the till's log, and start it again";
            checks.push(Check::problem("api", error, remedy));
        }
        Err(error) => checks.push(Check::problem("api", error, "report this")),
    }
    checks
}

/// Whether the till could listen where it is configured to.
fn port_free(address: SocketAddr) -> Check {
    match TcpListener::bind(address) {
        Ok(_) => Check::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let found = format!("another program listens at {address}");
            Check::problem("port", found, "stop that program, or set another http.port")
        }
        Err(error) => {
            let found = format!("nobody can listen at {address}: {error}");
            Check::problem("port", found, "correct http.address and http.port")
        }
    }
}

/// Serial devices whose file is not there: unplugged, or under another name.
fn missing_files(config: &Config) -> Vec<Check> {
    let scanners =
        config.scanner.iter().map(|scanner| (scanner.name.as_str().to_owned(), &scanner.endpoint));
    let printer = config.printer.iter().map(|printer| ("printer".to_owned(), &printer.endpoint));
    scanners
        .chain(printer)
        .filter_map(|(name, endpoint)| match &**endpoint {
            Endpoint::Serial(port) => missing_file(&name, &port.path),
            Endpoint::Tcp { .. } | Endpoint::Listen { .. } => None,
        })
        .collect()
}

fn missing_file(name: &str, path: &Path) -> Option<Check> {
    let remedy =
        "plug the device in, or set its endpoint to where it is now (`ls /dev/serial/by-id`)";
    (!path.exists()).then(|| {
        Check::problem("device file", format!("{name}: {} is not there", path.display()), remedy)
    })
}

fn device(device: &DeviceReport) -> Check {
    let why = device.why.as_deref().unwrap_or("no reason given");
    let found = format!("{} at {}: {}", device.name, device.endpoint, device.health);
    match device.health.as_str() {
        "online" => Check::ok("device", found),
        "degraded" => Check::warning("device", format!("{found} ({why})"), remedy(&device.kind)),
        "offline" if device.endpoint.starts_with("listen://") => {
            let remedy = "look whether the scanner is on and set to call this address";
            Check::warning("device", format!("{found} ({why})"), remedy)
        }
        "offline" => {
            let remedy = "look whether it is on, plugged in and at this address";
            Check::problem("device", format!("{found} ({why})"), remedy)
        }
        _ => Check::problem("device", format!("{found} ({why})"), remedy(&device.kind)),
    }
}

const fn remedy(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"printer" => "put paper in, close the cover, and look at the printer's lights",
        b"terminal" => "look at the terminal's screen; check its password and its registration",
        _ => "look at the device",
    }
}
