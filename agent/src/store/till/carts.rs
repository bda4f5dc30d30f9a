//! Carts at the till and parked: each act records operations, which [`super::space`] folds into
//! rows, so that a scan is durable before it is shown and siblings hear of it.

use super::error::{Result, TillStoreError};
use super::{Act, doubles, payments};
use commerce::cart::{Cart, CartId, CartState, Item, Line, LineVoid, PriceOverride};
use commerce::code::Gtin;
use commerce::customer::CustomerId;
use commerce::discount::{Discount, DiscountValue};
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::tender::{TenderKind, TenderType, Tendered};
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::num::NonZeroU32;
use sync::log::ReplicaId;
use sync::space::{Dot, End, Held, Offered, Operation};

impl Act<'_> {
    /// Opens a cart that this till holds.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn open_cart(&mut self, cart: &Cart, by: &StaffId) -> Result<()> {
        self.count_cart(cart.id)?;
        self.operate(Operation::Held(Held {
            cart: cart.id,
            term: 0,
            opened_at: self.now(),
            opened_by: by.clone(),
            label: label(cart),
            forced_by: None,
            from: None,
        }));
        Ok(())
    }

    /// Keeps that a number of this till's was given.
    pub(super) fn count_cart(&self, id: CartId) -> Result<()> {
        self.tx
            .prepare_cached("UPDATE register SET last_cart = max(last_cart, ?1) WHERE id = 1")?
            .execute([id.counter()])?;
        Ok(())
    }

    /// Writes where a cart stands: at a till, or parked.
    pub fn label_cart(&mut self, cart: &Cart) {
        self.operate(Operation::Labelled { cart: cart.id, label: label(cart) });
    }

    /// Writes whose cart it is.
    pub fn attach_customer(&mut self, cart: &Cart) {
        let Cart { id, customer, .. } = *cart;
        self.operate(Operation::Attached { cart: id, customer });
    }

    /// Writes which cart is at the till.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn set_current_cart(&self, cart: Option<CartId>) -> Result<()> {
        let id = cart.map_or(0, |cart| cart.0.cast_signed());
        self.tx
            .prepare_cached("UPDATE register SET current_cart = ?1 WHERE id = 1")?
            .execute([id])?;
        Ok(())
    }

    /// Writes one line of a cart, without its discounts.
    pub fn put_line(&mut self, cart: CartId, line: &Line) {
        self.operate(Operation::Line { cart, line: line.clone(), dot: None });
    }

    /// Puts a line that was offered on a cart, under the number that it has there.
    pub fn adopt_line(&mut self, cart: CartId, line: &Line, dot: Dot) {
        self.operate(Operation::Line { cart, line: line.clone(), dot: Some(dot) });
    }

    /// Writes the last of the discounts on a line, or on the basket (line 0).
    pub fn put_last_discount(&mut self, cart: CartId, line: u32, discounts: &[Discount]) {
        let position = position(discounts.len());
        if let Some(discount) = discounts.last().cloned() {
            self.operate(Operation::Discounted { cart, line, position, discount });
        }
    }

    /// Writes the last tender of a cart.
    pub fn put_last_tender(&mut self, cart: &Cart) {
        let position = position(cart.tenders.len());
        if let Some(tendered) = cart.tenders.last().cloned() {
            self.operate(Operation::Tendered { cart: cart.id, position, tendered });
        }
    }

    /// Writes the tenders of a cart anew.
    pub fn put_tenders(&mut self, cart: &Cart) {
        self.drop_tenders(cart.id);
        for (place, tendered) in (1..).zip(&cart.tenders) {
            let tendered = tendered.clone();
            self.operate(Operation::Tendered { cart: cart.id, position: place, tendered });
        }
    }

    /// Forgets the tenders of a cart: they were given back.
    pub fn drop_tenders(&mut self, cart: CartId) {
        self.operate(Operation::TendersBack { cart });
    }

    /// Ends a cart: it was paid or given up.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn end_cart(&mut self, cart: CartId, end: End) -> Result<()> {
        self.operate(Operation::Ended { cart, end });
        self.leave_till(cart)
    }

    /// Takes a cart from the till, if it is there.
    pub(super) fn leave_till(&self, cart: CartId) -> Result<()> {
        self.tx
            .prepare_cached(
                "UPDATE register SET current_cart = 0 WHERE id = 1 AND current_cart = ?1",
            )?
            .execute([cart.0.cast_signed()])?;
        Ok(())
    }

    /// Hands a cart of this till's over to another one, as it stands.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn grant_cart(&mut self, cart: CartId, to: ReplicaId) -> Result<()> {
        self.operate(Operation::Granted { cart, to });
        self.leave_till(cart)
    }

    /// Offers a line to whoever holds the cart.
    pub fn offer_line(&mut self, cart: CartId, line: &Line, by: &StaffId) {
        let (at, by, line) = (self.now(), by.clone(), line.clone());
        self.operate(Operation::Offered(Offered { cart, at, by, line, dot: None }));
    }
}

