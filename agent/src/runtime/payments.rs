//! The loop's way to the card terminal: orders out, its word back as facts can hold it.

use super::devices::{Progress, stopped};
use super::feed::What;
use super::looper::Loop;
use crate::till::{Doubt, Event, PaymentReport};
use commerce::fact::PaymentOutcome;
use commerce::tender::CardSlip;
use drivers::task::{Device, Report};
use drivers::terminal::command::{Command, Event as TerminalEvent};
use drivers::terminal::intent::{Declined, Intent, IntentId, Outcome, Payment};
use std::pin::pin;
use std::sync::PoisonError;
use std::time::Duration;
use sync::body::MAX_TEXT_BYTES;
use tokio::sync::{mpsc, watch};

/// How long until an unknown outcome is asked about again: twice as long each time.
const ASK_FIRST: Duration = Duration::from_secs(5);
const ASK_LAST: Duration = Duration::from_secs(60);

/// The till's side of one card terminal.
pub(super) struct Payments {
    pub till: Loop,
    pub device: Device<Command>,
    pub progress: Progress,
    /// The intent the terminal was last given or asked about.
    pub current: Option<Intent>,
    /// When its unknown outcome is asked about again, from its last word; not while a question is
    /// under way.
    pub ask_in: Option<Duration>,
    /// How long was waited before the question under way.
    pub waited: Option<Duration>,
    /// Why it was unknown when last heard of: said once, not every time.
    pub doubt: Option<String>,
}

impl Payments {
    /// Carries orders to the terminal and its words to the loop until told to stop; what is under
    /// way then gets its outcome.
    pub async fn run(
        mut self,
        mut orders: mpsc::Receiver<Command>,
        mut inbox: mpsc::Receiver<Report<TerminalEvent>>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => break,
                },
                Some(Report { event, .. }) = inbox.recv() => self.heard(event).await,
                () = sleep(self.ask_in), if self.ask_in.is_some() => self.ask().await,
                () = stopped(&mut stop) => break,
            }
        }
        let Self { till, device, .. } = self;
        let mut stopping = pin!(device.stop());
        loop {
            tokio::select! {
                biased;
                Some(Report { event, .. }) = inbox.recv() => {
                    if let TerminalEvent::Outcome { intent, outcome } = event {
                        tell(&till, intent, outcome).await;
                    }
                }
                () = &mut stopping => return,
            }
        }
    }

    async fn order(&mut self, order: Command) {
        match order {
            Command::Perform(intent) | Command::Resolve(intent) => {
                (self.current, self.doubt) = (Some(intent), None);
                (self.ask_in, self.waited) = (None, None);
            }
            Command::Release(_) => (self.current, self.ask_in, self.doubt) = (None, None, None),
            Command::Abort | Command::EndOfDay | Command::Status => {}
        }
        self.send(order).await;
    }

    async fn ask(&mut self) {
        self.waited = self.ask_in.take();
        if let Some(intent) = self.current {
            self.send(Command::Resolve(intent)).await;
        }
    }

    async fn heard(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Baseline(baseline) => {
                self.till.report(Event::Baseline(baseline)).await;
            }
            TerminalEvent::Progress { text, .. } => say(&self.till, &self.progress, Some(text)),
            TerminalEvent::Outcome { intent, outcome } => {
                say(&self.till, &self.progress, None);
                let asked = self.current.is_some_and(|current| current.id == intent);
                match &outcome {
                    Outcome::Unknown(why) if asked => {
                        self.ask_in = why.may_ask_again().then(|| later(self.waited));
                        self.doubted(why.to_string());
                    }
                    _ => (self.ask_in, self.doubt) = (None, None),
                }
                tell(&self.till, intent, outcome).await;
            }
            TerminalEvent::EndOfDay(_) | TerminalEvent::Status(_) => {}
        }
    }

    async fn send(&mut self, order: Command) {
        if let Err(error) = self.device.send(order) {
            self.ask_in = matches!(order, Command::Resolve(_)).then(|| later(self.waited));
            refused(&self.till, order, error.to_string(), self.ask_in.is_some()).await;
        }
    }

    fn doubted(&mut self, why: String) {
        if self.doubt.as_ref() != Some(&why) {
            tracing::warn!(%why, "the outcome of a payment is unknown");
            self.doubt = Some(why);
        }
    }
}

