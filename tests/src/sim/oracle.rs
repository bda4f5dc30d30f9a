//! What the union of journals comes to, computed apart from the engine: plain maps over every entry
//! that the hub holds.

use super::hub::Hub;
use super::laws::all_streams;
use crate::books::Broken;
use commerce::cart::CartId;
use commerce::fact::Fact;
use commerce::sale::ReceiptNumber;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use sync::clock::Hlc;
use sync::log::{ReplicaId, StreamKind};
use sync::store::Stream;
use sync::trust::Standing;

/// Entries read at a time.
const PORTION: usize = 512;

/// An entry's fact, where this version can read it.
struct Read {
    seq: u64,
    clock: Hlc,
    fact: Option<Fact>,
}

fn text(error: impl ToString) -> Broken {
    error.to_string()
}

/// All entries of a stream, those of other branches last.
fn entries(conn: &Connection, stream: &Stream) -> Result<Vec<Read>, Broken> {
    let mut all = Vec::new();
    let mut next = 1;
    loop {
        let portion = sync::store::read(conn, stream, next, PORTION).map_err(text)?;
        let Some(last) = portion.last() else { break };
        next = last.entry.seq + 1;
        all.extend(portion.into_iter().map(|stored| Read {
            seq: stored.entry.seq,
            clock: stored.entry.clock,
            fact: sync::body::decode(&stored.entry.body).ok(),
        }));
    }
    let sql = "SELECT seq, clock, body FROM orphan WHERE stream = ?1 ORDER BY local";
    let mut statement = conn.prepare(sql).map_err(text)?;
    let rows = statement.query_map([stream.local()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
    });
    for row in rows.map_err(text)? {
        let (seq, clock, body) = row.map_err(text)?;
        let clock = Hlc::from_number(clock.cast_unsigned()).ok_or("a clock of an orphan")?;
        let fact = sync::body::decode(&body).ok();
        all.push(Read { seq: seq.cast_unsigned(), clock, fact });
    }
    Ok(all)
}

/// The last sequence that counts of a stream with this standing.
fn counts_to(standing: Standing) -> u64 {
    match standing {
        Standing::Enrolled(_) => u64::MAX,
        Standing::Revoked { last } => last,
        _ => 0,
    }
}

/// The receipts that the hub holds, each with who gave it, as often as it was given.
pub fn receipts(conn: &Connection) -> Result<BTreeMap<ReceiptNumber, Vec<ReplicaId>>, Broken> {
    let mut found: BTreeMap<ReceiptNumber, Vec<ReplicaId>> = BTreeMap::new();
    for stream in all_streams(conn)? {
        for read in entries(conn, &stream)? {
            let receipt = match read.fact {
                Some(Fact::Sold(sale)) => sale.receipt,
                Some(Fact::Returned(returned)) => returned.receipt,
                _ => continue,
            };
            found.entry(receipt).or_default().push(stream.id().replica);
        }
    }
    Ok(found)
}

/// The receipts of each cart that a shop sold, by what counts: in other branches of journals that
/// forked as well.
pub fn sales(hub: &Hub, shop: &str) -> Result<BTreeMap<CartId, BTreeSet<ReceiptNumber>>, Broken> {
    let mut found: BTreeMap<CartId, BTreeSet<ReceiptNumber>> = BTreeMap::new();
    for stream in all_streams(&hub.conn)? {
        let id = stream.id();
        let counts_to = counts_to(hub.trust.standing(id));
        if hub.trust.store_of_writer(id.replica) != Some(shop) || id.kind != StreamKind::Journal {
            continue;
        }
        let counts = |read: &Read| read.seq <= counts_to;
        for read in entries(&hub.conn, &stream)?.into_iter().filter(counts) {
            if let Some(Fact::Sold(sale)) = read.fact {
                found.entry(sale.cart).or_default().insert(sale.receipt);
            }
        }
    }
    Ok(found)
}

/// On hand of a shop by SKU: the latest count, and what was moved with a later clock.
pub fn on_hand(hub: &Hub, shop: &str) -> Result<BTreeMap<String, i64>, Broken> {
    let mut counts: BTreeMap<String, ((u32, Hlc, ReplicaId), i64)> = BTreeMap::new();
    let mut moves: Vec<(Hlc, String, i64)> = Vec::new();
    for stream in all_streams(&hub.conn)? {
        let id = stream.id();
        let ours = hub.trust.store_of_writer(id.replica) == Some(shop);
        if !ours || id.kind != StreamKind::Journal {
            continue;
        }
        let counts_to = counts_to(hub.trust.standing(id));
        for read in entries(&hub.conn, &stream)?.into_iter().filter(|read| read.seq <= counts_to) {
            let (clock, Some(fact)) = (read.clock, read.fact) else { continue };
            if let Fact::StockCounted(counted) = &fact {
                for (sku, thousandths) in &counted.items {
                    let key = (counted.round, clock, id.replica);
                    let standing = counts.entry(sku.clone()).or_insert((key, *thousandths));
                    if key >= standing.0 {
                        *standing = (key, *thousandths);
                    }
                }
            }
            let (lines, back) = match fact {
                Fact::Sold(sale) => (sale.lines, Vec::new()),
                Fact::Returned(returned) => (Vec::new(), returned.lines),
                _ => continue,
            };
            let out = lines.into_iter().map(|it| (it.sku, -it.quantity.thousandths()));
            let back = back.into_iter().map(|it| (it.sku, it.quantity.thousandths()));
            moves.extend(out.chain(back).map(|(sku, moved)| (clock, sku, moved)));
        }
    }
    let mut on_hand: BTreeMap<String, i64> = BTreeMap::new();
    for (sku, (_, counted)) in &counts {
        on_hand.insert(sku.clone(), *counted);
    }
    for (clock, sku, moved) in moves {
        if counts.get(&sku).is_none_or(|((_, counted, _), _)| clock > *counted) {
            *on_hand.entry(sku).or_default() += moved;
        }
    }
    Ok(on_hand)
}
