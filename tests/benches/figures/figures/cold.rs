//! A new till gets its catalogue of a million items: from a snapshot's file to the first sale.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::Dice;
use crate::hub::Hub;
use crate::measure::{Samples, millis, timed};
use crate::shop::{NOW, Shop};
use agent::store::catalogue::MIGRATIONS;
use agent::store::catalogue::snapshot::take;
use agent::store::open::{OpenOptions, open};
use anyhow::Result;
use commerce::Currency;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;
use sync::store::catalogue::{Plan, make_file};

const ROUNDS: usize = 5;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let scratch = data.scratch()?;
    let hub = Hub::new()?;
    let file = scratch.path().join("catalogue.snapshot");
    let plan = Plan {
        key: hub.key(),
        made_ms: 0,
        currency: Currency::parse("EUR")?,
        for_store: true,
        scratch: scratch.path(),
    };
    let source = open(&data.catalogue(), MIGRATIONS)?;
    let (made, sealed) = timed(|| Ok(make_file(&source, &plan, File::create(&file)?)?))?;
    eprintln!(
        "     made in {:.0} ms, {} bytes, {:?}",
        millis(made),
        fs::metadata(&file)?.len(),
        sealed.manifest().form
    );
    let (mut till, mut plain, mut taken) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let folder = data.scratch()?;
        let catalogue = OpenOptions::new(folder.path().join("catalogue.db"));
        let begun = std::time::Instant::now();
        take(&catalogue, &file, &hub.trust(), &mut |_, _| {})?;
        taken.push(begun.elapsed());
        first_sale(folder.path(), &catalogue)?;
        till.push(begun.elapsed());
        plain.push(copy(&catalogue.path, &folder.path().join("copy.db"))?);
    }
    eprintln!("     taken {:.0} ms", millis(taken.median()));
    Ok(vec![Figure {
        name: "cold-file",
        what: "A new till: from a snapshot's file to its first sale, 1,000,000 items".into(),
        value: millis(till.median()),
        unit: "ms",
        baseline: Some(millis(plain.median())),
        target: Target::Most(600.0),
        how: format!(
            "median of {ROUNDS}, verified and durable; the baseline copies the unpacked file and syncs it"
        ),
        trace: Vec::new(),
    }])
}

fn first_sale(folder: &Path, catalogue: &OpenOptions) -> Result<()> {
    let mut shop = Shop::open(&OpenOptions::new(folder.join("till.db")), catalogue, NOW)?;
    shop.sell(&mut Dice::new(31), 1)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<Duration> {
    let (time, ()) = timed(|| {
        fs::copy(from, to)?;
        Ok(File::open(to)?.sync_all()?)
    })?;
    Ok(time)
}
