//! The wait for the card terminal: what is shown meanwhile, and when it ends. A person goes on with
//! Enter and hears of the end later; a script stops waiting after a while.

use super::cashier::{Cashier, Pause, Screen};
use super::error::SellError;
use super::wire::{Payment, State};
use std::time::{Duration, Instant};

/// Between two looks at a payment: a person takes a change at once.
const LOOK: Duration = Duration::from_millis(250);

/// The longest wait for a terminal that works: its own longest, and some questions after it.
const LONGEST: Duration = Duration::from_secs(400);

/// How long a script waits for a payment that nobody knows: the till asked four times by then.
const SCRIPT_LONGEST: Duration = Duration::from_secs(60);

/// Between two reminders that it is still unknown.
const REMIND: Duration = Duration::from_secs(30);

/// How long a question takes that was asked by hand: before that the old doubt still stands there.
const ANSWER: Duration = Duration::from_secs(5);

/// What to do after a look.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Wait,
    Say(String),
    Ended,
    GiveUp,
}

/// What a wait has shown so far. It knows no clock.
#[derive(Default)]
struct Wait {
    /// Whether the terminal was just asked by hand, and the doubt that stood there before.
    asked: bool,
    before: Option<(Option<String>, bool)>,
    attended: bool,
    /// The terminal's words that were shown last.
    words: Option<String>,
    /// Why it is unknown, as shown last, and when that was.
    doubt: Option<String>,
    told: Duration,
    since: Duration,
}

impl Wait {
    /// A look at `payment`, so long after the wait began.
    fn look(&mut self, after: Duration, payment: &Payment) -> Step {
        match payment.state {
            State::UnderWay => self.under_way(after, payment),
            State::Unknown if self.is_unanswered(after, payment) => Step::Wait,
            State::Unknown if payment.asking => self.unknown(after, payment),
            State::Unknown => Step::GiveUp,
            State::Approved | State::Declined | State::NotSent => Step::Ended,
        }
    }

    /// Whether a question asked by hand was not answered yet.
    fn is_unanswered(&mut self, after: Duration, payment: &Payment) -> bool {
        let now = (payment.why.clone(), payment.asking);
        self.asked && after < ANSWER && *self.before.get_or_insert_with(|| now.clone()) == now
    }

    fn under_way(&mut self, after: Duration, payment: &Payment) -> Step {
        if after > LONGEST {
            return Step::GiveUp;
        }
        let words = payment.progress.as_ref().filter(|words| self.words.as_ref() != Some(words));
        let Some(words) = words else { return Step::Wait };
        self.words = Some(words.clone());
        Step::Say(format!("  card: {words}"))
    }

    fn unknown(&mut self, after: Duration, payment: &Payment) -> Step {
        let Some(shown) = &self.doubt else {
            (self.since, self.told) = (after, after);
            self.doubt.clone_from(&payment.why);
            let leave = if self.attended { "\n  Enter leaves the wait." } else { "" };
            return Step::Say(payment.doubt() + leave);
        };
        if !self.attended && after > self.since + SCRIPT_LONGEST {
            return Step::GiveUp;
        }
        let other = payment.why.as_ref().filter(|why| *why != shown).cloned();
        if other.is_none() && after < self.told + REMIND {
            return Step::Wait;
        }
        self.told = after;
        let seconds = (after - self.since).as_secs();
        let why = other.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        self.doubt = other.or_else(|| self.doubt.take());
        Step::Say(format!("  card: still unknown after {seconds} s{why}"))
    }
}

impl<S: Screen> Cashier<S> {
    /// Waits until it is known what became of a payment, and shows what is said meanwhile. `asked`
    /// when the terminal was just asked about it by hand. `None` when someone goes on without its end.
    pub(super) fn wait(&mut self, payment: u64, asked: bool) -> Result<Option<Payment>, SellError> {
        self.left = None;
        let mut wait = Wait { asked, attended: self.screen.attended(), ..Wait::default() };
        let begin = Instant::now();
        loop {
            let now: Payment = self.client.get(&format!("/payments/{payment}"))?;
            match wait.look(begin.elapsed(), &now) {
                Step::Wait => {}
                Step::Say(text) => self.screen.show(&text),
                Step::Ended => return Ok(Some(now)),
                Step::GiveUp => {
                    self.left = Some(payment);
                    return Err(SellError::Unsettled(now.standing()));
                }
            }
            match self.screen.pause(LOOK) {
                Pause::Over => {}
                Pause::Happened(event, data) => drop(self.notice(&event, &data)?),
                Pause::Left => {
                    self.screen.show(&now.left());
                    self.left = Some(payment);
                    self.doubted = (now.state == State::Unknown).then(|| now.standing());
                    return Ok(None);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "waiting_tests.rs"]
mod tests;
