//! What replicas agree on.

pub mod body;
pub mod clock;
pub mod log;
pub mod store;
