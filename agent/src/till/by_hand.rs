//! A manager's part in card payments: to say what became of one that the terminal cannot tell, to
//! undo one that stands nowhere, and to close what was put right outside the till.

use super::card::{Word, begin, intended};
use super::paying::MAX_REFERENCE;
use super::{Answer, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::till::{Payment, PaymentState, read};
use commerce::Money;
use commerce::fact::{Fact, PaymentKind, PaymentOutcome, PaymentPutRight};
use commerce::staff::{Limited, Role, StaffId, authorise};
use commerce::tender::CardSlip;
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::IntentId;

/// What a manager saw of a payment that the terminal cannot tell.
pub(super) struct Seen {
    /// Whether the money moved.
    pub approved: bool,
    /// How much, where it is not what was asked.
    pub amount: Option<Money>,
    /// The terminal's receipt number of it.
    pub number: Option<u16>,
    /// Where it was seen.
    pub note: String,
}

impl Till {
    pub(super) fn end_by_hand(
        &mut self,
        context: &Context,
        intent: u64,
        seen: Seen,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let payment = self.under_way(intent)?.clone();
        let approved_by = manager(context)?;
        if self.doubt(intent).is_none() {
            // The terminal may still say so itself, and then both would stand.
            return Err(Refusal::StillAsking(intent));
        }
        assert_note("the note on what the terminal shows", &seen.note)?;
        let outcome = self.seen(&payment, seen)?;
        // Before whatever the end asks of the terminal next, which it would refuse otherwise.
        let first = effects.len();
        let reply =
            self.end_payment(context, &payment, outcome, Word::Person { approved_by }, effects)?;
        effects.insert(first, Effect::Terminal(Terminal::Release(IntentId(u128::from(intent)))));
        Ok(reply)
    }

    fn seen(&self, payment: &Payment, seen: Seen) -> Result<PaymentOutcome, Refusal> {
        if !seen.approved {
            if seen.amount.is_some() || seen.number.is_some() {
                return Err(Refusal::NothingMoved(payment.intent));
            }
            return Ok(PaymentOutcome::Declined { code: 0, text: seen.note });
        }
        let amount = seen.amount.unwrap_or(payment.asked);
        self.assert_currency(amount)?;
        if amount.minor() <= 0 {
            return Err(Refusal::NoAmount);
        }
        let receipt_number = seen.number.map_or(0, u32::from);
        if seen.number.is_some_and(|number| !(1..=9999).contains(&number)) {
            return Err(Refusal::BadSlip(receipt_number));
        }
        let conn = self.store.connection();
        let taken =
            read::payment_numbered_in_shift(conn, receipt_number, payment.shift, payment.intent)?;
        if let Some(other) = taken {
            // To undo it by this number would undo the other customer's.
            return Err(Refusal::SlipTaken { slip: receipt_number, intent: other });
        }
        let card = CardSlip { receipt_number, authorisation: seen.note, ..CardSlip::default() };
        Ok(PaymentOutcome::Approved { amount, card })
    }

    pub(super) fn reverse_payment(
        &mut self,
        context: &Context,
        intent: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let approved_by = manager(context)?;
        let found = self.stranded(intent)?;
        if found.kind != PaymentKind::Authorise {
            return Err(Refusal::NoPayment(intent));
        }
        let reused = read::number_used_since(self.store.connection(), intent)?;
        if found.terminal_number == 0 || reused {
            // Ended by hand without it, or the terminal began its numbers again: the number would
            // undo nothing, or another customer's payment.
            return Err(Refusal::NotReversible(intent));
        }
        let kind = PaymentKind::Reverse { receipt_number: found.terminal_number };
        let payment = self.new_intent(context, kind, found.moved, found.cart)?;
        let reversal = payment.intent;
        let fact = intended(&payment, approved_by);
        let baseline = self.baseline;
        self.act(
            context,
            |()| Answer::Payment(reversal),
            |act| begin(act, &fact, reversal, "", baseline),
        )?;
        self.begin_payment(payment, effects);
        Ok(Reply::Payment(reversal))
    }

    /// Closes money that moved and stands nowhere, in the words of whoever put it right.
    pub(super) fn put_payment_right(
        &mut self,
        context: &Context,
        intent: u64,
        note: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let approved_by = manager(context)?;
        let stray = self.stranded(intent)?;
        let unsettled = read::unsettled_payments(self.store.connection(), stray.moved.currency())?;
        if !unsettled.iter().any(|payment| payment.intent == intent) {
            // It stands on a cart that is being paid or in the return under way: it is no stray.
            return Err(Refusal::NoPayment(intent));
        }
        let undoing = |busy: &Payment| {
            matches!(busy.kind, PaymentKind::Reverse { receipt_number }
                if receipt_number == stray.terminal_number)
        };
        if let Some(busy) = self.paying.as_ref().filter(|busy| undoing(busy)) {
            // The terminal may be giving it back just now.
            return Err(Refusal::TerminalBusy(busy.intent));
        }
        assert_note("the note on what was done", &note)?;
        let stamp = self.stamp(context)?;
        let fact = Fact::PaymentPutRight(PaymentPutRight { stamp, intent, approved_by, note });
        self.act(context, |()| Answer::Payment(intent), |act| act.record(&fact).map(|_| ()))?;
        effects.push(Effect::Changed(Change::Payment(intent)));
        Ok(Reply::Payment(intent))
    }

    /// A payment that moved money which stands nowhere yet.
    fn stranded(&self, intent: u64) -> Result<Payment, Refusal> {
        let currency = self.settings.store.currency;
        read::payment(self.store.connection(), intent, currency)?
            .filter(|payment| payment.state == PaymentState::Approved && !payment.used)
            .ok_or(Refusal::NoPayment(intent))
    }
}

/// Who approved an act that only managers may do; nobody, when a manager asks.
fn manager(context: &Context) -> Result<Option<StaffId>, Refusal> {
    Ok(authorise(Limited::Needs(Role::Manager), &context.by, context.approver.as_ref())?)
}

fn assert_note(what: &'static str, note: &str) -> Result<(), Refusal> {
    if note.trim().is_empty() || note.len() > MAX_REFERENCE {
        return Err(Refusal::BadText { what, most: MAX_REFERENCE });
    }
    Ok(())
}