fn later(asked: Option<Duration>) -> Duration {
    asked.map_or(ASK_FIRST, |last| (last * 2).min(ASK_LAST))
}

async fn sleep(wait: Option<Duration>) {
    tokio::time::sleep(wait.unwrap_or(ASK_LAST)).await;
}

/// Answers every order of a till without a terminal.
pub(super) async fn refuse(
    till: Loop,
    mut orders: mpsc::Receiver<Command>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let order = tokio::select! {
            order = orders.recv() => order,
            () = stopped(&mut stop) => None,
        };
        let Some(order) = order else { return };
        let why = "no card terminal is configured".to_owned();
        refused(&till, order, why, false).await;
    }
}

/// What an order that could not be given comes to: a payment was not sent; a question stays one.
async fn refused(till: &Loop, order: Command, why: String, asking: bool) {
    let (id, report) = match order {
        Command::Perform(intent) => {
            (intent.id, PaymentReport::Ended(PaymentOutcome::NotSent { why: cut(&why) }))
        }
        Command::Resolve(intent) => (intent.id, PaymentReport::Unknown(Doubt { why, asking })),
        Command::Release(_) | Command::Abort | Command::EndOfDay | Command::Status => return,
    };
    if let Ok(intent) = u64::try_from(id.0) {
        till.report(Event::Payment { intent, report }).await;
    }
}

async fn tell(till: &Loop, id: IntentId, outcome: Outcome) {
    let Ok(intent) = u64::try_from(id.0) else { return };
    if let Outcome::Mismatch { asked, booked } = &outcome {
        tracing::error!(intent, %asked, booked = %booked.amount, "the terminal booked another amount than asked");
    }
    till.report(Event::Payment { intent, report: report_of(outcome) }).await;
}

/// The terminal's word as facts hold it.
#[must_use]
pub fn report_of(outcome: Outcome) -> PaymentReport {
    PaymentReport::Ended(match outcome {
        Outcome::Approved(payment) | Outcome::Mismatch { booked: payment, .. } => {
            approved(&payment)
        }
        Outcome::Declined(declined) => PaymentOutcome::Declined {
            code: match &declined {
                Declined::ByTerminal { code, .. } => *code,
                Declined::NotFound => 0,
            },
            text: cut(&declined.to_string()),
        },
        Outcome::NotSent(why) => PaymentOutcome::NotSent { why: cut(&why.to_string()) },
        Outcome::Unknown(why) => {
            let asking = why.may_ask_again();
            return PaymentReport::Unknown(Doubt { why: why.to_string(), asking });
        }
    })
}

fn approved(payment: &Payment) -> PaymentOutcome {
    let text = |text: &Option<String>| text.as_deref().map(cut).unwrap_or_default();
    let card = CardSlip {
        receipt_number: payment.mark.receipt_no.map_or(0, u32::from),
        trace: payment.mark.trace.unwrap_or(0),
        terminal_id: payment.mark.terminal_id.map(|id| format!("{id:08}")).unwrap_or_default(),
        masked_pan: text(&payment.masked_pan),
        card_name: text(&payment.card_name),
        authorisation: text(&payment.authorisation),
    };
    PaymentOutcome::Approved { amount: payment.amount, card }
}

/// A terminal's words, no longer than a fact keeps.
fn cut(text: &str) -> String {
    let end = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let end = end.take_while(|end| *end <= MAX_TEXT_BYTES).last().unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

fn say(till: &Loop, progress: &Progress, text: Option<&str>) {
    *progress.lock().unwrap_or_else(PoisonError::into_inner) = text.map(ToOwned::to_owned);
    if let Some(text) = text {
        till.feed().say(What::Terminal(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_ever_more_seldom_and_never_cease() {
        let waits = std::iter::successors(Some(later(None)), |wait| Some(later(Some(*wait))));
        let seconds: Vec<u64> = waits.take(6).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn words_are_cut_by_bytes_between_letters() {
        assert_eq!(cut("girocard"), "girocard");
        let cut_off = cut(&"▒".repeat(99));
        assert_eq!(cut_off.len(), 198);
        assert_eq!(cut(""), "");
    }
}
