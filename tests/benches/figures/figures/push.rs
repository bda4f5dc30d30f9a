//! A push of 100,000 price changes: how fast it counts, how small it is, and what scans notice.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::Dice;
use crate::hub::{CHANGES, Hub, Push, deliver};
use crate::measure::{Samples, micros, millis, timed};
use crate::shop::{CASHIER, NOW, Shop};
use agent::store::catalogue::Downstream;
use agent::store::open::{OpenOptions, open};
use agent::till::{Command, Event};
use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Pushes applied for the rate.
const ROUNDS: i64 = 5;
/// Windows of scans of either kind, and scans in each.
const WINDOWS: usize = 5;
const SCANS: u32 = 1_000;
/// Lines of a cart before it is dropped.
const LINES: u32 = 10;
/// Pushes made ready for the windows: more than a till can take up meanwhile.
const READY: i64 = 60;
/// When the first push counts; each counts a millisecond after the one before, all long ago.
pub const FIRST_MS: i64 = 1_750_000_000_000;

/// How fast a push counts, and how small it is.
pub fn applied(data: &Data) -> Result<Vec<Figure>> {
    let now: Timestamp = NOW.parse()?;
    let scratch = data.scratch()?;
    let catalogue = data.copy_catalogue(scratch.path())?;
    let mut downstream = Downstream::open(&catalogue, now)?;
    let mut plain = plain(&OpenOptions::new(scratch.path().join("plain.db")))?;
    let mut hub = Hub::new()?;
    let trust = hub.trust();
    let (mut till, mut theirs, mut bytes) = (Samples::default(), Samples::default(), 0);
    for round in 0..ROUNDS {
        let push = hub.push(FIRST_MS + round)?;
        bytes += push.frames.iter().map(Vec::len).sum::<usize>();
        let mut ours = || {
            let all =
                || push.frames.iter().try_for_each(|it| deliver(&mut downstream, now, &trust, it));
            timed(all).map(|(time, ())| till.push(time))
        };
        if round % 2 == 0 {
            ours()?;
        }
        theirs.push(timed(|| upsert(&mut plain, &push))?.0);
        if round % 2 == 1 {
            ours()?;
        }
    }
    let rate = |samples: &Samples| CHANGES as f64 / samples.median().as_secs_f64();
    let changes = CHANGES as f64 * ROUNDS as f64;
    Ok(vec![
        Figure {
            name: "push",
            what: "Take up 100,000 price changes, verified and durable, among 1,000,000".into(),
            value: rate(&till),
            unit: "changes/s",
            baseline: Some(rate(&theirs)),
            target: Target::Share(0.6),
            how: format!(
                "median of {ROUNDS} pushes, from their frames to the commit after which they count; \
                 the baseline upserts the same rows, sorted and in memory, into a table of item, \
                 amount and start, in as many transactions"
            ),
            trace: Vec::new(),
        },
        Figure {
            name: "push-bytes",
            what: "A price change on the wire".into(),
            value: bytes as f64 / changes,
            unit: "bytes",
            baseline: None,
            target: Target::Most(3.0),
            how: format!(
                "frames of {ROUNDS} pushes of {CHANGES} changes, seals, hashes and manifests included"
            ),
            trace: Vec::new(),
        },
    ])
}

/// What plain rusqlite fills: a price an item.
fn plain(options: &OpenOptions) -> Result<Connection> {
    let connection = open(options, &[])?;
    connection.execute_batch(
        "CREATE TABLE plain (item INTEGER PRIMARY KEY, amount INTEGER, starts INTEGER) STRICT;
         WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 1000000)
         INSERT INTO plain SELECT id, 999, 0 FROM ids;",
    )?;
    crate::data::checkpoint(&connection)?;
    Ok(connection)
}

