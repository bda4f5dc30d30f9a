//! One order and its answers: a command goes out, the terminal acknowledges it, speaks as long
//! as it likes, and ends it. No I/O and no clock.
//!
//! It keeps what was heard and says how the order ended; [`super::judge`] says what that means.
//! [`super::driver`] owns it, one at a time.

use std::time::Duration;

use super::apdu::Apdu;
use super::codes;
use super::intent::Unknown;
use super::protocol::{ABORT, ACK, Incoming, SlipLine, UNSUPPORTED};
use super::status::StatusInformation;

/// The most slip lines kept of one order: an end of day of a busy shop has some hundreds.
pub const MAX_SLIP: usize = 1_000;

/// How long each wait lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For 80 00 after a command; the specification gives the terminal 5 s.
    pub acknowledge: Duration,
    /// For the next message of an order that a person or a bank takes part in.
    pub silence: Duration,
    /// For the next message of an order that the terminal answers by itself.
    pub answer: Duration,
    /// For the whole of one order, however much it says meanwhile.
    pub order: Duration,
    /// Between two attempts to register with a terminal that is busy or refuses.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            acknowledge: Duration::from_secs(5),
            silence: Duration::from_secs(90),
            answer: Duration::from_secs(15),
            order: Duration::from_secs(300),
            retry: Duration::from_secs(5),
        }
    }
}

/// What the terminal said of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// The last status information.
    pub status: Option<Box<StatusInformation>>,
    /// The slip, at most [`MAX_SLIP`] lines.
    pub slip: Vec<SlipLine>,
    /// The data of the completion.
    pub completion: Vec<u8>,
}

/// How an order ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// 84 xx in place of the acknowledgement: the terminal did not begin.
    Refused(u8),
    /// 06 0F.
    Completed(Heard),
    /// 06 1E.
    Aborted {
        /// Its code.
        code: u8,
        /// What came before it.
        heard: Heard,
    },
    /// It has no end that can be trusted; the line must be closed.
    Broken(Unknown),
}

/// What to do after a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these bytes and wait on.
    Reply(Vec<u8>),
    /// As `Reply`, and show what the terminal is doing.
    Progress(Vec<u8>, u8),
    /// Wait on.
    Wait,
    /// Send these bytes; the order is over.
    Ended(Vec<u8>, End),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AbortState {
    No,
    /// Wanted, but the command itself is not acknowledged yet.
    Wanted,
    Sent,
}

/// One order under way.
#[derive(Debug)]
pub struct Exchange {
    acknowledged: bool,
    abort: AbortState,
    heard: Heard,
    silence: Duration,
    deadline: Duration,
    limit: Duration,
}

impl Exchange {
    /// An order whose command is being sent at `now`; `with_people` when someone at the
    /// terminal or a bank takes part.
    #[must_use]
    pub fn begin(timing: &Timing, with_people: bool, now: Duration) -> Self {
        Self {
            acknowledged: false,
            abort: AbortState::No,
            heard: Heard::default(),
            silence: if with_people { timing.silence } else { timing.answer },
            deadline: now + timing.acknowledge,
            limit: now + timing.order,
        }
    }

    /// When [`Exchange::tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline.min(self.limit)
    }

    /// The order is broken if its deadline has come.
    pub fn tick(&mut self, now: Duration) -> Option<End> {
        (now >= self.deadline()).then_some(End::Broken(Unknown::Silent))
    }

    /// Asks the terminal to end the order; it may still approve. Bytes to send now.
    pub fn abort(&mut self) -> &'static [u8] {
        match self.abort {
            AbortState::No if self.acknowledged => {
                self.abort = AbortState::Sent;
                &ABORT
            }
            AbortState::No => {
                self.abort = AbortState::Wanted;
                &[]
            }
            AbortState::Wanted | AbortState::Sent => &[],
        }
    }

    /// Takes one message of the terminal.
    pub fn received(&mut self, apdu: &Apdu, now: Duration) -> Next {
        let incoming = match Incoming::read(apdu) {
            Ok(incoming) => incoming,
            Err(error) => return broken(error.to_string()),
        };
        match incoming {
            Incoming::Nack(code) if !self.acknowledged => Next::Ended(vec![], End::Refused(code)),
            // The terminal does not want to abort, or not now.
            Incoming::Nack(_) if self.abort == AbortState::Sent => Next::Wait,
            Incoming::Nack(code) => broken(format!("84 {code:02X} in the middle of an order")),
            Incoming::Ack => self.heard_from(now, &[]),
            Incoming::Intermediate(code) => match self.heard_from(now, &ACK) {
                Next::Reply(bytes) => Next::Progress(bytes, code),
                other => other,
            },
            Incoming::Status(status) => self.status(status, now),
            Incoming::Print(lines) => {
                let room = MAX_SLIP.saturating_sub(self.heard.slip.len());
                self.heard.slip.extend(lines.into_iter().take(room));
                self.heard_from(now, &ACK)
            }
            Incoming::Completion(data) => {
                self.heard.completion = data;
                Next::Ended(ACK.to_vec(), End::Completed(std::mem::take(&mut self.heard)))
            }
            Incoming::Aborted(codes::RESULT_OK) => broken("06 1E with code 00".to_owned()),
            Incoming::Aborted(code) => {
                let heard = std::mem::take(&mut self.heard);
                Next::Ended(ACK.to_vec(), End::Aborted { code, heard })
            }
            // It does not extend the wait: a terminal may not hold the till with chatter.
            Incoming::Other => Next::Reply(UNSUPPORTED.to_vec()),
        }
    }

    /// The terminal lives: wait anew, send the reply and what was held back.
    fn heard_from(&mut self, now: Duration, reply: &[u8]) -> Next {
        // A terminal that speaks has the command, whether or not its 80 00 came first.
        self.acknowledged = true;
        self.deadline = now + self.silence;
        let mut bytes = reply.to_vec();
        if self.abort == AbortState::Wanted {
            self.abort = AbortState::Sent;
            bytes.extend(ABORT);
        }
        if bytes.is_empty() { Next::Wait } else { Next::Reply(bytes) }
    }

    /// Two statuses of one order must agree on what counts.
    fn status(&mut self, status: Box<StatusInformation>, now: Duration) -> Next {
        let essence = |status: &StatusInformation| {
            (status.result, status.amount_minor, status.currency, status.trace, status.receipt_no)
        };
        let differs = |before: &StatusInformation| essence(before) != essence(&status);
        if self.heard.status.as_deref().is_some_and(differs) {
            return broken("two statuses of one order disagree".to_owned());
        }
        self.heard.status = Some(status);
        self.heard_from(now, &ACK)
    }
}

fn broken(what: String) -> Next {
    Next::Ended(vec![], End::Broken(Unknown::Garbage(what)))
}
