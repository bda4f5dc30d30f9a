//! What follows when an order is over: report it, and begin what comes next.

use std::time::Duration;

use super::{Stage, TerminalDriver};
use crate::machine::Actions;
use crate::terminal::codes;
use crate::terminal::command::{Event, OrderError};
use crate::terminal::exchange::{End, Heard};
use crate::terminal::intent::{Intent, Outcome, Payment, Unknown};
use crate::terminal::judge;
use crate::terminal::protocol::{Request, terminal_state};

impl TerminalDriver {
    /// One order is over: say what it means, and go on to what follows it.
    pub(super) fn ended(&mut self, end: End, now: Duration, out: &mut Actions<Event>) {
        let broken = match &end {
            End::Broken(why) => Some(why.to_string()),
            _ => None,
        };
        match std::mem::replace(&mut self.stage, Stage::Down) {
            Stage::Registering(_) => self.registered(&end, now, out),
            Stage::Learning(_) => self.learnt(&end, now, out),
            Stage::Performing(intent, _) => {
                let outcome = judge::performed(&intent, end);
                let settled = outcome.is_settled();
                self.settle(&intent, outcome, out);
                if settled || broken.is_some() { self.ready(out) } else { self.learn(now, out) }
            }
            Stage::Enquiring(intent, _) => self.enquired(intent, end, now, out),
            Stage::Repeating(intent, _) => {
                let outcome = self.unclaimed(&intent, judge::resolved(&intent, end));
                self.settle(&intent, outcome, out);
                self.ready(out);
            }
            Stage::ClosingDay(_) => {
                out.report(Event::EndOfDay(order(end).map(|heard| heard.slip)));
                self.learn(now, out);
            }
            Stage::Status(_) => {
                let state = order(end).map(|heard| terminal_state(&heard.completion));
                out.report(Event::Status(state));
                self.ready(out);
            }
            stage @ (Stage::Down | Stage::Resting(..) | Stage::Ready) => self.stage = stage,
        }
        if let Some(why) = broken {
            self.hang_up(why, out);
        }
    }

    fn registered(&mut self, end: &End, now: Duration, out: &mut Actions<Event>) {
        match end {
            End::Refused(code) | End::Aborted { code, .. } => {
                let why = format!("registration refused: {} ({code:02X})", codes::result(*code));
                self.rest(&why, codes::is_busy(*code), now, out);
            }
            End::Completed(_) => self.learn(now, out),
            End::Broken(_) => {}
        }
    }

    fn learnt(&mut self, end: &End, now: Duration, out: &mut Actions<Event>) {
        match end {
            End::Refused(code) | End::Aborted { code, .. } if codes::is_busy(*code) => {
                self.rest("the terminal is busy", true, now, out);
            }
            End::Broken(_) => {}
            _ => {
                self.learn_baseline(judge::baseline(end), out);
                self.ready(out);
            }
        }
    }

    /// A booking that was reported for one intent is not found again for another, whose own
    /// trace is then wiped out.
    fn unclaimed(&self, intent: &Intent, outcome: Outcome) -> Outcome {
        let taken = |booked: &Payment| {
            self.claimed.is_some_and(|(mark, by)| by != intent.id && mark == booked.mark)
        };
        match outcome {
            Outcome::Approved(booked) | Outcome::Mismatch { booked, .. } if taken(&booked) => {
                Outcome::Unknown(Unknown::Contradiction {
                    what: "its last payment belongs to another intent",
                    seen: Some(booked),
                })
            }
            other => other,
        }
    }

    /// The terminal answered whether it is free; if it is, ask for its last payment.
    fn enquired(&mut self, intent: Intent, end: End, now: Duration, out: &mut Actions<Event>) {
        let busy = match &end {
            End::Refused(code) | End::Aborted { code, .. } => codes::is_busy(*code),
            End::Completed(heard) => terminal_state(&heard.completion).is_some_and(codes::is_busy),
            End::Broken(_) => false,
        };
        match end {
            End::Broken(why) => self.settle(&intent, Outcome::Unknown(why), out),
            _ if busy => {
                self.settle(&intent, Outcome::Unknown(Unknown::Busy), out);
                self.ready(out);
            }
            // A terminal without this command may still repeat its last receipt.
            _ => {
                let exchange = self.begin(Request::RepeatReceipt, now, out);
                self.stage = Stage::Repeating(intent, exchange);
            }
        }
    }
}

/// What was heard of an order that moves no money, if the terminal completed it well.
fn order(end: End) -> Result<Heard, OrderError> {
    match end {
        End::Refused(code) | End::Aborted { code, .. } => Err(OrderError::Refused(code)),
        End::Broken(why) => Err(OrderError::Broken(why)),
        End::Completed(heard) => match heard.status.as_ref().and_then(|status| status.result) {
            None | Some(codes::RESULT_OK) => Ok(heard),
            Some(code) => Err(OrderError::Refused(code)),
        },
    }
}
