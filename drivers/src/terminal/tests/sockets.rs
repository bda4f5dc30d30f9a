//! The driver in its task against the emulator, over real TCP on ports of the system's choice.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::world::{config, emulator_config, eur};
use crate::endpoint::Endpoint;
use crate::task::{Device, Report, TaskConfig, spawn};
use crate::terminal::command::{Command, Event};
use crate::terminal::driver::TerminalDriver;
use crate::terminal::emulator::{Break, Emulator, Fault, Moment};
use crate::terminal::intent::{Baseline, Intent, IntentId, Kind, Outcome};

/// A cardholder's three seconds in three milliseconds.
const PACE: u32 = 1_000;

struct Bench {
    emulator: Emulator,
    device: Device<Command>,
    reports: mpsc::Receiver<Report<Event>>,
    baseline: Baseline,
    next_id: u128,
}

impl Bench {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Emulator::start(listener, emulator_config(), PACE).unwrap();
        let address = emulator.address();
        let endpoint = Endpoint::Tcp { host: address.ip().to_string(), port: address.port() };
        let (events, reports) = mpsc::channel(64);
        let mut task = TaskConfig::new("terminal", 1);
        task.reconnect_first = Duration::from_millis(5);
        task.reconnect_longest = Duration::from_millis(20);
        let driver = TerminalDriver::new(&config()).unwrap();
        let device = spawn(driver, endpoint.transport(), task, events);
        let mut bench = Self { emulator, device, reports, baseline: Baseline::Unknown, next_id: 0 };
        bench.learn().await;
        bench
    }

    /// Waits until the driver has registered and knows the last payment.
    async fn learn(&mut self) {
        while !matches!(self.event().await, Event::Baseline(_)) {}
    }

    async fn event(&mut self) -> Event {
        let event = self.reports.recv().await.unwrap().event;
        if let Event::Baseline(baseline) = event {
            self.baseline = baseline;
        }
        event
    }

    fn intent(&mut self, minor: i64) -> Intent {
        self.next_id += 1;
        let id = IntentId(self.next_id);
        Intent { id, kind: Kind::Payment, amount: eur(minor), baseline: self.baseline }
    }

    async fn outcome(&mut self, command: Command) -> Outcome {
        self.device.send(command).unwrap();
        loop {
            if let Event::Outcome { outcome, .. } = self.event().await {
                return outcome;
            }
        }
    }

    async fn pay(&mut self, minor: i64) -> Outcome {
        let intent = self.intent(minor);
        self.outcome(Command::Perform(intent)).await
    }
}

#[tokio::test]
async fn a_payment_is_approved_and_another_declined() {
    let mut bench = Bench::start().await;
    assert!(matches!(bench.pay(500).await, Outcome::Approved(_)));
    bench.emulator.plan(Fault::Decline(0x05));
    assert!(matches!(bench.pay(700).await, Outcome::Declined(_)));
    assert_eq!(bench.emulator.ledger().net_minor(978), 500);
    bench.device.stop().await;
}

#[tokio::test]
async fn a_lost_line_is_resolved_by_asking() {
    for (at, booked) in [
        (Moment::BeforeBooking, 0),
        (Moment::BeforeStatus, 1_295),
        (Moment::BeforeCompletion, 1_295),
    ] {
        let mut bench = Bench::start().await;
        assert!(matches!(bench.pay(500).await, Outcome::Approved(_)));
        bench.emulator.plan(Fault::Break { at, how: Break::Line });
        let intent = bench.intent(1_295);
        let first = bench.outcome(Command::Perform(intent)).await;
        assert!(!first.is_settled(), "{at:?}: {first:?}");
        bench.learn().await;
        let settled = bench.outcome(Command::Resolve(intent)).await;
        assert_eq!(matches!(settled, Outcome::Approved(_)), booked > 0, "{at:?}: {settled:?}");
        assert!(settled.is_settled());
        assert_eq!(bench.emulator.ledger().net_minor(978), 500 + booked);
        bench.device.stop().await;
    }
}

#[tokio::test]
async fn the_books_outlive_the_power() {
    let mut bench = Bench::start().await;
    assert!(matches!(bench.pay(500).await, Outcome::Approved(_)));
    bench.emulator.cut_power(Duration::from_secs(20));
    bench.learn().await;
    assert!(matches!(bench.pay(600).await, Outcome::Approved(_)));
    assert_eq!(bench.emulator.ledger().net_minor(978), 1_100);
}
