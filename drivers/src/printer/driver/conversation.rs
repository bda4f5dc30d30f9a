//! The steps of one exchange with the printer: ask, then print or kick, then hear the answer.

use std::time::Duration;

use super::{
    ANSWER, CHUNK, CHUNK_TIME, DrawerOutcome, JobOutcome, KICK_ANSWER, NOISE, POLL, PrinterEvent,
    PrinterMachine, Purpose, State,
};
use crate::machine::{Actions, DeviceState};
use crate::printer::escpos;
use crate::printer::status::{PaperState, Told};

/// The statuses asked for, one after the other, so that a lost answer shifts no other.
const FIRST_STATUS: u8 = 1;

const fn next_status(which: u8) -> Option<u8> {
    match which {
        1 => Some(2),
        2 => Some(4),
        _ => None,
    }
}

impl PrinterMachine {
    /// Begins to ask for the status.
    pub(super) fn ask(&mut self, purpose: Purpose, now: Duration, out: &mut Actions<PrinterEvent>) {
        self.noise = 0;
        self.state = State::Asking { purpose, which: FIRST_STATUS, until: now + ANSWER };
        out.send(&escpos::ask_status(FIRST_STATUS));
    }

    /// Acts on what the printer said.
    pub(super) fn told(&mut self, told: Told, now: Duration, out: &mut Actions<PrinterEvent>) {
        match told {
            Told::Noise => {
                self.noise = self.noise.saturating_add(1);
                if self.noise > NOISE && !matches!(self.state, State::Idle { .. }) {
                    self.give_up("the printer sends bytes that make no sense", out);
                }
            }
            Told::RealTime => self.asked(now, out),
            Told::Automatic => self.changed(out),
            Told::Buffered => self.answered(now, out),
        }
    }

    /// One real-time answer came: the next question, or on to the purpose.
    fn asked(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        let State::Asking { which, until, .. } = &mut self.state else {
            return;
        };
        if let Some(next) = next_status(*which) {
            *which = next;
            *until = now + ANSWER;
            out.send(&escpos::ask_status(next));
            return;
        }
        let before = std::mem::replace(&mut self.state, State::Idle { poll: now + POLL });
        let State::Asking { purpose, .. } = before else {
            return;
        };
        let blocked = self.status.blocked().map(str::to_owned);
        match (purpose, blocked) {
            (Purpose::Poll, _) => {}
            (Purpose::Status, _) => self.reported = None,
            (Purpose::Print { job_id, .. }, Some(why)) => {
                out.report(PrinterEvent::Job { job_id, outcome: JobOutcome::NotPrinted { why } });
            }
            (Purpose::Kick { act_id, .. }, Some(why)) => {
                let outcome = DrawerOutcome::NotKicked { why };
                out.report(PrinterEvent::Drawer { act_id, outcome });
            }
            (Purpose::Print { job_id, bytes }, None) => {
                self.state = State::Sending { job_id, bytes, sent: 0, until: now };
                self.send_chunk(now, out);
            }
            (Purpose::Kick { act_id, pin }, None) => {
                out.send(&escpos::kick(&self.profile, pin));
                out.send(escpos::ANSWER_WHEN_KICKED);
                self.state = State::Kicking { act_id, until: now + KICK_ANSWER };
            }
        }
        self.publish(out);
    }

    /// Sends the job's next chunk; behind its last, asks to be told when all is printed.
    pub(super) fn send_chunk(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        let State::Sending { job_id, bytes, sent, until } = &mut self.state else {
            return;
        };
        let rest = bytes.get(*sent..).unwrap_or_default();
        let chunk = rest.get(..CHUNK).unwrap_or(rest);
        out.send(chunk);
        *sent += chunk.len();
        *until = now + CHUNK_TIME;
        if *sent == bytes.len() {
            out.send(escpos::ANSWER_WHEN_PRINTED);
            // Slow printers print some thirty lines a second: about a kilobyte.
            let printing = u64::try_from(bytes.len() / CHUNK).unwrap_or(0);
            let until = now + CHUNK_TIME + Duration::from_secs(printing);
            self.state = State::Confirming { job_id: *job_id, until };
        }
    }

