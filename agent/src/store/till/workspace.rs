//! This till's workspace stream: what acts do to carts becomes entries, siblings' entries are heard
//! and answered, and what nobody needs any more is forgotten.
//!
//! Operations of one act are one entry in the act's transaction, without a seal: whoever sends
//! entries seals the last of them. What operations come to is [`super::space`]'s.

use super::error::{Result, TillStoreError};
use super::space::react::{self, Own};
use super::space::{self, Folded, Place, restate};
use super::{Act, TillStore};
use commerce::Currency;
use commerce::cart::CartId;
use commerce::staff::StaffId;
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeSet;
use sync::clock::Clock;
use sync::log::ReplicaId;
use sync::planted::{self, Bug};
use sync::space::{End, Operation};
use sync::store::Stream;

/// The most operations in one entry, so that even the longest texts fit a body.
const MAX_IN_ENTRY: usize = 400;

/// The most rounds in which a till answers in one transaction: taking, yielding, withdrawing, then
/// one for each cart that late lines are parked in. What is left is done when it next hears.
const MAX_ROUNDS: u32 = 64;

impl Act<'_> {
    /// What the act does to carts, to be written when it commits.
    pub(crate) fn operate(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// The act's instant in whole milliseconds, as entries carry it.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.as_millisecond()).unwrap_or(self.now)
    }

    /// Writes and folds the act's operations, and what this till answers to what it heard in it.
    pub(super) fn write_carts(&mut self) -> Result<()> {
        let tenders_back = |said: &Operation| matches!(said, Operation::TendersBack { .. });
        let answer = self.heard || self.operations.iter().any(tenders_back);
        // A cart that ends here may be somebody else's then.
        let ended = self.operations.iter().filter_map(|said| match said {
            Operation::Ended { cart, .. } => Some(*cart),
            _ => None,
        });
        let ended: BTreeSet<CartId> = ended.collect();
        self.answered.extend(&ended);
        self.flush()?;
        let Some(currency) = self.currency else { return Ok(()) };
        if !answer && self.are_forgotten(&ended)? {
            return Ok(());
        }
        for _ in 0..MAX_ROUNDS {
            let said = react::react(&self.tx, self.own(currency))?;
            if said.is_empty() {
                // Once the last claim on a cart is forgotten, what was offered to it is late.
                if space::sweep(&self.tx)? {
                    continue;
                }
                break;
            }
            for operation in &said {
                match operation {
                    Operation::Held(held) if held.term == 0 => self.count_cart(held.cart)?,
                    Operation::Ended { cart, end: End::Yielded { .. } } => {
                        self.leave_till(*cart)?
                    }
                    _ => {}
                }
            }
            self.operations = said;
            let mut about = self.flush()?;
            self.answered.append(&mut about);
        }
        Ok(())
    }

    /// Whether nobody says anything more of carts that ended here, as of nearly all: then there is
    /// nothing to answer.
    fn are_forgotten(&self, ended: &BTreeSet<CartId>) -> Result<bool> {
        for cart in ended {
            if !space::is_forgotten(&self.tx, self.space.local(), *cart)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn own(&self, currency: Currency) -> Own {
        let (holder, replica) = (self.space.local(), self.space.id().replica);
        Own { holder, replica, currency, now: self.now() }
    }

    /// Writes and folds what was recorded so far; returns the carts it is about.
    fn flush(&mut self) -> Result<BTreeSet<CartId>> {
        let operations = std::mem::take(&mut self.operations);
        let mut folded = Folded::default();
        if operations.is_empty() {
            return Ok(folded.carts);
        }
        let head = sync::store::head(&self.tx, self.space)?;
        if head.clock > self.clock.last() {
            *self.clock = Clock::new(0, Some(head.clock))?;
        }
        for said in operations.chunks(MAX_IN_ENTRY) {
            let body = sync::space::encode(said)?;
            let clock = self.clock.tick(self.now.as_millisecond());
            let appended = sync::store::append_unsealed(&self.tx, self.space, clock, &body)?;
            let place = Place {
                holder: self.space.local(),
                replica: self.space.id().replica,
                seq: appended.seq,
                own: true,
                now_ms: Some(self.now.as_millisecond()),
            };
            folded.add(space::fold_workspace(&self.tx, place, said)?);
        }
        self.alarmed |= folded.alarmed;
        Ok(folded.carts)
    }

    /// Folds an entry of a sibling's workspace stream that was appended in this transaction, and
    /// returns the carts it is about. What this till has to say to it is written when the act
    /// commits.
    #[cfg(test)]
    pub(super) fn fold_workspace(
        &mut self,
        stream: &Stream,
        seq: u64,
        body: &[u8],
    ) -> Result<BTreeSet<CartId>> {
        let replica = stream.id().replica;
        let place = Place { holder: stream.local(), replica, seq, own: false, now_ms: Some(0) };
        self.heard = true;
        let folded = space::fold_body(&self.tx, place, body)?;
        self.alarmed |= folded.alarmed;
        Ok(folded.carts)
    }

    /// Forgets what a sibling's stream came to, before it is folded anew from a checkpoint that is
    /// past what was known of it.
    ///
    /// # Errors
    /// When a row cannot be written.
    pub fn forget_workspace(&mut self, stream: &Stream) -> Result<()> {
        self.heard = true;
        let mut carts = space::forget(&self.tx, stream.local())?;
        self.answered.append(&mut carts);
        Ok(())
    }

    /// Folds a sibling's stream again once its beginning was pruned.
    ///
    /// # Errors
    /// When a row cannot be read or written.
    pub fn follow_pruned(&mut self, stream: &Stream) -> Result<()> {
        self.heard = true;
        let mut carts = space::fold_anew(&self.tx, stream)?;
        self.answered.append(&mut carts);
        Ok(())
    }

    /// Takes a cart from a holder that can't be reached; whether anybody else held it.
    ///
    /// # Errors
    /// When the rows cannot be read, or carts were not begun.
    pub fn force_cart(&mut self, cart: CartId, approved_by: StaffId) -> Result<bool> {
        let currency = self.currency.ok_or_else(not_begun)?;
        match react::force(&self.tx, self.own(currency), cart, approved_by)? {
            None => Ok(false),
            Some(said) => {
                self.operations.extend(said);
                Ok(true)
            }
        }
    }
}

fn not_begun() -> TillStoreError {
    TillStoreError::damaged("claim", "carts were not begun")
}

/// When the till's own workspace stream is compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacting {
    /// The entries in it at which it is.
    pub at: u64,
    /// Entries that stay then, so that siblings who are linked need not begin anew.
    pub kept: u64,
}

