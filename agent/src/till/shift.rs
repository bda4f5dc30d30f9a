//! The shift: open with a float, cash in and out, no-sale, close with what was counted.

use super::{Answer, Change, Context, Effect, Refusal, Reply, Till, to_millisecond};
use crate::store::catalogue::ReasonKind;
use crate::store::till::JobKind;
use crate::store::till::read::{self, Shift};
use commerce::Money;
use commerce::fact::{
    CashDirection, CashMoved, Counted, DrawerOpened, Fact, ShiftClosed, ShiftOpened,
};
use commerce::sale::Stamp;
use commerce::shift::{ShiftTotal, TotalKind, total_of};
use commerce::staff::{Limited, Role, authorise};
use commerce::tender::TenderKind;

impl Till {
    pub(super) fn open_shift(
        &mut self,
        context: &Context,
        float: Money,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(shift) = &self.shift {
            return Err(Refusal::ShiftOpen(shift.number));
        }
        self.assert_room()?;
        self.assert_currency(float)?;
        if float.minor() < 0 {
            return Err(Refusal::NoAmount);
        }
        let number = read::next_number(self.store.connection(), "shift")?;
        let stamp =
            Stamp { at: to_millisecond(context.now), shift: number, by: context.by.staff.clone() };
        let business_day = self.settings.business_day(context.now);
        let opened = Shift {
            number,
            business_day,
            opened_at: stamp.at,
            opened_by: stamp.by.clone(),
            closed: None,
        };
        let fact = Fact::ShiftOpened(ShiftOpened { stamp, business_day, float });
        self.act(
            context,
            |_| Answer::Shift(number),
            |act| {
                act.record(&fact)?;
                act.put_job(JobKind::Drawer, 0, 0, false)
            },
        )?;
        self.shift = Some(opened);
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Shift(number)));
        Ok(Reply::Shift(number))
    }

    pub(super) fn move_cash(
        &mut self,
        context: &Context,
        direction: CashDirection,
        amount: Money,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let stamp = self.stamp(context)?;
        let number = stamp.shift;
        self.assert_currency(amount)?;
        if amount.minor() <= 0 {
            return Err(Refusal::NoAmount);
        }
        let kind = match direction {
            CashDirection::In => ReasonKind::PaidIn,
            CashDirection::Out => ReasonKind::PaidOut,
        };
        self.assert_reason(&reason, kind)?;
        let approved_by = match direction {
            CashDirection::In => None,
            CashDirection::Out => {
                let in_drawer = self.in_drawer(number)?;
                if amount.minor() > in_drawer.minor() {
                    return Err(Refusal::NotInDrawer { asked: amount, in_drawer });
                }
                authorise(Limited::Needs(Role::Supervisor), &context.by, context.approver.as_ref())?
            }
        };
        let fact = Fact::CashMoved(CashMoved { stamp, direction, amount, reason, approved_by });
        self.cash_act(context, number, &fact, effects)
    }

    pub(super) fn open_drawer(
        &mut self,
        context: &Context,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let stamp = self.stamp(context)?;
        let number = stamp.shift;
        self.assert_reason(&reason, ReasonKind::NoSale)?;
        let fact = Fact::DrawerOpened(DrawerOpened { stamp, reason });
        self.cash_act(context, number, &fact, effects)
    }

    /// Records a fact that opens the drawer.
    fn cash_act(
        &mut self,
        context: &Context,
        shift: u32,
        fact: &Fact,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.act(
            context,
            |_| Answer::Shift(shift),
            |act| {
                act.record(fact)?;
                act.put_job(JobKind::Drawer, 0, 0, false)
            },
        )?;
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Shift(shift)));
        Ok(Reply::Shift(shift))
    }

    /// What should be in the drawer.
    fn in_drawer(&self, shift: u32) -> Result<Money, Refusal> {
        let totals = read::shift_totals(self.store.connection(), shift)?;
        Ok(total_of(&totals, TotalKind::DrawerCash, "", self.settings.store.currency)?)
    }

    pub(super) fn close_shift(
        &mut self,
        context: &Context,
        counted: &[(String, Money)],
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let stamp = self.stamp(context)?;
        let number = stamp.shift;
        self.assert_may_close()?;
        let conn = self.store.connection();
        let totals = read::shift_totals(conn, number)?;
        let counted = self.compare(&totals, counted)?;
        let z = read::next_number(conn, "z")?;
        let business_day = self.shift.as_ref().ok_or(Refusal::NoShift)?.business_day;
        let fact = Fact::ShiftClosed(ShiftClosed { stamp, business_day, z, totals, counted });
        self.act(
            context,
            |_| Answer::Shift(number),
            |act| {
                act.record(&fact)?;
                // Nobody waits any more for a drawer that did not open in the shift.
                act.drop_stuck_drawers()?;
                act.put_job(JobKind::Report, 0, number, false)
            },
        )?;
        self.shift = None;
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Shift(number)));
        Ok(Reply::Shift(number))
    }

    fn assert_may_close(&self) -> Result<(), Refusal> {
        if let Some(payment) = &self.paying {
            let why = format!(
                "card payment {} has no known outcome yet: wait for the terminal, or have a manager say what its journal shows",
                payment.intent
            );
            return Err(Refusal::CannotClose(why));
        }
        if let Some(open) = &self.open_return {
            return Err(Refusal::ReturnUnderWay(open.id));
        }
        if let Some(current) = self.current {
            return Err(Refusal::CartAtTill(current));
        }
        if let Some(cart) = self.carts.values().find(|cart| !cart.tenders.is_empty()) {
            return Err(Refusal::CannotClose(format!(
                "money was taken on cart {}, which is not paid",
                cart.id
            )));
        }
        Ok(())
    }

    /// Sets what was counted against what should be there.
    fn compare(
        &self,
        totals: &[ShiftTotal],
        counted: &[(String, Money)],
    ) -> Result<Vec<Counted>, Refusal> {
        let currency = self.settings.store.currency;
        let mut compared = Vec::with_capacity(counted.len());
        for (id, amount) in counted {
            self.assert_currency(*amount)?;
            let again = compared.iter().any(|other: &Counted| other.tender == *id);
            if again || amount.minor() < 0 {
                return Err(Refusal::BadCount(id.clone()));
            }
            let tender =
                self.settings.tender(id).ok_or_else(|| Refusal::UnknownTender(id.clone()))?;
            let expected = match tender.kind {
                TenderKind::Cash => total_of(totals, TotalKind::DrawerCash, "", currency)?,
                TenderKind::Card | TenderKind::Voucher | TenderKind::Coupon => {
                    total_of(totals, TotalKind::Tenders, id, currency)?
                }
            };
            compared.push(Counted { tender: id.clone(), expected, counted: *amount });
        }
        let cash = self.settings.tenders.iter().find(|tender| tender.kind == TenderKind::Cash);
        match cash.filter(|cash| !counted.iter().any(|(id, _)| *id == cash.id)) {
            Some(cash) => Err(Refusal::NotCounted(cash.id.clone())),
            None => Ok(compared),
        }
    }
}
