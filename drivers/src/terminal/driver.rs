//! The card terminal as a [`Machine`]: registers on each connection, learns the terminal's last
//! payment, performs one order at a time, and asks about those whose outcome is unknown.
//!
//! It reports and never decides about money. The agent's part, in this order: take the latest
//! [`Event::Baseline`], make an [`Intent`] with it, write it down durably, send
//! [`Command::Perform`]; on [`Outcome::Unknown`] send [`Command::Resolve`] with the same intent
//! until it is settled or a manager decides and [`Command::Release`] follows.

mod ended;

use std::time::Duration;

use super::apdu::{Apdu, Decoder};
use super::codes;
use super::command::{Command, Event, OrderError, TerminalConfig};
use super::dump;
use super::exchange::{End, Exchange, Next, Timing};
use super::intent::{Baseline, Intent, IntentId, Kind, Mark, NotSent, Outcome, Unknown};
use super::judge;
use super::protocol::{Amount, Password, Request, currency_number};
use crate::machine::{Actions, DeviceState, Machine};

/// The terminal's protocol, ready for [`crate::task::spawn`].
#[derive(Debug)]
pub struct TerminalDriver {
    password: Password,
    currency: u16,
    timing: Timing,
    decoder: Decoder,
    stage: Stage,
    /// The terminal's last payment, as last learnt.
    baseline: Baseline,
    /// See [`TerminalConfig::is_first_use`]; over with the first booking heard of.
    is_first_use: bool,
    /// The intent whose outcome is unknown: until it is settled no other may be performed.
    open: Option<IntentId>,
    /// The intent that a manager took over last: a question about it that was still under way
    /// opens nothing again.
    released: Option<IntentId>,
    /// The last booking that was reported, and whose it is: it can't be another's too.
    claimed: Option<(Mark, IntentId)>,
}

#[derive(Debug)]
enum Stage {
    /// No connection, or one that is being closed.
    Down,
    /// 06 00 is under way.
    Registering(Exchange),
    /// 06 20 is under way to learn the last payment.
    Learning(Exchange),
    /// The terminal is busy or refuses to register; asked again later.
    Resting(Duration, String),
    Ready,
    Performing(Intent, Exchange),
    /// 05 01 is under way: is the terminal free to be asked?
    Enquiring(Intent, Exchange),
    /// 06 20 is under way: what was its last payment?
    Repeating(Intent, Exchange),
    ClosingDay(Exchange),
    Status(Exchange),
}

impl TerminalDriver {
    /// A driver for one terminal; `None` when the currency has no ISO 4217 number.
    #[must_use]
    pub fn new(config: &TerminalConfig) -> Option<Self> {
        Some(Self {
            password: config.password,
            currency: currency_number(config.currency)?,
            timing: config.timing,
            decoder: Decoder::default(),
            stage: Stage::Down,
            baseline: Baseline::Unknown,
            is_first_use: config.is_first_use,
            open: None,
            released: None,
            claimed: None,
        })
    }

    fn begin(&self, order: Request, now: Duration, out: &mut Actions<Event>) -> Exchange {
        out.send(&order.encode(self.password));
        let with_people = !matches!(
            order,
            Request::Registration { .. } | Request::StatusEnquiry | Request::RepeatReceipt
        );
        Exchange::begin(&self.timing, with_people, now)
    }

    fn register(&mut self, now: Duration, out: &mut Actions<Event>) {
        let order = Request::Registration { currency: self.currency };
        self.stage = Stage::Registering(self.begin(order, now, out));
    }

    fn learn(&mut self, now: Duration, out: &mut Actions<Event>) {
        self.stage = Stage::Learning(self.begin(Request::RepeatReceipt, now, out));
    }

    fn perform(&mut self, intent: Intent, now: Duration, out: &mut Actions<Event>) {
        match self.admit(&intent) {
            Ok(order) => self.stage = Stage::Performing(intent, self.begin(order, now, out)),
            Err(why) => report(intent.id, Outcome::NotSent(why), out),
        }
    }

    /// The order for an intent, unless something forbids to begin it.
    fn admit(&self, intent: &Intent) -> Result<Request, NotSent> {
        self.idle()?;
        if let Some(open) = self.open {
            return Err(NotSent::Unresolved(open));
        }
        if intent.baseline != self.baseline {
            return Err(NotSent::StaleBaseline);
        }
        let amount = Amount::new(intent.amount).ok_or(NotSent::BadAmount(intent.amount))?;
        match intent.kind {
            Kind::Payment => Ok(Request::Authorisation(amount)),
            Kind::Refund => Ok(Request::Refund(amount)),
            Kind::Reversal { receipt_no } if receipt_no > 9999 => {
                Err(NotSent::BadReceiptNo(receipt_no))
            }
            Kind::Reversal { receipt_no } => Ok(Request::Reversal { receipt_no }),
        }
    }

