//! The driver and the emulator's core joined without sockets, in virtual time.

use std::time::Duration;

use commerce::{Currency, Money};

use crate::machine::{Actions, Machine as _};
use crate::terminal::command::{Command, Event, TerminalConfig};
use crate::terminal::driver::TerminalDriver;
use crate::terminal::emulator::{Core, EmulatorConfig, Fault, Output};
use crate::terminal::exchange::Timing;
use crate::terminal::intent::{Baseline, Intent, IntentId, Kind, Outcome};
use crate::terminal::protocol::Password;

/// Between two attempts to connect.
const RECONNECT: Duration = Duration::from_secs(1);

pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap()).unwrap()
}

pub fn config() -> TerminalConfig {
    TerminalConfig {
        password: Password::new(123_456).unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        timing: Timing::default(),
        is_first_use: true,
    }
}

pub fn emulator_config() -> EmulatorConfig {
    EmulatorConfig {
        password: 123_456,
        last_trace: 999_996,
        last_receipt_no: 9_997,
        ..EmulatorConfig::default()
    }
}

pub struct World {
    pub now: Duration,
    pub driver: TerminalDriver,
    pub core: Core,
    pub events: Vec<Event>,
    pub baseline: Baseline,
    connected: bool,
    connect_at: Duration,
    next_id: u128,
}

impl World {
    /// A registered driver at a terminal that took one payment before.
    pub fn after_one_payment() -> Self {
        let mut world = Self::fresh();
        assert!(matches!(world.pay(500, Fault::None), Outcome::Approved(_)));
        world
    }

    /// A registered driver at a terminal that never took a payment.
    pub fn fresh() -> Self {
        let mut world = Self {
            now: Duration::ZERO,
            driver: TerminalDriver::new(&config()).unwrap(),
            core: Core::new(emulator_config()),
            events: Vec::new(),
            baseline: Baseline::Unknown,
            connected: false,
            connect_at: Duration::ZERO,
            next_id: 0,
        };
        world.run(Duration::from_secs(2));
        world
    }

    pub fn intent(&mut self, kind: Kind, minor: i64) -> Intent {
        self.next_id += 1;
        Intent { id: IntentId(self.next_id), kind, amount: eur(minor), baseline: self.baseline }
    }

    /// A payment with a fault, until its first outcome.
    pub fn pay(&mut self, minor: i64, fault: Fault) -> Outcome {
        self.core.plan(fault);
        let intent = self.intent(Kind::Payment, minor);
        self.perform(intent)
    }

    pub fn perform(&mut self, intent: Intent) -> Outcome {
        self.command(Command::Perform(intent));
        self.outcome(intent.id)
    }

    pub fn resolve(&mut self, intent: Intent) -> Outcome {
        self.command(Command::Resolve(intent));
        self.outcome(intent.id)
    }

    /// Runs until the intent has an outcome, and takes it.
    pub fn outcome(&mut self, id: IntentId) -> Outcome {
        let limit = self.now + Duration::from_secs(1_000);
        loop {
            if let Some(outcome) = self.take_outcome(id) {
                return outcome;
            }
            assert!(self.now < limit, "no outcome in 1000 s: {:?}", self.driver);
            self.step(limit);
        }
    }

    pub fn take_outcome(&mut self, id: IntentId) -> Option<Outcome> {
        let at = self
            .events
            .iter()
            .position(|event| matches!(event, Event::Outcome { intent, .. } if *intent == id))?;
        match self.events.remove(at) {
            Event::Outcome { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.step(end);
        }
    }

    /// As the task does it: at once, or when the driver takes it, or refused.
    pub fn command(&mut self, command: Command) {
        for _ in 0..100 {
            if !self.connected || self.driver.accepts() {
                break;
            }
            self.step(self.now + Duration::from_secs(10));
        }
        let mut out = Actions::new();
        if self.connected {
            self.driver.command(command, self.now, &mut out);
        } else {
            self.driver.refuse(command, "no connection", &mut out);
        }
        self.carry_out(out);
    }

    /// The line goes down between the two.
    pub fn cut_line(&mut self) {
        self.core.cut_line();
        self.core.poll(self.now);
        self.lost("cut");
    }

    pub fn cut_power(&mut self, off: Duration) {
        self.core.cut_power(off, self.now);
        self.core.poll(self.now);
        self.lost("power");
    }

    /// The till dies and comes back knowing nothing.
    pub fn crash(&mut self) {
        let is_first_use = self.core.ledger().last().is_none();
        self.driver = TerminalDriver::new(&TerminalConfig { is_first_use, ..config() }).unwrap();
        self.core.disconnect();
        self.connected = false;
        self.connect_at = self.now + RECONNECT;
        self.baseline = Baseline::Unknown;
    }

    /// Does what is due next, not past `end`.
    fn step(&mut self, end: Duration) {
        let due = [
            self.connected.then(|| self.driver.deadline()).flatten(),
            self.core.wake(),
            (!self.connected).then_some(self.connect_at),
            Some(end),
        ];
        self.now = due.into_iter().flatten().min().unwrap_or(end).max(self.now);
        if !self.connected && self.now >= self.connect_at {
            self.connect();
        }
        for output in self.core.poll(self.now) {
            match output {
                Output::Close => self.lost("closed by the terminal"),
                Output::Send(bytes) if self.connected => self.deliver(&bytes),
                Output::Send(_) => {}
            }
        }
        if self.connected && self.driver.deadline().is_some_and(|due| due <= self.now) {
            let mut out = Actions::new();
            self.driver.tick(self.now, &mut out);
            self.carry_out(out);
        }
    }

    fn deliver(&mut self, bytes: &[u8]) {
        // In pieces, as a network may.
        for piece in bytes.chunks(7) {
            if self.connected {
                let mut out = Actions::new();
                self.driver.received(piece, self.now, &mut out);
                self.carry_out(out);
            }
        }
    }

    fn connect(&mut self) {
        if self.core.connect(self.now) {
            self.connected = true;
            let mut out = Actions::new();
            self.driver.connected(self.now, &mut out);
            self.carry_out(out);
        } else {
            self.connect_at = self.now + RECONNECT;
        }
    }

    fn lost(&mut self, why: &str) {
        if std::mem::take(&mut self.connected) {
            self.connect_at = self.now + RECONNECT;
            let mut out = Actions::new();
            self.driver.disconnected(why, &mut out);
            self.report(out.events);
        }
    }

    fn carry_out(&mut self, out: Actions<Event>) {
        self.report(out.events);
        if self.connected && !out.bytes.is_empty() {
            self.core.receive(&out.bytes, self.now);
        }
        if out.close.is_some() {
            self.core.disconnect();
            self.lost("closed by the till");
        }
    }

    fn report(&mut self, events: Vec<Event>) {
        for event in events {
            if let Event::Baseline(baseline) = event {
                self.baseline = baseline;
            }
            self.events.push(event);
        }
    }
}
