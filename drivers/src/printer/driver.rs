//! The printer's machine: asks before, prints in chunks, and believes nothing but the printer's
//! own answer after. [`crate::task`] runs it.
//!
//! It prints nothing twice and kicks no drawer twice: a job that may be on paper ends
//! [`JobOutcome::Unknown`], and the connection is closed, so that a late answer finds nobody.
//! What to do then (ask, reprint as DUPLICATE) is the agent's decision.

mod conversation;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use super::escpos;
use super::profile::{DrawerPin, Profile};
use super::status::{Awaited, Status, StatusDecoder};
use crate::machine::{Actions, DeviceState, Machine};

/// The largest job: a receipt of some metres with pictures.
pub const MAX_JOB: usize = 512 * 1024;

/// How long a real-time answer may take: printers answer within milliseconds, radio links not.
pub const ANSWER: Duration = Duration::from_millis(1500);
/// How long the drawer's answer may take; what was printed before must finish first.
pub const KICK_ANSWER: Duration = Duration::from_secs(4);
/// How long a chunk may wait to be taken, and the least time for the last answer.
pub const CHUNK_TIME: Duration = Duration::from_secs(15);
/// How often an idle printer is asked how it is.
pub const POLL: Duration = Duration::from_secs(15);
/// Bytes sent at once; a printer's own buffer is about four times as large.
const CHUNK: usize = 1024;
/// Meaningless bytes during one exchange after which no answer is believed.
const NOISE: u32 = 16;
/// Drawer acts remembered, so that none is done twice: days of them.
const REMEMBERED_ACTS: usize = 1024;

/// What the agent asks of a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrinterCommand {
    /// Print a job once.
    Print {
        /// The spool's number for it.
        job_id: u64,
        /// What [`escpos::encode`] made; at most [`MAX_JOB`] bytes.
        bytes: Vec<u8>,
    },
    /// Open the drawer, at most once for each act.
    KickDrawer {
        /// The act's number.
        act_id: u64,
        /// Which drawer.
        pin: DrawerPin,
    },
    /// Ask for the status.
    Status,
}

/// What a printer reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrinterEvent {
    /// A job ended.
    Job {
        /// The spool's number for it.
        job_id: u64,
        /// How.
        outcome: JobOutcome,
    },
    /// A drawer act ended.
    Drawer {
        /// The act's number.
        act_id: u64,
        /// How; an act asked for again gets the same outcome again, and no pulse.
        outcome: DrawerOutcome,
    },
    /// The status changed, or was asked for.
    Status(Status),
    /// The status was asked for, and this is why there is none.
    NoStatus {
        /// Why, in words for the cashier.
        why: String,
    },
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// The printer said so itself, after the last byte.
    Printed,
    /// Nothing of it was sent; it may be sent again.
    NotPrinted {
        /// Why, in words for the cashier.
        why: String,
    },
    /// Some or all of it may be on paper.
    Unknown {
        /// Why, in words for the cashier.
        why: String,
    },
}

/// How a drawer act ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawerOutcome {
    /// The printer has sent the pulse.
    Kicked,
    /// No pulse was asked for.
    NotKicked {
        /// Why, in words for the cashier.
        why: String,
    },
    /// The drawer may have opened.
    Unknown {
        /// Why, in words for the cashier.
        why: String,
    },
}

/// One printer, with the drawer behind it.
#[derive(Debug)]
pub struct PrinterMachine {
    profile: Profile,
    state: State,
    status: Status,
    reported: Option<Status>,
    decoder: StatusDecoder,
    noise: u32,
    /// Acts whose pulse may have been sent, with what came of it.
    acts: VecDeque<(u64, DrawerOutcome)>,
}

#[derive(Debug)]
enum State {
    Offline,
    Idle { poll: Duration },
    Asking { purpose: Purpose, which: u8, until: Duration },
    Sending { job_id: u64, bytes: Vec<u8>, sent: usize, until: Duration },
    Confirming { job_id: u64, until: Duration },
    Kicking { act_id: u64, until: Duration },
}

/// Why the status is being asked for.
#[derive(Debug)]
enum Purpose {
    Poll,
    Status,
    Print { job_id: u64, bytes: Vec<u8> },
    Kick { act_id: u64, pin: DrawerPin },
}

