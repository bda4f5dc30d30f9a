//! This till's customers stream: what acts say of customers becomes entries, and what the stream said
//! is forgotten once it is stated again.
//!
//! One act on a customer is one entry in the act's transaction, without a seal: whoever sends entries
//! seals the last of them.

use super::{
    EntryPlace, Folded, first_unread, fold_live, has_branches, load, own_streams, record, settle,
};
use crate::store::till::error::{Result, TillStoreError};
use crate::store::till::{Act, TillStore};
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeSet;
use sync::body::BodyError;
use sync::clock::{Clock, Hlc};
use sync::customer::{Customer, CustomerId, MAX_RECORD_BYTES, Operation, encode};
use sync::log::{MAX_BODY_BYTES, StreamKind};
use sync::store::{Stream, base, head, mark_of_hub, open_stream};
use sync::trust::Trust;

/// Entries that this till's stream is to be rid of before it begins anew: a year of a busy desk.
pub const COMPACT_AT: u64 = 4_096;

/// Entries that stay then, so that siblings who are linked need not begin anew.
const KEPT: u64 = 512;

/// The most customers stated in one entry, so that the largest records fit a body, with room for
/// their ids.
const STATED_IN_ENTRY: usize = MAX_BODY_BYTES / (MAX_RECORD_BYTES + 64);

impl Act<'_> {
    /// Says something of a customer. `say` forms the operation by what is known of them and by the
    /// entry's clock.
    ///
    /// # Errors
    /// When it cannot be encoded or written, or the customer's record would grow beyond its bound.
    pub fn tell_customer(
        &mut self,
        id: CustomerId,
        say: impl FnOnce(&Customer, Hlc) -> Operation,
    ) -> Result<()> {
        let known = load(&self.tx, id)?.unwrap_or_default();
        let folded = self.write_customers(|clock| vec![say(&known, clock)])?;
        settle(&self.tx, &folded.customers)?;
        match folded.full {
            None => Ok(()),
            Some(_) => {
                let (what, most) = ("a customer's record", MAX_RECORD_BYTES);
                Err(BodyError::TooLong { what, length: most + 1, most }.into())
            }
        }
    }

    fn write_customers(&mut self, say: impl FnOnce(Hlc) -> Vec<Operation>) -> Result<Folded> {
        let stream = open_stream(&self.tx, self.stream.id().replica, StreamKind::Customers)?;
        let last = head(&self.tx, &stream)?.clock;
        if last > self.clock.last() {
            *self.clock = Clock::new(0, Some(last))?;
        }
        let clock = self.clock.tick(self.now.as_millisecond());
        let operations = say(clock);
        let body = encode(&operations)?;
        let appended = sync::store::append_unsealed(&self.tx, &stream, clock, &body)?;
        let place = EntryPlace { stream: &stream, seq: appended.seq, clock };
        fold_live(&self.tx, place, &operations)
    }

    /// States all that this till ever said of anybody.
    fn restate_customers(&mut self) -> Result<()> {
        let ids: Vec<[u8; 16]> = self
            .tx
            .prepare_cached("SELECT id FROM customer WHERE own = 1 ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut about = BTreeSet::new();
        for some in ids.chunks(STATED_IN_ENTRY) {
            let mut stated = Vec::with_capacity(some.len());
            for customer in some.iter().copied().map(CustomerId) {
                let record = record(&self.tx, customer)?.map(Box::new).ok_or_else(|| {
                    TillStoreError::damaged("customer", format!("{customer} is gone"))
                })?;
                stated.push(Operation::Stated { customer, record });
            }
            about.append(&mut self.write_customers(|_| stated)?.customers);
        }
        settle(&self.tx, &about)
    }

    /// Takes entries away up to `last`, behind a checkpoint of this till's own.
    fn prune_customers(&mut self, stream: &Stream, last: u64) -> Result<u64> {
        let Some(stored) = sync::store::read_one(&self.tx, stream, last)? else { return Ok(0) };
        let seal = self.key.checkpoint(stream.id(), last, &stored.hash);
        let gone = sync::store::prune(&self.tx, stream, last, seal)?;
        self.tx
            .prepare_cached("DELETE FROM erasing WHERE stream = ?1 AND seq <= ?2")?
            .execute(params![stream.local(), last.cast_signed()])?;
        Ok(gone)
    }
}

impl TillStore {
    /// Lets this till's customers streams begin anew where that is due: once many entries stand in
    /// them, or when they hold what is known of somebody who was erased. What the hub has not marked
    /// as durable stays, as does what a newer version wrote. Returns how many entries went.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn tidy_customers(&mut self, now: Timestamp, trust: &Trust) -> Result<u64> {
        let due = self.customers_due(trust).map_err(|error| error.at(&self.file))?;
        if due.is_empty() {
            return Ok(0);
        }
        self.act(now, |act| {
            act.restate_customers()?;
            let mut gone = 0;
            for (stream, last) in &due {
                gone += act.prune_customers(stream, *last)?;
            }
            Ok(gone)
        })
    }

    /// The streams that are to begin anew, each with the last entry that goes.
    fn customers_due(&self, trust: &Trust) -> Result<Vec<(Stream, u64)>> {
        let conn = &self.connection;
        let mut due = Vec::new();
        for stream in own_streams(conn)? {
            // Only what this till can seal; an earlier key's checkpoint is nobody's to give.
            if stream.key() != self.key.public() {
                continue;
            }
            let (first, last) = (base(conn, &stream)?.seq, head(conn, &stream)?.seq);
            let unread = first_unread(conn, &stream)?;
            let may = mark_of_hub(conn, trust, &stream)?
                .min(unread.map_or(u64::MAX, |unread| unread.saturating_sub(1)))
                .min(last);
            let erasing: Option<i64> = conn
                .prepare_cached("SELECT max(seq) FROM erasing WHERE stream = ?1")?
                .query_row([stream.local()], |row| row.get(0))?;
            let erasing = erasing.map(i64::cast_unsigned).filter(|seq| *seq > first);
            let many = last.saturating_sub(KEPT).min(may);
            if let Some(seq) = erasing.filter(|seq| *seq <= may) {
                due.push((stream, seq));
            } else if many.saturating_sub(first) >= COMPACT_AT && !has_branches(conn, &stream)? {
                // With branches, what it comes to depends on all of it; and it is written no more.
                due.push((stream, many));
            }
        }
        Ok(due)
    }

    /// The customers about whom siblings said something since this was last asked.
    pub fn take_heard_customers(&mut self) -> BTreeSet<CustomerId> {
        std::mem::take(&mut self.heard_customers)
    }
}
