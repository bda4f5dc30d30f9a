//! `till.db`: the journal, what it folds into, and the work under way.
//!
//! [`TillStore`] is the one writer. Everything a business act writes goes through [`Act`], one
//! immediate transaction: the sealed fact, the state it folds into, the cart's end, the print
//! job. Nothing outside this folder knows the tables. Called by the till loop; readers use
//! [`read`] over connections of their own.

mod carts;
mod customers;
mod doubles;
mod error;
mod fold;
mod idempotency;
mod inspect;
mod jobs;
mod journal;
mod owed;
mod payments;
mod peers;
mod pins;
pub mod read;
mod refold;
mod returns;
mod shelf;
mod space;
mod unread;
mod workspace;

pub use customers::{FOLDED_CUSTOMERS, Found};
pub use error::TillStoreError;
pub use fold::{FOLDED, rebuild};
pub use idempotency::Remembered;
pub use inspect::{Inspection, JournalStream, Owner};
pub use jobs::{Job, JobKind, JobState};
pub use journal::decode_entry;
pub use owed::{Owed, owed};
pub use payments::{Payment, PaymentState};
pub use peers::{Looked, PeerReceipt, Received, peer_receipt};
pub use pins::Pin;
pub use refold::{raise_series, rebuild_differences, rebuild_in_place};
pub use returns::{OpenPayout, OpenReturn};
pub use shelf::{Shelf, alarms};
pub use space::FOLDED_CARTS;
pub use space::shared::{Holder, Offer, Shared, SoldTwice};
pub use workspace::Compacting;

use super::open::{Migration, OpenOptions, open};
use commerce::Currency;
use commerce::cart::CartId;
use commerce::customer::CustomerId;
use commerce::fact::{Fact, SeriesReason, StockCounted};
use commerce::staff::StaffId;
use error::Result;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use sync::clock::{Clock, Hlc};
use sync::log::{Hash, ReplicaId, SealingKey, StreamKind};
use sync::space::Operation;
use sync::store::{Appended, Stream};

/// The schema's steps. The log's tables come first; they are sync's own.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: sync::store::SCHEMA },
    Migration { version: 2, sql: include_str!("schema_1.sql") },
    Migration { version: 3, sql: sync::store::SCHEMA_2 },
    Migration { version: 4, sql: include_str!("schema_4.sql") },
    Migration { version: 5, sql: include_str!("schema_5.sql") },
    Migration { version: 6, sql: sync::store::SCHEMA_3 },
    Migration { version: 7, sql: include_str!("schema_7.sql") },
    Migration { version: 8, sql: include_str!("schema_8.sql") },
];

/// The one writer of `till.db`.
pub struct TillStore {
    connection: Connection,
    file: PathBuf,
    clock: Clock,
    key: SealingKey,
    stream: Stream,
    space: Stream,
    series: u32,
    currency: Option<Currency>,
    answered: BTreeSet<CartId>,
    alarmed: bool,
    heard_customers: BTreeSet<CustomerId>,
    /// Streams of carts may have come in an order in which what ended is not known to have ended.
    carts_unsure: bool,
}

/// What a till writes into its first entry when it starts a new incarnation.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The new replica's id, from the system's random source.
    pub replica: ReplicaId,
    /// Why a new one.
    pub reason: SeriesReason,
    /// The store's id.
    pub store: String,
    /// The till's number.
    pub till: u16,
    /// The highest series known beside the database: the new one is above it and the database's own.
    pub above: u32,
}

/// Who the database says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The replica that writes.
    pub replica: ReplicaId,
    /// Its last sequence.
    pub seq: u64,
    /// Its last hash.
    pub hash: Hash,
}

/// An opened file whose incarnation is not decided yet.
pub struct Opened {
    connection: Connection,
    file: PathBuf,
}

