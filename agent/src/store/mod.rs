//! What the till keeps: two SQLite files.
//!
//! | module | holds |
//! | --- | --- |
//! | [`open`] | how either file is opened, checked and migrated |
//! | [`catalogue`] | `catalogue.db`: what headquarters decides: items, prices, taxes, staff |
//! | [`backup`] | copying a file in use |
//! | [`glance`] | whether there is anything to sell |
//! | [`till`] | `till.db`: the journal, what it folds into, work under way |

pub use rusqlite::Connection;

pub mod backup;
pub mod catalogue;
pub mod glance;
pub mod open;
pub mod till;
