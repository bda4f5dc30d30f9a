//! What the tests of shared carts need: one till hears another's stream, entry by entry, as it will
//! over a link.

use crate::store::till::Act;
use crate::store::till::error::Result;
use commerce::cart::CartId;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use sync::clock::Hlc;
use sync::log::{ReplicaId, StreamKind};
use sync::store::{Stored, Stream, base, declare_peer, find_stream, head, open_stream, read};

impl Act<'_> {
    /// Copies what is new of a replica's workspace stream out of its database and folds it.
    pub fn hear(&mut self, from: &Connection, replica: ReplicaId) -> Result<BTreeSet<CartId>> {
        self.hear_some(from, replica, None)
    }

    /// The same, or only one entry, chosen by a number among all: doubled ones and those beyond a
    /// gap are not taken.
    pub fn hear_some(
        &mut self,
        from: &Connection,
        replica: ReplicaId,
        one: Option<u8>,
    ) -> Result<BTreeSet<CartId>> {
        let theirs = find_stream(from, replica, StreamKind::Workspace)?.unwrap();
        declare_peer(&self.tx, replica, &theirs.key(), Hlc::default())?;
        let ours = open_stream(&self.tx, replica, StreamKind::Workspace)?;
        let begin = base(from, &theirs)?;
        let mut next = head(&self.tx, &ours)?.seq + 1;
        if begin.seq >= next {
            self.begin_anew(&ours, begin)?;
            next = begin.seq + 1;
        }
        if let Some(one) = one {
            // Around the end of what is here: an old one, the next, or one beyond a gap.
            let seq = (next + u64::from(one % 4)).saturating_sub(1);
            let entry = read(from, &theirs, seq.max(begin.seq + 1), 1)?.pop();
            return match entry.filter(|stored| stored.entry.seq == next) {
                Some(stored) => self.hear_entry(&ours, &stored),
                None => Ok(BTreeSet::new()),
            };
        }
        let mut carts = BTreeSet::new();
        loop {
            let portion = read(from, &theirs, next, 100)?;
            let Some(last) = portion.last() else { return Ok(carts) };
            next = last.entry.seq + 1;
            for stored in &portion {
                carts.extend(self.hear_entry(&ours, stored)?);
            }
        }
    }

    /// A stream whose beginning was pruned is taken up from its checkpoint.
    fn begin_anew(&mut self, ours: &Stream, begin: sync::store::Base) -> Result<()> {
        self.forget_workspace(ours)?;
        self.tx.execute("DELETE FROM entry WHERE position >> 40 = ?1", [ours.local()])?;
        let (first, seal) = ((begin.seq + 1).cast_signed(), begin.seal.map(|seal| seal.0));
        self.tx.execute(
            "UPDATE stream SET first_seq = ?2, base_hash = ?3, base_seal = ?4 WHERE local = ?1",
            params![ours.local(), first, begin.hash.0, seal],
        )?;
        Ok(())
    }

    fn hear_entry(&mut self, ours: &Stream, stored: &Stored) -> Result<BTreeSet<CartId>> {
        let (seq, clock) = (stored.entry.seq.cast_signed(), stored.entry.clock.number());
        self.tx.execute(
            "INSERT INTO entry (position, clock, hash, body) VALUES (?1, ?2, ?3, ?4)",
            params![
                ours.local() << 40 | seq,
                clock.cast_signed(),
                stored.hash.0,
                stored.entry.body
            ],
        )?;
        self.tx.execute(
            "UPDATE stream SET head_seq = ?2, head_hash = ?3, head_clock = ?4, folded_seq = ?2
             WHERE local = ?1",
            params![ours.local(), seq, stored.hash.0, clock.cast_signed()],
        )?;
        self.fold_workspace(ours, stored.entry.seq, &stored.entry.body)
    }
}
