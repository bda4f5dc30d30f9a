//! Rows of carts: the SQL that [`super::fold_workspace`] writes with.

use super::Place;
use crate::store::till::error::Result;
use commerce::Money;
use commerce::cart::{CartId, Line};
use commerce::discount::{Discount, DiscountValue};
use commerce::staff::StaffId;
use commerce::tender::Tendered;
use rusqlite::{Connection, named_params, params};
use sync::space::Dot;

/// Every row that only a claim's being there gives sense to is written under this condition.
const CLAIMED: &str = "WHERE EXISTS (SELECT 1 FROM claim WHERE holder = :holder AND cart = :cart)";

/// A line that is there keeps its dot, whatever the operation says.
const PUT_LINE: &str = "INSERT INTO cart_line (holder, cart, line, sku, gtin, name, tax_class,
        thousandths, unit, price, scale, per, label_amount, override_price, override_scale,
        override_per, override_reason, override_by, override_approved, voided_by, void_reason,
        of_replica, of_seq, of_index)
    SELECT :holder, :cart, :line, :sku, :gtin, :name, :tax_class,
        :thousandths, :unit, :price, :scale, :per, :label_amount, :override_price, :override_scale,
        :override_per, :override_reason, :override_by, :override_approved, :voided_by, :void_reason,
        :of_replica, :of_seq, :of_index
    WHERE EXISTS (SELECT 1 FROM claim WHERE holder = :holder AND cart = :cart)
    ON CONFLICT DO UPDATE SET
        sku = excluded.sku,
        gtin = excluded.gtin,
        name = excluded.name,
        tax_class = excluded.tax_class,
        thousandths = excluded.thousandths,
        unit = excluded.unit,
        price = excluded.price,
        scale = excluded.scale,
        per = excluded.per,
        label_amount = excluded.label_amount,
        override_price = excluded.override_price,
        override_scale = excluded.override_scale,
        override_per = excluded.override_per,
        override_reason = excluded.override_reason,
        override_by = excluded.override_by,
        override_approved = excluded.override_approved,
        voided_by = excluded.voided_by,
        void_reason = excluded.void_reason";

/// Writes a line; one that is there keeps its dot.
pub(super) fn put_line(
    tx: &Connection,
    place: Place,
    cart: CartId,
    line: &Line,
    dot: Dot,
) -> Result<()> {
    let change = line.price_override.as_ref();
    let void = line.void.as_ref();
    tx.prepare_cached(PUT_LINE)?.execute(named_params! {
        ":holder": place.holder,
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
        ":of_replica": (dot.replica != place.replica).then_some(dot.replica.0),
        ":of_seq": dot.seq.cast_signed(),
        ":of_index": dot.index,
    })?;
    Ok(())
}

/// Writes a discount on a line, or on the basket (line 0).
pub(super) fn put_discount(
    tx: &Connection,
    place: Place,
    cart: CartId,
    (line, position): (u32, u32),
    discount: &Discount,
) -> Result<()> {
    let (amount, percent) = match discount.value {
        DiscountValue::Amount(amount) => (Some(amount.minor()), None),
        DiscountValue::Percent(rate) => (None, Some(rate.millionths())),
    };
    tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO cart_discount
            (holder, cart, line, position, amount, percent, reason, by, approved_by)
         SELECT :holder, :cart, :line, :position, :amount, :percent, :reason, :by, :approved_by
         {CLAIMED}"
    ))?
    .execute(named_params! {
        ":holder": place.holder,
        ":cart": cart.0.cast_signed(),
        ":line": line,
        ":position": position,
        ":amount": amount,
        ":percent": percent,
        ":reason": discount.reason,
        ":by": discount.by.as_str(),
        ":approved_by": discount.approved_by.as_ref().map(StaffId::as_str),
    })?;
    Ok(())
}

/// Writes a tender.
pub(super) fn put_tender(
    tx: &Connection,
    place: Place,
    cart: CartId,
    position: u32,
    tendered: &Tendered,
) -> Result<()> {
    tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO cart_tender (holder, cart, position, tender, name, kind, opens_drawer,
            gives_change, taken_up_to, amount, reference, intent)
         SELECT :holder, :cart, :position, :tender, :name, :kind, :opens_drawer,
            :gives_change, :taken_up_to, :amount, :reference, :intent {CLAIMED}"
    ))?
    .execute(named_params! {
        ":holder": place.holder,
        ":cart": cart.0.cast_signed(),
        ":position": position,
        ":tender": tendered.tender.id,
        ":name": tendered.tender.name,
        ":kind": tendered.tender.kind.name(),
        ":opens_drawer": tendered.tender.opens_drawer,
        ":gives_change": tendered.tender.gives_change,
        ":taken_up_to": tendered.tender.limit,
        ":amount": tendered.amount.minor(),
        ":reference": tendered.reference,
        ":intent": tendered.intent.filter(|_| place.own).map(u64::cast_signed),
    })?;
    Ok(())
}

/// Forgets the tenders of a claim.
pub(super) fn drop_tenders(tx: &Connection, holder: i64, cart: CartId) -> Result<()> {
    tx.prepare_cached("DELETE FROM cart_tender WHERE holder = ?1 AND cart = ?2")?
        .execute(params![holder, cart.0.cast_signed()])?;
    Ok(())
}

/// Forgets a claim with all its rows.
pub(super) fn drop_claim(tx: &Connection, holder: i64, cart: CartId) -> Result<()> {
    let of = params![holder, cart.0.cast_signed()];
    tx.prepare_cached("DELETE FROM cart_line WHERE holder = ?1 AND cart = ?2")?.execute(of)?;
    tx.prepare_cached("DELETE FROM cart_discount WHERE holder = ?1 AND cart = ?2")?.execute(of)?;
    drop_tenders(tx, holder, cart)?;
    tx.prepare_cached("DELETE FROM claim WHERE holder = ?1 AND cart = ?2")?.execute(of)?;
    Ok(())
}

/// Forgets everything that a stream came to.
pub(super) fn drop_all(tx: &Connection, holder: i64) -> Result<()> {
    for table in ["claim", "cart_line", "cart_discount", "cart_tender", "answer"] {
        tx.execute(&format!("DELETE FROM {table} WHERE holder = ?1"), [holder])?;
    }
    tx.execute("DELETE FROM offer WHERE author = ?1", [holder])?;
    Ok(())
}

/// How many rows of a table a stream has.
pub(super) fn count(tx: &Connection, table: &str, whose: &str, holder: i64) -> Result<i64> {
    Ok(tx
        .prepare_cached(&format!("SELECT count(*) FROM {table} WHERE {whose} = ?1"))?
        .query_row([holder], |row| row.get(0))?)
}
