//! Carts at the till and parked: rows, so that a scan is durable before it is shown.

use super::error::{Result, TillStoreError};
use super::{Act, payments};
use commerce::cart::{Cart, CartId, CartState, Item, Line, LineVoid, PriceOverride};
use commerce::code::Gtin;
use commerce::discount::{Discount, DiscountValue};
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::tender::{TenderKind, TenderType, Tendered};
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use std::num::NonZeroU32;

impl Act<'_> {
    /// Writes that `cart` exists and where it stands, without its lines.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_cart(&self, cart: &Cart, by: &StaffId) -> Result<()> {
        let label = match &cart.state {
            CartState::Open => None,
            CartState::Parked { label } => Some(label.as_str()),
        };
        let id = cart.id.0.cast_signed();
        self.tx
            .prepare_cached(
                "INSERT INTO cart (id, opened_at, opened_by, label) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET label = excluded.label",
            )?
            .execute(params![id, self.now.as_millisecond(), by.as_str(), label])?;
        self.tx
            .prepare_cached("UPDATE register SET last_cart = max(last_cart, ?1) WHERE id = 1")?
            .execute([id])?;
        Ok(())
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
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_line(&self, cart: CartId, line: &Line) -> Result<()> {
        let change = line.price_override.as_ref();
        let void = line.void.as_ref();
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO cart_line (cart, line, sku, gtin, name, tax_class, thousandths, unit,
                    price, scale, per, label_amount, override_price, override_scale, override_per,
                    override_reason, override_by, override_approved, voided_by, void_reason)
                 VALUES (:cart, :line, :sku, :gtin, :name, :tax_class, :thousandths, :unit,
                    :price, :scale, :per, :label_amount, :override_price, :override_scale, :override_per,
                    :override_reason, :override_by, :override_approved, :voided_by, :void_reason)",
            )?
            .execute(named_params! {
                ":cart": cart.0.cast_signed(),
                ":line": line.number,
                ":sku": line.item.sku,
                ":gtin": line.item.gtin.map(|gtin| gtin.as_u64().cast_signed()),
                ":name": line.item.name,
                ":tax_class": line.item.tax_class,
                ":thousandths": line.quantity.thousandths(),
                ":unit": line.quantity.unit().code(),
                ":price": line.price.amount(),
                ":scale": line.price.scale(),
                ":per": line.price.per().get(),
                ":label_amount": line.label_amount.map(Money::minor),
                ":override_price": change.map(|change| change.price.amount()),
                ":override_scale": change.map(|change| change.price.scale()),
                ":override_per": change.map(|change| change.price.per().get()),
                ":override_reason": change.map(|change| change.reason.as_str()),
                ":override_by": change.map(|change| change.by.as_str()),
                ":override_approved": change.and_then(|change| change.approved_by.as_ref()).map(StaffId::as_str),
                ":voided_by": void.map(|void| void.by.as_str()),
                ":void_reason": void.and_then(|void| void.reason.as_deref()),
            })?;
        Ok(())
    }

    /// Writes the last of the discounts on a line, or on the basket (line 0).
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_last_discount(&self, cart: CartId, line: u32, discounts: &[Discount]) -> Result<()> {
        let Some(discount) = discounts.last() else {
            return Ok(());
        };
        let (amount, percent) = match discount.value {
            DiscountValue::Amount(amount) => (Some(amount.minor()), None),
            DiscountValue::Percent(rate) => (None, Some(rate.millionths())),
        };
        self.tx
            .prepare_cached(
                "INSERT INTO cart_discount (cart, line, position, amount, percent, reason, by, approved_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                cart.0.cast_signed(),
                line,
                position(discounts.len()),
                amount,
                percent,
                discount.reason,
                discount.by.as_str(),
                discount.approved_by.as_ref().map(StaffId::as_str),
            ])?;
        Ok(())
    }

    /// Writes the last tender of a cart.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn put_last_tender(&self, cart: &Cart) -> Result<()> {
        let Some(tendered) = cart.tenders.last() else {
            return Ok(());
        };
        self.tx
            .prepare_cached(
                "INSERT INTO cart_tender (cart, position, tender, name, kind, opens_drawer,
                    gives_change, taken_up_to, amount, reference, intent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                cart.id.0.cast_signed(),
                position(cart.tenders.len()),
                tendered.tender.id,
                tendered.tender.name,
                tendered.tender.kind.name(),
                tendered.tender.opens_drawer,
                tendered.tender.gives_change,
                tendered.tender.limit,
                tendered.amount.minor(),
                tendered.reference,
                tendered.intent.map(u64::cast_signed),
            ])?;
        Ok(())
    }

    /// Writes the tenders of a cart anew.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn put_tenders(&self, cart: &Cart) -> Result<()> {
        self.drop_tenders(cart.id)?;
        let mut so_far = Cart::new(cart.id, cart.currency);
        for tendered in &cart.tenders {
            so_far.tenders.push(tendered.clone());
            self.put_last_tender(&so_far)?;
        }
        Ok(())
    }

    /// Forgets the tenders of a cart: they were given back.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn drop_tenders(&self, cart: CartId) -> Result<()> {
        self.tx
            .prepare_cached("DELETE FROM cart_tender WHERE cart = ?1")?
            .execute([cart.0.cast_signed()])?;
        Ok(())
    }

    /// Ends a cart: it was paid or given up.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn drop_cart(&self, cart: CartId) -> Result<()> {
        let id = cart.0.cast_signed();
        self.tx.prepare_cached("DELETE FROM cart_line WHERE cart = ?1")?.execute([id])?;
        self.tx.prepare_cached("DELETE FROM cart_discount WHERE cart = ?1")?.execute([id])?;
        self.drop_tenders(cart)?;
        self.tx.prepare_cached("DELETE FROM cart WHERE id = ?1")?.execute([id])?;
        self.tx
            .prepare_cached(
                "UPDATE register SET current_cart = 0 WHERE id = 1 AND current_cart = ?1",
            )?
            .execute([id])?;
        Ok(())
    }
}

