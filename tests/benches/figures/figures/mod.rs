//! The figures, each in a file of its own: what is promised, how it is measured, what came out.

mod broker;
mod cold;
mod exchange;
mod floor;
mod growth;
mod http;
mod import;
mod lookup;
mod pages;
mod push;
mod replay;
mod scan;
mod settle;
mod start;

use crate::data::Data;
use anyhow::Result;

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At most this many times the baseline.
    Times(f64),
    /// At least this share of the baseline.
    Share(f64),
    /// At most this, in the figure's unit.
    Most(f64),
    /// The same as the baseline.
    Equal,
}

/// One figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// A name that stays, for whoever compares runs.
    pub name: &'static str,
    /// What it is, in words.
    pub what: String,
    pub value: f64,
    pub unit: &'static str,
    /// What plain rusqlite (or the smaller till) came to.
    pub baseline: Option<f64>,
    pub target: Target,
    /// How it was measured, and what else is worth knowing.
    pub how: String,
    /// Seconds and what was weighed then, for a chart.
    pub trace: Vec<(f64, f64)>,
}

impl Figure {
    pub fn ratio(&self) -> Option<f64> {
        self.baseline.filter(|baseline| *baseline != 0.0).map(|baseline| self.value / baseline)
    }

    pub fn hit(&self) -> bool {
        match self.target {
            Target::Times(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Target::Share(least) => self.ratio().is_some_and(|ratio| ratio >= least),
            Target::Most(most) => self.value <= most,
            Target::Equal => self.baseline == Some(self.value),
        }
    }
}

/// What measures one or several figures.
pub type Measure = fn(&Data) -> Result<Vec<Figure>>;

/// Every figure, in the order of the report.
pub const ALL: &[(&str, Measure)] = &[
    ("lookup", lookup::measure),
    ("import", import::measure),
    ("scan", scan::measure),
    ("scan-http", http::measure),
    ("push", push::applied),
    ("push-scan", push::scanned),
    ("cold", cold::measure),
    ("settle", settle::measure),
    ("start", start::measure),
    ("memory-replay", replay::measure),
    ("pages", pages::measure),
    ("growth", growth::measure),
    ("exchange", exchange::measure),
    ("push-broker", broker::crossed),
    ("memory-push", broker::weighed),
    ("hand-over", floor::handed_over),
    ("idle", floor::idle),
];
