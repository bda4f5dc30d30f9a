//! Why a snapshot was not taken up.

use crate::store::open::StoreError;
use std::io;
use std::path::{Path, PathBuf};
use sync::log::StreamId;
use sync::snapshot::container::HeadError;
use sync::store::LogError;
use sync::store::catalogue::StageError;

/// Why a snapshot was not taken up. The catalogue is as it was.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The snapshot's file can't be read.
    #[error("{}: {source}", file.display())]
    Reading {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not begin as a snapshot does.
    #[error("{}: {source}", file.display())]
    Head {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: HeadError,
    },
    /// It can't be believed or laid out.
    #[error("{}: {source}", file.display())]
    Stage {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: StageError,
    },
    /// A file beside the catalogue can't be written, or the catalogue can't be exchanged.
    #[error("{}: {source}. Check that the folder belongs to the till's user and has room", file.display())]
    Writing {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is another store's.
    #[error("the snapshot is of store {theirs}, this till stands in {ours}: take one of {ours}")]
    OtherStore {
        /// This till's.
        ours: String,
        /// The snapshot's.
        theirs: String,
    },
    /// Its prices are in another currency.
    #[error(
        "the snapshot's prices are in {theirs}, this store sells in {ours}: take one in {ours}"
    )]
    OtherCurrency {
        /// This till's.
        ours: String,
        /// The snapshot's.
        theirs: String,
    },
    /// What is here is further.
    #[error(
        "the snapshot is older than what is here: it has the {stream} up to entry {there}, this till up to {here}. There is nothing to gain from it"
    )]
    Older {
        /// The stream.
        stream: StreamId,
        /// Where it stands here.
        here: u64,
        /// Where the snapshot has it.
        there: u64,
    },
    /// What is here ends otherwise.
    #[error(
        "the snapshot's {0} ends with another entry than this till's: two branches of it are about, tell headquarters"
    )]
    Forked(StreamId),
    /// The catalogue was changed while the snapshot was laid out, time and again.
    #[error("{}: is being written to by an import or by the hub. Try again when that is done", .0.display())]
    Busy(PathBuf),
    /// The catalogue.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log's tables in it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl TakeError {
    pub(super) fn reading(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Reading { file, source }
    }

    pub(super) fn writing(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Writing { file, source }
    }
}
