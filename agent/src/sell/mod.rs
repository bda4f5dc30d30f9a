//! `till sell`: a cashier at a terminal, through the till's HTTP API and nothing else.
//!
//! | module | holds |
//! | --- | --- |
//! | [`args`] | the command line's part: who sells, where, what |
//! | [`parse`] | a typed line as an entry |
//! | `cashier`, `paying`, `running` | entries carried out: basket, money, shift and drawer |
//! | [`client`], `wire` | HTTP, and the API's answers |
//! | `tables` | its lists as tables |
//! | [`view`], [`show`] | what is seen, and how it is laid out |
//! | `screen` | the person's terminal, a script, prompts |
//!
//! Rules of the trade are the till's: nothing here decides about money.

pub mod args;
mod cashier;
pub mod client;
mod error;
pub mod parse;
mod paying;
mod running;
mod screen;
pub mod show;
mod tables;
pub mod view;
mod wire;

pub use args::{Sell, run};
pub use error::SellError;