    fn idle(&self) -> Result<(), NotSent> {
        match &self.stage {
            Stage::Ready => Ok(()),
            Stage::Resting(_, why) => Err(NotSent::NotReady(why.clone())),
            Stage::Down => Err(NotSent::Offline("the connection is being renewed".to_owned())),
            _ => Err(NotSent::Busy),
        }
    }

    fn resolve(&mut self, intent: Intent, now: Duration, out: &mut Actions<Event>) {
        if self.exchange().is_some_and(|(_, under_way)| under_way == Some(intent.id)) {
            // Its own outcome is coming, whatever is asked meanwhile.
            return;
        }
        if self.idle().is_ok() {
            let exchange = self.begin(Request::StatusEnquiry, now, out);
            self.stage = Stage::Enquiring(intent, exchange);
        } else {
            self.settle(&intent, Outcome::Unknown(Unknown::Busy), out);
        }
    }

    fn release(&mut self, intent: IntentId) {
        self.open = self.open.filter(|open| *open != intent);
        self.released = Some(intent);
    }

    /// Reports an outcome and remembers whether it is still open.
    fn settle(&mut self, intent: &Intent, outcome: Outcome, out: &mut Actions<Event>) {
        let booked = match &outcome {
            Outcome::Approved(booked) | Outcome::Mismatch { booked, .. } => Some(booked.mark),
            _ => None,
        };
        // Another's or nobody's, it is the terminal's last one now, and must not pass for the next.
        let seen = match &outcome {
            Outcome::Unknown(Unknown::Contradiction { seen: Some(seen), .. }) => Some(seen.mark),
            _ => booked,
        };
        if outcome.is_settled() {
            self.open = self.open.filter(|open| *open != intent.id);
        } else if self.released != Some(intent.id) {
            self.open.get_or_insert(intent.id);
        }
        // The baseline first: whoever hears the outcome may make the next intent with it.
        if let Some(mark) = booked {
            self.claimed = Some((mark, intent.id));
        }
        if let Some(mark) = seen {
            self.learn_baseline(judge::baseline_of(mark), out);
        }
        report(intent.id, outcome, out);
    }

    pub(super) fn learn_baseline(&mut self, baseline: Baseline, out: &mut Actions<Event>) {
        self.baseline = match baseline {
            Baseline::Last(_) => {
                self.is_first_use = false;
                baseline
            }
            Baseline::Nothing if !self.is_first_use => Baseline::Unknown,
            Baseline::Nothing | Baseline::Unknown => baseline,
        };
        out.report(Event::Baseline(self.baseline));
    }

    fn ready(&mut self, out: &mut Actions<Event>) {
        self.stage = Stage::Ready;
        out.health = Some(DeviceState::Online);
    }

    fn rest(&mut self, why: &str, busy: bool, now: Duration, out: &mut Actions<Event>) {
        out.health = Some(if busy {
            DeviceState::Degraded(why.to_owned())
        } else {
            DeviceState::Faulted(why.to_owned())
        });
        // A terminal that refuses may count wrong passwords: ask seldom.
        let wait = if busy { self.timing.retry } else { self.timing.retry * 12 };
        self.stage = Stage::Resting(now + wait, why.to_owned());
    }

    fn hang_up(&mut self, why: String, out: &mut Actions<Event>) {
        self.stage = Stage::Down;
        out.bytes.clear();
        out.health = None;
        out.close = Some(why);
    }

    fn exchange(&mut self) -> Option<(&mut Exchange, Option<IntentId>)> {
        match &mut self.stage {
            Stage::Registering(exchange)
            | Stage::Learning(exchange)
            | Stage::ClosingDay(exchange)
            | Stage::Status(exchange) => Some((exchange, None)),
            Stage::Performing(intent, exchange)
            | Stage::Enquiring(intent, exchange)
            | Stage::Repeating(intent, exchange) => Some((exchange, Some(intent.id))),
            Stage::Down | Stage::Resting(..) | Stage::Ready => None,
        }
    }

    fn message(&mut self, apdu: &Apdu, now: Duration, out: &mut Actions<Event>) {
        tracing::trace!(message = dump::scrubbed(apdu), "from the card terminal");
        let Some((exchange, intent)) = self.exchange() else {
            return self.hang_up("the card terminal spoke out of turn".to_owned(), out);
        };
        match exchange.received(apdu, now) {
            Next::Wait => {}
            Next::Reply(bytes) => out.send(&bytes),
            Next::Progress(bytes, code) => {
                out.send(&bytes);
                out.report(Event::Progress { intent, code, text: codes::progress(code) });
            }
            Next::Ended(bytes, end) => {
                out.send(&bytes);
                // Nothing may follow the end of an order; a line where something does is
                // not trusted with the next one.
                let babble = self.decoder.has_rest();
                self.ended(end, now, out);
                if babble && out.close.is_none() {
                    self.abandon("bytes after the end of an order", out);
                }
            }
        }
    }