    /// The buffered answer came: everything before it is done.
    fn answered(&mut self, now: Duration, out: &mut Actions<PrinterEvent>) {
        if self.status.paper == PaperState::Out {
            return self.give_up("the printer ran out of paper", out);
        }
        match std::mem::replace(&mut self.state, State::Idle { poll: now + POLL }) {
            State::Confirming { job_id, .. } => {
                out.report(PrinterEvent::Job { job_id, outcome: JobOutcome::Printed });
            }
            State::Kicking { act_id, .. } => {
                self.remember(act_id, DrawerOutcome::Kicked);
                let outcome = DrawerOutcome::Kicked;
                out.report(PrinterEvent::Drawer { act_id, outcome });
            }
            other => self.state = other,
        }
        self.publish(out);
    }

    /// An automatic status came: a job or a kick under way that is blocked now has an unknown
    /// end, since the printer may finish it once its paper is changed.
    fn changed(&mut self, out: &mut Actions<PrinterEvent>) {
        self.publish(out);
        let under_way = matches!(
            self.state,
            State::Sending { .. } | State::Confirming { .. } | State::Kicking { .. }
        );
        if let Some(why) = self.status.blocked().filter(|_| under_way) {
            self.give_up(why, out);
        }
    }

    /// Ends what is under way without an answer and drops the connection, so that a late answer
    /// falls away with it.
    pub(super) fn give_up(&mut self, why: &str, out: &mut Actions<PrinterEvent>) {
        self.settle(why, out);
        self.state = State::Offline;
        out.health = Some(DeviceState::Faulted(why.to_owned()));
        out.close = Some(why.to_owned());
    }

    /// Gives what is under way its outcome: nothing sent is not printed, anything sent is unknown.
    pub(super) fn settle(&mut self, why: &str, out: &mut Actions<PrinterEvent>) {
        let why = why.to_owned();
        match std::mem::replace(&mut self.state, State::Offline) {
            State::Offline | State::Idle { .. } => {}
            State::Asking { purpose, .. } => match purpose {
                Purpose::Poll => {}
                Purpose::Status => out.report(PrinterEvent::NoStatus { why }),
                Purpose::Print { job_id, .. } => {
                    let outcome = JobOutcome::NotPrinted { why };
                    out.report(PrinterEvent::Job { job_id, outcome });
                }
                Purpose::Kick { act_id, .. } => {
                    let outcome = DrawerOutcome::NotKicked { why };
                    out.report(PrinterEvent::Drawer { act_id, outcome });
                }
            },
            State::Sending { job_id, .. } | State::Confirming { job_id, .. } => {
                out.report(PrinterEvent::Job { job_id, outcome: JobOutcome::Unknown { why } });
            }
            State::Kicking { act_id, .. } => {
                let outcome = DrawerOutcome::Unknown { why };
                self.remember(act_id, outcome.clone());
                out.report(PrinterEvent::Drawer { act_id, outcome });
            }
        }
    }

    /// Publishes health, and the status where it differs from the last one reported.
    fn publish(&mut self, out: &mut Actions<PrinterEvent>) {
        out.health = Some(match (self.status.blocked(), self.status.paper) {
            (Some(why), _) => DeviceState::Faulted(why.to_owned()),
            (None, PaperState::NearEnd) => {
                DeviceState::Degraded("the paper is nearly used up".to_owned())
            }
            (None, _) if self.noise > NOISE => {
                DeviceState::Degraded("the printer sends bytes that make no sense".to_owned())
            }
            (None, _) => DeviceState::Online,
        });
        if self.reported != Some(self.status) {
            self.reported = Some(self.status);
            out.report(PrinterEvent::Status(self.status));
        }
    }
}
