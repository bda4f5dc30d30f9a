//! Three tills that sold without a line meet: how long until each has what all wrote, how many bytes
//! that takes, and whether anything is wrong then, or after all of it came once more.

use super::{Figure, Target};
use crate::data::{Data, checkpoint};
use crate::goods::{Dice, good};
use crate::measure::timed;
use crate::peer::{Peer, route_to};
use crate::shop::{CASHIER, NOW, Shop, sold};
use agent::store::open::{OpenOptions, Synchronous, open};
use agent::till::{Command, Reply};
use anyhow::{Result, bail, ensure};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use sync::link::Route;

const TILLS: u16 = 3;
/// Items of which stock moves.
const STOCK: u64 = 1_000;
/// Carts of each till, 2,010 in all, of so many lines; the last are parked and not sold.
const CARTS: u64 = 670;
const LINES: u64 = 8;
const PARKED: u64 = 90;
/// Writes of each till, as a database would count them: each line into its cart, and each line sold
/// out of stock. What else is in the log, of receipts, tenders and ends of carts, is not counted.
const WRITES: u64 = CARTS * LINES + (CARTS - PARKED) * LINES;
/// Rows that plain rusqlite writes in a transaction: about those of a run.
const ROWS: usize = 1_000;

pub fn measure(data: &Data) -> Result<Vec<Figure>> {
    let scratch = data.scratch()?;
    let mut moved = BTreeMap::new();
    for number in 1..=TILLS {
        sell(data, scratch.path(), number, &mut moved)?;
    }
    let mut floor = Floor::start(data, scratch.path())?;
    let (took, frames) = timed(|| floor.meet())?;
    let bytes: usize = frames.iter().map(|(.., bytes)| bytes.len()).sum();
    let before = floor.state(&moved)?;
    for (from, to, frame) in &frames {
        floor.deliver(*from, *to, frame)?;
    }
    floor.settle(&mut Vec::new())?;
    ensure!(floor.state(&moved)? == before, "redelivery changed something");
    let plain = plain(scratch.path(), &moved)?;
    let writes = WRITES * u64::from(TILLS);
    Ok(vec![
        Figure {
            name: "exchange",
            what: "Three tills meet after 10,000 offline writes each".into(),
            value: took.as_secs_f64(),
            unit: "s",
            baseline: Some(plain.as_secs_f64()),
            target: Target::Most(0.3),
            how: format!(
                "all to all: each takes up what both others wrote, all in one thread, from the first \
                 word until each has it verified, durable and folded. A write is a line into a cart or \
                 a line sold out of stock: {WRITES} a till to {STOCK} stock rows and {CARTS} carts, of \
                 which {PARKED} stay parked and the others end in a sale. They are {} entries as the \
                 till writes them: one a scan, and a sale takes all its lines out of stock at once. \
                 Stock, carts and alarms are as they must be, also after every frame came once more. \
                 The baseline upserts as many stock rows and inserts as many cart lines into three \
                 plain databases, {ROWS} a transaction, without log, hashes or seals",
                before.entries
            ),
            trace: Vec::new(),
        },
        Figure {
            name: "exchange-bytes",
            what: "An offline write on the wire to one sibling".into(),
            value: bytes as f64 / (writes * u64::from(TILLS - 1)) as f64,
            unit: "bytes",
            baseline: None,
            target: Target::Most(10.0),
            how: format!(
                "{bytes} bytes of {} frames, with seals, papers and marks, over {writes} writes to two \
                 siblings each",
                frames.len()
            ),
            trace: Vec::new(),
        },
    ])
}

fn file(folder: &Path, number: u16) -> OpenOptions {
    OpenOptions::new(folder.join(format!("till-{number}.db")))
}

/// What a till does while it has no line; nothing of it is measured, so nothing waits for the disk.
fn sell(data: &Data, folder: &Path, number: u16, moved: &mut BTreeMap<String, i64>) -> Result<()> {
    let options = OpenOptions { synchronous: Synchronous::Off, ..file(folder, number) };
    let mut shop = Shop::open_as(number, &options, &data.catalogue(), NOW)?;
    let mut dice = Dice::new(u64::from(number));
    for nth in 0..CARTS {
        let (first, step) = (dice.below(STOCK), 1 + dice.below(100));
        let items: Vec<u64> = (0..LINES).map(|line| (first + line * step) % STOCK).collect();
        let mut cart = None;
        for item in &items {
            cart = Some(shop.scan(*item)?);
        }
        let Some(cart) = cart else { bail!("a cart has lines") };
        if nth >= CARTS - PARKED {
            let label = format!("{number}-{nth}");
            match shop.ask(CASHIER, Command::Park { cart, label })? {
                Reply::Cart(_) | Reply::Done => {}
                other => bail!("parking came to {other:?}"),
            }
            continue;
        }
        let pay = shop.pay(cart)?;
        sold(shop.ask(CASHIER, pay)?)?;
        for item in items {
            *moved.entry(good(item)?.sku).or_default() -= 1_000;
        }
    }
    drop(shop);
    checkpoint(&Connection::open(options.path)?)
}

/// A frame from one till to another, by their places in the shop.
type Sent = (usize, usize, Vec<u8>);

/// The tills, side by side.
struct Floor(Vec<Peer>);

