//! Building a cart: scan, quantity, void, price, discount, park, recall, give up.

use super::resolve::{Scanned, Sellable, look_up, sellable};
use super::{Answer, CartView, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::catalogue::ReasonKind;
use crate::store::till::{Act, TillStoreError, read};
use commerce::cart::{Cart, CartError, CartId, CartState};
use commerce::code::Scan;
use commerce::discount::DiscountValue;
use commerce::fact::{CartCancelled, Fact};
use commerce::{Quantity, UnitPrice};
use jiff::Timestamp;
use sync::space::End;

/// The most characters of a parked cart's label.
const MAX_LABEL: usize = 60;

/// The most carts that may be parked: each is in memory, and a screen lists them.
pub(super) const MAX_PARKED: usize = 200;

impl Till {
    /// A code from a scanner, for the cart at the till, on behalf of whoever is logged in.
    pub(super) fn scanned(
        &mut self,
        now: Timestamp,
        scan: &Scan,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let operator = self.operator.clone().ok_or(Refusal::NoOperator)?;
        let by = self.authority(&operator)?;
        let context = Context { now, by, approver: None, once: None };
        self.add_scan(&context, None, scan, None, effects)
    }

    pub(super) fn add(
        &mut self,
        context: &Context,
        cart: Option<CartId>,
        code: &str,
        quantity: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let scan = Scan::parse(code)?;
        self.add_scan(context, cart, &scan, quantity, effects)
    }

    fn add_scan(
        &mut self,
        context: &Context,
        cart: Option<CartId>,
        scan: &Scan,
        quantity: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.open_shift_number()?;
        self.assert_room()?;
        let instants = (context.now, self.store.latest());
        let found = match look_up(&self.catalogue.view(), &self.settings, scan, instants)? {
            Scanned::Receipt(receipt) => {
                effects.push(Effect::Changed(Change::ReceiptScanned(receipt.clone())));
                return Ok(Reply::Receipt(receipt));
            }
            Scanned::Item(found) => found,
        };
        let goods = sellable(&found, &self.settings, quantity)?;
        let opened = cart.or(self.current).is_none();
        let id = match cart.or(self.current) {
            Some(id) => id,
            None => read::next_cart(self.store.connection())?,
        };
        let mut cart = if opened {
            Cart::new(id, self.settings.store.currency)
        } else {
            self.cart(id)?.clone()
        };
        self.assert_not_paying(id)?;
        let line = add_or_group(&mut cart, goods)?;
        let by = context.by.staff.clone();
        let reply = self.keep(context, cart, Some(line), effects, |act, cart| {
            if opened {
                act.open_cart(cart, &by)?;
                act.set_current_cart(Some(id))?;
            }
            let added = cart.lines.iter().filter(|candidate| candidate.number == line);
            added.for_each(|line| act.put_line(id, line));
            Ok(())
        })?;
        if opened {
            self.current = Some(id);
        }
        Ok(reply)
    }

    pub(super) fn set_quantity(
        &mut self,
        context: &Context,
        id: CartId,
        line: u32,
        quantity: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let unit = self.line_unit(id, line)?;
        let quantity = Quantity::parse(quantity, unit).map_err(CartError::from)?;
        self.edit_line(context, id, line, effects, |cart| cart.set_quantity(line, quantity))
    }

    pub(super) fn void_line(
        &mut self,
        context: &Context,
        id: CartId,
        line: u32,
        reason: Option<String>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(reason) = &reason {
            self.assert_reason(reason, ReasonKind::Void)?;
        }
        self.edit_line(context, id, line, effects, |cart| cart.void_line(line, &context.by, reason))
    }

    pub(super) fn override_price(
        &mut self,
        context: &Context,
        id: CartId,
        line: u32,
        price: UnitPrice,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_reason(&reason, ReasonKind::Override)?;
        self.edit_line(context, id, line, effects, |cart| {
            cart.override_price(line, price, reason, &context.by, context.approver.as_ref())
        })
    }

    pub(super) fn discount(
        &mut self,
        context: &Context,
        id: CartId,
        line: Option<u32>,
        value: DiscountValue,
        reason: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.assert_reason(&reason, ReasonKind::Discount)?;
        self.assert_not_paying(id)?;
        let mut cart = self.cart(id)?.clone();
        let approver = context.approver.as_ref();
        match line {
            Some(line) => cart.discount_line(line, value, reason, &context.by, approver)?,
            None => cart.discount_basket(value, reason, &context.by, approver)?,
        }
        self.keep(context, cart, line, effects, |act, cart| {
            let discounts = match line {
                None => Some(&cart.basket_discounts),
                Some(number) => {
                    let line = cart.lines.iter().find(|line| line.number == number);
                    line.map(|line| &line.discounts)
                }
            };
            if let Some(discounts) = discounts {
                act.put_last_discount(id, line.unwrap_or(0), discounts);
            }
            Ok(())
        })
    }

    pub(super) fn park(
        &mut self,
        context: &Context,
        id: CartId,
        label: String,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let label = label.trim().to_owned();
        if label.is_empty() || label.chars().count() > MAX_LABEL {
            return Err(Refusal::BadText { what: "the label of a parked cart", most: MAX_LABEL });
        }
        self.assert_not_paying(id)?;
        let parked =
            self.carts.values().filter(|cart| matches!(cart.state, CartState::Parked { .. }));
        if parked.count() >= MAX_PARKED {
            return Err(Refusal::TooManyParked(MAX_PARKED));
        }
        let mut cart = self.cart(id)?.clone();
        cart.park(label)?;
        let leaves_till = self.current == Some(id);
        let reply = self.keep(context, cart, None, effects, |act, cart| {
            act.label_cart(cart);
            if leaves_till { act.set_current_cart(None) } else { Ok(()) }
        })?;
        if leaves_till {
            self.current = None;
        }
        Ok(reply)
    }

    pub(super) fn recall(
        &mut self,
        context: &Context,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.open_shift_number()?;
        if self.elsewhere.contains_key(&id) {
            return self.recall_from_elsewhere(context, id, effects);
        }
        let mut cart = self.cart(id)?.clone();
        if let Some(other) = self.current.filter(|&current| current != id) {
            return Err(Refusal::CartAtTill(other));
        }
        cart.recall();
        let reply = self.keep(context, cart, None, effects, |act, cart| {
            act.label_cart(cart);
            act.set_current_cart(Some(id))
        })?;
        self.current = Some(id);
        Ok(reply)
    }

    pub(super) fn cancel(
        &mut self,
        context: &Context,
        id: CartId,
        reason: Option<String>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(reason) = &reason {
            self.assert_reason(reason, ReasonKind::Cancel)?;
        }
        self.assert_not_paying(id)?;
        let stamp = self.stamp(context)?;
        let mut cart = self.cart(id)?.clone();
        cart.take_back_tenders()?;
        let lines = u32::try_from(cart.live_lines().count()).unwrap_or(u32::MAX);
        let fact = Fact::CartCancelled(CartCancelled {
            stamp,
            cart: id,
            lines,
            amount: cart.extended()?,
            reason,
        });
        self.act(
            context,
            |()| Answer::Done,
            |act| {
                act.record(&fact)?;
                act.end_cart(id, End::Cancelled)
            },
        )?;
        self.forget_cart(id);
        effects.push(Effect::Changed(Change::Cart(id)));
        Ok(Reply::Done)
    }

    /// Writes what `write` says of a changed cart, then keeps it.
    pub(super) fn keep(
        &mut self,
        context: &Context,
        cart: Cart,
        line: Option<u32>,
        effects: &mut Vec<Effect>,
        write: impl FnOnce(&mut Act<'_>, &Cart) -> Result<(), TillStoreError>,
    ) -> Result<Reply, Refusal> {
        let id = cart.id;
        // A cart that cannot be added up must never be written.
        let totals = cart.totals(&self.settings.taxes)?;
        self.act(context, |()| Answer::Cart(id, line), |act| write(act, &cart))?;
        self.carts.insert(id, cart.clone());
        effects.push(Effect::Changed(Change::Cart(id)));
        Ok(Reply::Cart(Box::new(CartView { cart, totals, paying: None, line, elsewhere: None })))
    }

    fn edit_line(
        &mut self,
        context: &Context,
        id: CartId,
        number: u32,
        effects: &mut Vec<Effect>,
        change: impl FnOnce(&mut Cart) -> Result<(), CartError>,
    ) -> Result<Reply, Refusal> {
        self.assert_not_paying(id)?;
        let mut cart = self.cart(id)?.clone();
        change(&mut cart)?;
        self.keep(context, cart, Some(number), effects, |act, cart| {
            let edited = cart.lines.iter().filter(|line| line.number == number);
            edited.for_each(|line| act.put_line(id, line));
            Ok(())
        })
    }

    fn line_unit(&self, cart: CartId, line: u32) -> Result<commerce::Unit, Refusal> {
        let found = self.cart(cart)?.live_lines().find(|candidate| candidate.number == line);
        let line = found.ok_or(CartError::NoLine { cart, line })?;
        Ok(line.quantity.unit())
    }

    pub(super) fn assert_not_paying(&self, cart: CartId) -> Result<(), Refusal> {
        match self.paying.as_ref().filter(|payment| payment.cart == cart) {
            Some(payment) => Err(Refusal::PaymentUnderWay { cart, intent: payment.intent }),
            None => Ok(()),
        }
    }

    pub(super) fn forget_cart(&mut self, id: CartId) {
        self.carts.remove(&id);
        if self.current == Some(id) {
            self.current = None;
        }
    }
}

/// Adds a line. Of what sells at N for a price, one more joins the line that is there, so that
/// three scans cost what three at once do.
fn add_or_group(cart: &mut Cart, goods: Sellable) -> Result<u32, CartError> {
    let Sellable { item, quantity, price, label_amount } = goods;
    let there = cart.live_lines().find(|line| {
        price.per().get() > 1
            && line.item == item
            && line.price == price
            && line.price_override.is_none()
            && line.discounts.is_empty()
    });
    if let Some((number, held)) = there.map(|line| (line.number, line.quantity)) {
        let together = held.thousandths() + quantity.thousandths();
        cart.set_quantity(number, Quantity::new(together, quantity.unit())?)?;
        return Ok(number);
    }
    cart.add(item, quantity, price, label_amount)
}
