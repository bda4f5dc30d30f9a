//! A real mosquitto with mutual TLS and a rule for each till, and a line to it that can be cut:
//! for every test that wants a broker as it is in the field.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use tests::broker::{Chain, Mosquitto, Settings};
//! let chain = Chain::new("acme");
//! let settings = Settings { tills: vec![("HH01", "till-1")], ..Settings::default() };
//! let broker = Mosquitto::start(&chain, &settings)?;
//! let till = chain.tls(&chain.till("HH01", "till-1"))?;
//! # let _ = (broker.port(), till);
//! # Ok(()) }
//! ```

mod chain;
mod config;
mod fetch;
mod mosquitto;
mod proxy;
#[cfg(test)]
mod tests;

#[path = "../../../sync/src/link/testing.rs"]
pub mod certificates;

pub use chain::Chain;
pub use config::Settings;
pub use fetch::mosquitto_binary;
pub use mosquitto::Mosquitto;
pub use proxy::Proxy;
