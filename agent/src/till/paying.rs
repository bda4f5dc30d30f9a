//! Taking money: tenders that need no terminal, and settling, which card payments come to as well.

use super::{Answer, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::till::{Act, JobKind, Recorded, TillStoreError, read};
use commerce::Money;
use commerce::cart::{Cart, CartError, CartId};
use commerce::fact::Fact;
use commerce::sale::{Sale, Stamp};
use commerce::tender::{TenderKind, Tendered};
use sync::space::End;

/// The most bytes of a voucher's number or a manager's note: well below what a fact holds.
pub(super) const MAX_REFERENCE: usize = 60;

impl Till {
    pub(super) fn tender(
        &mut self,
        context: &Context,
        id: CartId,
        tender: &str,
        amount: Money,
        reference: Option<String>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let tender = self
            .settings
            .tender(tender)
            .ok_or_else(|| Refusal::UnknownTender(tender.to_owned()))?
            .clone();
        if tender.kind == TenderKind::Card {
            return Err(Refusal::WrongTender { tender: tender.id, kind: tender.kind });
        }
        if reference.as_ref().is_some_and(|text| text.len() > MAX_REFERENCE) {
            return Err(Refusal::BadText { what: "a reference", most: MAX_REFERENCE });
        }
        self.assert_not_paying(id)?;
        self.assert_not_sold(context, id)?;
        let mut cart = self.cart(id)?.clone();
        cart.tender(
            Tendered { tender, amount, reference, intent: None, card: None },
            &self.settings.taxes,
        )?;
        self.tendered(context, cart, effects)
    }

    pub(super) fn settle(
        &mut self,
        context: &Context,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_not_paying(id)?;
        let cart = self.cart(id)?.clone();
        let totals = cart.totals(&self.settings.taxes)?;
        if !totals.due.is_zero() {
            return Err(CartError::NotPaid { cart: id, due: totals.due }.into());
        }
        self.tendered(context, cart, effects)
    }

    /// Keeps a cart with one more tender, or settles it when nothing is due.
    fn tendered(
        &mut self,
        context: &Context,
        cart: Cart,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let totals = cart.totals(&self.settings.taxes)?;
        if !totals.due.is_zero() {
            self.open_shift_number()?;
            return self.keep(context, cart, None, effects, |act, cart| {
                act.put_last_tender(cart);
                Ok(())
            });
        }
        let sale = self.make_sale(&cart, self.stamp(context)?)?;
        let id = cart.id;
        let receipt = sale.receipt.clone();
        self.act(context, |_| Answer::Sold(receipt), |act| write_sale(act, &sale))?;
        Ok(self.sold(id, &sale, effects))
    }

    pub(super) fn make_sale(&self, cart: &Cart, stamp: Stamp) -> Result<Sale, Refusal> {
        let shift = self.shift.as_ref().ok_or(Refusal::NoShift)?;
        let receipt = read::next_receipt(
            self.store.connection(),
            &self.settings.store.code,
            self.number,
            self.store.series(),
        )?;
        Ok(cart.settle(&self.settings.taxes, receipt, stamp, shift.business_day)?)
    }

    pub(super) fn sold(&mut self, cart: CartId, sale: &Sale, effects: &mut Vec<Effect>) -> Reply {
        self.forget_cart(cart);
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Sold(cart, sale.receipt.clone())));
        Reply::Sold(sale.receipt.clone())
    }

    pub(super) fn take_back_tenders(
        &mut self,
        context: &Context,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_not_paying(id)?;
        let mut cart = self.cart(id)?.clone();
        cart.take_back_tenders()?;
        self.keep(context, cart, None, effects, |act, cart| {
            act.drop_tenders(cart.id);
            Ok(())
        })
    }
}

/// Everything a sale writes: the fact, the cart's end, the drawer, the receipt.
pub(super) fn write_sale(act: &mut Act<'_>, sale: &Sale) -> Result<Recorded, TillStoreError> {
    let recorded = act.record(&Fact::Sold(sale.clone()))?;
    act.end_cart(sale.cart, End::Paid(sale.receipt.clone()))?;
    if sale.tenders.iter().any(|tendered| tendered.tender.opens_drawer) {
        act.put_job(JobKind::Drawer, 0, 0, false)?;
    }
    act.put_job(JobKind::Receipt, sale.receipt.series, sale.receipt.number, false)?;
    Ok(recorded)
}
