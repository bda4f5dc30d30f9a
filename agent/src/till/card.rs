//! The card terminal's intents: asked, and ended by its word.
//!
//! An intent is durable before the terminal hears of it. Its end is a fact, recorded in the same
//! transaction as the tender and, when nothing is due any more, the sale. An unknown outcome is no
//! end: the cart waits until the terminal was asked, or a manager says what it saw.

use super::paying::write_sale;
use super::{
    Answer, Change, Context, Doubt, Effect, PaymentReport, Refusal, Reply, Till, to_millisecond,
};
use crate::store::till::{Act, Payment, PaymentState, TillStoreError, read};
use commerce::Money;
use commerce::cart::{Cart, CartId};
use commerce::fact::{Fact, PaymentEnded, PaymentIntended, PaymentKind, PaymentOutcome};
use commerce::sale::Stamp;
use commerce::staff::StaffId;
use commerce::tender::{CardSlip, TenderKind, Tendered};
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::{Baseline, Intent, IntentId, Kind};
use jiff::Timestamp;

/// Whose word a payment's end is.
pub(super) enum Word {
    /// The terminal's own.
    Terminal,
    /// A person's who looked at it.
    Person {
        /// Who approved theirs, where that was needed.
        approved_by: Option<StaffId>,
    },
}

impl Till {
    pub(super) fn pay_by_card(
        &mut self,
        context: &Context,
        id: CartId,
        tender: &str,
        amount: Option<Money>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let tender_type = self
            .settings
            .tender(tender)
            .ok_or_else(|| Refusal::UnknownTender(tender.to_owned()))?
            .clone();
        if tender_type.kind != TenderKind::Card {
            return Err(Refusal::WrongTender { tender: tender_type.id, kind: tender_type.kind });
        }
        self.assert_not_paying(id)?;
        self.assert_not_sold(context, id)?;
        let cart = self.cart(id)?;
        let due = cart.totals(&self.settings.taxes)?.due;
        let amount = amount.unwrap_or(due);
        // Tried on a copy, so that nothing is asked of the terminal that the cart would refuse.
        cart.clone().tender(
            Tendered { tender: tender_type, amount, reference: None, intent: None, card: None },
            &self.settings.taxes,
        )?;
        let payment = self.new_intent(context, PaymentKind::Authorise, amount, id)?;
        let intent = payment.intent;
        let (fact, baseline) = (intended(&payment, None), self.baseline);
        self.act(
            context,
            |()| Answer::Payment(intent),
            |act| begin(act, &fact, intent, tender, baseline),
        )?;
        self.begin_payment(payment, effects);
        Ok(Reply::Payment(intent))
    }

    /// A new intent, not yet written. Only one may be under way.
    pub(super) fn new_intent(
        &self,
        context: &Context,
        kind: PaymentKind,
        amount: Money,
        cart: CartId,
    ) -> Result<Payment, Refusal> {
        if let Some(busy) = &self.paying {
            return Err(Refusal::TerminalBusy(busy.intent));
        }
        let stamp = self.stamp(context)?;
        Ok(Payment {
            intent: u64::from(read::next_number(self.store.connection(), "intent")?),
            kind,
            cart,
            shift: stamp.shift,
            asked: amount,
            at: stamp.at,
            by: stamp.by,
            state: PaymentState::Open,
            moved: Money::zero(amount.currency()),
            terminal_number: 0,
            used: false,
        })
    }

    /// Hands a durable intent to the terminal.
    pub(super) fn begin_payment(&mut self, payment: Payment, effects: &mut Vec<Effect>) {
        let order = order(&payment, self.baseline);
        effects.push(Effect::Terminal(Terminal::Perform(order)));
        effects.push(Effect::Changed(Change::Payment(payment.intent)));
        self.paying = Some(payment);
    }

    pub(super) fn abort_payment(
        &self,
        intent: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.under_way(intent)?;
        effects.push(Effect::Terminal(Terminal::Abort));
        Ok(Reply::Payment(intent))
    }

