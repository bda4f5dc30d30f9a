//! Settling a sale of five lines: entry with hash and seal, stock, shift, receipt, end of cart.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::Dice;
use crate::measure::{Pair, timed};
use crate::plain::{Plain, Total, entry_of, totals_of};
use crate::shop::{CASHIER, NOW, Shop, sold};
use anyhow::{Context, Result};
use commerce::sale::Sale;
use std::time::Duration;

const SALES: u32 = 600;
const LINES: u32 = 5;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let (till, plain) = (data.copy(100_000)?, data.copy(100_000)?);
    let mut shop = Shop::open(&till.till(), &data.catalogue(), NOW)?;
    let mut plain = Plain::open(&plain.till(), &data.catalogue())?;
    let mut pair = Pair::default();
    let mut dice = Dice::new(13);
    let mut before: Option<Rows> = None;
    for round in 0..SALES {
        let items: Vec<_> = (0..LINES).map(|_| dice.sold_item()).collect();
        for item in &items {
            shop.scan(*item)?;
        }
        // The baseline writes the rows of the sale before, so that each can go first in turn.
        if round % 2 == 0 {
            settle_plain(&mut plain, before.take(), &mut pair)?;
        }
        let (took, rows) = settle(&mut shop)?;
        pair.till.push(took);
        settle_plain(&mut plain, before.take(), &mut pair)?;
        for item in items {
            plain.scan(item, shop.now)?;
        }
        before = Some(rows);
    }
    Ok(vec![Figure {
        name: "settle",
        what: "Settle a sale of five lines, with hash and seal".into(),
        value: pair.till.median_us(),
        unit: "µs",
        baseline: Some(pair.plain.median_us()),
        target: Target::Times(1.3),
        how: format!("median of {} sales, 100,000 past ones", pair.till.len()),
        trace: Vec::new(),
    }])
}

/// What a sale wrote, for the baseline to write again.
struct Rows {
    sale: Sale,
    totals: Vec<Total>,
    hash: Vec<u8>,
    body: Vec<u8>,
}

fn settle(shop: &mut Shop) -> Result<(Duration, Rows)> {
    let cart = shop.till.current().context("a cart is at the till")?;
    let pay = shop.pay(cart)?;
    let (took, reply) = timed(|| shop.ask(CASHIER, pay))?;
    let (sale, hash, body) = entry_of(&shop.till, sold(reply)?.number)?;
    Ok((took, Rows { totals: totals_of(&sale), sale, hash, body }))
}

fn settle_plain(plain: &mut Plain, rows: Option<Rows>, pair: &mut Pair) -> Result<()> {
    if let Some(Rows { sale, totals, hash, body }) = rows {
        pair.plain.push(timed(|| plain.settle(&sale, &totals, &hash, &body))?.0);
    }
    Ok(())
}