impl Opened {
    /// Opens the file and brings its schema up to date.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(options: &OpenOptions) -> Result<Self> {
        let connection = open(options, MIGRATIONS)?;
        Ok(Self { connection, file: options.path.clone() })
    }

    /// The head of the replica that wrote last; none on a first start.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn head(&self) -> Result<Option<Head>> {
        journal::head(&self.connection).map_err(|error| error.at(&self.file))
    }

    /// The hash of a replica's entry `seq`, if it is there.
    #[must_use]
    pub fn hash_at(&self, replica: ReplicaId, seq: u64) -> Option<Hash> {
        sync::store::hash_at(&self.connection, replica, StreamKind::Journal, seq).ok().flatten()
    }

    /// Whether the present series gives receipts as this till of this store.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_named(&self, store: &str, till: u16) -> Result<bool> {
        let named = journal::named(&self.connection).map_err(|error| error.at(&self.file))?;
        Ok(named.is_some_and(|(known, number)| known == store && number == till))
    }

    /// Whether the replica that wrote last seals with `key`.
    #[must_use]
    pub fn sealed_by(&self, key: &SealingKey) -> bool {
        let stream = journal::stream(&self.connection).ok().flatten();
        stream.is_some_and(|stream| stream.key() == key.public())
    }

    /// Goes on as the replica that wrote last, or begins a new one with a receipt series of its
    /// own.
    ///
    /// # Errors
    /// When the file cannot be written, or the key is not the replica's.
    pub fn begin(
        self,
        key: SealingKey,
        build_ms: u64,
        now: jiff::Timestamp,
        new: Option<NewSeries>,
    ) -> Result<TillStore> {
        let Self { connection, file } = self;
        let store = Self::begin_inner(connection, &file, key, build_ms, now, new);
        store.map_err(|error| error.at(&file))
    }

    fn begin_inner(
        connection: Connection,
        file: &Path,
        key: SealingKey,
        build_ms: u64,
        now: jiff::Timestamp,
        new: Option<NewSeries>,
    ) -> Result<TillStore> {
        let present = journal::head(&connection)?.map(|head| head.replica);
        let last = present
            .map(|replica| sync::store::last_clock(&connection, replica))
            .transpose()?
            .flatten();
        let mut clock = Clock::new(build_ms, last)?;
        let replica = match (&new, present) {
            (Some(new), _) => new.replica,
            (None, Some(replica)) => replica,
            (None, None) => {
                return Err(TillStoreError::damaged("register", "no replica was ever opened"));
            }
        };
        let mut connection = connection;
        if let Some(new) = new {
            journal::begin_series(&mut connection, &mut clock, &key, now, &new)?;
        }
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        unread::fold(&tx, now.as_millisecond())?;
        doubles::fill_in(&tx)?;
        tx.commit()?;
        let stream = sync::store::open_stream(&connection, replica, StreamKind::Journal)?;
        let space = sync::store::open_stream(&connection, replica, StreamKind::Workspace)?;
        let series = u32::try_from(fold::counter(&connection, "series")?)
            .map_err(|_| TillStoreError::damaged("counter", "series"))?;
        let file = file.to_owned();
        Ok(TillStore {
            connection,
            file,
            clock,
            key,
            stream,
            space,
            series,
            currency: None,
            answered: BTreeSet::new(),
            alarmed: false,
            heard_customers: BTreeSet::new(),
            carts_unsure: true,
        })
    }
}

