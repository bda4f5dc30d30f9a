//! Making a snapshot of a catalogue, for the hub: the rows as they stand at one moment, packed.

use super::tables::TABLES;
use super::{CATALOGUE_SCHEMA, CATALOGUE_VERSION};
use crate::log::{Hash, Seal, SealingKey};
use crate::snapshot::manifest::MAX_HEADS;
use crate::snapshot::page::PageError;
use crate::snapshot::{Form, Manifest, ManifestError, Sealed, StreamHead, write_head};
use crate::store::{LogError, Stream, base, head, peer_streams, read_one, streams};
use commerce::Currency;
use ring::digest;
use rusqlite::{Connection, OptionalExtension};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// zstd's level for files: a catalogue is packed once and unpacked at every till, and higher levels
/// save little.
const LEVEL: i32 = 6;

/// Bytes read and hashed at a time.
const PORTION: usize = 128 << 10;

/// What a snapshot is made with.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The hub's key.
    pub key: &'a SealingKey,
    /// The papers of the hub and of its incarnations, issuers first.
    pub papers: &'a [Vec<u8>],
    /// Now, in milliseconds since 1970.
    pub made_ms: i64,
    /// The currency of the prices.
    pub currency: Currency,
    /// Whether it is for the one store whose sets (taxes, tenders, staff, the store itself) stand in
    /// the catalogue; else it leaves them out, and suits every store.
    pub for_store: bool,
    /// A folder for what is under way; as much room as the catalogue takes, twice.
    pub scratch: &'a Path,
}