fn label(cart: &Cart) -> Option<String> {
    match &cart.state {
        CartState::Open => None,
        CartState::Parked { label } => Some(label.clone()),
    }
}

/// A place in a short list, bounded by the cart's own limits.
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The number the next cart gets.
pub(super) fn next(conn: &Connection) -> Result<CartId> {
    let (till, series, last): (u16, u32, u32) = conn
        .prepare_cached(
            "SELECT series.till, series.series, register.last_cart
             FROM register JOIN series ON series.replica = register.replica",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut counter = last.saturating_add(1);
    // One whose sale somebody tells of could not be paid.
    for _ in 0..MOST_SPOILT {
        match CartId::new(till, series, counter) {
            Some(id) if !doubles::sales_of(conn, id)?.is_empty() => {
                counter = counter.saturating_add(1)
            }
            _ => break,
        }
    }
    CartId::new(till, series, counter).ok_or_else(|| {
        let full = format!("no cart has the number {counter} in series {series} of till {till}");
        TillStoreError::damaged("register", full)
    })
}

/// The most numbers that are passed over at a time, so that nobody who makes up sales holds a scan up.
const MOST_SPOILT: u32 = 256;

/// Which cart is at the till.
pub(super) fn current(conn: &Connection) -> Result<Option<CartId>> {
    let id: Option<i64> = conn
        .query_row("SELECT current_cart FROM register WHERE id = 1", [], |row| row.get(0))
        .optional()?;
    Ok(id.filter(|&id| id != 0).map(|id| CartId(id.cast_unsigned())))
}

/// A claim's cart, as its holder has it.
pub(super) fn load(
    conn: &Connection,
    holder: i64,
    id: CartId,
    label: Option<String>,
    currency: Currency,
) -> Result<Cart> {
    let mut cart = Cart::new(id, currency);
    if let Some(label) = label {
        cart.state = CartState::Parked { label };
    }
    let lines = load_lines(conn, holder, id, currency)?;
    cart.lines = lines.into_iter().map(|(line, _)| line).collect();
    load_discounts(conn, holder, &mut cart)?;
    cart.tenders = load_tenders(conn, holder, id, currency)?;
    let customer: Option<Option<[u8; 16]>> = conn
        .prepare_cached("SELECT customer FROM claim WHERE holder = ?1 AND cart = ?2")?
        .query_row(params![holder, id.0.cast_signed()], |row| row.get(0))
        .optional()?;
    cart.customer = customer.flatten().map(CustomerId);
    Ok(cart)
}

fn damaged(what: impl ToString) -> TillStoreError {
    TillStoreError::damaged("cart_line", what)
}

/// A claim's lines in order, without discounts, each with its dot where that is not the holder's.
pub(super) fn load_lines(
    conn: &Connection,
    holder: i64,
    cart: CartId,
    currency: Currency,
) -> Result<Vec<(Line, LineDot)>> {
    conn.prepare_cached("SELECT * FROM cart_line WHERE holder = ?1 AND cart = ?2 ORDER BY line")?
        .query_and_then(params![holder, cart.0.cast_signed()], |row| {
            let replica: Option<[u8; 16]> = row.get("of_replica")?;
            let seq = row.get::<_, i64>("of_seq")?.cast_unsigned();
            let index = row.get("of_index")?;
            let dot = LineDot { replica: replica.map(ReplicaId), seq, index };
            Ok((line_of(row, currency)?, dot))
        })?
        .collect()
}

/// A line's dot as a row has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineDot {
    replica: Option<ReplicaId>,
    seq: u64,
    index: u32,
}

impl LineDot {
    /// The dot, on a claim of `holder`; none of a line that no stream holds yet.
    pub fn of(self, holder: ReplicaId) -> Option<Dot> {
        let Self { replica, seq, index } = self;
        (seq > 0).then(|| Dot { replica: replica.unwrap_or(holder), seq, index })
    }
}