impl PrinterMachine {
    /// A printer of this profile, not connected yet.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            state: State::Offline,
            status: Status::default(),
            reported: None,
            decoder: StatusDecoder::default(),
            noise: 0,
            acts: VecDeque::new(),
        }
    }

    const fn awaited(&self) -> Awaited {
        match self.state {
            State::Asking { which, .. } => Awaited::RealTime(which),
            State::Confirming { .. } => Awaited::Printed,
            State::Kicking { .. } => Awaited::Kicked,
            State::Offline | State::Idle { .. } | State::Sending { .. } => Awaited::Nothing,
        }
    }

    fn remembered(&self, act: u64) -> Option<&DrawerOutcome> {
        self.acts.iter().find(|(known, _)| *known == act).map(|(_, outcome)| outcome)
    }

    fn remember(&mut self, act: u64, outcome: DrawerOutcome) {
        if self.acts.len() == REMEMBERED_ACTS {
            self.acts.pop_front();
        }
        self.acts.push_back((act, outcome));
    }
}

impl Machine for PrinterMachine {
    type Command = PrinterCommand;
    type Event = PrinterEvent;

    fn connected(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        self.decoder = StatusDecoder::default();
        self.reported = None;
        out.health = Some(DeviceState::Degraded("the printer is asked how it is".to_owned()));
        out.send(escpos::STATUS_BACK);
        self.ask(Purpose::Poll, now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Duration, out: &mut Actions<PrinterEvent>) {
        for &byte in bytes {
            let awaited = self.awaited();
            if let Some(told) = self.decoder.take(byte, awaited, &mut self.status) {
                self.told(told, now, out);
            }
            if out.close.is_some() {
                return;
            }
        }
    }

    fn drained(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        self.send_chunk(now, out);
    }

    fn command(&mut self, command: PrinterCommand, now: Duration, out: &mut Actions<PrinterEvent>) {
        match command {
            PrinterCommand::Status => self.ask(Purpose::Status, now, out),
            PrinterCommand::Print { job_id, bytes } if bytes.len() > MAX_JOB => {
                let why = format!("{} bytes are more than one job may have", bytes.len());
                out.report(PrinterEvent::Job { job_id, outcome: JobOutcome::NotPrinted { why } });
            }
            PrinterCommand::Print { job_id, bytes } => {
                self.ask(Purpose::Print { job_id, bytes }, now, out);
            }
            PrinterCommand::KickDrawer { act_id, pin } => match self.remembered(act_id) {
                Some(outcome) => {
                    out.report(PrinterEvent::Drawer { act_id, outcome: outcome.clone() });
                }
                None => self.ask(Purpose::Kick { act_id, pin }, now, out),
            },
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Offline => None,
            State::Idle { poll } => Some(poll),
            State::Asking { until, .. }
            | State::Sending { until, .. }
            | State::Confirming { until, .. }
            | State::Kicking { until, .. } => Some(until),
        }
    }

    fn tick(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        if matches!(self.state, State::Idle { .. }) {
            self.ask(Purpose::Poll, now, out);
        } else {
            self.give_up("the printer does not answer", out);
        }
    }

    fn disconnected(&mut self, why: &str, out: &mut Actions<PrinterEvent>) {
        self.settle(why, out);
        self.state = State::Offline;
    }

    fn refuse(&mut self, command: PrinterCommand, why: &str, out: &mut Actions<PrinterEvent>) {
        let why = why.to_owned();
        out.report(match command {
            PrinterCommand::Print { job_id, .. } => {
                PrinterEvent::Job { job_id, outcome: JobOutcome::NotPrinted { why } }
            }
            PrinterCommand::KickDrawer { act_id, .. } => {
                let outcome = match self.remembered(act_id) {
                    Some(outcome) => outcome.clone(),
                    None => DrawerOutcome::NotKicked { why },
                };
                PrinterEvent::Drawer { act_id, outcome }
            }
            PrinterCommand::Status => PrinterEvent::NoStatus { why },
        });
    }

    fn accepts(&self) -> bool {
        matches!(self.state, State::Idle { .. })
    }

    fn busy(&self) -> bool {
        !matches!(
            self.state,
            State::Offline | State::Idle { .. } | State::Asking { purpose: Purpose::Poll, .. }
        )
    }
}
