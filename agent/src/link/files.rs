//! The till's two files as the links use them: `till.db` for reading, beside the till loop, and
//! `catalogue.db` with the one writer of the hub's streams.

use super::books::TillBooks;
use crate::home::{Home, HomeError, wall_clock};
use crate::store::catalogue::Downstream;
use crate::store::catalogue::downstream::DownstreamError;
use crate::store::open::OpenOptions;
use crate::store::till::{Shelf, TillStoreError};

/// Why the files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The key that seals what is sent.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// `till.db`.
    #[error(transparent)]
    Till(#[from] TillStoreError),
    /// `catalogue.db`.
    #[error(transparent)]
    Catalogue(#[from] DownstreamError),
}

/// Both files. Their connections are one thread's: what it writes holds up no sale.
pub(super) struct Files {
    pub shelf: Shelf,
    pub downstream: Downstream,
}

impl Files {
    /// Opens both; pushes whose instant came while the till was off count when this returns.
    ///
    /// # Errors
    /// When one of them can't be read, or the catalogue not be written.
    pub fn open(home: &Home) -> Result<Self, FilesError> {
        let downstream = Downstream::open(&OpenOptions::new(home.catalogue_db()), wall_clock())?;
        let shelf = Shelf::open(&OpenOptions::new(home.till_db()), home.sealing_key()?)?;
        Ok(Self { shelf, downstream })
    }

    /// The books over both.
    pub const fn books(&self) -> TillBooks<'_> {
        TillBooks::new(self.shelf.books(), self.downstream.books())
    }
}
