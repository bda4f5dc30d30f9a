//! The devices of a running till: one supervised task each, their reports brought to the loop.

use super::feed::{Feed, What};
use super::looper::{Loop, Outlets};
use super::payments::{self, Payments};
use super::spool;
use crate::config::{Config, Printer, Scanner, Terminal, TextValue as _};
use crate::till::Event;
use commerce::Currency;
use drivers::health::Health;
use drivers::printer::driver::PrinterMachine;
use drivers::scanner::{ScanEvent, ScannerMachine};
use drivers::task::{Device, Report, TaskConfig, spawn};
use drivers::terminal::command::Command as TerminalCommand;
use drivers::terminal::driver::TerminalDriver;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Reports that may wait for the loop from one device.
const REPORTS: usize = 64;

/// A device as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStatus {
    /// Its name: `printer`, `terminal`, or a scanner's own.
    pub name: String,
    /// What it is: `printer`, `terminal` or `scanner`.
    pub kind: &'static str,
    /// Where it is.
    pub endpoint: String,
    /// `online`, `degraded`, `offline` or `faulted`.
    pub health: &'static str,
    /// Why, in words.
    pub why: Option<String>,
}

struct Watched {
    name: String,
    kind: &'static str,
    endpoint: String,
    health: watch::Receiver<Health>,
}

/// What the devices are doing, for whoever shows it.
#[derive(Default)]
pub struct DeviceBoard {
    watched: Mutex<Vec<Watched>>,
    /// What the terminal shows its customer now, in words.
    progress: Progress,
}

impl DeviceBoard {
    /// Every device as it is now, in the order of the configuration.
    #[must_use]
    pub fn status(&self) -> Vec<DeviceStatus> {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter().map(Watched::status).collect()
    }

    /// What the card terminal is doing, in words, while a payment is under way.
    #[must_use]
    pub fn terminal_progress(&self) -> Option<String> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the devices are told of the till.
pub(super) struct Known {
    /// The store's currency.
    pub currency: Currency,
    /// Another for each start: devices come back at times of their own.
    pub seed: u64,
    /// Whether a card terminal has booked anything for this till.
    pub has_card_payments: bool,
}

/// The devices of a running till.
pub struct Devices {
    board: Arc<DeviceBoard>,
    tasks: JoinSet<()>,
    scanners: Vec<Device<Infallible>>,
    stop: watch::Sender<bool>,
}

/// What the terminal is doing, shared with whoever asks.
pub(super) type Progress = Arc<Mutex<Option<String>>>;

impl Devices {
    /// Starts every configured device.
    pub(super) fn start(config: &Config, known: &Known, till: &Loop, outlets: Outlets) -> Self {
        let seed = known.seed;
        let mut devices = Self {
            board: Arc::default(),
            tasks: JoinSet::new(),
            scanners: Vec::new(),
            stop: watch::channel(false).0,
        };
        for (number, scanner) in (1_u64..).zip(&config.scanner) {
            devices.start_scanner(scanner, seed.wrapping_add(number), till);
        }
        let Outlets { orders, spool } = outlets;
        let stop = devices.stop.subscribe();
        match &config.printer {
            Some(printer) => devices.start_printer(printer, seed, till, spool),
            None => {
                tracing::info!("no printer is configured: receipts are shown, not printed");
                devices.tasks.spawn(spool::discard(till.clone(), spool, devices.stop.subscribe()));
            }
        }
        match &config.terminal {
            Some(terminal) => devices.start_terminal(terminal, known, till, orders),
            None => drop(devices.tasks.spawn(payments::refuse(till.clone(), orders, stop))),
        }
        devices
    }

    /// What the devices are doing.
    #[must_use]
    pub fn board(&self) -> Arc<DeviceBoard> {
        Arc::clone(&self.board)
    }

    fn watch<C>(
        &mut self,
        name: &str,
        kind: &'static str,
        endpoint: String,
        device: &Device<C>,
        feed: &Feed,
    ) {
        let health = device.health();
        let watched = Watched { name: name.to_owned(), kind, endpoint, health: health.clone() };
        self.board.watched.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
        self.tasks.spawn(tell(name.to_owned(), health, feed.clone()));
    }

