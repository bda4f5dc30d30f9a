//! A till with its card terminal, joined without sockets, threads or a clock: the real loop over
//! a real store, the real driver, the emulator's core. It does what the agent's runtime does:
//! carries orders out, tells the loop the terminal's words, asks again about an unknown outcome.

use crate::shop::{DemoStore, Shop, start};
use agent::runtime::report_of;
use agent::store::open::OpenOptions;
use agent::till::{Command, Effect, Event, Refusal, Reply};
use drivers::machine::{Actions, Machine as _};
use drivers::terminal::command::{Command as Order, Event as Word, TerminalConfig};
use drivers::terminal::driver::TerminalDriver;
use drivers::terminal::emulator::{Booking, Core, EmulatorConfig, Output};
use drivers::terminal::exchange::Timing;
use drivers::terminal::intent::{Intent, Outcome};
use drivers::terminal::protocol::Password;
use jiff::SignedDuration;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Between two attempts to connect.
const RECONNECT: Duration = Duration::from_secs(1);
/// Until an unknown outcome is asked about again, as the runtime does.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const PASSWORD: u32 = 123_456;

pub struct Counter<'store> {
    /// `None` only while the till is being started again.
    shop: Option<Shop<'store>>,
    driver: TerminalDriver,
    pub core: Core,
    pub now: Duration,
    connected: bool,
    connect_at: Duration,
    /// Orders that wait until the driver takes them.
    mailbox: VecDeque<Order>,
    current: Option<Intent>,
    unknown: Option<(Intent, Duration)>,
    /// The intent whose order the terminal was given last, and what it booked for each.
    performed: u64,
    seen: usize,
    pub booked: BTreeMap<u64, Vec<Booking>>,
}

fn driver(shop: &Shop<'_>) -> TerminalDriver {
    let config = TerminalConfig {
        password: Password::new(PASSWORD).unwrap(),
        currency: shop.currency(),
        timing: Timing::default(),
        is_first_use: !shop.has_card_payments(),
    };
    TerminalDriver::new(&config).unwrap()
}

impl<'store> Counter<'store> {
    /// A till and a terminal that have just been switched on.
    pub fn open(store: &'store DemoStore, options: OpenOptions) -> Self {
        let shop = Shop::open(store, options).unwrap();
        // The terminal's numbers begin again during many a schedule.
        let config = EmulatorConfig {
            password: PASSWORD,
            last_trace: 999_996,
            last_receipt_no: 9_997,
            ..EmulatorConfig::default()
        };
        Self {
            driver: driver(&shop),
            shop: Some(shop),
            core: Core::new(config),
            now: Duration::ZERO,
            connected: false,
            connect_at: Duration::ZERO,
            mailbox: VecDeque::new(),
            current: None,
            unknown: None,
            performed: 0,
            seen: 0,
            booked: BTreeMap::new(),
        }
    }