fn upsert(plain: &mut Connection, push: &Push) -> Result<()> {
    for chunk in &push.chunks {
        let tx = plain.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut statement = tx.prepare_cached(
            "INSERT INTO plain (item, amount, starts) VALUES (?1, ?2, ?3) ON CONFLICT (item)
             DO UPDATE SET amount = excluded.amount, starts = excluded.starts
             WHERE excluded.starts > starts",
        )?;
        for row in &chunk.rows {
            statement.execute((row.item, row.amount, push.starts_ms))?;
        }
        drop(statement);
        tx.commit()?;
    }
    Ok(())
}

/// What scans notice of pushes that come without a pause.
pub fn scanned(data: &Data) -> Result<Vec<Figure>> {
    let copy = data.copy(100_000)?;
    let catalogue = data.copy_catalogue(copy.path())?;
    let mut hub = Hub::new()?;
    let frames: Result<Vec<Push>> = (0..READY).map(|nth| hub.push(FIRST_MS + nth)).collect();
    let frames: Vec<Vec<u8>> = frames?.into_iter().flat_map(|push| push.frames).collect();
    let mut frames = frames.iter();
    let mut downstream = Downstream::open(&catalogue, NOW.parse()?)?;
    let mut shop = Shop::open(&copy.till(), &catalogue, NOW)?;
    let mut dice = Dice::new(22);
    window(&mut shop, &mut dice)?;
    let (mut idle, mut busy) = (Windows::default(), Windows::default());
    for _ in 0..WINDOWS {
        idle.push(&window(&mut shop, &mut dice)?);
        let (trust, stop) = (hub.trust(), AtomicBool::new(false));
        let scans = std::thread::scope(|scope| {
            let pushes = scope.spawn(|| -> Result<()> {
                let now = NOW.parse()?;
                while !stop.load(Ordering::Relaxed) {
                    let frame = frames.next().context("the pushes made ready ran out")?;
                    deliver(&mut downstream, now, &trust, frame)?;
                }
                Ok(())
            });
            let scans = window(&mut shop, &mut dice);
            stop.store(true, Ordering::Relaxed);
            pushes.join().map_err(|_| anyhow!("the pushes' thread panicked"))??;
            scans
        })?;
        busy.push(&scans);
    }
    let how = format!(
        "median of {WINDOWS} windows of {SCANS} scans each, alternating with as many idle ones; \
         frames follow each other without a pause"
    );
    Ok(vec![
        Figure {
            name: "push-scan",
            what: "Scan to durable line while pushes come".into(),
            value: micros(busy.median()),
            unit: "µs",
            baseline: Some(micros(idle.median())),
            target: Target::Times(1.5),
            how: format!("{how}; the baseline is the same till when idle"),
            trace: Vec::new(),
        },
        Figure {
            name: "push-scan-p99",
            what: "What pushes add to the slowest hundredth of scans".into(),
            value: millis(busy.slow().saturating_sub(idle.slow())),
            unit: "ms",
            baseline: None,
            target: Target::Most(5.0),
            how: format!("{how}; the 99th percentile is {:.2} ms when idle", millis(idle.slow())),
            trace: Vec::new(),
        },
    ])
}

/// The medians and 99th percentiles of windows.
#[derive(Default)]
struct Windows {
    medians: Samples,
    slow: Samples,
}

impl Windows {
    fn push(&mut self, scans: &Samples) {
        self.medians.push(scans.median());
        self.slow.push(scans.percentile(99));
    }

    fn median(&self) -> Duration {
        self.medians.median()
    }

    fn slow(&self) -> Duration {
        self.slow.median()
    }
}

fn window(shop: &mut Shop, dice: &mut Dice) -> Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..SCANS / LINES {
        for _ in 0..LINES {
            let event = Event::Scanned(crate::goods::scan(dice.any_item())?);
            samples.push(timed(|| shop.event(event))?.0);
        }
        let cart = shop.till.current().context("a cart is at the till")?;
        shop.ask(CASHIER, Command::Cancel { cart, reason: None })?;
    }
    Ok(samples)
}
