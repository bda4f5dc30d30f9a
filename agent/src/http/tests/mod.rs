//! The API as a client sees it: a real server on a port of its own, over a real store in a folder
//! of its own, with the shipped demo store.

mod bad_input;
mod client;
mod customers;
mod documents;
mod doors;
mod events;
mod lists;
mod money;
mod refusals;
mod selling;

use super::{Board, Server, bind, serve};
use crate::auth::make_verifier;
use crate::config::Config;
use crate::home::{Home, wall_clock};
use crate::import::{Input, Kind, Pin, import};
use crate::runtime::{DeviceStatus, Running};
use client::Client;
use commerce::staff::StaffId;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;

/// Staff of the demo store with their PINs.
const CASHIER: (&str, &str) = ("101", "4826");
const SUPERVISOR: (&str, &str) = ("201", "58146");
const MANAGER: (&str, &str) = ("301", "692571");
const ADMINISTRATOR: (&str, &str) = ("901", "80361472");

/// One for all tests, so that verifiers, which take their time by design, are made once.
const PEPPER: [u8; 32] = [9; 32];

/// The verifiers of the staff file's PINs.
fn verifiers(given: &[(StaffId, Pin)]) -> impl Iterator<Item = (&'static str, &'static str)> {
    static MADE: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let make = |(staff, pin): &(StaffId, Pin)| {
        (staff.to_string(), make_verifier(pin.expose(), &PEPPER).unwrap())
    };
    let made = MADE.get_or_init(|| given.iter().map(make).collect());
    made.iter().map(|(staff, verifier)| (staff.as_str(), verifier.as_str()))
}

/// A printer that is always there.
struct OnePrinter;

impl Board for OnePrinter {
    fn devices(&self) -> Vec<DeviceStatus> {
        let (name, endpoint) = ("printer".to_owned(), "tcp://127.0.0.1:9100".to_owned());
        vec![DeviceStatus { name, kind: "printer", endpoint, health: "online", why: None }]
    }

    fn lines(&self) -> crate::link::status::LinkBoard {
        crate::link::status::LinkBoard::default()
    }

    fn terminal(&self) -> Option<String> {
        Some("insert card".to_owned())
    }
}

/// A running till with its API.
struct Shop {
    runtime: Runtime,
    running: Option<Running>,
    server: Option<Server>,
    config: Config,
    home: Home,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// A till of the demo store; everyone has the PIN of the staff file.
    fn open() -> Self {
        Self::with_pins(true)
    }

    /// The same, but nobody has a PIN yet.
    fn without_pins() -> Self {
        Self::with_pins(false)
    }

    fn with_pins(pins: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        std::fs::write(home.file("pin.pepper"), PEPPER).unwrap();
        let config = config(folder.path());
        let given = import_demo(&home);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let running = {
            let _here = runtime.enter();
            Running::start(&config, &home).unwrap()
        };
        if pins {
            let set = running.till.look(move |till| {
                for (staff, verifier) in verifiers(&given) {
                    till.store().set_pin(staff, verifier).unwrap();
                }
            });
            runtime.block_on(set).unwrap();
        }
        let mut shop =
            Self { runtime, running: Some(running), server: None, config, home, _folder: folder };
        shop.serve();
        shop
    }

    fn serve(&mut self) {
        let till = self.running.as_ref().unwrap().till.clone();
        let server = self.runtime.block_on(async {
            serve(till, Arc::new(OnePrinter), bind(&self.config.http).await?, &self.home).await
        });
        self.server = Some(server.unwrap());
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Stops the API and starts it again over the same till.
    fn restart_server(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.stop());
        self.serve();
    }

    /// A client that nobody is logged in at.
    fn client(&self) -> Client {
        Client::at(self.server().address())
    }

    /// A client with a log-in.
    fn logged_in(&self, (staff, pin): (&str, &str)) -> Client {
        let mut client = self.client();
        client.log_in(staff, pin);
        client
    }

    /// A cashier's client, with a shift open.
    fn selling(&self) -> Client {
        let mut client = self.logged_in(CASHIER);
        client.post("/shifts", r#"{"float": {"minor": 10000, "currency": "EUR"}}"#).ok();
        client
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let (server, running) = (self.server.take(), self.running.take());
        self.runtime.block_on(async {
            if let Some(server) = server {
                server.stop().await;
            }
            if let Some(running) = running {
                running.stop().await;
            }
        });
    }
}

fn config(folder: &Path) -> Config {
    let path = folder.join("agent.toml");
    // A printer that is not there: what is to be printed waits.
    let printer = "[printer]\nendpoint = \"tcp://127.0.0.1:1\"\n";
    let text = format!("[store]\nfolder = {folder:?}\n[http]\nport = 0\n{printer}");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path), []).unwrap()
}

fn import_demo(home: &Home) -> Vec<(StaffId, Pin)> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    let mut catalogue = home.catalogue().unwrap();
    let mut pins = Vec::new();
    for kind in Kind::ALL {
        let path = demo.join(format!("{}.csv", kind.name()));
        let input = Input { path: &path, format: None, progress: &mut |_| {} };
        pins.extend(import(kind, input, &mut catalogue, wall_clock()).unwrap().pins);
    }
    pins
}
