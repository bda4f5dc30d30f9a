//! The till agent: what runs on a till's own hardware.
//!
//! | module | holds |
//! | --- | --- |
//! | [`store`] | the two SQLite files: catalogue and till |
//! | [`till`] | the till loop: one event in, facts durable, answer and effects out |
//! | [`home`] | the till's folder: secrets, witness, quarantine |
//! | [`enrol`] | becoming one of a chain, and a chain's own authority |
//! | [`runtime`] | the loop's thread and the devices around it |
//! | [`snapshot`] | the hub's catalogue taken up from one file |
//! | [`import`], [`receipt`], [`replay`] | master data in, paper out, real baskets through |
//! | [`config`] | `agent.toml` |

// A reader that is gone makes `println!` panic; `cli::out` says what a command has to say.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod auth;
pub mod cli;
pub mod config;
pub mod emulate;
pub mod enrol;
pub mod home;
pub mod http;
pub mod import;
pub mod link;
mod plural;
pub mod receipt;
pub mod replay;
pub mod runtime;
pub mod sell;
pub mod snapshot;
pub mod store;
pub mod till;
pub mod upkeep;
