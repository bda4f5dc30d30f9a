//! Carts that the shop's tills share: claimed, handed over, taken by force, added to from elsewhere.
//!
//! Only its holder edits a cart. A claim is asked of the holder's till, which grants it durably; the
//! cart is here once the grant has come and this till's stream has said so
//! ([`crate::store::till`]). Getting questions and entries from till to till is the uplink's.

use super::resolve::{Scanned, Sellable, look_up, sellable};
use super::selling::MAX_PARKED;
use super::{Answer, Change, Context, Effect, Refusal, Reply, Till};
use crate::store::till::{Offer, Shared, read};
use commerce::cart::{Cart, CartId, CartState, Line, MAX_LINES};
use commerce::code::Scan;
use commerce::staff::{Limited, Role, StaffId, authorise};
use jiff::Timestamp;
use std::collections::BTreeSet;
use sync::log::ReplicaId;

/// A parked cart that is recalled as soon as its holder has granted it.
#[derive(Debug, Clone)]
pub(super) struct Awaited {
    pub cart: CartId,
    pub by: StaffId,
}

impl Till {
    /// Asks the holder for a cart.
    pub(super) fn claim(
        &mut self,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if self.carts.contains_key(&id) {
            return Ok(Reply::Cart(Box::new(self.view(id, None)?)));
        }
        let shared = self.elsewhere.get(&id).ok_or(Refusal::NoCart(id))?;
        self.assert_room_for_parked()?;
        let holder = shared.holder.replica;
        // Granted already: it is on its way, to whomever it was granted.
        if shared.holder.granted_to.is_none() {
            effects.push(Effect::AskClaim { holder, cart: id });
        }
        Ok(Reply::ClaimAsked(id))
    }

    /// Takes a parked cart of another till's to this one, once it is granted.
    pub(super) fn recall_from_elsewhere(
        &mut self,
        context: &Context,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if let Some(other) = self.current {
            return Err(Refusal::CartAtTill(other));
        }
        let asked = self.claim(id, effects)?;
        self.awaited = Some(Awaited { cart: id, by: context.by.staff.clone() });
        Ok(asked)
    }

    /// Another till asks for a cart of this one's. What is at the till, or being paid, stays.
    pub(super) fn claim_asked(
        &mut self,
        now: Timestamp,
        from: ReplicaId,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let cart = self.cart(id)?;
        if self.current == Some(id) {
            return Err(Refusal::CartInUse(id));
        }
        if !cart.tenders.is_empty() {
            return Err(commerce::cart::CartError::BeingPaid(id).into());
        }
        self.assert_not_paying(id)?;
        self.store.grant_cart(now, id, from)?;
        self.refresh(id, effects)
    }

    /// The holder's till refused a claim.
    pub(super) fn claim_refused(&mut self, id: CartId, why: String, effects: &mut Vec<Effect>) {
        self.awaited.take_if(|awaited| awaited.cart == id);
        effects.push(Effect::Changed(Change::ClaimRefused(id, why)));
    }

    /// Takes a cart whose holder can't be reached. Should both tills sell it, that is found and
    /// told, but not undone: hence the manager.
    pub(super) fn force_claim(
        &mut self,
        context: &Context,
        id: CartId,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if self.carts.contains_key(&id) {
            return Ok(Reply::Cart(Box::new(self.view(id, None)?)));
        }
        self.elsewhere.get(&id).ok_or(Refusal::NoCart(id))?;
        self.assert_room_for_parked()?;
        let needs = Limited::Needs(Role::Manager);
        let approved = authorise(needs, &context.by, context.approver.as_ref())?;
        let by = approved.unwrap_or_else(|| context.by.staff.clone());
        self.act(context, |_| Answer::Cart(id, None), |act| act.force_cart(id, by))?;
        self.refresh(id, effects)?;
        Ok(Reply::Cart(Box::new(self.view(id, None)?)))
    }

    /// Offers what a code means to the holder of a cart.
    pub(super) fn offer(
        &mut self,
        context: &Context,
        id: CartId,
        code: &str,
        quantity: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if self.carts.contains_key(&id) {
            return self.add(context, Some(id), code, quantity, effects);
        }
        self.elsewhere.get(&id).ok_or(Refusal::NoCart(id))?;
        self.assert_room()?;
        let scan = Scan::parse(code)?;
        let instants = (context.now, self.store.latest());
        let found = match look_up(&self.catalogue.view(), &self.settings, &scan, instants)? {
            Scanned::Receipt(_) => return Err(Refusal::UnknownCode(code.to_owned())),
            Scanned::Item(found) => found,
        };
        let offered = read::offers(self.store.connection(), id)?;
        if offered.len() >= MAX_LINES {
            return Err(commerce::cart::CartError::TooManyLines.into());
        }
        let Sellable { item, quantity, price, label_amount } =
            sellable(&found, &self.settings, quantity)?;
        let line = Line {
            number: 0,
            item,
            quantity,
            price,
            label_amount,
            price_override: None,
            discounts: Vec::new(),
            void: None,
        };
        let by = context.by.staff.clone();
        self.act(
            context,
            |()| Answer::Done,
            |act| {
                act.offer_line(id, &line, &by);
                Ok(())
            },
        )?;
        effects.push(Effect::Changed(Change::Cart(id)));
        Ok(Reply::Done)
    }