    pub(super) fn ask_payment(
        &mut self,
        intent: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        effects.push(self.ask(self.under_way(intent)?)?);
        // The question is open again: its answer says how it stands.
        if let Some((of, doubt)) = &mut self.unknown
            && *of == intent
        {
            doubt.asking = true;
        }
        effects.push(Effect::Changed(Change::Payment(intent)));
        Ok(Reply::Payment(intent))
    }

    /// Asks the terminal what became of a payment; never sends it again.
    pub(super) fn ask(&self, payment: &Payment) -> Result<Effect, Refusal> {
        let mark = read::payment_mark(self.store.connection(), payment.intent)?;
        let baseline = mark.map_or(Baseline::Unknown, |(_, baseline)| baseline);
        Ok(Effect::Terminal(Terminal::Resolve(order(payment, baseline))))
    }

    pub(super) fn under_way(&self, intent: u64) -> Result<&Payment, Refusal> {
        self.paying
            .as_ref()
            .filter(|payment| payment.intent == intent)
            .ok_or(Refusal::NoPayment(intent))
    }

    /// The terminal's word on the payment under way. A late word on one that has ended is
    /// dropped: its end stands.
    pub(super) fn payment_report(
        &mut self,
        now: Timestamp,
        intent: u64,
        report: PaymentReport,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let outcome = match self.unclaimed(intent, report)? {
            PaymentReport::Ended(outcome) => outcome,
            PaymentReport::Unknown(doubt) => {
                self.under_way(intent)?;
                self.unknown = Some((intent, doubt));
                effects.push(Effect::Changed(Change::Payment(intent)));
                return Ok(Reply::Payment(intent));
            }
        };
        if self.under_way(intent).is_err() {
            return self.late_word(now, intent, outcome, effects);
        }
        let payment = self.under_way(intent)?.clone();
        let by = self.authority_of_past_act(&payment.by);
        let context = Context { now, by, approver: None, once: None };
        self.end_payment(&context, &payment, outcome, Word::Terminal, effects)
    }

    /// An approval with the numbers of a payment that stands already is no word on this one.
    fn unclaimed(&self, intent: u64, report: PaymentReport) -> Result<PaymentReport, Refusal> {
        let PaymentReport::Ended(PaymentOutcome::Approved { card, .. }) = &report else {
            return Ok(report);
        };
        let stands = read::payment_with_numbers(self.store.connection(), intent, card)?;
        Ok(stands.map_or(report, |other| {
            let why = format!(
                "the card terminal names the numbers of payment {other}, which stands already"
            );
            PaymentReport::Unknown(Doubt { why, asking: false })
        }))
    }

    /// The terminal's word on a payment that was ended before. An approval of what a person had
    /// declined is money that moved: it is written down with all that follows from it, or else
    /// stands in front of a manager. Any other late word changes nothing.
    fn late_word(
        &mut self,
        now: Timestamp,
        intent: u64,
        outcome: PaymentOutcome,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let currency = self.settings.store.currency;
        let found = read::payment(self.store.connection(), intent, currency)?;
        let approved = matches!(outcome, PaymentOutcome::Approved { .. });
        let payment = found
            .filter(|payment| approved && payment.state == PaymentState::Declined)
            .ok_or(Refusal::NoPayment(intent))?;
        // Beside another payment under way a return cannot go on; it does when that one has ended.
        if self.paying.is_none() || matches!(payment.kind, PaymentKind::Reverse { .. }) {
            let by = self.authority_of_past_act(&payment.by);
            let context = Context { now, by, approver: None, once: None };
            let word = Word::Terminal;
            let done = self.end_payment(&context, &payment, outcome.clone(), word, effects);
            if done.is_ok() {
                return done;
            }
        }
        let stamp = Stamp { at: to_millisecond(now), shift: payment.shift, by: payment.by };
        let ended = Fact::PaymentEnded(PaymentEnded {
            stamp,
            intent,
            outcome,
            by_hand: false,
            approved_by: None,
        });
        self.store.act(now, |act| end(act, &ended))?;
        effects.push(Effect::Changed(Change::Payment(intent)));
        Ok(Reply::Payment(intent))
    }

