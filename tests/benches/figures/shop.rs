//! A till over the benchmark's catalogue: how it is opened, and a cashier who never tires.
//!
//! Called by every figure that sells. Time is made up and runs on with each act, so that shifts
//! and clocks are those of an ordinary day.

use crate::goods::{self, Dice};
use agent::store::catalogue::Catalogue;
use agent::store::open::OpenOptions;
use agent::store::till::{NewSeries, Opened, TillStore};
use agent::till::{Command, Event, Reply, Request, Till};
use anyhow::{Context, Result, bail};
use commerce::cart::CartId;
use commerce::fact::SeriesReason;
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::{Currency, Money};
use jiff::{SignedDuration, Timestamp};
use sync::log::{ReplicaId, SealingKey, Seed};

/// When the catalogue was imported; nothing is sold before.
pub const IMPORTED: &str = "2025-01-06T05:00:00Z";
/// When past sales end and figures begin.
pub const NOW: &str = "2026-11-23T08:00:00Z";

pub const CASHIER: &str = "101";
pub const SUPERVISOR: &str = "201";

/// The key that a till seals with.
pub fn key_of(number: u16) -> Result<SealingKey> {
    Ok(SealingKey::from_seed(&Seed::new([6 + u8::try_from(number)?; 32]))?)
}

/// The first till's own file; one without a replica gets its first.
pub fn begin(options: &OpenOptions, now: Timestamp) -> Result<TillStore> {
    begin_as(1, options, now)
}

/// The same for any till of the shop.
pub fn begin_as(number: u16, options: &OpenOptions, now: Timestamp) -> Result<TillStore> {
    let opened = Opened::open(options)?;
    let replica = ReplicaId::of(&key_of(number)?.public(), [0; 6]);
    let new = opened.head()?.is_none().then(|| NewSeries {
        replica,
        reason: SeriesReason::First,
        store: "HH01".into(),
        till: number,
        above: 0,
    });
    Ok(opened.begin(key_of(number)?, 0, now, new)?)
}

/// A till with a shift open and a cashier logged in.
pub struct Shop {
    pub till: Till,
    pub now: Timestamp,
    pub currency: Currency,
}

impl Shop {
    pub fn open(till: &OpenOptions, catalogue: &OpenOptions, now: &str) -> Result<Self> {
        Self::open_as(1, till, catalogue, now)
    }

    /// The same for any till of the shop.
    pub fn open_as(
        number: u16,
        till: &OpenOptions,
        catalogue: &OpenOptions,
        now: &str,
    ) -> Result<Self> {
        let now = now.parse()?;
        let (store, catalogue) = (begin_as(number, till, now)?, Catalogue::open(catalogue)?);
        let (till, _) = Till::open(store, catalogue, number, Box::new(|| None), now)?;
        let currency = till.settings().store.currency;
        let mut shop = Self { till, now, currency };
        if shop.till.shift().is_none() {
            shop.ask(SUPERVISOR, Command::OpenShift { float: shop.euros(100)? })?;
        }
        shop.event(Event::Operator(Some(StaffId::parse(CASHIER)?)))?;
        Ok(shop)
    }

    pub fn euros(&self, euros: i64) -> Result<Money> {
        Ok(Money::new(euros * 100, self.currency)?)
    }

    pub fn event(&mut self, event: Event) -> Result<Reply> {
        self.now += SignedDuration::from_millis(700);
        Ok(self.till.handle(self.now, event).reply?)
    }

    pub fn ask(&mut self, by: &str, command: Command) -> Result<Reply> {
        let by = StaffId::parse(by)?;
        self.event(Event::Command(Box::new(Request { by, approver: None, once: None, command })))
    }

    /// Scans one item and says which cart it went to.
    pub fn scan(&mut self, item: u64) -> Result<CartId> {
        match self.event(Event::Scanned(goods::scan(item)?))? {
            Reply::Cart(view) => Ok(view.cart.id),
            other => bail!("a scan came to {other:?}"),
        }
    }

    /// The command that pays a cart in cash, rounded up as customers do.
    pub fn pay(&self, cart: CartId) -> Result<Command> {
        let due = self.till.view(cart, None)?.totals.due.minor();
        let amount = Money::new((due / 500 + 1) * 500, self.currency)?;
        Ok(Command::Tender { cart, tender: "cash".to_owned(), amount, reference: None })
    }

    /// Sells so many different items, and says under which number.
    pub fn sell(&mut self, dice: &mut Dice, lines: usize) -> Result<ReceiptNumber> {
        let mut cart = None;
        for _ in 0..lines {
            cart = Some(self.scan(dice.sold_item())?);
        }
        let pay = self.pay(cart.context("a sale has lines")?)?;
        sold(self.ask(CASHIER, pay)?)
    }

    /// Closes the shift and opens the next, a day later.
    pub fn next_day(&mut self, days: i64) -> Result<()> {
        let counted = vec![("cash".to_owned(), self.euros(100)?)];
        self.ask(SUPERVISOR, Command::CloseShift { counted })?;
        self.now += SignedDuration::from_hours(24 * days);
        self.ask(SUPERVISOR, Command::OpenShift { float: self.euros(100)? })?;
        Ok(())
    }
}

pub fn sold(reply: Reply) -> Result<ReceiptNumber> {
    match reply {
        Reply::Sold(receipt) => Ok(receipt),
        other => bail!("a sale came to {other:?}"),
    }
}
