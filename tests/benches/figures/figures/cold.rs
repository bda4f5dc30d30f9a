//! A new till gets its catalogue of a million items: from a snapshot to the first sale, how many
//! bytes that takes on the way, and how many on its disk.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::{Dice, ITEMS};
use crate::hub::Hub;
use crate::measure::{Samples, millis, timed};
use crate::shop::{NOW, Shop};
use agent::store::catalogue::MIGRATIONS;
use agent::store::catalogue::snapshot::take;
use agent::store::open::{OpenOptions, open};
use anyhow::Result;
use commerce::Currency;
use rusqlite::Connection;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};
use sync::store::catalogue::{Plan, make_file, make_pages};

const ROUNDS: usize = 5;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let scratch = data.scratch()?;
    let at = |name: &str| scratch.path().join(name);
    let hub = Hub::new()?;
    let plan = Plan {
        key: hub.key(),
        papers: &[],
        made_ms: 0,
        currency: Currency::parse("EUR")?,
        for_store: true,
        scratch: scratch.path(),
    };
    let source = open(&data.catalogue(), MIGRATIONS)?;
    make_file(&source, &plan, File::create(at("file"))?)?;
    make_pages(&source, &plan, File::create(at("pages"))?)?;
    let rows = Rows::read(&source)?;
    let (mut by_file, mut by_pages) = (Samples::default(), Samples::default());
    let (mut copied, mut inserted) = (Samples::default(), Samples::default());
    let (mut ours, mut plain) = (0, 0);
    for _ in 0..ROUNDS {
        let folder = data.scratch()?;
        by_file.push(cold(folder.path(), &hub, &at("file"))?);
        let catalogue = folder.path().join("catalogue.db");
        ours = fs::metadata(&catalogue)?.len();
        copied.push(copy(&catalogue, &folder.path().join("copy.db"))?);
        let folder = data.scratch()?;
        by_pages.push(cold(folder.path(), &hub, &at("pages"))?);
        let file = folder.path().join("plain.db");
        inserted.push(rows.insert(&file)?);
        plain = fs::metadata(&file)?.len();
    }
    let sent = fs::metadata(at("pages"))?.len();
    let figure = |name, what: &str, value, unit, baseline, target, how: String| {
        let (what, trace) = (format!("{what}, 1,000,000 items"), Vec::new());
        Figure { name, what, value, unit, baseline, target, how, trace }
    };
    Ok(vec![
        figure(
            "cold-file",
            "A new till: from a snapshot's file to its first sale",
            millis(by_file.median()),
            "ms",
            Some(millis(copied.median())),
            Target::Most(600.0),
            format!(
                "median of {ROUNDS}, verified and durable, till.db made too; the baseline copies the \
                 unpacked file and syncs it"
            ),
        ),
        figure(
            "cold-pages",
            "A new till: from a snapshot's pages to its first sale",
            millis(by_pages.median()),
            "ms",
            Some(millis(inserted.median())),
            Target::Most(2_000.0),
            format!(
                "median of {ROUNDS}, as above; the baseline inserts items, codes and prices, in memory \
                 already, into tables with their keys alone, and syncs once"
            ),
        ),
        figure(
            "cold-bytes",
            "An item with its code and price in a snapshot's pages",
            sent as f64 / ITEMS as f64,
            "bytes",
            None,
            Target::Most(15.7),
            format!("manifest and pages are {:.1} MB", sent as f64 / 1e6),
        ),
        figure(
            "cold-disk",
            "catalogue.db before its names are indexed",
            ours as f64 / 1e6,
            "MB",
            Some(plain as f64 / 1e6),
            Target::Times(1.25),
            "the baseline is the file of plain rows above".into(),
        ),
    ])
}

/// From an empty folder to a sale.
fn cold(folder: &Path, hub: &Hub, snapshot: &Path) -> Result<Duration> {
    let catalogue = OpenOptions::new(folder.join("catalogue.db"));
    let begun = Instant::now();
    take(&catalogue, snapshot, &hub.trust(), &mut |_, _| {})?;
    let mut shop = Shop::open(&OpenOptions::new(folder.join("till.db")), &catalogue, NOW)?;
    shop.sell(&mut Dice::new(31), 1)?;
    Ok(begun.elapsed())
}

fn copy(from: &Path, to: &Path) -> Result<Duration> {
    let (time, ()) = timed(|| {
        fs::copy(from, to)?;
        Ok(File::open(to)?.sync_all()?)
    })?;
    Ok(time)
}

/// The rows of a catalogue, in memory, as plain rusqlite writes them.
struct Rows {
    items: Vec<(i64, [String; 5])>,
    codes: Vec<(i64, i64)>,
    prices: Vec<(i64, i64)>,
}

impl Rows {
    fn read(source: &Connection) -> Result<Self> {
        let pairs = |sql: &str| -> Result<Vec<(i64, i64)>> {
            let mut statement = source.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        let mut statement = source
            .prepare("SELECT id, sku, name, unit, tax_class, department FROM item ORDER BY id")?;
        let items = statement.query_map([], |row| {
            let texts = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            Ok((row.get(0)?, texts))
        })?;
        Ok(Self {
            items: items.collect::<rusqlite::Result<_>>()?,
            codes: pairs("SELECT gtin, item FROM barcode ORDER BY gtin")?,
            prices: pairs("SELECT item, amount FROM price ORDER BY item")?,
        })
    }

    fn insert(&self, file: &Path) -> Result<Duration> {
        let plain = Connection::open(file)?;
        plain.execute_batch(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
             CREATE TABLE item(id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                 unit TEXT NOT NULL, tax_class TEXT NOT NULL, department TEXT NOT NULL) STRICT;
             CREATE TABLE barcode(gtin INTEGER PRIMARY KEY, item INTEGER NOT NULL) STRICT;
             CREATE TABLE price(item INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT;",
        )?;
        let (time, ()) = timed(|| {
            let tx = plain.unchecked_transaction()?;
            self.insert_into(&tx)?;
            tx.commit()?;
            Ok(File::open(file)?.sync_all()?)
        })?;
        Ok(time)
    }

    fn insert_into(&self, tx: &Connection) -> rusqlite::Result<()> {
        let mut insert = tx.prepare("INSERT INTO item VALUES(?1, ?2, ?3, ?4, ?5, ?6)")?;
        for (id, [sku, name, unit, class, department]) in &self.items {
            insert.execute((id, sku, name, unit, class, department))?;
        }
        let mut insert = tx.prepare("INSERT INTO barcode VALUES(?1, ?2)")?;
        self.codes.iter().try_for_each(|code| insert.execute(*code).map(drop))?;
        let mut insert = tx.prepare("INSERT INTO price VALUES(?1, ?2)")?;
        self.prices.iter().try_for_each(|price| insert.execute(*price).map(drop))
    }
}
