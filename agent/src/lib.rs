//! The till agent: what runs on a till's own hardware.

pub mod import;
pub mod store;