/// Why no snapshot was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// SQLite failed.
    #[error("the catalogue could not be copied for a snapshot: {0}")]
    Database(#[from] rusqlite::Error),
    /// The log's tables refuse.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file could not be written.
    #[error("{}: {source}. Check that there is room", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The snapshot's own file.
    #[error("the snapshot could not be written: {0}")]
    Out(io::Error),
    /// The catalogue has an older or newer schema.
    #[error(
        "the catalogue has schema {found}, snapshots are of {CATALOGUE_VERSION}: open it with this version of Till first"
    )]
    Schema {
        /// Its schema.
        found: u32,
    },
    /// The snapshot shall be one store's, but the catalogue is of none.
    #[error("the catalogue holds no store: import one, or make a snapshot for all stores")]
    NoStore,
    /// A stream ends without a seal, and this is not its writer's key.
    #[error("the {0} ends without a seal here: fetch its last entries from its writer first")]
    Unsealed(crate::log::StreamId),
    /// Rows that no page can hold.
    #[error("a page of the snapshot: {0}")]
    Page(#[from] PageError),
    /// What would stand in the manifest is beyond its bounds.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// Makes a snapshot as a file: its bytes go to `out`, in the order in which they are read.
///
/// # Errors
/// [`MakeError`]; what `out` got by then is of no use.
pub fn make_file(
    source: &Connection,
    plan: &Plan<'_>,
    mut out: impl Write,
) -> Result<Sealed, MakeError> {
    let folder = tempfile::tempdir_in(plan.scratch)
        .map_err(|source| MakeError::Io { file: plan.scratch.to_owned(), source })?;
    let copy = folder.path().join("catalogue.db");
    let facts = copy_rows(source, plan, &copy)?;
    let (packed, bytes, plain, hash) = pack(&copy, &folder.path().join("catalogue.zst"))?;
    let sealed = facts.seal(plan, Form::File { bytes, plain, hash })?;
    write_head(sealed.bytes(), &mut out).map_err(MakeError::Out)?;
    let mut packed = packed;
    packed.rewind().and_then(|()| io::copy(&mut packed, &mut out)).map_err(MakeError::Out)?;
    Ok(sealed)
}

/// What the manifest says beside the content's form.
pub(super) struct Facts {
    store: Option<String>,
    items: u64,
    heads: Vec<StreamHead>,
}

impl Facts {
    /// Reads them within the caller's transaction.
    pub(super) fn read(source: &Connection, plan: &Plan<'_>) -> Result<Self, MakeError> {
        let found: u32 = source.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found != CATALOGUE_VERSION {
            return Err(MakeError::Schema { found });
        }
        let store = if plan.for_store {
            let code =
                source.query_row("SELECT code FROM store", [], |row| row.get(0)).optional()?;
            Some(code.ok_or(MakeError::NoStore)?)
        } else {
            None
        };
        let items: i64 = source.query_row("SELECT count(*) FROM item", [], |row| row.get(0))?;
        Ok(Self { store, items: items.unsigned_abs(), heads: heads(source, plan.key)? })
    }

    pub(super) fn seal(self, plan: &Plan<'_>, form: Form) -> Result<Sealed, MakeError> {
        let Self { store, items, heads } = self;
        let (schema, made_ms, currency) = (CATALOGUE_VERSION, plan.made_ms, plan.currency);
        let papers = plan.papers.to_vec();
        let manifest = Manifest { schema, made_ms, currency, store, items, form, heads, papers };
        Ok(Sealed::read(&manifest.seal(plan.key)?)?)
    }
}

/// Where the hub's streams stand, each under its writer's seal.
fn heads(source: &Connection, key: &SealingKey) -> Result<Vec<StreamHead>, MakeError> {
    let mut heads = Vec::new();
    for stream in streams(source)?.into_iter().chain(peer_streams(source)?) {
        let (id, end) = (stream.id(), head(source, &stream)?);
        if !id.kind.is_hubs() || end.seq == 0 {
            continue;
        }
        let seal = if stream.key() == key.public() {
            Some(key.seal(id, end.seq, &end.hash))
        } else {
            stored_seal(source, &stream, end.seq)?
        };
        let seal = seal.ok_or(MakeError::Unsealed(id))?;
        heads.push(StreamHead { stream: id, seq: end.seq, clock: end.clock, hash: end.hash, seal });
    }
    heads.sort_by_key(|head| head.stream);
    debug_assert!(heads.len() <= MAX_HEADS, "else the manifest refuses");
    Ok(heads)
}

fn stored_seal(source: &Connection, stream: &Stream, seq: u64) -> Result<Option<Seal>, LogError> {
    let begin = base(source, stream)?;
    if begin.seq == seq {
        return Ok(begin.seal);
    }
    Ok(read_one(source, stream, seq)?.and_then(|stored| stored.seal))
}

/// Copies what a snapshot carries into a new database without free pages.
fn copy_rows(source: &Connection, plan: &Plan<'_>, to: &Path) -> Result<Facts, MakeError> {
    let target = Connection::open(to)?;
    // Nobody misses it after a crash, and it is synced never: what counts is the packed file.
    target.execute_batch("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")?;
    for step in CATALOGUE_SCHEMA {
        target.execute_batch(step)?;
    }
    target.pragma_update(None, "user_version", CATALOGUE_VERSION)?;
    let reading = source.unchecked_transaction()?;
    let facts = Facts::read(&reading, plan)?;
    let writing = target.unchecked_transaction()?;
    for table in TABLES.iter().filter(|table| plan.for_store || !table.own) {
        table.copy(&reading, &writing)?;
    }
    writing.execute("INSERT INTO indexing(one, next) VALUES(1, 1)", [])?;
    writing.commit()?;
    drop(reading);
    target.execute_batch("VACUUM")?;
    target.close().map_err(|(_, error)| error)?;
    Ok(facts)
}

/// Packs a file; gives the packed one, its length, the length before, its hash.
fn pack(from: &Path, to: &Path) -> Result<(File, u64, u64, Hash), MakeError> {
    let at = |file: &Path| {
        let file = file.to_owned();
        move |source| MakeError::Io { file, source }
    };
    let mut source = File::open(from).map_err(at(from))?;
    let target =
        File::options().create_new(true).read(true).write(true).open(to).map_err(at(to))?;
    let mut encoder = zstd::stream::write::Encoder::new(target, LEVEL).map_err(at(to))?;
    let plain = io::copy(&mut source, &mut encoder).map_err(at(to))?;
    let mut packed = encoder.finish().map_err(at(to))?;
    packed.rewind().map_err(at(to))?;
    let mut context = digest::Context::new(&digest::SHA256);
    let (mut bytes, mut portion) = (0, vec![0; PORTION]);
    loop {
        let read = packed.read(&mut portion).map_err(at(to))?;
        let Some(new) = portion.get(..read).filter(|new| !new.is_empty()) else { break };
        context.update(new);
        bytes += new.len() as u64;
    }
    let mut hash = Hash([0; 32]);
    hash.0.copy_from_slice(context.finish().as_ref());
    Ok((packed, bytes, plain, hash))
}