/// A place in a short list, bounded by the cart's own limits.
fn position(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The number the next cart gets.
pub(super) fn next(conn: &Connection) -> Result<CartId> {
    let last: i64 = conn
        .prepare_cached("SELECT last_cart FROM register WHERE id = 1")?
        .query_row([], |row| row.get(0))?;
    Ok(CartId(last.cast_unsigned() + 1))
}

/// Which cart is at the till.
pub(super) fn current(conn: &Connection) -> Result<Option<CartId>> {
    let id: Option<i64> = conn
        .query_row("SELECT current_cart FROM register WHERE id = 1", [], |row| row.get(0))
        .optional()?;
    Ok(id.filter(|&id| id != 0).map(|id| CartId(id.cast_unsigned())))
}

/// All carts that are not paid or given up, in the order opened.
pub(super) fn load(conn: &Connection, currency: Currency) -> Result<Vec<Cart>> {
    let mut carts = Vec::new();
    let mut statement = conn.prepare("SELECT id, label FROM cart ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let label: Option<String> = row.get(1)?;
        let mut cart = Cart::new(CartId(id.cast_unsigned()), currency);
        if let Some(label) = label {
            cart.state = CartState::Parked { label };
        }
        cart.lines = load_lines(conn, id, currency)?;
        load_discounts(conn, id, &mut cart)?;
        cart.tenders = load_tenders(conn, id, currency)?;
        carts.push(cart);
    }
    Ok(carts)
}

fn damaged(what: impl ToString) -> TillStoreError {
    TillStoreError::damaged("cart_line", what)
}

fn load_lines(conn: &Connection, cart: i64, currency: Currency) -> Result<Vec<Line>> {
    conn.prepare_cached("SELECT * FROM cart_line WHERE cart = ?1 ORDER BY line")?
        .query_and_then([cart], |row| line_of(row, currency))?
        .collect()
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

fn load_discounts(conn: &Connection, id: i64, cart: &mut Cart) -> Result<()> {
    let currency = cart.currency;
    let mut statement =
        conn.prepare_cached("SELECT * FROM cart_discount WHERE cart = ?1 ORDER BY line, position")?;
    let rows =
        statement.query_and_then([id], |row| Ok((row.get(1)?, discount_of(row, currency)?)))?;
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

fn load_tenders(conn: &Connection, cart: i64, currency: Currency) -> Result<Vec<Tendered>> {
    conn.prepare_cached("SELECT * FROM cart_tender WHERE cart = ?1 ORDER BY position")?
        .query_and_then([cart], |row| {
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
