//! A barcode with the price of the instant, among a million items.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::{self, Dice};
use crate::measure::{Pair, timed};
use crate::plain::Plain;
use crate::shop::NOW;
use agent::store::catalogue::Catalogue;
use anyhow::{Context, Result};
use commerce::Currency;
use jiff::Timestamp;

const LOOK_UPS: u32 = 20_000;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let now: Timestamp = NOW.parse()?;
    let euro = Currency::parse("EUR")?;
    let catalogue = Catalogue::open(&data.catalogue())?;
    let scratch = data.copy(1_000)?;
    let plain = Plain::open(&scratch.till(), &data.catalogue())?;
    let (mut any, mut sold) = (Pair::default(), Pair::default());
    let mut dice = Dice::new(11);
    for round in 0..LOOK_UPS {
        // What baskets hold is measured beside the worst case; it is what caches meet.
        let (pair, item) = match round % 2 {
            0 => (&mut any, dice.any_item()),
            _ => (&mut sold, dice.sold_item()),
        };
        let gtin = goods::parsed(item)?;
        let till = || {
            let found = catalogue.view().priced_by_gtin(gtin, now, euro)?;
            found.context("every item has a price")
        };
        // Whoever comes second finds the pages in the machine's memory: take turns.
        if round % 4 < 2 {
            pair.till.push(timed(till)?.0);
            pair.plain.push(timed(|| plain.look_up(gtin, now))?.0);
        } else {
            pair.plain.push(timed(|| plain.look_up(gtin, now))?.0);
            pair.till.push(timed(till)?.0);
        }
    }
    Ok(vec![Figure {
        name: "lookup",
        what: "Look a barcode up with the price of the instant, 1,000,000 items".into(),
        value: any.till.median_us(),
        unit: "µs",
        baseline: Some(any.plain.median_us()),
        target: Target::Most(12.0),
        how: format!(
            "median of {} look-ups of any item, each as likely; {:.1} µs for items as baskets have them",
            any.till.len(),
            sold.till.median_us(),
        ),
        trace: Vec::new(),
    }])
}
