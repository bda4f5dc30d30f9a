//! What HTTP adds to a scan: the real process on a connection kept open, in turn with the same
//! scan in this process.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::{self, Dice};
use crate::live::{Home, Live};
use crate::measure::{Pair, millis, timed};
use crate::shop::{CASHIER, NOW, Shop};
use agent::till::{Command, Event};
use anyhow::{Context, Result};

const CARTS: u32 = 150;
const LINES: u32 = 10;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let copy = data.copy(100_000)?;
    let mut shop = Shop::open(&copy.till(), &data.catalogue(), NOW)?;
    let home = Home::new(data)?;
    let live = Live::start(&home)?;
    let mut client = live.cashier()?;
    let mut pair = Pair::default();
    let mut dice = Dice::new(17);
    for round in 0..CARTS {
        let mut cart = 0;
        for _ in 0..LINES {
            let item = dice.any_item();
            let code = goods::gtin(item)?;
            let event = Event::Scanned(goods::scan(item)?);
            if round % 2 == 0 {
                let (took, number) = timed(|| client.scan(&code))?;
                (cart, _) = (number, pair.till.push(took));
                pair.plain.push(timed(|| shop.event(event))?.0);
            } else {
                pair.plain.push(timed(|| shop.event(event))?.0);
                let (took, number) = timed(|| client.scan(&code))?;
                (cart, _) = (number, pair.till.push(took));
            }
        }
        client.cancel(cart)?;
        let cart = shop.till.current().context("a cart is at the till")?;
        shop.ask(CASHIER, Command::Cancel { cart, reason: None })?;
    }
    drop(client);
    live.stop()?;
    let (http, direct) = (millis(pair.till.median()), millis(pair.plain.median()));
    Ok(vec![Figure {
        name: "scan-http",
        what: "What HTTP adds to a scan on a kept connection".into(),
        value: http - direct,
        unit: "ms",
        baseline: None,
        target: Target::Most(0.3),
        how: format!(
            "median of {} scans, {http:.3} ms over HTTP to the real process against {direct:.3} ms \
             without; client's work included",
            pair.till.len()
        ),
        trace: Vec::new(),
    }])
}
