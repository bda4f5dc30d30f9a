//! `till sell`: a cashier at a terminal, through the till's HTTP API and nothing else.
//!
//! | module | holds |
//! | --- | --- |
//! | [`args`] | the command line's part: who sells, where, what |
//! | [`entry`], [`parse`], [`help`] | what a cashier can want, read from a line, and the list of it |
//! | `cashier`, `paying`, `running`, `closing` | entries carried out: basket, money, shift and drawer |
//! | `coming` | a script's wait for another till's basket |
//! | `payments`, `waiting`, `words` | card payments: what to do, the wait, what is said of them |
//! | `notices` | what is told unasked |
//! | [`client`], `wire` | HTTP, and the API's answers |
//! | `tables` | its lists as tables |
//! | [`view`], [`show`] | what is seen, and how it is laid out |
//! | `screen`, `leaving` | the person's terminal, a script, prompts; Ctrl-C |
//!
//! Rules of the trade are the till's: nothing here decides about money.

pub mod args;
mod cashier;
pub mod client;
mod closing;
mod coming;
pub mod entry;
mod error;
pub mod help;
mod leaving;
mod notices;
pub mod parse;
mod paying;
mod payments;
mod running;
mod screen;
pub mod show;
mod tables;
pub mod view;
mod waiting;
mod wire;
mod words;

pub use args::{Sell, run};
pub use error::SellError;
