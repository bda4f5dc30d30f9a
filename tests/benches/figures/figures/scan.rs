//! A scan, from the scanner's event to the line that a power cut cannot take any more.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::Dice;
use crate::measure::{Pair, timed};
use crate::plain::Plain;
use crate::shop::{CASHIER, NOW, Shop};
use agent::till::{Command, Event};
use anyhow::{Context, Result};

const CARTS: u32 = 200;
const LINES: u32 = 10;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let (till, plain) = (data.copy(100_000)?, data.copy(100_000)?);
    let mut shop = Shop::open(&till.till(), &data.catalogue(), NOW)?;
    let mut plain = Plain::open(&plain.till(), &data.catalogue())?;
    let mut pair = Pair::default();
    let mut dice = Dice::new(12);
    for round in 0..CARTS {
        for _ in 0..LINES {
            let item = dice.any_item();
            if round % 2 == 0 {
                pair.till.push(scan(&mut shop, item)?);
                pair.plain.push(timed(|| plain.scan(item, shop.now))?.0);
            } else {
                pair.plain.push(timed(|| plain.scan(item, shop.now))?.0);
                pair.till.push(scan(&mut shop, item)?);
            }
        }
        let cart = shop.till.current().context("a cart is at the till")?;
        shop.ask(CASHIER, Command::Cancel { cart, reason: None })?;
        plain.drop_cart()?;
    }
    Ok(vec![Figure {
        name: "scan",
        what: "Scan to durable line, 1,000,000 items".into(),
        value: pair.till.median_us(),
        unit: "µs",
        baseline: Some(pair.plain.median_us()),
        target: Target::Times(1.3),
        how: format!(
            "median of {} scans of any item in carts of {LINES} lines, 100,000 past sales",
            pair.till.len()
        ),
        trace: Vec::new(),
    }])
}

fn scan(shop: &mut Shop, item: u64) -> Result<std::time::Duration> {
    let event = Event::Scanned(crate::goods::scan(item)?);
    Ok(timed(|| shop.event(event))?.0)
}
