//! The one person of the replayed shop: opens and closes the day, rings baskets, gives change.
//!
//! Everything goes through [`Till::handle`] as a command, with the instant from the file. Plays
//! the printer too: what the spool has is taken off it as printed.

use super::basket::{Basket, BasketLine, DayBaskets};
use super::dice::Dice;
use super::error::ReplayError;
use super::{ReplayOptions, instant};
use crate::store::till::read;
use crate::till::{
    CartView, Command, Effect, Event, Handled, JobOutcome, Refusal, Reply, Request, Till,
};
use commerce::Money;
use commerce::cart::CartId;
use commerce::discount::DiscountValue;
use commerce::fact::{Fact, ShiftClosed};
use commerce::price::instant_of;
use commerce::staff::{StaffError, StaffId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

/// Ids in `config/replay`.
const STAFF: &str = "1";
pub(super) const CASH: &str = "cash";
pub(super) const COUPON: &str = "coupon";
pub(super) const LOYALTY: &str = "loyalty";
pub(super) const COUPON_MATCH: &str = "coupon-match";
const PRICE: &str = "price";

/// The till and whoever stands at it.
pub(super) struct Cashier {
    till: Till,
    by: StaffId,
    zone: TimeZone,
    file: PathBuf,
    pub(super) dice: Dice,
    commands: u64,
}

/// What ringing a basket took.
pub(super) struct Rung {
    pub lines: u64,
    pub overrides: u64,
}

impl Cashier {
    /// `file` is named where the till refuses a line.
    pub(super) fn new(
        till: Till,
        options: &ReplayOptions,
        file: PathBuf,
    ) -> Result<Self, StaffError> {
        Ok(Self {
            till,
            by: StaffId::parse(STAFF)?,
            zone: options.time_zone.clone(),
            file,
            dice: Dice::new(options.seed),
            commands: 0,
        })
    }

    /// How many commands the till carried out.
    pub(super) const fn commands(&self) -> u64 {
        self.commands
    }

    /// Opens the day's shift at its first instant, with nothing in the drawer and the day's
    /// prices in force.
    pub(super) fn open(&mut self, day: Date) -> Result<(), ReplayError> {
        let now = instant(day, &self.zone);
        let refused = |source| refused(day, source);
        self.till.handle(now, Event::Reload).reply.map_err(refused)?;
        let float = self.nothing();
        self.command(now, Command::OpenShift { float }).map_err(refused)?;
        Ok(())
    }

    /// Closes the day's shift at its last millisecond, counting what the baskets should have left
    /// in the drawer, and reads the Z back from the journal.
    pub(super) fn close(
        &mut self,
        day: Date,
        rung: &DayBaskets,
    ) -> Result<ShiftClosed, ReplayError> {
        let refused = |source| refused(day, source);
        let lines = || rung.baskets.iter().flat_map(|basket| &basket.lines);
        let nothing = self.nothing();
        let total = |of: fn(&BasketLine) -> Money| -> Result<Money, ReplayError> {
            Money::sum(nothing.currency(), lines().map(of)).map_err(|error| refused(error.into()))
        };
        let (net, coupons) = (total(|line| line.net)?, total(|line| line.coupon)?);
        let cash = net.minus(coupons).map_err(|error| refused(error.into()))?;
        let counted = vec![(CASH.to_owned(), cash), (COUPON.to_owned(), coupons)];
        let midnight = instant(day.tomorrow().unwrap_or(day), &self.zone);
        let now = midnight.checked_sub(SignedDuration::from_millis(1)).unwrap_or(midnight);
        let reply = self.command(now, Command::CloseShift { counted }).map_err(refused)?;
        let closed = self.closing_fact(&reply).map_err(refused)?;
        match closed {
            Some(closed) if closed.business_day == day => Ok(closed),
            other => Err(ReplayError::Answer {
                place: day.to_string(),
                expected: "a Z of that day",
                got: format!("{:?}", other.map(|closed| closed.business_day)),
            }),
        }
    }

    fn closing_fact(&self, reply: &Reply) -> Result<Option<ShiftClosed>, Refusal> {
        let Reply::Shift(number) = reply else {
            return Ok(None);
        };
        let conn = self.till.store().connection();
        let Some(closed) = read::shift(conn, *number)?.and_then(|shift| shift.closed) else {
            return Ok(None);
        };
        match read::fact(conn, closed.series, closed.seq)?.0 {
            Fact::ShiftClosed(fact) => Ok(Some(fact)),
            _ => Ok(None),
        }
    }

    /// Rings a basket: every line, its discounts, coupons, cash.
    pub(super) fn ring(&mut self, basket: &Basket) -> Result<Rung, ReplayError> {
        let now = instant_of(basket.at, &self.zone);
        let mut rung = Rung { lines: 0, overrides: 0 };
        let mut cart = None;
        for line in &basket.lines {
            let place = Place::new(self, basket, line.line);
            let (id, overridden) = self.ring_line(now, line, &place)?;
            rung.lines += 1;
            rung.overrides += u64::from(overridden);
            cart = Some(id);
        }
        let Some(cart) = cart else { return Ok(rung) };
        let first = basket.lines.first().map_or(0, |line| line.line);
        let place = Place::new(self, basket, first);
        self.pay(now, cart, basket, &place)?;
        Ok(rung)
    }

    fn ring_line(
        &mut self,
        now: Timestamp,
        line: &BasketLine,
        place: &Place,
    ) -> Result<(CartId, bool), ReplayError> {
        let add = Command::Add {
            cart: None,
            code: line.gtin.to_string(),
            quantity: Some(line.quantity.amount_text()),
        };
        let view = self.changed(now, add, place)?;
        let (id, number) = (view.cart.id, place.line_of(&view)?);
        let rung = view.totals.lines.iter().find(|total| total.number == number);
        let overridden = rung.map(|total| total.extended) != Some(line.regular);
        if overridden {
            let change = Command::OverridePrice {
                cart: id,
                line: number,
                price: line.unit_price,
                reason: PRICE.to_owned(),
            };
            self.changed(now, change, place)?;
        }
        let discounts = [(line.loyalty, LOYALTY), (line.coupon_match, COUPON_MATCH)];
        for (amount, reason) in discounts.into_iter().filter(|(amount, _)| !amount.is_zero()) {
            let discount = Command::Discount {
                cart: id,
                line: Some(number),
                value: DiscountValue::Amount(amount),
                reason: reason.to_owned(),
            };
            self.changed(now, discount, place)?;
        }
        Ok((id, overridden))
    }

    pub(super) fn nothing(&self) -> Money {
        Money::zero(self.till.settings().store.currency)
    }

    /// Has the till change the cart; answers it as it is then.
    fn changed(
        &mut self,
        now: Timestamp,
        command: Command,
        place: &Place,
    ) -> Result<Box<CartView>, ReplayError> {
        match self.command(now, command) {
            Ok(Reply::Cart(view)) => Ok(view),
            Ok(other) => Err(place.answer("the cart", &other)),
            Err(source) => Err(place.refused(source)),
        }
    }

    pub(super) fn command(&mut self, now: Timestamp, command: Command) -> Result<Reply, Refusal> {
        let request = Request { by: self.by.clone(), approver: None, once: None, command };
        let Handled { reply, effects } = self.till.handle(now, Event::Command(Box::new(request)));
        let reply = reply?;
        self.commands += 1;
        if effects.contains(&Effect::Spool) {
            self.print(now)?;
        }
        Ok(reply)
    }

    /// Takes everything off the spool.
    fn print(&mut self, now: Timestamp) -> Result<(), Refusal> {
        while let Some(job) = self.till.next_job(now)? {
            let (id, outcome) = (job.id, JobOutcome::Done);
            self.till.handle(now, Event::Job { id, outcome }).reply?;
        }
        Ok(())
    }
}

fn refused(day: Date, source: Refusal) -> ReplayError {
    ReplayError::Shift { day, source: Box::new(source) }
}

/// Where in the file the till is, for what it refuses.
pub(super) struct Place {
    file: PathBuf,
    basket: String,
    line: u64,
}

impl Place {
    fn new(cashier: &Cashier, basket: &Basket, line: u64) -> Self {
        Self { file: cashier.file.clone(), basket: basket.id.clone(), line }
    }

    pub(super) fn refused(&self, source: Refusal) -> ReplayError {
        ReplayError::Line {
            file: self.file.clone(),
            line: self.line,
            basket: self.basket.clone(),
            source: Box::new(source),
        }
    }

    pub(super) fn answer(&self, expected: &'static str, got: &Reply) -> ReplayError {
        ReplayError::Answer {
            place: format!("{}, line {}", self.file.display(), self.line),
            expected,
            got: format!("{got:?}"),
        }
    }

    fn line_of(&self, view: &CartView) -> Result<u32, ReplayError> {
        view.line.ok_or_else(|| {
            let got = Reply::Cart(Box::new(view.clone()));
            self.answer("the line just added", &got)
        })
    }
}