    /// Siblings' entries were folded: takes up what they say of these carts, and of what this till
    /// itself said to it.
    pub(super) fn folded(
        &mut self,
        now: Timestamp,
        mut carts: BTreeSet<CartId>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        carts.append(&mut self.store.take_answered());
        for id in carts {
            self.refresh(id, effects)?;
        }
        if let Some(Awaited { cart, by }) = self.awaited.clone()
            && self.carts.contains_key(&cart)
        {
            self.awaited = None;
            if self.current.is_none() {
                let by = self.authority(&by)?;
                let context = Context { now, by, approver: None, once: None };
                self.recall(&context, cart, effects)?;
            }
        }
        Ok(())
    }

    /// Reads one cart again.
    fn refresh(&mut self, id: CartId, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        let currency = self.settings.store.currency;
        let found = read::cart(self.store.connection(), id, currency)?;
        self.carts.remove(&id);
        self.elsewhere.remove(&id);
        match found {
            Some(shared) if shared.is_here() => {
                self.carts.insert(id, shared.cart);
                self.offered.insert(id);
            }
            Some(shared) => {
                self.elsewhere.insert(id, shared);
            }
            None => {}
        }
        if self.current == Some(id) && !self.carts.contains_key(&id) {
            self.current = None;
        }
        effects.push(Effect::Changed(Change::Cart(id)));
        Ok(())
    }

    /// Takes up what the store said of itself in this event, and lines that were offered. What
    /// fails is tried at the next event: the rows stand.
    pub(super) fn follow_carts(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for id in self.store.take_answered() {
            if let Err(refusal) = self.refresh(id, effects) {
                tracing::error!(%refusal, cart = %id, "a cart could not be read again");
            }
        }
        if self.store.take_alarmed() {
            effects.push(Effect::Changed(Change::Alarm));
        }
        if !self.offered.is_empty() {
            self.adopt_offers(now, effects);
        }
    }

    /// Puts offered lines on the carts that this till holds. A cart that is being paid, or a line
    /// that this till cannot add up, waits; its offer stays to be seen.
    fn adopt_offers(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for id in self.offered.clone() {
            match self.adopt(now, id) {
                Ok(true) => effects.push(Effect::Changed(Change::Cart(id))),
                Ok(false) => {}
                Err(refusal) => {
                    tracing::warn!(%refusal, cart = %id, "offered lines could not be taken yet");
                }
            }
        }
    }

    fn adopt(&mut self, now: Timestamp, id: CartId) -> Result<bool, Refusal> {
        let Some(cart) = self.carts.get(&id) else {
            self.offered.remove(&id);
            return Ok(false);
        };
        if !cart.tenders.is_empty() || self.assert_not_paying(id).is_err() {
            return Ok(false);
        }
        let mut cart = cart.clone();
        let offers = read::offers(self.store.connection(), id)?;
        let (mut taken, mut left) = (Vec::new(), false);
        for Offer { dot, line, .. } in offers {
            let mut with = cart.clone();
            let added = with.adopt(line).ok().filter(|_| with.totals(&self.settings.taxes).is_ok());
            match added.and_then(|number| with.lines.iter().find(|line| line.number == number)) {
                Some(line) => taken.push((line.clone(), dot)),
                None => {
                    left = true;
                    continue;
                }
            }
            cart = with;
        }
        if !taken.is_empty() {
            self.store.act(now, |act| {
                taken.iter().for_each(|(line, dot)| act.adopt_line(id, line, *dot));
                Ok(())
            })?;
            self.carts.insert(id, cart);
        }
        if !left {
            self.offered.remove(&id);
        }
        Ok(!taken.is_empty())
    }

    fn assert_room_for_parked(&self) -> Result<(), Refusal> {
        let parked = |cart: &&Cart| matches!(cart.state, CartState::Parked { .. });
        if self.carts.values().filter(parked).count() >= MAX_PARKED {
            return Err(Refusal::TooManyParked(MAX_PARKED));
        }
        Ok(())
    }

    /// Refuses to take money on a cart that was sold already, unless a manager says that this customer
    /// has not paid: the sale may be another's that bears the number by mistake.
    pub(super) fn assert_not_sold(&self, context: &Context, id: CartId) -> Result<(), Refusal> {
        let Some(receipt) = read::sold_at(self.store.connection(), id)? else { return Ok(()) };
        // Somebody must have looked: a manager at the till says so too.
        if context.approver.is_some() {
            let needs = Limited::Needs(Role::Manager);
            authorise(needs, &context.by, context.approver.as_ref())?;
            return Ok(());
        }
        Err(Refusal::AlreadySold { cart: id, receipt })
    }

    /// Carts that other tills of the shop hold, in the order of their numbers.
    pub fn elsewhere(&self) -> impl Iterator<Item = &Shared> {
        self.elsewhere.values()
    }
}
