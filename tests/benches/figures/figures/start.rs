//! From exec to the first scan that a power cut cannot take any more, and what the till weighs
//! then.

use super::{Figure, Target};
use crate::data::Data;
use crate::goods::{self, Dice};
use crate::live::{Home, Live};
use crate::measure::{Samples, millis};
use anyhow::{Result, ensure};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs;
use std::time::Instant;

const CLEAN_STARTS: u32 = 15;
const KILLED_STARTS: u32 = 5;
/// The log that a killed till leaves.
const LOG_BYTES: u64 = 20_000_000;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let home = Home::new(data)?;
    let mut dice = Dice::new(16);
    let (mut clean, mut killed) = (Samples::default(), Samples::default());
    let (mut at_first, mut after_log_ins): (f64, f64) = (0.0, 0.0);
    for _ in 0..CLEAN_STARTS {
        let (live, first) = start(&home, &mut clean, &mut dice)?;
        at_first = at_first.max(first);
        for _ in 0..3 {
            live.cashier()?;
        }
        after_log_ins = after_log_ins.max(live.anonymous_mb()?);
        live.stop()?;
    }
    for _ in 0..KILLED_STARTS {
        leave_log(&home, &mut dice)?;
        let (live, first) = start(&home, &mut killed, &mut dice)?;
        at_first = at_first.max(first);
        live.stop()?;
    }
    let figure = |name, what: &str, value, unit, most, how| Figure {
        name,
        what: format!("{what}, 1,000,000 items and 100,000 past sales"),
        value,
        unit,
        baseline: None,
        target: Target::Most(most),
        how,
        trace: Vec::new(),
    };
    Ok(vec![
        figure(
            "start-clean",
            "Exec to first durable scan after a clean stop",
            millis(clean.median()),
            "ms",
            150.0,
            format!(
                "median of {CLEAN_STARTS} starts of the real process, the cashier's log-in with argon2 and \
                 the HTTP round trips included; slowest {:.0} ms",
                millis(clean.percentile(100))
            ),
        ),
        figure(
            "start-killed",
            "Exec to first durable scan after kill -9 with a 20 MB write-ahead log",
            millis(killed.median()),
            "ms",
            400.0,
            format!(
                "median of {KILLED_STARTS}, as above; slowest {:.0} ms",
                millis(killed.percentile(100))
            ),
        ),
        figure(
            "memory",
            "Anonymous resident memory at the first durable scan",
            at_first,
            "MB",
            40.0,
            format!("the most of {} starts", CLEAN_STARTS + KILLED_STARTS),
        ),
        figure(
            "memory-log-ins",
            "Anonymous resident memory after three more log-ins",
            after_log_ins,
            "MB",
            40.0,
            format!("the most of {CLEAN_STARTS} starts; each log-in hashes with 19 MiB"),
        ),
    ])
}

/// Starts the till, logs in, scans; says what it weighs then.
fn start(home: &Home, samples: &mut Samples, dice: &mut Dice) -> Result<(Live, f64)> {
    let code = goods::gtin(dice.any_item())?;
    let begun = Instant::now();
    let live = Live::start(home)?;
    let mut client = live.cashier()?;
    let cart = client.scan(&code)?;
    samples.push(begun.elapsed());
    let anonymous = live.anonymous_mb()?;
    client.cancel(cart)?;
    Ok((live, anonymous))
}

/// Sells on while a reader holds the write-back off, until the log is long enough; then kills.
fn leave_log(home: &Home, dice: &mut Dice) -> Result<()> {
    let live = Live::start(home)?;
    let mut client = live.cashier()?;
    let reader = Connection::open(home.till_db())?;
    // Closing it must not tidy up what the killed till left.
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    reader.execute_batch("BEGIN")?;
    reader.query_row("SELECT count(*) FROM register", [], |_| Ok(()))?;
    let log = home.path().join("till.db-wal");
    while fs::metadata(&log)?.len() < LOG_BYTES {
        let mut cart = 0;
        for _ in 0..10 {
            cart = client.scan(&goods::gtin(dice.any_item())?)?;
        }
        client.cancel(cart)?;
    }
    live.kill()?;
    drop(reader);
    ensure!(fs::metadata(&log)?.len() >= LOG_BYTES, "the log was written back after all");
    Ok(())
}
