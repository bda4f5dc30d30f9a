//! The terminal without sockets and clock: bytes and the time in, bytes and closed lines out.
//!
//! It works through the script of one order at a time, also when the line is gone; meanwhile it
//! is busy. [`super::tcp`] and the simulation drive it.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::clock;
use super::fault::{AskFault, Fault};
use super::ledger::Ledger;
use super::script::{self, Step};
use super::wire::{self, Order};
use crate::terminal::apdu::Decoder;
use crate::terminal::codes;

/// How long the terminal waits for 80 00 before it goes on without.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// What an emulated terminal is.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// Eight digits.
    pub terminal_id: u32,
    /// Six digits.
    pub password: u32,
    /// The terminal's clock at its start, seconds into the year.
    pub clock_start_s: u64,
    /// The last numbers given before its start; they begin again after 999999 and 9999.
    pub last_trace: u32,
    /// See `last_trace`.
    pub last_receipt_no: u16,
}

impl Default for EmulatorConfig {
    fn default() -> Self {
        Self {
            terminal_id: 52_523_535,
            password: 0,
            clock_start_s: 0,
            last_trace: 0,
            last_receipt_no: 0,
        }
    }
}

/// What the terminal does to its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Closes the line.
    Close,
}

/// The terminal.
#[derive(Debug)]
pub struct Core {
    pub(super) config: EmulatorConfig,
    pub(super) ledger: Ledger,
    /// The trace number of the closed day whose totals are the last receipt.
    pub(super) day_closed: Option<u32>,
    pub(super) faults: VecDeque<Fault>,
    pub(super) ask_faults: VecDeque<AskFault>,
    script: VecDeque<Step>,
    /// The running order may still be aborted, and how the terminal takes that.
    pub(super) refuses_abort: bool,
    silent: bool,
    not_before: Duration,
    awaits_ack_until: Option<Duration>,
    off_until: Duration,
    line: Option<Decoder>,
    pub(super) registered: bool,
    output: Vec<Output>,
}

impl Core {
    /// A terminal that is switched on.
    #[must_use]
    pub fn new(config: EmulatorConfig) -> Self {
        Self {
            ledger: Ledger::counting_from(config.last_trace, config.last_receipt_no),
            config,
            day_closed: None,
            faults: VecDeque::new(),
            ask_faults: VecDeque::new(),
            script: VecDeque::new(),
            refuses_abort: false,
            silent: false,
            not_before: Duration::ZERO,
            awaits_ack_until: None,
            off_until: Duration::ZERO,
            line: None,
            registered: false,
            output: Vec::new(),
        }
    }

    /// Puts a fault behind those that wait, for one payment, refund or reversal.
    pub fn plan(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    /// Puts a fault behind those that wait, for one question.
    pub fn plan_ask(&mut self, fault: AskFault) {
        self.ask_faults.push_back(fault);
    }

    /// The faults that wait, for orders and for questions, the next one first.
    #[must_use]
    pub fn planned(&self) -> (Vec<Fault>, Vec<AskFault>) {
        (self.faults.iter().copied().collect(), self.ask_faults.iter().copied().collect())
    }

    /// Forgets all planned faults.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.ask_faults.clear();
    }

    /// What really moved.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A till connects; `false` when the power is off. A line that stood is gone.
    pub fn connect(&mut self, now: Duration) -> bool {
        self.disconnect();
        let on = now >= self.off_until;
        self.line = on.then(Decoder::default);
        on
    }

    /// The line is gone; an order that runs goes on.
    pub fn disconnect(&mut self) {
        self.line = None;
        self.registered = false;
        self.awaits_ack_until = None;
        self.output.clear();
    }

    /// The power is cut for `off`: the line and the running order are gone, the books stay.
    pub fn cut_power(&mut self, off: Duration, now: Duration) {
        let had_line = self.line.is_some();
        self.disconnect();
        self.script.clear();
        self.off_until = now + off;
        if had_line {
            self.output.push(Output::Close);
        }
    }

    /// Closes the line, as a pulled cable would; a running order goes on.
    pub fn cut_line(&mut self) {
        if self.line.is_some() {
            self.disconnect();
            self.output.push(Output::Close);
        }
    }

