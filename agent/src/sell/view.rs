//! What the cashier sees, as plain texts: amounts without their currency, as the till wrote them.
//!
//! [`super::wire`] makes it of the API's answers, [`super::show`] lays it out.

/// A basket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basket {
    /// Its lines; voided ones are left out.
    pub lines: Vec<Line>,
    /// Discounts on the basket: what for, how much.
    pub discounts: Vec<(String, String)>,
    /// What was handed over: by what, how much.
    pub tenders: Vec<(String, String)>,
    /// What it comes to.
    pub total: String,
    /// What is still due.
    pub due: String,
    /// ISO 4217.
    pub currency: String,
}

/// A line of a basket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: u32,
    /// The item's name.
    pub name: String,
    /// How much of it, with its unit where it is not the piece.
    pub quantity: String,
    /// The price charged.
    pub price: String,
    /// Before discounts.
    pub amount: String,
    /// What changed it: in words, and what it took off, where it did.
    pub notes: Vec<(String, Option<String>)>,
}

/// What the till said no with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The kind's name, such as `unknown-code`.
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u64>,
}

/// Rows of texts under headings, in columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What the columns hold; those that begin with `>` stand right.
    pub headings: Vec<String>,
    /// As many texts as headings each.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self { headings: headings.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }
}
