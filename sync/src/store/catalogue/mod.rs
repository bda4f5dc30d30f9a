//! `catalogue.db` as tills and hubs have it alike: its schema, and snapshots made of it and taken up.
//!
//! Opens no file that anyone reads or writes: a snapshot is staged in a file of its own, which the
//! agent's store then puts in the place of the one in use. What rows mean is left to the agent's
//! and the hub's stores, which look things up and import.

mod build;
mod make;
mod make_pages;
mod stage;
mod standing;
mod tables;

pub use build::complete;
pub use make::{MakeError, Plan, make_file};
pub use make_pages::make_pages;
pub use stage::{StageError, Staged};
pub use standing::{Compared, compare};

/// The schema of `catalogue.db`, step by step; the first is version 1, and each is one more. A
/// shipped one is never edited.
pub const CATALOGUE_SCHEMA: [&str; 7] = [
    include_str!("schema/v1.sql"),
    super::SCHEMA,
    super::SCHEMA_2,
    super::prices::PRICES_SCHEMA,
    include_str!("schema/v5.sql"),
    include_str!("schema/v6.sql"),
    include_str!("schema/v7.sql"),
];

/// The version that [`CATALOGUE_SCHEMA`] comes to.
pub const CATALOGUE_VERSION: u32 = 7;

/// The first version that carries the hub's settings.
const WITH_SETTINGS: u32 = 7;
const _: () = assert!(CATALOGUE_SCHEMA.len() == CATALOGUE_VERSION as usize);
