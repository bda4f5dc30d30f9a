//! What the till keeps: two SQLite files.

pub mod catalogue;
pub mod open;
