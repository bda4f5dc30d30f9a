//! Pages that a sale reads and writes: the same for a till of a day and for one of a year.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::Dice;
use crate::shop::{NOW, Shop};
use agent::store::open::OpenOptions;
use anyhow::Result;
use tests::vfs::Shim;

const SALES: usize = 400;
const LINES: usize = 5;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let young = pages(data, 1_000)?;
    let old = pages(data, 100_000)?;
    let figure = |name, what: &str, value: u64, baseline: u64, means: (f64, f64)| Figure {
        name,
        what: format!("Pages {what} by a sale of five lines after 100,000 past ones"),
        value: value as f64,
        unit: "pages",
        baseline: Some(baseline as f64),
        target: Target::Equal,
        how: format!(
            "median of {SALES} sales, five scans and a tender each; the baseline is after 1,000 past \
             sales; means {:.2} and {:.2}, write-backs included",
            means.0, means.1
        ),
        trace: Vec::new(),
    };
    Ok(vec![
        figure(
            "pages-read",
            "read",
            old.read.median(),
            young.read.median(),
            (old.read.mean(), young.read.mean()),
        ),
        figure(
            "pages-written",
            "written",
            old.written.median(),
            young.written.median(),
            (old.written.mean(), young.written.mean()),
        ),
    ])
}

#[derive(Default)]
struct Counts(Vec<u64>);

impl Counts {
    fn median(&self) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    fn mean(&self) -> f64 {
        self.0.iter().sum::<u64>() as f64 / self.0.len().max(1) as f64
    }
}

struct Pages {
    read: Counts,
    written: Counts,
}

fn pages(data: &Data, past: u32) -> Result<Pages> {
    let copy = data.copy(past)?;
    let shim = Shim::register(&format!("counting-{past}"))?;
    let through = |options: OpenOptions| OpenOptions { vfs: Some(shim.name().into()), ..options };
    let mut shop = Shop::open(&through(copy.till()), &through(data.catalogue()), NOW)?;
    let mut dice = Dice::new(14);
    // The caches warm up on the first sales, as they do on a till.
    for _ in 0..100 {
        shop.sell(&mut dice, LINES)?;
    }
    let mut pages = Pages { read: Counts::default(), written: Counts::default() };
    for _ in 0..SALES {
        let before = shim.counters();
        shop.sell(&mut dice, LINES)?;
        let total = shim.counters().since(&before).total();
        pages.read.0.push(total.pages_read);
        pages.written.0.push(total.pages_written);
    }
    Ok(pages)
}
