//! Finding items by what a person types.

pub(super) mod fold;
pub(super) mod index;