    /// Gives up the line and whatever has just begun on it.
    fn abandon(&mut self, why: &str, out: &mut Actions<Event>) {
        if let Stage::Repeating(intent, _) = std::mem::replace(&mut self.stage, Stage::Down) {
            self.settle(&intent, Outcome::Unknown(Unknown::Garbage(why.to_owned())), out);
        }
        self.hang_up(why.to_owned(), out);
    }
}

impl Machine for TerminalDriver {
    type Command = Command;
    type Event = Event;

    fn connected(&mut self, now: Duration, out: &mut Actions<Event>) {
        self.decoder = Decoder::default();
        out.health = Some(DeviceState::Degraded("registering with the card terminal".to_owned()));
        self.register(now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Duration, out: &mut Actions<Event>) {
        self.decoder.push(bytes);
        while out.close.is_none() {
            match self.decoder.next_apdu() {
                Ok(Some(apdu)) => self.message(&apdu, now, out),
                Ok(None) => return,
                Err(error) if self.exchange().is_some() => {
                    self.ended(End::Broken(Unknown::Garbage(error.to_string())), now, out);
                }
                Err(error) => self.hang_up(error.to_string(), out),
            }
        }
    }

    fn command(&mut self, command: Command, now: Duration, out: &mut Actions<Event>) {
        match command {
            Command::Perform(intent) => self.perform(intent, now, out),
            Command::Resolve(intent) => self.resolve(intent, now, out),
            Command::Release(intent) => self.release(intent),
            Command::Abort => {
                if let Stage::Performing(_, exchange) | Stage::ClosingDay(exchange) =
                    &mut self.stage
                {
                    out.send(exchange.abort());
                }
            }
            Command::EndOfDay => match self.idle() {
                // The day's slip would take the place of the payment that must be asked about.
                Ok(()) if self.open.is_none() => {
                    self.stage = Stage::ClosingDay(self.begin(Request::EndOfDay, now, out));
                }
                Ok(()) => {
                    let why = self.open.map_or(NotSent::Busy, NotSent::Unresolved);
                    out.report(Event::EndOfDay(Err(OrderError::NotSent(why))));
                }
                Err(why) => out.report(Event::EndOfDay(Err(OrderError::NotSent(why)))),
            },
            Command::Status => match self.idle() {
                Ok(()) => self.stage = Stage::Status(self.begin(Request::StatusEnquiry, now, out)),
                Err(why) => out.report(Event::Status(Err(OrderError::NotSent(why)))),
            },
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Down | Stage::Ready => None,
            Stage::Resting(until, _) => Some(*until),
            Stage::Registering(exchange)
            | Stage::Learning(exchange)
            | Stage::Performing(_, exchange)
            | Stage::Enquiring(_, exchange)
            | Stage::Repeating(_, exchange)
            | Stage::ClosingDay(exchange)
            | Stage::Status(exchange) => Some(exchange.deadline()),
        }
    }

    fn tick(&mut self, now: Duration, out: &mut Actions<Event>) {
        match self.stage {
            Stage::Resting(until, _) if now >= until => self.register(now, out),
            _ => {
                if let Some(end) = self.exchange().and_then(|(exchange, _)| exchange.tick(now)) {
                    self.ended(end, now, out);
                }
            }
        }
    }

    fn disconnected(&mut self, why: &str, out: &mut Actions<Event>) {
        let lost = || Unknown::Lost(why.to_owned());
        match std::mem::replace(&mut self.stage, Stage::Down) {
            Stage::Performing(intent, _)
            | Stage::Enquiring(intent, _)
            | Stage::Repeating(intent, _) => self.settle(&intent, Outcome::Unknown(lost()), out),
            Stage::ClosingDay(_) => out.report(Event::EndOfDay(Err(OrderError::Broken(lost())))),
            Stage::Status(_) => out.report(Event::Status(Err(OrderError::Broken(lost())))),
            _ => {}
        }
    }

    fn refuse(&mut self, command: Command, why: &str, out: &mut Actions<Event>) {
        let offline = || NotSent::Offline(why.to_owned());
        match command {
            Command::Perform(intent) => report(intent.id, Outcome::NotSent(offline()), out),
            Command::Resolve(intent) => {
                self.settle(&intent, Outcome::Unknown(Unknown::Lost(why.to_owned())), out);
            }
            Command::Release(intent) => self.release(intent),
            Command::Abort => {}
            Command::EndOfDay => {
                out.report(Event::EndOfDay(Err(OrderError::NotSent(offline()))));
            }
            Command::Status => out.report(Event::Status(Err(OrderError::NotSent(offline())))),
        }
    }

    fn accepts(&self) -> bool {
        !matches!(self.stage, Stage::Registering(_) | Stage::Learning(_))
    }

    fn busy(&self) -> bool {
        matches!(
            self.stage,
            Stage::Performing(..)
                | Stage::Enquiring(..)
                | Stage::Repeating(..)
                | Stage::ClosingDay(_)
                | Stage::Status(_)
        )
    }
}

fn report(intent: IntentId, outcome: Outcome, out: &mut Actions<Event>) {
    out.report(Event::Outcome { intent, outcome });
}
