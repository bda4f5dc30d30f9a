//! The price of an instant.
