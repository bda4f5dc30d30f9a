//! A till for the tests of what a cashier sees: the demo store, an emulated printer and card
//! terminal, and a screen that keeps what it shows.

use super::{Cashier, Entry, Screen};
use crate::auth::make_verifier;
use crate::config::Config;
use crate::home::{Home, wall_clock};
use crate::http::{Server, serve};
use crate::import::{Input, Kind, import};
use crate::runtime::Running;
use crate::sell::cashier::Pause;
use crate::sell::client::Client;
use crate::sell::wire::TillStatus;
use drivers::printer::emulator::{PrinterControl, PrinterEmulator};
use drivers::printer::profile::Profile;
use drivers::terminal::emulator::{Emulator, EmulatorConfig};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How many times faster than a person and a bank the terminal works.
const PACE: u32 = 400;

const PEPPER: [u8; 32] = [9; 32];

/// Who is given a PIN here.
pub(super) const STAFF: [(&str, &str); 3] = [("101", "4826"), ("201", "58146"), ("301", "692571")];

/// A screen that keeps what it shows, and answers as told.
#[derive(Default)]
pub(super) struct Recorder {
    pub shown: String,
    pub answers: VecDeque<&'static str>,
    /// Someone goes on without waiting once this was shown.
    pub leaves_at: Option<&'static str>,
}

impl Screen for Recorder {
    fn show(&mut self, text: &str) {
        self.shown.push_str(text);
        self.shown.push('\n');
    }

    fn ask(&mut self, what: &str, _hidden: bool) -> Option<String> {
        self.show(what);
        self.answers.pop_front().map(ToOwned::to_owned)
    }

    fn pause(&mut self, _time: Duration) -> Pause {
        std::thread::yield_now();
        let leaves = self.leaves_at.is_some_and(|words| self.shown.contains(words));
        if leaves { Pause::Left } else { Pause::Over }
    }

    fn attended(&self) -> bool {
        self.leaves_at.is_some()
    }
}

/// A running till with its devices.
pub(super) struct Shop {
    pub terminal: Emulator,
    pub printer: PrinterControl,
    server: Option<Server>,
    running: Option<Running>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Shop {
    pub(super) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (terminal, printer) = runtime.block_on(async {
            let listener = TcpListener::bind(any).await.unwrap();
            let terminal = Emulator::start(listener, EmulatorConfig::default(), PACE).unwrap();
            (terminal, PrinterEmulator::bind(any, Profile::ROLL_80).await.unwrap())
        });
        let config = config(folder.path(), printer.address().unwrap(), terminal.address());
        let control = printer.control();
        runtime.spawn(printer.run());
        let home = Home::at(folder.path()).unwrap();
        std::fs::write(home.file("pin.pepper"), PEPPER).unwrap();
        import_demo(&home);
        let (running, server) = runtime.block_on(async {
            let running = Running::start(&config, &home).unwrap();
            let set = running.till.look(|till| {
                for (staff, pin) in STAFF {
                    till.store().set_pin(staff, &make_verifier(pin, &PEPPER).unwrap()).unwrap();
                }
            });
            set.await.unwrap();
            let board = running.around();
            let door = crate::http::bind(&config.http).await.unwrap();
            let server = serve(running.till.clone(), board, door, &home).await.unwrap();
            (running, server)
        });
        Self {
            terminal,
            printer: control,
            server: Some(server),
            running: Some(running),
            runtime,
            _folder: folder,
        }
    }

    /// Someone at the till, with a shift open and the terminal connected.
    pub(super) fn selling(&self, (staff, pin): (&str, &str)) -> Cashier<Recorder> {
        let url = format!("http://{}", self.server.as_ref().unwrap().address());
        let mut client = Client::at(&url).unwrap();
        client.log_in(staff, pin).unwrap();
        let mut cashier = Cashier::at(client, None, Recorder::default()).unwrap();
        cashier.until("both devices are there", |status| {
            status.devices.iter().all(|device| device.health == "online")
        });
        cashier.types("open 100");
        cashier
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let (server, running) = (self.server.take().unwrap(), self.running.take().unwrap());
        self.runtime.block_on(async {
            server.stop().await;
            running.stop().await;
        });
    }
}

fn config(folder: &Path, printer: SocketAddr, terminal: SocketAddr) -> Config {
    let path = folder.join("agent.toml");
    let text = format!(
        "[store]\nfolder = {folder:?}\n[http]\nport = 0\n\
         [printer]\nendpoint = \"tcp://{printer}\"\nprofile = \"80mm\"\n\
         [terminal]\nendpoint = \"tcp://{terminal}\"\n"
    );
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path), []).unwrap()
}

fn import_demo(home: &Home) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    let mut catalogue = home.catalogue().unwrap();
    for kind in Kind::ALL {
        let path = demo.join(format!("{}.csv", kind.name()));
        let input = Input { path: &path, format: None, progress: &mut |_| {} };
        import(kind, input, &mut catalogue, wall_clock()).unwrap();
    }
}

impl Cashier<Recorder> {
    /// What a line shows; an error counts as shown.
    pub(super) fn types(&mut self, line: &str) -> String {
        self.screen.shown.clear();
        let entry = Entry::parse(line).unwrap().unwrap();
        if let Err(error) = self.carry_out(entry) {
            self.screen.show(&error.to_string());
        }
        self.screen.shown.clone()
    }

    /// Looks until the till is so.
    pub(super) fn until(&mut self, what: &str, so: impl Fn(&TillStatus) -> bool) {
        for _ in 0..20_000 {
            if so(&self.client.get("/status").unwrap()) {
                return;
            }
            std::thread::yield_now();
        }
        let jobs = self.types("jobs");
        panic!("never came: {what}\n{}{jobs}", self.types("status"));
    }
}
