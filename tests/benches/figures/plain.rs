//! The baseline: plain rusqlite that reads and writes the same rows as the till, in hand-written
//! SQL, with the same tables, indexes and settings, and nothing else. No hash, no signature, no
//! check: what it takes is what SQLite and the disk take.

use crate::goods;
use agent::store::catalogue;
use agent::store::open::{OpenOptions, open};
use agent::store::till;
use anyhow::{Context, Result, bail};
use commerce::code::Gtin;
use commerce::fact::Fact;
use commerce::sale::Sale;
use commerce::shift::additions;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

/// A price and an item as a scan needs them.
pub struct Found {
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub tax_class: String,
    pub price: i64,
    pub scale: i64,
    pub per: i64,
}

/// The streams of the till's entries: its journal, and what it does to carts.
const JOURNAL: i64 = 1;
const WORKSPACE: i64 = 2;

/// As long as the operation that adds a line to a cart, and as the one that ends it.
const LINE: [u8; 100] = [7; 100];
const END: [u8; 32] = [7; 32];

/// A hash and a seal of anything.
const HASH: [u8; 32] = [7; 32];
const SEAL: [u8; 64] = [7; 64];

/// The two files, opened as the till opens them.
pub struct Plain {
    till: Connection,
    catalogue: Connection,
    cart: i64,
    line: i64,
}

impl Plain {
    pub fn open(till: &OpenOptions, catalogue: &OpenOptions) -> Result<Self> {
        let till = open(till, till::MIGRATIONS)?;
        till.execute(
            "INSERT OR IGNORE INTO stream (local, replica, kind, head_seq, head_hash, head_clock)
             SELECT ?1, replica, 2, 0, zeroblob(32), 0 FROM stream WHERE local = ?2",
            [WORKSPACE, JOURNAL],
        )?;
        let cart = till.query_row("SELECT last_cart FROM register", [], |row| row.get(0))?;
        let catalogue = open(catalogue, catalogue::MIGRATIONS)?;
        Ok(Self { till, catalogue, cart, line: 0 })
    }

    /// Looks a barcode up with the price of the instant, in one statement.
    pub fn look_up(&self, gtin: Gtin, at: Timestamp) -> Result<Found> {
        let found = self
            .catalogue
            .prepare_cached(
                "SELECT sku, name, unit, tax_class, department, minimum_age, amount, scale, per_quantity
                 FROM barcode JOIN item ON item.id = barcode.item JOIN price ON price.item = item.id
                 WHERE gtin = ?1 AND starts <= ?2 AND (ends IS NULL OR ends > ?2)
                 ORDER BY layer DESC, starts DESC, batch DESC LIMIT 1",
            )?
            .query_row(params![gtin.as_u64().cast_signed(), at.as_millisecond()], |row| {
                Ok(Found {
                    sku: row.get(0)?,
                    name: row.get(1)?,
                    unit: row.get(2)?,
                    tax_class: row.get(3)?,
                    price: row.get(6)?,
                    scale: row.get(7)?,
                    per: row.get(8)?,
                })
            })?;
        Ok(found)
    }

    /// Looks up, inserts, commits; the first line of a cart comes with the cart.
    pub fn scan(&mut self, item: u64, at: Timestamp) -> Result<()> {
        let gtin = Gtin::parse(&goods::gtin(item)?)?;
        let found = self.look_up(gtin, at)?;
        let tx = self.till.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if self.line == 0 {
            self.cart += 1;
            put_cart(&tx, self.cart, at)?;
        }
        self.line += 1;
        put_line(&tx, (self.cart, self.line), gtin, &found)?;
        put_entry(&tx, WORKSPACE, at, &HASH, None, &LINE)?;
        Ok(tx.commit()?)
    }

    /// Ends the cart; no part of what is measured.
    pub fn drop_cart(&mut self) -> Result<()> {
        let tx = self.till.transaction_with_behavior(TransactionBehavior::Immediate)?;
        end_cart(&tx, self.cart)?;
        self.line = 0;
        Ok(tx.commit()?)
    }

    /// Settles the cart with the rows that the till wrote for `sale`, whose entry had this hash
    /// and this body.
    pub fn settle(
        &mut self,
        sale: &Sale,
        totals: &[Total],
        hash: &[u8],
        body: &[u8],
    ) -> Result<()> {
        let cart = self.cart;
        self.line = 0;
        let tx = self.till.transaction_with_behavior(TransactionBehavior::Immediate)?;
        put_entry(&tx, JOURNAL, sale.stamp.at, hash, Some(&SEAL), body)?;
        put_sale(&tx, sale, totals)?;
        end_cart(&tx, cart)?;
        put_entry(&tx, WORKSPACE, sale.stamp.at, &HASH, None, &END)?;
        for (kind, number) in [(1, 0), (2, sale.receipt.number)] {
            tx.prepare_cached(
                "INSERT INTO job (kind, series, number, duplicate, at) VALUES (?1, 1, ?2, 0, ?3)",
            )?
            .execute(params![kind, number, sale.stamp.at.as_millisecond()])?;
        }
        Ok(tx.commit()?)
    }
}