impl TillStore {
    /// Does one business act in one durable transaction: all of it or nothing.
    ///
    /// # Errors
    /// What `act` returns, or why the commit failed; then nothing was written.
    pub fn act<T>(
        &mut self,
        now: jiff::Timestamp,
        act: impl FnOnce(&mut Act<'_>) -> Result<T>,
    ) -> Result<T> {
        let Self {
            connection,
            file,
            clock,
            key,
            stream,
            space,
            series,
            currency,
            answered,
            alarmed,
            ..
        } = self;
        let act_and_commit = || {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process (an import of stock) may have written since: go on from its clock.
            let head = sync::store::head(&tx, stream)?;
            if head.clock > clock.last() {
                *clock = Clock::new(0, Some(head.clock))?;
            }
            let (series, currency) = (*series, *currency);
            let mut doing = Act::new(tx, clock, key, (stream, space), (series, currency), now);
            let done = act(&mut doing)?;
            doing.write_carts()?;
            let (mut said, raised) = (std::mem::take(&mut doing.answered), doing.alarmed);
            doing.tx.commit()?;
            *alarmed |= raised;
            answered.append(&mut said);
            Ok(done)
        };
        act_and_commit().map_err(|error: TillStoreError| error.at(file))
    }

    /// The writer's own connection, for reading what was just written.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The receipt series of this incarnation.
    #[must_use]
    pub const fn series(&self) -> u32 {
        self.series
    }

    /// The latest instant this till knows of: its clock never goes back behind it.
    #[must_use]
    pub fn latest(&self) -> jiff::Timestamp {
        let ms = i64::try_from(self.clock.last().ms()).unwrap_or(i64::MAX);
        jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The replica that writes, and how far it has come.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn head(&self) -> Result<Head> {
        let head = sync::store::head(&self.connection, &self.stream)?;
        Ok(Head { replica: self.stream.id().replica, seq: head.seq, hash: head.hash })
    }
}

/// One business act under way.
pub struct Act<'a> {
    tx: Transaction<'a>,
    clock: &'a mut Clock,
    key: &'a SealingKey,
    stream: &'a Stream,
    space: &'a Stream,
    series: u32,
    currency: Option<Currency>,
    now: jiff::Timestamp,
    /// What the act does to carts, written as one entry when it commits.
    operations: Vec<Operation>,
    /// Whether siblings' operations were folded in the act.
    heard: bool,
    /// Carts about which this till said something of itself.
    answered: BTreeSet<CartId>,
    /// Whether somebody must see to something.
    alarmed: bool,
}

/// Where a fact went: for the receipt's QR code and for whoever asks later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its sequence in the journal.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// Its clock.
    pub clock: Hlc,
}

impl<'a> Act<'a> {
    const fn new(
        tx: Transaction<'a>,
        clock: &'a mut Clock,
        key: &'a SealingKey,
        (stream, space): (&'a Stream, &'a Stream),
        (series, currency): (u32, Option<Currency>),
        now: jiff::Timestamp,
    ) -> Self {
        Self {
            tx,
            clock,
            key,
            stream,
            space,
            series,
            currency,
            now,
            operations: Vec::new(),
            heard: false,
            answered: BTreeSet::new(),
            alarmed: false,
        }
    }
}

impl Act<'_> {
    /// Lets the till say what it could not while it waited for a payment.
    pub const fn answer_siblings(&mut self) {
        self.heard = true;
    }

    /// Seals `fact` into the journal and folds it into state.
    ///
    /// # Errors
    /// When it cannot be encoded or written.
    pub fn record(&mut self, fact: &Fact) -> Result<Recorded> {
        let body = sync::body::encode(fact)?;
        let clock = self.clock.tick(self.now.as_millisecond());
        let Appended { seq, hash, clock } =
            sync::store::append(&self.tx, self.stream, clock, &body, self.key)?;
        let place =
            fold::Place { replica: self.stream.id().replica, series: self.series, seq, clock };
        fold::fold(&self.tx, place, fact)?;
        if let Fact::Sold(sale) = fact {
            let now_ms = Some(self.now.as_millisecond());
            self.alarmed |= doubles::find(&self.tx, now_ms, sale.cart)?;
        }
        Ok(Recorded { seq, hash, clock })
    }

    /// Seals a count of stock: from here on it stands, also over one from a clock that was ahead.
    ///
    /// # Errors
    /// As [`Act::record`].
    pub fn count_stock(
        &mut self,
        by: StaffId,
        place: String,
        items: Vec<(String, i64)>,
    ) -> Result<Recorded> {
        let skus = items.iter().map(|(sku, _)| sku.as_str());
        let clock = self.clock.clone().tick(self.now.as_millisecond());
        let round = sync::store::round_of(&self.tx, &place, skus, clock)?;
        self.record(&Fact::StockCounted(StockCounted { at: self.now(), by, place, items, round }))
    }
}
