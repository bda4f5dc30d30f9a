//! The till among its peers: the shop's other tills, and the hub.
//!
//! | module | holds |
//! | --- | --- |
//! | [`host`] | the exchange with everything that it asks of the till, without I/O |
//!
//! A sale never waits for any of it: the till loop commits, and this follows.

pub mod host;