    pub fn shop(&self) -> &Shop<'store> {
        self.shop.as_ref().expect("the till runs")
    }

    /// Someone asks the till for something.
    pub fn ask(
        &mut self,
        by: &str,
        approver: Option<&str>,
        command: Command,
    ) -> Result<Reply, Refusal> {
        let reply = self.at_the_till(|shop| shop.ask(by, approver, command));
        self.post();
        reply
    }

    /// The same, but the till dies before the terminal hears of it.
    pub fn ask_and_crash(&mut self, by: &str, command: Command) {
        _ = self.at_the_till(|shop| shop.ask(by, None, command));
        self.crash();
    }

    /// The till dies and comes back with what its file holds.
    pub fn crash(&mut self) {
        let shop = self.shop.take().expect("the till runs").restart().unwrap();
        self.driver = driver(&shop);
        self.shop = Some(shop);
        self.core.disconnect();
        self.connected = false;
        self.connect_at = self.now + RECONNECT;
        self.mailbox.clear();
        (self.current, self.unknown) = (None, None);
        self.post();
    }

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

    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.step(end);
        }
    }

    fn at_the_till<T>(&mut self, act: impl FnOnce(&mut Shop<'store>) -> T) -> T {
        let shop = self.shop.as_mut().expect("the till runs");
        let now = start() + SignedDuration::try_from(self.now).unwrap();
        shop.now = shop.now.max(now);
        act(shop)
    }

    /// What the loop wants of the terminal goes into the mailbox, and from there if it can.
    fn post(&mut self) {
        self.collect();
        self.deliver_orders();
    }

    fn collect(&mut self) {
        let effects = self.at_the_till(|shop| std::mem::take(&mut shop.effects));
        for effect in effects {
            let Effect::Terminal(order) = effect else { continue };
            match order {
                Order::Perform(intent) | Order::Resolve(intent) => self.current = Some(intent),
                Order::Release(_) => self.unknown = None,
                _ => {}
            }
            self.mailbox.push_back(order);
        }
    }

    fn deliver_orders(&mut self) {
        while !self.connected || self.driver.accepts() {
            let Some(order) = self.mailbox.pop_front() else { return };
            let mut out = Actions::new();
            if !self.connected {
                self.driver.refuse(order, "no connection", &mut out);
            } else {
                if let Order::Perform(intent) = order {
                    self.performed = u64::try_from(intent.id.0).unwrap();
                }
                self.driver.command(order, self.now, &mut out);
            }
            self.carry_out(out);
        }
    }

    /// Does what is due next, not past `end`.
    fn step(&mut self, end: Duration) {
        let due = [
            self.connected.then(|| self.driver.deadline()).flatten(),
            self.core.wake(),
            (!self.connected).then_some(self.connect_at),
            self.unknown.map(|(_, at)| at),
            Some(end),
        ];
        self.now = due.into_iter().flatten().min().unwrap_or(end).max(self.now);
        if !self.connected && self.now >= self.connect_at {
            self.connect();
        }
        for output in self.core.poll(self.now) {
            match output {
                Output::Close => self.lost("closed by the terminal"),
                Output::Send(bytes) if self.connected => self.receive(&bytes),
                Output::Send(_) => {}
            }
        }
        self.note_bookings();
        if self.connected && self.driver.deadline().is_some_and(|due| due <= self.now) {
            let mut out = Actions::new();
            self.driver.tick(self.now, &mut out);
            self.carry_out(out);
        }
        if let Some((intent, _)) = self.unknown.filter(|(_, at)| *at <= self.now) {
            self.unknown = None;
            self.mailbox.push_back(Order::Resolve(intent));
        }
        self.deliver_orders();
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

    /// In pieces, as a network may.
    fn receive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(7) {
            if self.connected {
                let mut out = Actions::new();
                self.driver.received(piece, self.now, &mut out);
                self.carry_out(out);
            }
        }
    }

    fn lost(&mut self, why: &str) {
        if std::mem::take(&mut self.connected) {
            self.connect_at = self.now + RECONNECT;
            let mut out = Actions::new();
            self.driver.disconnected(why, &mut out);
            self.tell(out.events);
        }
    }

    fn carry_out(&mut self, out: Actions<Word>) {
        self.tell(out.events);
        if self.connected && !out.bytes.is_empty() {
            self.core.receive(&out.bytes, self.now);
        }
        if out.close.is_some() {
            self.core.disconnect();
            self.lost("closed by the till");
        }
    }

    /// Each booking is the one's whose order was under way.
    fn note_bookings(&mut self) {
        let bookings = self.core.ledger().bookings();
        let new = bookings.get(self.seen..).unwrap_or_default();
        self.booked.entry(self.performed).or_default().extend(new);
        self.seen = bookings.len();
    }

    fn tell(&mut self, words: Vec<Word>) {
        for word in words {
            let event = match word {
                Word::Baseline(baseline) => Event::Baseline(baseline),
                Word::Outcome { intent, outcome } => {
                    self.unknown = match &outcome {
                        Outcome::Unknown(why) if why.may_ask_again() => self
                            .current
                            .filter(|current| current.id == intent)
                            .map(|current| (current, self.now + ASK_AGAIN)),
                        _ => None,
                    };
                    let intent = u64::try_from(intent.0).unwrap();
                    Event::Payment { intent, report: report_of(outcome) }
                }
                _ => continue,
            };
            // A late word on a payment that has ended is refused, and that is right.
            _ = self.at_the_till(|shop| shop.event(event));
        }
        self.collect();
    }
}
