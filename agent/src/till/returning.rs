//! Returns: refund of lines, post-void of the last sale.
//!
//! A return that needs no terminal is one act. One with card payouts is kept as work under way:
//! each payout is a payment intent of its own, and the last one's end and the return's fact are
//! one act. Nothing is paid back twice, whatever stops in between.

use super::card::{begin, end, intended};
use super::{Answer, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::catalogue::ReasonKind;
use crate::store::till::read::{self, ReceiptKind};
use crate::store::till::{
    Act, JobKind, OpenPayout, OpenReturn, Payment, PaymentState, TillStoreError,
};
use commerce::Money;
use commerce::fact::{Fact, PaymentEnded, PaymentKind, PaymentOutcome};
use commerce::quantity::parse_thousandths;
use commerce::returns::{Payout, Return, ReturnError, ReturnKind, ReturnPlan};
use commerce::sale::{ReceiptNumber, Sale};
use commerce::staff::{Limited, Role, authorise};
use commerce::tender::{CardSlip, TenderKind};

/// The slip of a payment whose end is being recorded in the same act.
type FreshSlip = Option<(u64, CardSlip)>;

impl Till {
    pub(super) fn refund(
        &mut self,
        context: &Context,
        of: &ReceiptNumber,
        lines: &[(u32, String)],
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_may_return()?;
        self.assert_reason(&reason, ReasonKind::Refund)?;
        let sale = self.sale(of)?;
        let asked = lines
            .iter()
            .map(|(line, quantity)| {
                Ok((*line, parse_thousandths(quantity).map_err(ReturnError::from)?))
            })
            .collect::<Result<Vec<_>, Refusal>>()?;
        let so_far = read::returned_so_far(self.store.connection(), of.series, of.number)?;
        let plan = sale.plan_return(&asked, &so_far)?;
        // Of one sale together, or the limit would be split into small returns.
        let so_much = plan.total.plus(so_far.paid_back(sale.currency)?)?;
        let approved_by =
            authorise(Limited::Refund(so_much), &context.by, context.approver.as_ref())?;
        let open =
            self.plan_open(context, of, ReturnKind::Refund, reason, approved_by, asked, &plan)?;
        self.go_on(context, open, &sale, true, None, effects)
    }

    pub(super) fn post_void(
        &mut self,
        context: &Context,
        of: &ReceiptNumber,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_may_return()?;
        self.assert_reason(&reason, ReasonKind::Cancel)?;
        let shift = self.open_shift_number()?;
        let sale = self.sale(of)?;
        let last = read::receipts_before(self.store.connection(), (u32::MAX, u32::MAX), 1)?;
        let is_last = last.first().is_some_and(|row| {
            (row.series, row.number, row.kind, row.shift)
                == (of.series, of.number, ReceiptKind::Sale, shift)
        });
        if !is_last {
            return Err(Refusal::NotLastSale(of.clone()));
        }
        let so_far = read::returned_so_far(self.store.connection(), of.series, of.number)?;
        let plan = sale.plan_post_void(&so_far)?;
        let approved_by =
            authorise(Limited::Needs(Role::Supervisor), &context.by, context.approver.as_ref())?;
        let all = plan.lines.iter().map(|line| (line.line, line.quantity.thousandths())).collect();
        let open =
            self.plan_open(context, of, ReturnKind::PostVoid, reason, approved_by, all, &plan)?;
        self.go_on(context, open, &sale, true, None, effects)
    }

    pub(super) fn pay_out(
        &mut self,
        context: &Context,
        position: u32,
        tender: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(busy) = &self.paying {
            return Err(Refusal::TerminalBusy(busy.intent));
        }
        let mut open = self.open_return.clone().ok_or(Refusal::NoReturn)?;
        let done = self.paid_out(&open)?;
        if done.contains(&position) && self.next_card_payout(&open, None)?.is_none() {
            // The terminal's word on it came late, when something else stood in the way.
            let sale = self.sale(&self.receipt_number(open.of)?)?;
            return self.go_on(context, open, &sale, false, None, effects);
        }
        if self.moved_too_much(&open, position)? {
            return Err(Refusal::NoReturn);
        }
        let index = usize::try_from(position).map_err(|_| Refusal::NoReturn)?;
        let payout = open
            .payouts
            .get_mut(index)
            .filter(|_| !done.contains(&position))
            .ok_or(Refusal::NoReturn)?;
        if payout.tender.id != tender {
            let other = self
                .settings
                .tender(tender)
                .ok_or_else(|| Refusal::UnknownTender(tender.to_owned()))?
                .clone();
            if other.kind == TenderKind::Card {
                return Err(Refusal::WrongTender { tender: other.id, kind: other.kind });
            }
            // Another tender than the original one takes a second pair of eyes.
            let needs = Limited::Needs(Role::Supervisor);
            payout.approved_by = authorise(needs, &context.by, context.approver.as_ref())?;
            payout.tender = other;
        }
        payout.intent = None;
        let of = self.receipt_number(open.of)?;
        let sale = self.sale(&of)?;
        self.go_on(context, open, &sale, false, None, effects)
    }

    pub(super) fn cancel_return(
        &mut self,
        context: &Context,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(busy) = &self.paying {
            return Err(Refusal::TerminalBusy(busy.intent));
        }
        let open = self.open_return.clone().ok_or(Refusal::NoReturn)?;
        if !self.paid_out(&open)?.is_empty() {
            return Err(Refusal::ReturnPartlyPaid);
        }
        self.act(context, |()| Answer::Done, |act| act.drop_return(open.id))?;
        self.open_return = None;
        effects.push(Effect::Changed(Change::Cart(open.id)));
        Ok(Reply::Done)
    }

    /// A card payout went through: on to the next, or to the end.
    pub(super) fn payout_made(
        &mut self,
        context: &Context,
        payment: &Payment,
        ended: &Fact,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let open = self.open_return.clone().ok_or(Refusal::NoReturn)?;
        let Fact::PaymentEnded(PaymentEnded {
            outcome: PaymentOutcome::Approved { amount, card },
            ..
        }) = ended
        else {
            return Err(Refusal::NoPayment(payment.intent));
        };
        if amount.minor() > payment.asked.minor() {
            // Too much went back: it stays in front of a manager, who puts it right with the customer
            // and the terminal; before that it is not paid out again.
            self.act(context, |()| Answer::ReturnOpen(open.id), |act| end(act, ended))?;
            self.paying = None;
            return Ok(Reply::ReturnOpen(open.id));
        }
        // Less than asked went back: that is paid out, and the rest is another payout.
        let mut open = open;
        let short = payment.asked.minus(*amount)?.minor();
        if short > 0
            && let Some(payout) =
                open.payouts.iter_mut().find(|payout| payout.intent == Some(payment.intent))
        {
            payout.amount -= short;
            let rest = OpenPayout { amount: short, intent: None, ..payout.clone() };
            open.payouts.push(rest);
        }
        let of = self.receipt_number(open.of)?;
        let sale = self.sale(&of)?;
        let fresh = Some((payment.intent, card.clone()));
        let busy = self.paying.take();
        let gone_on = self.go_on(context, open, &sale, false, Some((ended, fresh)), effects);
        if gone_on.is_err() {
            self.paying = busy;
        }
        gone_on
    }

    /// Takes a return one step further: asks the terminal for the next card payout, or writes
    /// the return when every payout is made. `ended` is the fact that the step follows from.
    fn go_on(
        &mut self,
        context: &Context,
        mut open: OpenReturn,
        sale: &Sale,
        new: bool,
        ended: Option<(&Fact, FreshSlip)>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let (ended, fresh) = ended.map_or((None, None), |(fact, slip)| (Some(fact), slip));
        if let Some(position) = self.next_card_payout(&open, fresh.as_ref())? {
            return self.ask_payout(context, &mut open, sale, position, new, ended, effects);
        }
        let returned = self.make_return(context, &open, sale, fresh)?;
        let receipt = returned.receipt.clone();
        let answer = Answer::Returned(receipt.clone());
        let id = open.id;
        self.act(
            context,
            |()| answer,
            |act| {
                if let Some(ended) = ended {
                    end(act, ended)?;
                }
                if !new {
                    act.drop_return(id)?;
                }
                write_return(act, returned)
            },
        )?;
        self.open_return = None;
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Returned(receipt.clone())));
        Ok(Reply::Returned(receipt))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one step of a return, each argument a part of it"
    )]
    fn ask_payout(
        &mut self,
        context: &Context,
        open: &mut OpenReturn,
        sale: &Sale,
        position: usize,
        new: bool,
        ended: Option<&Fact>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let payout = open.payouts.get_mut(position).ok_or(Refusal::NoReturn)?;
        let kind = self.payout_kind(open.kind, sale, payout)?;
        let amount = Money::new(payout.amount, sale.currency)?;
        let payment = self.new_intent(context, kind, amount, open.id)?;
        payout.intent = Some(payment.intent);
        let (fact, id, written) = (intended(&payment, None), open.id, payout.clone());
        let baseline = self.baseline;
        let whole = open.clone();
        self.act(
            context,
            |()| Answer::ReturnOpen(id),
            |act| {
                if let Some(ended) = ended {
                    end(act, ended)?;
                }
                if new {
                    act.put_return(&whole)?;
                } else {
                    act.put_payouts(&whole)?;
                }
                begin(act, &fact, payment.intent, &written.tender.id, baseline)
            },
        )?;
        self.open_return = Some(whole);
        self.begin_payment(payment, effects);
        Ok(Reply::ReturnOpen(id))
    }

    fn assert_may_return(&self) -> Result<(), Refusal> {
        self.open_shift_number()?;
        match (&self.open_return, &self.paying) {
            (Some(open), _) => Err(Refusal::ReturnUnderWay(open.id)),
            (None, Some(busy)) => Err(Refusal::TerminalBusy(busy.intent)),
            (None, None) => Ok(()),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn plan_open(
        &self,
        context: &Context,
        of: &ReceiptNumber,
        kind: ReturnKind,
        reason: String,
        approved_by: Option<commerce::staff::StaffId>,
        lines: Vec<(u32, i64)>,
        plan: &ReturnPlan,
    ) -> Result<OpenReturn, Refusal> {
        let payouts = plan.payouts.iter().map(|payout| OpenPayout {
            against: payout.against,
            tender: payout.tender.clone(),
            amount: payout.amount.minor(),
            intent: None,
            approved_by: None,
        });
        Ok(OpenReturn {
            id: read::next_cart(self.store.connection())?,
            of: (of.series, of.number),
            kind,
            reason,
            by: context.by.staff.clone(),
            approved_by,
            lines,
            payouts: payouts.collect(),
        })
    }

    /// Positions of the payouts that are made: by card, and no more than asked moved.
    fn paid_out(&self, open: &OpenReturn) -> Result<Vec<u32>, Refusal> {
        let currency = self.settings.store.currency;
        let mut done = Vec::new();
        for (position, payout) in (0_u32..).zip(&open.payouts) {
            let Some(intent) = payout.intent else {
                continue;
            };
            let payment = read::payment(self.store.connection(), intent, currency)?;
            if payment.is_some_and(|payment| {
                payment.state == PaymentState::Approved && payment.moved.minor() <= payout.amount
            }) {
                done.push(position);
            }
        }
        Ok(done)
    }

    /// Whether the terminal paid more than asked for a payout: it must not be paid again before a
    /// manager has put that right.
    fn moved_too_much(&self, open: &OpenReturn, position: u32) -> Result<bool, Refusal> {
        let index = usize::try_from(position).unwrap_or(usize::MAX);
        let Some(payout) = open.payouts.get(index) else { return Ok(false) };
        let Some(intent) = payout.intent else { return Ok(false) };
        let currency = self.settings.store.currency;
        let payment = read::payment(self.store.connection(), intent, currency)?;
        Ok(payment.is_some_and(|payment| payment.moved.minor() > payout.amount && !payment.used))
    }

    fn next_card_payout(
        &self,
        open: &OpenReturn,
        fresh: Option<&(u64, CardSlip)>,
    ) -> Result<Option<usize>, Refusal> {
        let done = self.paid_out(open)?;
        for (position, payout) in (0_u32..).zip(&open.payouts) {
            let by_card = payout.tender.kind == TenderKind::Card;
            let just_made = fresh.is_some_and(|(intent, _)| payout.intent == Some(*intent));
            if by_card && !just_made && !done.contains(&position) {
                return Ok(usize::try_from(position).ok());
            }
        }
        Ok(None)
    }

    fn make_return(
        &self,
        context: &Context,
        open: &OpenReturn,
        sale: &Sale,
        fresh: FreshSlip,
    ) -> Result<Return, Refusal> {
        let conn = self.store.connection();
        let so_far = read::returned_so_far(conn, open.of.0, open.of.1)?;
        let plan = sale.plan_return(&open.lines, &so_far)?;
        let shift = self.shift.as_ref().ok_or(Refusal::NoShift)?;
        let mut payouts = Vec::with_capacity(open.payouts.len());
        for payout in &open.payouts {
            let card = match (payout.intent, &fresh) {
                (Some(intent), Some((ended, slip))) if intent == *ended => Some(slip.clone()),
                (Some(intent), _) => read::slip(conn, intent)?,
                (None, _) => None,
            };
            payouts.push(Payout {
                against: payout.against,
                tender: payout.tender.clone(),
                amount: Money::new(payout.amount, sale.currency)?,
                intent: payout.intent,
                card,
                approved_by: payout.approved_by.clone(),
            });
        }
        let mut stamp = self.stamp(context)?;
        stamp.by = open.by.clone();
        Ok(Return {
            receipt: read::next_receipt(
                conn,
                &self.settings.store.code,
                self.number,
                self.store.series(),
            )?,
            of: sale.receipt.clone(),
            kind: open.kind,
            stamp,
            business_day: shift.business_day,
            approved_by: open.approved_by.clone(),
            reason: open.reason.clone(),
            currency: sale.currency,
            lines: plan.lines,
            taxes: plan.taxes,
            payouts,
            total: plan.total,
        })
    }

    /// The sale of a receipt of this till, read from the journal and checked again.
    fn sale(&self, of: &ReceiptNumber) -> Result<Sale, Refusal> {
        let (series, number) = self.known_receipt(of)?;
        let conn = self.store.connection();
        let missing = || Refusal::NoReceipt(of.clone());
        let row = read::receipt(conn, series, number)?.ok_or_else(missing)?;
        match read::fact(conn, series, row.seq)?.0 {
            Fact::Sold(sale) => {
                sale.check().map_err(commerce::cart::CartError::from)?;
                Ok(sale)
            }
            _ => Err(missing()),
        }
    }

    /// A post-void undoes the card payment itself where its number is known and still its own; else
    /// money goes back.
    fn payout_kind(
        &self,
        kind: ReturnKind,
        sale: &Sale,
        payout: &OpenPayout,
    ) -> Result<PaymentKind, Refusal> {
        let position = usize::try_from(payout.against).unwrap_or(usize::MAX);
        let original = sale.tenders.get(position);
        let card = original.and_then(|tendered| Some((tendered.intent?, tendered.card.as_ref()?)));
        Ok(match (kind, card) {
            (ReturnKind::PostVoid, Some((intent, card)))
                if card.receipt_number > 0
                    && !read::number_used_since(self.store.connection(), intent)? =>
            {
                PaymentKind::Reverse { receipt_number: card.receipt_number }
            }
            _ => PaymentKind::Refund,
        })
    }

    fn receipt_number(&self, (series, number): (u32, u32)) -> Result<ReceiptNumber, Refusal> {
        let owner = read::series_owner(self.store.connection(), series)?;
        let (store, till) = owner.ok_or(Refusal::NoReturn)?;
        Ok(ReceiptNumber { store, till, series, number })
    }
}

/// Everything a return writes: the fact, the drawer, the receipt.
fn write_return(act: &mut Act<'_>, returned: Return) -> Result<(), TillStoreError> {
    let receipt = returned.receipt.clone();
    let cash = returned.payouts.iter().any(|payout| payout.tender.kind == TenderKind::Cash);
    act.record(&Fact::Returned(returned))?;
    if cash {
        act.put_job(JobKind::Drawer, 0, 0, false)?;
    }
    act.put_job(JobKind::Receipt, receipt.series, receipt.number, false)?;
    Ok(())
}