impl Compacting {
    /// What tills do: some hours of scanning.
    pub const USUAL: Self = Self { at: 4_096, kept: 512 };
}

impl TillStore {
    /// Makes the till's carts the shop's: its stream says who writes it, takes over what an
    /// incarnation before it held, and states carts from before workspace streams. From here on
    /// the till answers what siblings say.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_carts(&mut self, now: Timestamp, currency: Currency) -> Result<()> {
        self.currency = Some(currency);
        self.act(now, |act| {
            let holder = act.space.local();
            if sync::store::head(&act.tx, act.space)?.seq == 0 {
                act.introduce()?;
            }
            for operation in restate::former(&act.tx, currency)? {
                act.operate(operation);
            }
            let own = sync::store::streams(&act.tx)?;
            for former in own.iter().filter(|stream| {
                stream.id().kind == sync::log::StreamKind::Workspace && stream.local() != holder
            }) {
                act.succeed(former, currency)?;
            }
            for table in ["claim", "cart_line", "cart_discount", "cart_tender"] {
                // What stands at 0 is stated in the operations above.
                act.tx.execute(&format!("DELETE FROM {table} WHERE holder = 0"), [])?;
            }
            act.heard = true;
            Ok(())
        })
    }

    /// Lets the till's stream begin anew, so that what ended leaves nothing behind: states what is
    /// left, then forgets the entries below `below` that came before that. How far siblings have
    /// made the stream durable is the caller's to know. Returns how many entries went.
    ///
    /// # Errors
    /// When the file cannot be written, or carts were not begun.
    pub fn compact_workspace(&mut self, now: Timestamp, below: u64) -> Result<u64> {
        let currency = self.currency.ok_or_else(not_begun)?;
        self.act(now, |act| {
            let before = sync::store::head(&act.tx, act.space)?.seq;
            act.introduce()?;
            for operation in restate::all(&act.tx, act.space.local(), currency)? {
                act.operate(operation);
            }
            act.flush()?;
            let last = below.saturating_sub(1).min(before);
            let Some(stored) = sync::store::read_one(&act.tx, act.space, last)? else {
                return Ok(0);
            };
            let seal = act.key.checkpoint(act.space.id(), last, &stored.hash);
            Ok(sync::store::prune(&act.tx, act.space, last, seal)?)
        })
    }

    /// Compacts the till's stream once that many entries stand in it. Siblings need not have come so
    /// far: one that has not begins at the checkpoint, behind which everything that lives is stated
    /// anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn tidy_workspace(&mut self, now: Timestamp, compacting: Compacting) -> Result<()> {
        if self.carts_unsure {
            self.fold_carts_again(now)?;
            self.carts_unsure = false;
        }
        let first = sync::store::base(&self.connection, &self.space)?.seq;
        let last = sync::store::head(&self.connection, &self.space)?.seq;
        if self.currency.is_some() && last - first >= compacting.at {
            self.compact_workspace(now, last.saturating_sub(compacting.kept))?;
        }
        Ok(())
    }

    /// Folds all streams of carts again, which comes to the same in whatever order they came.
    fn fold_carts_again(&mut self, now: Timestamp) -> Result<()> {
        self.act(now, |act| {
            let mut carts = space::all_carts(&act.tx)?;
            space::rebuild(&act.tx)?;
            carts.append(&mut space::all_carts(&act.tx)?);
            act.answered.append(&mut carts);
            act.heard = true;
            Ok(())
        })
    }

    /// Hands a cart over to another replica; on disk when this returns.
    ///
    /// # Errors
    /// As [`TillStore::act`].
    pub fn grant_cart(&mut self, now: Timestamp, cart: CartId, to: ReplicaId) -> Result<()> {
        let lazy = planted::is(Bug::GrantNotDurable);
        if lazy {
            self.connection.pragma_update(None, "synchronous", "OFF")?;
        }
        let granted = self.act(now, |act| act.grant_cart(cart, to));
        if lazy {
            self.connection.pragma_update(None, "synchronous", "FULL")?;
        }
        granted
    }

    /// Answers what a sibling's entries said, once they are folded. What is said depends on rows
    /// alone, so that a till that stops in between says it when it starts again.
    pub(super) fn answer_workspace(
        &mut self,
        now: Timestamp,
        mut carts: BTreeSet<CartId>,
    ) -> Result<()> {
        self.answered.append(&mut carts);
        self.act(now, |act| {
            act.heard = true;
            Ok(())
        })
    }

    /// The carts about which this till said something of itself since it was last asked, as an
    /// answer to what it heard or to the end of a claim.
    pub fn take_answered(&mut self) -> BTreeSet<CartId> {
        std::mem::take(&mut self.answered)
    }

    /// Whether something that somebody must see to came of this till's own words since it was last
    /// asked.
    pub const fn take_alarmed(&mut self) -> bool {
        std::mem::replace(&mut self.alarmed, false)
    }

    /// The stream of this till's carts.
    #[must_use]
    pub const fn workspace(&self) -> &Stream {
        &self.space
    }

    /// The replica that writes.
    #[must_use]
    pub const fn replica(&self) -> ReplicaId {
        self.space.id().replica
    }
}

impl Act<'_> {
    fn introduce(&mut self) -> Result<()> {
        let till = self.tx.query_row(
            "SELECT till FROM series WHERE series = ?1",
            params![self.series],
            |row| row.get(0),
        )?;
        self.operate(Operation::Introduced { till, series: self.series });
        Ok(())
    }

    /// Takes over what an incarnation before this one held, and says that it is no more.
    fn succeed(&mut self, former: &Stream, currency: Currency) -> Result<()> {
        let replica = former.id().replica;
        let done: bool = self.tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM succeeded WHERE replica = ?1 AND by = ?2)",
            params![replica.0, self.space.local()],
            |row| row.get(0),
        )?;
        if done {
            return Ok(());
        }
        for operation in restate::taken_over(&self.tx, former.local(), currency)? {
            self.operate(operation);
        }
        self.operate(Operation::Succeeds { replica });
        Ok(())
    }
}
