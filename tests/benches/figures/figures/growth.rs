//! What a sale leaves on the disk for good, and what it will cost to send.

use super::{Figure, Target};
use crate::data::{self, Data};
use crate::goods::Dice;
use crate::shop::{NOW, Shop};
use agent::store::open::{OpenOptions, Synchronous};
use agent::store::till::{Compacting, TillStore};
use agent::till::{Event, JobOutcome};
use anyhow::{Context, Result};
use rusqlite::Connection;
use std::path::Path;
use sync::batch::{self, Batch};
use sync::log::StreamKind;

const SALES: u32 = 10_000;
const LINES: usize = 5;
const BATCH: usize = 100;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let copy = data.copy(1_000)?;
    // Bytes are the same whether one waits for the disk or not.
    let options = OpenOptions { synchronous: Synchronous::Off, ..copy.till() };
    let mut shop = Shop::open(&options, &data.catalogue(), NOW)?;
    let writer = Connection::open(&options.path)?;
    data::checkpoint(&writer)?;
    let before = bytes(copy.path())?;
    let mut dice = Dice::new(15);
    let from = shop.till.store().head()?.seq + 1;
    for sale in 0..SALES {
        shop.sell(&mut dice, LINES)?;
        drain(&mut shop)?;
        // As the running till does when nobody waits.
        if sale % 100 == 0 {
            shop.till.tidy(shop.now, Compacting::USUAL)?;
        }
    }
    data::checkpoint(&writer)?;
    let grown = bytes(copy.path())?.saturating_sub(before);
    let (raw, packed) = sizes(shop.till.store(), from)?;
    Ok(vec![
        Figure {
            name: "growth",
            what: "Growth of all files by a sale of five lines".into(),
            value: grown as f64 / f64::from(SALES),
            unit: "bytes",
            baseline: None,
            target: Target::Most(1024.0),
            how: format!("over {SALES} sales, paper printed, after a checkpoint"),
            trace: Vec::new(),
        },
        Figure {
            name: "body",
            what: "An entry of a sale after zstd, in batches of a hundred".into(),
            value: packed,
            unit: "bytes",
            baseline: None,
            target: Target::Most(180.0),
            how: format!(
                "over the same sales; {raw:.0} bytes a body before; a batch holds clocks and the seal too"
            ),
            trace: Vec::new(),
        },
    ])
}

/// The printer prints all there is.
fn drain(shop: &mut Shop) -> Result<()> {
    while let Some(job) = shop.till.next_job(shop.now)? {
        shop.event(Event::Job { id: job.id, outcome: JobOutcome::Done })?;
    }
    Ok(())
}

/// Mean bytes of an entry's body as stored, and of an entry as packed for the wire and the archive.
fn sizes(store: &TillStore, from: u64) -> Result<(f64, f64)> {
    let replica = store.head()?.replica;
    let stream = sync::store::find_stream(store.connection(), replica, StreamKind::Journal)?
        .context("the till's own journal")?;
    let (mut raw, mut packed, mut count, mut next) = (0, 0, 0, from);
    loop {
        let stored = sync::store::read(store.connection(), &stream, next, BATCH)?;
        let Some(seal) = stored.last().and_then(|last| last.seal) else { break };
        let entries: Vec<_> = stored.into_iter().map(|stored| stored.entry).collect();
        raw += entries.iter().map(|entry| entry.body.len()).sum::<usize>();
        (next, count) = (next + entries.len() as u64, count + entries.len());
        packed += batch::pack(&Batch { stream: stream.id(), entries, seal })?.len();
    }
    let count = count.max(1) as f64;
    Ok((raw as f64 / count, packed as f64 / count))
}

fn bytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // Shared memory of the log is gone when the till stops.
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            sum += entry.metadata()?.len();
        }
    }
    Ok(sum)
}