    /// Whether an intent is the way a part of the return under way is paid back.
    pub(super) fn is_payout(&self, intent: u64) -> bool {
        let open = self.open_return.iter().flat_map(|open| &open.payouts);
        open.into_iter().any(|payout| payout.intent == Some(intent))
    }

    /// A payment is under way no longer; another one may be.
    pub(super) fn over(&mut self, intent: u64) {
        self.paying.take_if(|payment| payment.intent == intent);
    }

    /// The payment whose outcome the terminal could not tell, and why.
    #[must_use]
    pub const fn in_doubt(&self) -> Option<&(u64, Doubt)> {
        self.unknown.as_ref()
    }

    /// Why the outcome of the payment under way is unknown, once the terminal could not tell.
    #[must_use]
    pub fn doubt(&self, intent: u64) -> Option<&Doubt> {
        self.unknown.as_ref().filter(|(of, _)| *of == intent).map(|(_, doubt)| doubt)
    }

    /// Records a payment's end together with what follows from it.
    pub(super) fn end_payment(
        &mut self,
        context: &Context,
        payment: &Payment,
        outcome: PaymentOutcome,
        word: Word,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let intent = payment.intent;
        let stamp = Stamp {
            at: to_millisecond(context.now),
            shift: payment.shift,
            by: context.by.staff.clone(),
        };
        let ended = Fact::PaymentEnded(PaymentEnded {
            stamp: stamp.clone(),
            intent,
            outcome: outcome.clone(),
            by_hand: matches!(word, Word::Person { .. }),
            approved_by: match word {
                Word::Terminal => None,
                Word::Person { approved_by } => approved_by,
            },
        });
        let reply = match (payment.kind, outcome) {
            (PaymentKind::Authorise, PaymentOutcome::Approved { amount, card }) => {
                self.card_taken(context, payment, &ended, (amount, card), stamp, effects)?
            }
            (
                PaymentKind::Refund | PaymentKind::Reverse { .. },
                PaymentOutcome::Approved { .. },
            ) if self.is_payout(intent) => self.payout_made(context, payment, &ended, effects)?,
            (PaymentKind::Reverse { receipt_number }, PaymentOutcome::Approved { amount, .. })
                if amount == payment.asked =>
            {
                self.payment_undone(context, &ended, (intent, receipt_number), effects)?
            }
            _ => {
                self.act(context, |()| Answer::Payment(intent), |act| end(act, &ended))?;
                self.over(intent);
                Reply::Payment(intent)
            }
        };
        effects.push(Effect::Changed(Change::Payment(intent)));
        Ok(reply)
    }

    /// A payment was undone: where it stands as a tender on a cart, it leaves it in the same act.
    fn payment_undone(
        &mut self,
        context: &Context,
        ended: &Fact,
        (reversal, number): (u64, u32),
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let undone = read::payment_numbered(self.store.connection(), number, reversal)?;
        let is_it = |tendered: &Tendered| undone.is_some() && tendered.intent == undone;
        let holds = |cart: &&Cart| cart.tenders.iter().any(is_it);
        let changed = self.carts.values().find(holds).map(|cart| {
            let mut cart = cart.clone();
            cart.tenders.retain(|tendered| !is_it(tendered));
            cart
        });
        self.act(
            context,
            |()| Answer::Payment(reversal),
            |act| {
                end(act, ended)?;
                if let Some(cart) = &changed {
                    act.put_tenders(cart);
                }
                Ok(())
            },
        )?;
        self.over(reversal);
        if let Some(cart) = changed {
            effects.push(Effect::Changed(Change::Cart(cart.id)));
            self.carts.insert(cart.id, cart);
        }
        Ok(Reply::Payment(reversal))
    }