fn line_of(row: &Row<'_>, currency: Currency) -> Result<Line> {
    let gtin: Option<i64> = row.get("gtin")?;
    let gtin =
        gtin.map(|gtin| Gtin::from_u64(gtin.cast_unsigned())).transpose().map_err(damaged)?;
    let unit = Unit::parse(&row.get::<_, String>("unit")?).map_err(damaged)?;
    let label: Option<i64> = row.get("label_amount")?;
    let by: Option<String> = row.get("override_by")?;
    let price_override = match by {
        None => None,
        Some(by) => Some(PriceOverride {
            price: price_of(row, ["override_price", "override_scale", "override_per"], currency)?,
            reason: row.get("override_reason")?,
            by: StaffId::parse(&by).map_err(damaged)?,
            approved_by: staff_of(row.get("override_approved")?)?,
        }),
    };
    let voided_by: Option<StaffId> = staff_of(row.get("voided_by")?)?;
    let reason = row.get("void_reason")?;
    Ok(Line {
        number: row.get("line")?,
        item: Item {
            sku: row.get("sku")?,
            gtin,
            name: row.get("name")?,
            tax_class: row.get("tax_class")?,
        },
        quantity: Quantity::new(row.get("thousandths")?, unit).map_err(damaged)?,
        price: price_of(row, ["price", "scale", "per"], currency)?,
        label_amount: label
            .map(|minor| Money::new(minor, currency))
            .transpose()
            .map_err(damaged)?,
        price_override,
        discounts: Vec::new(),
        void: voided_by.map(|by| LineVoid { by, reason }),
    })
}

fn price_of(
    row: &Row<'_>,
    [amount, scale, per]: [&str; 3],
    currency: Currency,
) -> Result<UnitPrice> {
    let per = NonZeroU32::new(row.get(per)?).ok_or_else(|| damaged("a price for nothing"))?;
    UnitPrice::new(row.get(amount)?, row.get(scale)?, per, currency).map_err(damaged)
}

pub(super) fn staff_of(id: Option<String>) -> Result<Option<StaffId>> {
    id.map(|id| StaffId::parse(&id)).transpose().map_err(damaged)
}

fn load_discounts(conn: &Connection, holder: i64, cart: &mut Cart) -> Result<()> {
    let currency = cart.currency;
    let mut statement = conn.prepare_cached(
        "SELECT * FROM cart_discount WHERE holder = ?1 AND cart = ?2 ORDER BY line, position",
    )?;
    let rows = statement.query_and_then(params![holder, cart.id.0.cast_signed()], |row| {
        Ok((row.get("line")?, discount_of(row, currency)?))
    })?;
    for row in rows {
        let (number, discount): (u32, Discount) = row.map_err(|error: TillStoreError| error)?;
        match cart.lines.iter_mut().find(|line| line.number == number) {
            Some(line) => line.discounts.push(discount),
            None => cart.basket_discounts.push(discount),
        }
    }
    Ok(())
}

fn discount_of(row: &Row<'_>, currency: Currency) -> Result<Discount> {
    let value = match row.get::<_, Option<i64>>("percent")? {
        Some(millionths) => {
            DiscountValue::Percent(Rate::from_millionths(millionths).map_err(damaged)?)
        }
        None => DiscountValue::Amount(Money::new(row.get("amount")?, currency).map_err(damaged)?),
    };
    let by: String = row.get("by")?;
    Ok(Discount {
        value,
        reason: row.get("reason")?,
        by: StaffId::parse(&by).map_err(damaged)?,
        approved_by: staff_of(row.get("approved_by")?)?,
    })
}

/// The tender of a row that keeps the whole of it.
pub(super) fn tender_of(row: &Row<'_>) -> Result<TenderType> {
    let kind: String = row.get("kind")?;
    Ok(TenderType {
        id: row.get("tender")?,
        name: row.get("name")?,
        kind: TenderKind::parse(&kind).ok_or_else(|| damaged("a tender of no kind"))?,
        opens_drawer: row.get("opens_drawer")?,
        gives_change: row.get("gives_change")?,
        limit: row.get("taken_up_to")?,
    })
}

fn load_tenders(
    conn: &Connection,
    holder: i64,
    cart: CartId,
    currency: Currency,
) -> Result<Vec<Tendered>> {
    conn.prepare_cached(
        "SELECT * FROM cart_tender WHERE holder = ?1 AND cart = ?2 ORDER BY position",
    )?
    .query_and_then(params![holder, cart.0.cast_signed()], |row| {
        let intent: Option<i64> = row.get("intent")?;
        let intent = intent.map(i64::cast_unsigned);
        let card = intent.map(|intent| payments::slip(conn, intent)).transpose()?.flatten();
        Ok(Tendered {
            tender: tender_of(row)?,
            amount: Money::new(row.get("amount")?, currency).map_err(damaged)?,
            reference: row.get("reference")?,
            intent,
            card,
        })
    })?
    .collect()
}
