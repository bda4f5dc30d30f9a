//! Importing a catalogue with its search index, against plain inserts of the same rows.

use super::{Figure, Target};
use crate::data::{Data, import_sets};
use crate::goods::{self, Good, ITEMS};
use crate::shop::IMPORTED;
use agent::import::{Input, Kind, import};
use agent::store::catalogue::{CHUNK_ROWS, Catalogue, MIGRATIONS};
use agent::store::open::{OpenOptions, open};
use anyhow::Result;
use rusqlite::{TransactionBehavior, params};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let rows: Vec<Row> = (0..ITEMS).map(row).collect::<Result<_>>()?;
    let (mut till, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        till.push(import_file(data)?);
        plain.push(insert(data, &rows)?);
    }
    let rate = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        let median = times.get(ROUNDS / 2).copied().unwrap_or(Duration::MAX);
        ITEMS as f64 / median.as_secs_f64()
    };
    Ok(vec![Figure {
        name: "import",
        what: "Import a catalogue of 1,000,000 items with its search index".into(),
        value: rate(&mut till),
        unit: "rows/s",
        baseline: Some(rate(&mut plain)),
        target: Target::Share(0.7),
        how: format!(
            "median of {ROUNDS}, from the file's first byte to a log written back; the baseline inserts \
             rows that are in memory already, reads and checks nothing"
        ),
        trace: Vec::new(),
    }])
}

fn import_file(data: &Data) -> Result<Duration> {
    let scratch = data.scratch()?;
    let mut catalogue = Catalogue::open(&OpenOptions::new(scratch.path().join("catalogue.db")))?;
    import_sets(&mut catalogue)?;
    let path = data.items();
    let input = Input { path: &path, format: None, progress: &mut |_| {} };
    let begun = Instant::now();
    import(Kind::Catalogue, input, &mut catalogue, IMPORTED.parse()?)?;
    Ok(begun.elapsed())
}

/// A row ready to be written, its barcode parsed and its words apart.
struct Row {
    good: Good,
    gtin: i64,
    words: Vec<String>,
}

fn row(number: u64) -> Result<Row> {
    let good = goods::good(number)?;
    let words = good.name.split(' ').map(ToOwned::to_owned).collect();
    Ok(Row { gtin: goods::parsed(number)?.as_u64().cast_signed(), good, words })
}

fn insert(data: &Data, rows: &[Row]) -> Result<Duration> {
    let scratch = data.scratch()?;
    let options = OpenOptions {
        // What the import gives itself, too.
        cache_kib: 16 * 1024,
        ..OpenOptions::new(scratch.path().join("catalogue.db"))
    };
    let mut connection = open(&options, MIGRATIONS)?;
    let begun = Instant::now();
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut item = tx.prepare(
            "INSERT INTO item(sku, name, unit, tax_class, department, minimum_age)
             VALUES(?1, ?2, 'each', ?3, ?4, 0)",
        )?;
        let mut barcode = tx.prepare("INSERT INTO barcode(gtin, item) VALUES(?1, ?2)")?;
        let mut search = tx.prepare("INSERT INTO search(rowid, words) VALUES(?1, ?2)")?;
        let mut word = tx.prepare("INSERT INTO word(text) VALUES(?1)")?;
        let mut known: HashSet<&str> = HashSet::new();
        // The index has the same rowids as Till's, in chunks of the same size.
        for chunk in rows.chunks(CHUNK_ROWS) {
            let mut ranked = Vec::with_capacity(chunk.len());
            for Row { good, gtin, words } in chunk {
                item.execute(params![good.sku, good.name, good.tax_class, good.department])?;
                let id = tx.last_insert_rowid();
                barcode.execute([*gtin, id])?;
                let letters: usize = words.iter().map(String::len).sum();
                ranked.push((i64::try_from(letters)? << 32 | id, &good.name, words));
            }
            ranked.sort_unstable_by_key(|(rank, ..)| *rank);
            for (rank, name, words) in ranked {
                search.execute(params![rank, name])?;
                for text in words {
                    if known.insert(text) {
                        word.execute([text])?;
                    }
                }
            }
        }
    }
    tx.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(begun.elapsed())
}