    /// Bytes from the till.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        let Some(line) = &mut self.line else { return };
        line.push(bytes);
        while let Some(line) = &mut self.line {
            match line.next_apdu() {
                Ok(Some(apdu)) => self.order(Order::read(&apdu), now),
                Ok(None) => return,
                Err(_) => self.cut_line(),
            }
        }
    }

    /// When [`Core::poll`] has something to do next.
    #[must_use]
    pub fn wake(&self) -> Option<Duration> {
        if !self.output.is_empty() {
            return Some(Duration::ZERO);
        }
        (!self.script.is_empty()).then(|| self.awaits_ack_until.unwrap_or(self.not_before))
    }

    /// Does what is due, and hands over what came of it.
    pub fn poll(&mut self, now: Duration) -> Vec<Output> {
        if self.awaits_ack_until.is_some_and(|until| now >= until) {
            self.awaits_ack_until = None;
        }
        while self.awaits_ack_until.is_none() && now >= self.not_before {
            let Some(step) = self.script.pop_front() else {
                self.silent = false;
                break;
            };
            self.step(step, now);
        }
        std::mem::take(&mut self.output)
    }

    fn step(&mut self, step: Step, now: Duration) {
        match step {
            Step::Wait(duration) => self.not_before = now + duration,
            Step::Answer(bytes) | Step::Raw(bytes) => self.send(bytes),
            Step::Tell(bytes) => self.tell(bytes, now),
            Step::Book { what, amount_minor, currency } => {
                let at = clock(self.config.clock_start_s + now.as_secs());
                self.ledger.book(what, amount_minor, currency, at);
                self.day_closed = None;
            }
            Step::TellStatus => {
                if let Some(last) = self.ledger.last() {
                    let status = wire::approved(last, self.config.terminal_id);
                    self.tell(status, now);
                }
            }
            Step::TellSlip => {
                if let Some(last) = self.ledger.last() {
                    let lines = wire::slip_lines(last, self.config.terminal_id);
                    self.script.push_front(Step::Tell(wire::slip(2, &lines)));
                    self.script.push_front(Step::Tell(wire::slip(1, &lines)));
                }
            }
            Step::FallSilent => self.silent = true,
            Step::SkipTrace => _ = self.ledger.skip_trace(),
            Step::CloseDay => self.day_closed = Some(self.ledger.skip_trace()),
            Step::TellTotals => {
                let trace = self.day_closed.unwrap_or(0);
                let at = clock(self.config.clock_start_s + now.as_secs());
                let totals = wire::totals(&self.ledger, trace, at);
                self.tell(totals, now);
            }
            Step::Close => self.cut_line(),
            Step::PowerOff(off) => self.cut_power(off, now),
        }
    }

    fn send(&mut self, bytes: Vec<u8>) {
        if self.line.is_some() && !self.silent {
            self.output.push(Output::Send(bytes));
        }
    }

    fn tell(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.line.is_some() && !self.silent {
            self.output.push(Output::Send(bytes));
            self.awaits_ack_until = Some(now + ACK_WAIT);
        }
    }

    fn order(&mut self, order: Order, now: Duration) {
        match order {
            Order::Ack => self.awaits_ack_until = None,
            Order::Abort => self.abort(),
            // One order at a time.
            _ if !self.script.is_empty()
                || self.awaits_ack_until.is_some_and(|until| now < until) =>
            {
                self.send(wire::message(0x84, 0x9C, &[]));
            }
            order => {
                self.silent = false;
                self.awaits_ack_until = None;
                self.not_before = now;
                self.script = self.begin(order);
            }
        }
    }

    /// Before the booking an order can be aborted, unless it is planned to refuse; after it
    /// the approval goes its way.
    fn abort(&mut self) {
        let open = self.script.iter().any(|step| matches!(step, Step::Book { .. }));
        if open && !self.refuses_abort && !self.silent {
            let ending = script::decline(codes::ABORTED, self.config.terminal_id);
            self.script = [script::ack()].into_iter().chain(ending).collect();
            self.awaits_ack_until = None;
            self.not_before = Duration::ZERO;
        } else {
            let code = if self.refuses_abort { codes::NOT_SUPPORTED } else { 0 };
            let class = if self.refuses_abort { 0x84 } else { 0x80 };
            self.send(wire::message(class, code, &[]));
        }
    }
}
