//! Codes that identify items.
