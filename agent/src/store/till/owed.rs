//! What this till recorded and no hub has confirmed yet: what would be lost with this machine, as
//! far as the hub is concerned.
//!
//! Read for people (`GET /link`), beside the till loop. It takes as long as what it counts: entries
//! by their sequence, receipts from the last one back.

use super::error::Result;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use sync::log::{ReplicaId, StreamId, StreamKind};
use sync::store::{head, marks, read_one, streams};

/// The first receipt number of a journal's series that stands behind a sequence, found from the
/// last one back.
const LAST_CONFIRMED: &str = "SELECT number FROM receipt
    WHERE series = ?1 AND seq <= ?2 ORDER BY number DESC LIMIT 1";

/// Sales less refunds and post-voids (kind 2 and 3), whose totals are paid out.
const RECEIPTS: &str =
    "SELECT count(*), coalesce(sum(iif(kind = 1, total, -total)), 0) FROM receipt
    WHERE series = ?1 AND number > ?2";

/// What no hub has confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owed {
    /// Entries of this till's journals.
    pub entries: u64,
    /// Receipts among them.
    pub receipts: u64,
    /// What those come to, in minor units of the store's currency.
    pub amount_minor: i64,
    /// When the oldest of the entries was written, in milliseconds since 1970.
    pub oldest_ms: Option<u64>,
}

/// What this till recorded and no hub has confirmed; `is_hub` says whose word counts.
///
/// # Errors
/// When the file cannot be read.
pub fn owed(conn: &Connection, is_hub: impl Fn(ReplicaId) -> bool) -> Result<Owed> {
    let mut confirmed: BTreeMap<StreamId, u64> = BTreeMap::new();
    for (_, streams) in marks(conn)?.into_iter().filter(|(peer, _)| is_hub(*peer)) {
        for (stream, seq) in streams {
            let known = confirmed.entry(stream).or_default();
            *known = seq.max(*known);
        }
    }
    let mut owed = Owed::default();
    for stream in streams(conn)?.into_iter().filter(|it| it.id().kind == StreamKind::Journal) {
        let from = confirmed.get(&stream.id()).copied().unwrap_or(0);
        let head = head(conn, &stream)?.seq;
        if head <= from {
            continue;
        }
        owed.entries += head - from;
        let oldest = read_one(conn, &stream, from + 1)?.map(|it| it.entry.clock.ms());
        owed.oldest_ms = owed.oldest_ms.into_iter().chain(oldest).min();
        let (receipts, amount) = receipts_after(conn, stream.id().replica, from)?;
        owed.receipts = owed.receipts.saturating_add(receipts);
        owed.amount_minor = owed.amount_minor.saturating_add(amount);
    }
    Ok(owed)
}

/// How many receipts a replica gave after a sequence of its journal, and what they come to.
fn receipts_after(conn: &Connection, replica: ReplicaId, seq: u64) -> Result<(u64, i64)> {
    let series: Option<u32> = conn
        .prepare_cached("SELECT series FROM series WHERE replica = ?1")?
        .query_row([replica.0], |row| row.get(0))
        .optional()?;
    let Some(series) = series else { return Ok((0, 0)) };
    let last: Option<u32> = conn
        .prepare_cached(LAST_CONFIRMED)?
        .query_row(params![series, seq.cast_signed()], |row| row.get(0))
        .optional()?;
    let (receipts, amount): (u32, i64) = conn
        .prepare_cached(RECEIPTS)?
        .query_row(params![series, last.unwrap_or(0)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((u64::from(receipts), amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::till::Command;
    use crate::till::tests::Shop;
    use sync::store::keep_mark;

    const HUB: ReplicaId = ReplicaId([0xb; 16]);
    const SIBLING: ReplicaId = ReplicaId([2; 16]);

    fn is_hub(replica: ReplicaId) -> bool {
        replica == HUB
    }

    fn sell(shop: &mut Shop) -> i64 {
        let view = shop.scan("9520000100377");
        let (cart, amount) = (view.cart.id, shop.money("5.00"));
        let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
        let reply = shop.ok("101", tender);
        shop.sold(reply);
        view.totals.total.minor()
    }

    #[test]
    fn what_no_hub_has_confirmed_is_counted_with_its_money() {
        let mut shop = Shop::till(1);
        let float = shop.money("100.00");
        shop.ok("201", Command::OpenShift { float });
        let first = sell(&mut shop);
        let conn = shop.till.store().connection();
        let journals = streams(conn).unwrap();
        let journal = *journals.iter().find(|it| it.id().kind == StreamKind::Journal).unwrap();
        let seq = |shop: &Shop| head(shop.till.store().connection(), &journal).unwrap().seq;
        let all = owed(conn, is_hub).unwrap();
        assert_eq!((all.entries, all.receipts, all.amount_minor), (seq(&shop), 1, first));
        assert!(all.oldest_ms.is_some());

        // Another till's word does not count, the hub's does.
        keep_mark(conn, SIBLING, &journal, seq(&shop)).unwrap();
        assert_eq!(owed(conn, is_hub).unwrap(), all);
        let confirmed = seq(&shop);
        keep_mark(conn, HUB, &journal, confirmed).unwrap();
        assert_eq!(owed(conn, is_hub).unwrap(), Owed::default());

        let second = sell(&mut shop);
        let conn = shop.till.store().connection();
        let rest = owed(conn, is_hub).unwrap();
        let counted = (rest.entries, rest.receipts, rest.amount_minor);
        assert_eq!(counted, (seq(&shop) - confirmed, 1, second));
        assert!(rest.oldest_ms >= all.oldest_ms);

        // What was paid back is taken off.
        let paid_back = "INSERT INTO receipt (series, number, kind, seq, shift, at, total)
            SELECT series, number + 1, 2, seq, shift, at, 100 FROM receipt
            ORDER BY number DESC LIMIT 1";
        conn.execute(paid_back, []).unwrap();
        let less = owed(conn, is_hub).unwrap();
        assert_eq!((less.receipts, less.amount_minor), (2, second - 100));
    }
}