/// What a sale adds to a total of its shift: kind, key, count, amount.
pub type Total = (u8, String, i64, i64);

/// What a sale adds to its shift, worked out before the clock starts.
pub fn totals_of(sale: &Sale) -> Vec<Total> {
    let added = additions(&Fact::Sold(sale.clone()));
    added.into_iter().map(|t| (t.kind.number(), t.key, t.count, t.amount)).collect()
}

fn put_cart(tx: &Transaction<'_>, cart: i64, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO claim (holder, cart, term, opened_at, opened_by, label) VALUES (0, ?1, 0, ?2, ?3, ?4)",
    )?
    .execute(params![cart, at.as_millisecond(), "101", None::<String>])?;
    tx.prepare_cached("UPDATE register SET last_cart = ?1, current_cart = ?1 WHERE id = 1")?
        .execute([cart])?;
    Ok(())
}

fn put_line(
    tx: &Transaction<'_>,
    (cart, line): (i64, i64),
    gtin: Gtin,
    found: &Found,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO cart_line (holder, cart, line, sku, gtin, name, tax_class, thousandths, unit,
            price, scale, per, of_seq, of_index)
         VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)",
    )?
    .execute(params![
        cart,
        line,
        found.sku,
        gtin.as_u64().cast_signed(),
        found.name,
        found.tax_class,
        1_000,
        found.unit,
        found.price,
        found.scale,
        found.per,
    ])?;
    Ok(())
}

fn end_cart(tx: &Transaction<'_>, cart: i64) -> Result<()> {
    for sql in [
        "DELETE FROM cart_line WHERE holder = 0 AND cart = ?1",
        "DELETE FROM cart_discount WHERE holder = 0 AND cart = ?1",
        "DELETE FROM cart_tender WHERE holder = 0 AND cart = ?1",
        "DELETE FROM claim WHERE holder = 0 AND cart = ?1",
        "UPDATE register SET current_cart = 0 WHERE id = 1 AND current_cart = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([cart])?;
    }
    Ok(())
}

/// An entry and the head of its stream.
fn put_entry(
    tx: &Transaction<'_>,
    stream: i64,
    at: Timestamp,
    hash: &[u8],
    seal: Option<&[u8]>,
    body: &[u8],
) -> Result<()> {
    let head: i64 = tx
        .prepare_cached("SELECT head_seq FROM stream WHERE local = ?1")?
        .query_row([stream], |row| row.get(0))?;
    let clock = at.as_millisecond() << 16;
    tx.prepare_cached(
        "INSERT INTO entry (position, clock, hash, seal, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![stream << 40 | (head + 1), clock, hash, seal, body])?;
    tx.prepare_cached(
        "UPDATE stream SET head_seq = ?1, head_hash = ?2, head_clock = ?3 WHERE local = ?4",
    )?
    .execute(params![head + 1, hash, clock, stream])?;
    Ok(())
}

fn put_sale(tx: &Transaction<'_>, sale: &Sale, totals: &[Total]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO receipt (series, number, kind, seq, shift, at, total, cart)
         VALUES (1, ?1, 1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        sale.receipt.number,
        sale.receipt.number,
        sale.stamp.shift,
        sale.stamp.at.as_millisecond(),
        sale.total.minor(),
        sale.cart.0.cast_signed(),
    ])?;
    tx.prepare_cached("UPDATE counter SET value = ?1 WHERE name = 'receipt'")?
        .execute([sale.receipt.number])?;
    let clock = sale.stamp.at.as_millisecond() << 16;
    for line in &sale.lines {
        tx.prepare_cached(
            "INSERT INTO stock (sku, place, counted, counted_clock, on_hand) VALUES (?1, 'shop', 0, 0, ?2)
             ON CONFLICT DO UPDATE SET on_hand = on_hand + excluded.on_hand WHERE ?3 > counted_clock",
        )?
        .execute(params![line.sku, -line.quantity.thousandths(), clock])?;
    }
    for (kind, key, count, amount) in totals {
        tx.prepare_cached(
            "INSERT INTO shift_total (shift, kind, key, count, amount) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET count = count + excluded.count, amount = amount + excluded.amount",
        )?
        .execute(params![sale.stamp.shift, kind, key, count, amount])?;
    }
    Ok(())
}

/// The sale, hash and body of an entry in a till's journal.
pub fn entry_of(till: &agent::till::Till, number: u32) -> Result<(Sale, Vec<u8>, Vec<u8>)> {
    let store = till.store();
    let row = till::read::receipt(store.connection(), store.series(), number)?
        .context("a receipt that was just given")?;
    let (fact, hash) = till::decode_entry(store.connection(), store.series(), row.seq)?;
    let body = sync::body::encode(&fact)?;
    match fact {
        Fact::Sold(sale) => Ok((sale, hash.0.to_vec(), body)),
        other => bail!("entry {} is no sale: {other:?}", row.seq),
    }
}