    /// A card payment went through: it becomes a tender, and the cart a sale when it is paid. An
    /// amount the cart cannot take is left in front of a manager, its fact recorded.
    fn card_taken(
        &mut self,
        context: &Context,
        payment: &Payment,
        ended: &Fact,
        (amount, card): (Money, CardSlip),
        stamp: Stamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let intent = payment.intent;
        let mark = read::payment_mark(self.store.connection(), intent)?;
        let taken = mark.and_then(|(tender, _)| self.with_card(payment, &tender, amount, card));
        let Some((cart, paid)) = taken else {
            self.act(context, |()| Answer::Payment(intent), |act| end(act, ended))?;
            self.over(intent);
            return Ok(Reply::Payment(intent));
        };
        if paid {
            let sale = self.make_sale(&cart, stamp)?;
            let receipt = sale.receipt.clone();
            self.act(
                context,
                |_| Answer::Sold(receipt),
                |act| {
                    end(act, ended)?;
                    write_sale(act, &sale)
                },
            )?;
            self.paying = None;
            return Ok(self.sold(cart.id, &sale, effects));
        }
        self.paying = None;
        let kept = self.keep(context, cart, None, effects, |act, cart| {
            end(act, ended)?;
            act.put_last_tender(cart);
            Ok(())
        });
        if kept.is_err() {
            self.paying = Some(payment.clone());
        }
        kept
    }

    /// The cart with the card tender on it, and whether it is paid then.
    fn with_card(
        &self,
        payment: &Payment,
        tender: &str,
        amount: Money,
        card: CardSlip,
    ) -> Option<(Cart, bool)> {
        let mut cart = self.carts.get(&payment.cart)?.clone();
        let tender = self.settings.tender(tender).cloned()?;
        let tendered = Tendered {
            tender,
            amount,
            reference: None,
            intent: Some(payment.intent),
            card: Some(card),
        };
        cart.tender(tendered, &self.settings.taxes).ok()?;
        let due = cart.totals(&self.settings.taxes).ok()?.due;
        Some((cart, due.is_zero()))
    }
}

/// The fact of an intent.
pub(super) fn intended(payment: &Payment, approved_by: Option<StaffId>) -> Fact {
    Fact::PaymentIntended(PaymentIntended {
        stamp: Stamp { at: payment.at, shift: payment.shift, by: payment.by.clone() },
        intent: payment.intent,
        kind: payment.kind,
        amount: payment.asked,
        cart: payment.cart,
        approved_by,
    })
}

/// Makes an intent durable, with what is needed to find its outcome later.
pub(super) fn begin(
    act: &mut Act<'_>,
    intended: &Fact,
    intent: u64,
    tender: &str,
    baseline: Baseline,
) -> Result<(), TillStoreError> {
    act.record(intended)?;
    act.put_mark(intent, tender, baseline)
}

/// Records a payment's end; what was kept to find it is forgotten.
pub(super) fn end(act: &mut Act<'_>, ended: &Fact) -> Result<(), TillStoreError> {
    act.record(ended)?;
    act.answer_siblings();
    match ended {
        Fact::PaymentEnded(ended) => act.drop_mark(ended.intent),
        _ => Ok(()),
    }
}

/// The intent in the terminal driver's words.
fn order(payment: &Payment, baseline: Baseline) -> Intent {
    let kind = match payment.kind {
        PaymentKind::Authorise => Kind::Payment,
        PaymentKind::Refund => Kind::Refund,
        // A number beyond four digits was never a terminal's; the driver refuses it.
        PaymentKind::Reverse { receipt_number } => {
            Kind::Reversal { receipt_no: u16::try_from(receipt_number).unwrap_or(u16::MAX) }
        }
    };
    Intent { id: IntentId(u128::from(payment.intent)), kind, amount: payment.asked, baseline }
}