/// What is known of the shop at each till, once it is the same everywhere.
#[derive(Debug, PartialEq)]
struct State {
    stock: Vec<(String, i64)>,
    lines: Vec<(i64, u32, String, i64)>,
    entries: u64,
}

impl Floor {
    fn start(data: &Data, folder: &Path) -> Result<Self> {
        let now = NOW.parse()?;
        let start =
            |number| Peer::start((number, TILLS), (&file(folder, number), &data.catalogue()), now);
        Ok(Self((1..=TILLS).map(start).collect::<Result<_>>()?))
    }

    /// Joins all to all, and passes frames until nobody has anything to say.
    fn meet(&mut self) -> Result<Vec<Sent>> {
        for (at, peer) in self.0.iter_mut().enumerate() {
            for other in 0..usize::from(TILLS) {
                if other != at {
                    peer.up(route(other)?)?;
                }
            }
        }
        let mut sent = Vec::new();
        self.settle(&mut sent)?;
        Ok(sent)
    }

    fn settle(&mut self, sent: &mut Vec<Sent>) -> Result<()> {
        loop {
            let mut frames = Vec::new();
            for (from, peer) in self.0.iter_mut().enumerate() {
                peer.errands()?;
                while let Some((to, bytes)) = peer.next_frame()? {
                    let to = (0..usize::from(TILLS)).find(|at| route(*at).is_ok_and(|it| it == to));
                    let Some(to) = to else { bail!("a frame to nobody") };
                    frames.push((from, to, bytes));
                }
            }
            if frames.is_empty() && self.is_whole()? {
                return Ok(());
            }
            for (from, to, bytes) in &frames {
                self.deliver(*from, *to, bytes)?;
            }
            sent.append(&mut frames);
        }
    }

    fn deliver(&mut self, from: usize, to: usize, bytes: &[u8]) -> Result<()> {
        let Some(peer) = self.0.get_mut(to) else { bail!("no till {to}") };
        peer.receive(&route(from)?, bytes)
    }

    /// Whether all hold equally much.
    fn is_whole(&self) -> Result<bool> {
        let counts: Result<Vec<u64>> = self.0.iter().map(|it| entries(it.connection())).collect();
        Ok(counts?.windows(2).all(|two| two.first() == two.last()))
    }

    /// What all agree on, which must be what was sold and parked.
    fn state(&self, moved: &BTreeMap<String, i64>) -> Result<State> {
        let mut states = Vec::new();
        for peer in &self.0 {
            let conn = peer.connection();
            let alarms = sync::store::alarms(conn)?;
            ensure!(alarms.is_empty(), "alarms: {alarms:?}");
            states.push(State {
                stock: rows(conn, "SELECT sku, on_hand FROM stock ORDER BY sku", |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?,
                lines: rows(
                    conn,
                    "SELECT cart, line, sku, thousandths FROM cart_line ORDER BY cart, line",
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
                )?,
                entries: entries(conn)?,
            });
        }
        let Some(state) = states.pop() else { bail!("no tills") };
        ensure!(states.iter().all(|other| *other == state), "tills differ");
        let sums: Vec<(String, i64)> = moved.iter().map(|(sku, sum)| (sku.clone(), *sum)).collect();
        ensure!(state.stock == sums, "the stock is not what was sold");
        let parked = PARKED * LINES * u64::from(TILLS);
        ensure!(state.lines.len() as u64 == parked, "{} lines are parked", state.lines.len());
        Ok(state)
    }
}

fn route(at: usize) -> Result<Route> {
    Ok(route_to(u16::try_from(at + 1)?))
}

fn entries(conn: &Connection) -> Result<u64> {
    let count: i64 = conn.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))?;
    Ok(u64::try_from(count)?)
}

fn rows<T>(
    conn: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    Ok(conn.prepare(sql)?.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// What plain rusqlite takes for the rows that two siblings wrote, at each of the tills.
fn plain(folder: &Path, moved: &BTreeMap<String, i64>) -> Result<Duration> {
    let skus: Vec<&String> = moved.keys().collect();
    let (mut took, lines) = (Duration::ZERO, i64::try_from(LINES)?);
    for number in 1..=TILLS {
        let mut conn = open(&OpenOptions::new(folder.join(format!("plain-{number}.db"))), &[])?;
        conn.execute_batch(
            "CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand INTEGER) STRICT, WITHOUT ROWID;
             CREATE TABLE line (cart INTEGER, line INTEGER, sku TEXT, thousandths INTEGER,
               PRIMARY KEY (cart, line)) STRICT, WITHOUT ROWID;",
        )?;
        let writes: Vec<i64> = (0..i64::try_from(WRITES * u64::from(TILLS - 1) / 2)?).collect();
        took += timed(|| {
            for chunk in writes.chunks(ROWS / 2) {
                let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let mut stock = tx.prepare_cached(
                    "INSERT INTO stock VALUES (?1, -1000)
                     ON CONFLICT DO UPDATE SET on_hand = on_hand + excluded.on_hand",
                )?;
                let mut line = tx.prepare_cached("INSERT INTO line VALUES (?1, ?2, ?3, 1000)")?;
                for nth in chunk {
                    let sku = skus.get(usize::try_from(*nth)? * 7 % skus.len());
                    stock.execute([sku])?;
                    line.execute((nth / lines, nth % lines, sku))?;
                }
                drop((stock, line));
                tx.commit()?;
            }
            Ok(())
        })?
        .0;
    }
    Ok(took)
}