    fn start_scanner(&mut self, scanner: &Scanner, seed: u64, till: &Loop) {
        let name = scanner.name.show();
        let (reports, mut inbox) = mpsc::channel(REPORTS);
        let device = spawn(
            ScannerMachine::new(),
            scanner.endpoint.transport(),
            TaskConfig::new(&name, seed),
            reports,
        );
        self.watch(&name, "scanner", scanner.endpoint.to_string(), &device, till.feed());
        self.scanners.push(device);
        let till = till.clone();
        self.tasks.spawn(async move {
            while let Some(Report { event, device, .. }) = inbox.recv().await {
                match event {
                    ScanEvent::Scanned(scan) => till.report(Event::Scanned(scan)).await,
                    ScanEvent::Refused(error) => {
                        tracing::warn!(%device, %error, "a code cannot be read");
                        let why = crate::till::Change::ScanRefused(error.to_string());
                        till.feed().say(What::Till(why));
                    }
                }
            }
        });
    }

    fn start_printer(
        &mut self,
        printer: &Printer,
        seed: u64,
        till: &Loop,
        wake: Arc<tokio::sync::Notify>,
    ) {
        let profile = (*printer.profile).clone();
        let (reports, inbox) = mpsc::channel(REPORTS);
        let machine = PrinterMachine::new(profile.clone());
        let device =
            spawn(machine, printer.endpoint.transport(), TaskConfig::new("printer", seed), reports);
        self.watch("printer", "printer", printer.endpoint.to_string(), &device, till.feed());
        let spool =
            spool::Spooler { till: till.clone(), device, profile, pin: printer.drawer_pin.0 };
        self.tasks.spawn(spool.run(wake, inbox, self.stop.subscribe()));
    }

    fn start_terminal(
        &mut self,
        terminal: &Terminal,
        known: &Known,
        till: &Loop,
        orders: mpsc::Receiver<TerminalCommand>,
    ) {
        let &Known { currency, seed, has_card_payments } = known;
        let Some(driver) = TerminalDriver::new(&terminal.driver(currency, !has_card_payments))
        else {
            tracing::error!(%currency, "no card terminal takes this currency");
            let stop = self.stop.subscribe();
            drop(self.tasks.spawn(payments::refuse(till.clone(), orders, stop)));
            return;
        };
        let (reports, inbox) = mpsc::channel(REPORTS);
        let device = spawn(
            driver,
            terminal.endpoint.transport(),
            TaskConfig::new("terminal", seed),
            reports,
        );
        self.watch("terminal", "terminal", terminal.endpoint.to_string(), &device, till.feed());
        let payments = Payments {
            till: till.clone(),
            device,
            progress: Arc::clone(&self.board.progress),
            current: None,
            ask_in: None,
            waited: None,
            doubt: None,
        };
        self.tasks.spawn(payments.run(orders, inbox, self.stop.subscribe()));
    }

    /// Stops every device: what is under way ends or gets its unknown outcome, and its report
    /// reaches the loop.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for scanner in self.scanners.drain(..) {
            scanner.stop().await;
        }
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a device's task failed");
            }
        }
    }
}

impl Watched {
    fn status(&self) -> DeviceStatus {
        let health = self.health.borrow();
        DeviceStatus {
            name: self.name.clone(),
            kind: self.kind,
            endpoint: self.endpoint.clone(),
            health: health.name(),
            why: health.why().map(ToOwned::to_owned),
        }
    }
}

/// Waits until the devices are told to stop.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender going away says the same.
    stop.wait_for(|stop| *stop).await.ok();
}

/// Tells the feed of every change of a device's health.
async fn tell(name: String, mut health: watch::Receiver<Health>, feed: Feed) {
    while health.changed().await.is_ok() {
        let now = health.borrow_and_update().clone();
        tracing::info!(device = name, health = %now, "device");
        feed.say(What::Device {
            name: name.clone(),
            health: now.name(),
            why: now.why().map(ToOwned::to_owned),
        });
    }
}
