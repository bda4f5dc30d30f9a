//! End to end.

pub mod vfs;
