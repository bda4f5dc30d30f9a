//! The API's answers as far as the cashier needs them, and how they become what is shown.

use super::view::{Basket, Line, Table};
use serde::{Deserialize, Serialize};

/// An amount.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Amount {
    pub minor: i64,
    pub currency: String,
    #[serde(default)]
    pub text: String,
}

impl From<commerce::Money> for Amount {
    fn from(money: commerce::Money) -> Self {
        let currency = money.currency().code().to_owned();
        Self { minor: money.minor(), currency, text: money.amount_text() }
    }
}

/// The store's settings, as far as amounts, tenders and reasons need them.
#[derive(Debug, Deserialize)]
pub(super) struct Settings {
    pub store: Store,
    pub tenders: Vec<Tender>,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Store {
    pub name: String,
    pub currency: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tender {
    pub tender: String,
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    pub reason: String,
    pub kind: String,
    pub name: String,
}

impl Settings {
    /// A reason in words.
    fn words(&self, id: &str) -> String {
        let found = self.reasons.iter().find(|reason| reason.reason == id);
        found.map_or_else(|| id.to_owned(), |reason| reason.name.clone())
    }

    /// The reasons as a table.
    pub fn reasons(&self) -> Table {
        let mut table = Table::new(&["for", "reason", "in words"]);
        let row = |reason: &Reason| {
            vec![reason.kind.replace('_', " "), reason.reason.clone(), reason.name.clone()]
        };
        table.rows = self.reasons.iter().map(row).collect();
        table
    }
}

/// What a request came to.
#[derive(Debug, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(super) enum Answer {
    Cart { cart: Box<Cart> },
    CartEnded {},
    ClaimAsked { cart: u64 },
    Receipt { receipt: String },
    Sold { receipt: String, change: Amount },
    Payment { payment: u64 },
    ReturnOpen {},
    Returned { receipt: String },
    Shift { shift: u32 },
    Job { job: u64 },
    Done {},
}

/// Who is logged in.
#[derive(Debug, Deserialize)]
pub(super) struct LoggedIn {
    pub name: String,
    pub csrf: String,
}

/// A cart.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cart {
    #[serde(default)]
    pub lines: Vec<CartLine>,
    #[serde(default)]
    pub basket_discounts: Vec<Discount>,
    #[serde(default)]
    pub tenders: Vec<TenderLine>,
    pub total: Amount,
    pub due: Amount,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct CartLine {
    pub line: u32,
    pub name: String,
    pub quantity: String,
    pub unit: String,
    pub price: String,
    pub listed_price: Option<String>,
    pub extended: Option<Amount>,
    #[serde(default)]
    pub discounts: Vec<Discount>,
    #[serde(default)]
    pub voided: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Discount {
    pub reason: String,
    pub value: String,
    pub amount: Option<Amount>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TenderLine {
    pub name: String,
    pub amount: Amount,
    pub payment: Option<u64>,
}

/// The baskets of the till.
#[derive(Debug, Deserialize)]
pub(super) struct CartList {
    pub current: Option<u64>,
    pub carts: Vec<CartRow>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CartRow {
    pub cart: u64,
    pub name: String,
    pub here: bool,
    pub held_by: Option<u16>,
    pub state: String,
    pub label: Option<String>,
    pub lines: u64,
    pub total: Amount,
}

/// Items that were found.
#[derive(Debug, Deserialize)]
pub(super) struct ItemList {
    pub items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub price: Option<String>,
    pub price_reason: Option<String>,
}

/// A card payment.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Payment {
    pub payment: u64,
    /// The cart or return it is for.
    pub cart: u64,
    pub kind: String,
    pub asked: Amount,
    pub moved: Amount,
    pub state: State,
    pub why: Option<String>,
    /// Whether the till goes on asking the terminal by itself.
    #[serde(default)]
    pub asking: bool,
    pub used: bool,
    pub progress: Option<String>,
}

/// How a card payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    UnderWay,
    Unknown,
    Approved,
    Declined,
    NotSent,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnderWay => "under way",
            Self::Unknown => "unknown",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::NotSent => "not sent",
        }
    }

    /// Whether it may still become anything.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::UnderWay | Self::Unknown)
    }

    /// Whether it ended, and nothing moved.
    pub const fn is_over_unpaid(self) -> bool {
        matches!(self, Self::Declined | Self::NotSent)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct PaymentList {
    pub payments: Vec<Payment>,
}

/// The return under way, if there is one.
#[derive(Debug, Deserialize)]
pub(super) struct CurrentReturn {
    #[serde(rename = "return")]
    pub open: Option<OpenReturn>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OpenReturn {
    pub number: u64,
    /// The receipt it gives back.
    pub of: String,
    pub payouts: Vec<Payout>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Payout {
    pub tender: String,
    pub amount: Amount,
    pub payment: Option<u64>,
}

/// How the till is.
#[derive(Debug, Deserialize)]
pub(super) struct TillStatus {
    pub store_name: String,
    pub till: u16,
    pub shift: Option<Shift>,
    pub cart: Option<u64>,
    pub open_return: Option<u64>,
    pub spool: Spool,
    pub devices: Vec<Device>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Spool {
    pub waiting: u64,
    pub stuck: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Device {
    pub name: String,
    pub kind: String,
    pub endpoint: String,
    pub health: String,
    pub why: Option<String>,
}

/// What waits for the printer.
#[derive(Debug, Deserialize)]
pub(super) struct JobList {
    pub jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub job: u64,
    pub kind: String,
    pub number: u32,
    pub state: String,
    #[serde(default)]
    pub why: String,
}

/// A shift's report, for what should be in the drawer.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub totals: Vec<ReportRow>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReportRow {
    pub kind: String,
    pub key: String,
    pub amount: Amount,
}

/// Receipts, the newest first.
#[derive(Debug, Deserialize)]
pub(super) struct ReceiptList {
    pub receipts: Vec<ReceiptRow>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReceiptRow {
    pub receipt: String,
}

/// A receipt, for its lines and card payments.
#[derive(Debug, Deserialize)]
pub(super) struct Receipt {
    pub lines: Vec<ReceiptLine>,
    pub tenders: Vec<TenderLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReceiptLine {
    pub line: u32,
    pub quantity: String,
    pub returned: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shift {
    pub shift: u32,
    pub opened_at: String,
    pub opened_by: String,
}

/// The quantity with its unit, where that is not the piece.
fn measure(quantity: &str, unit: &str) -> String {
    if unit == "each" { quantity.to_owned() } else { format!("{quantity} {unit}") }
}

/// A cart as it is shown.
pub(super) fn basket(cart: &Cart, settings: &Settings) -> Basket {
    let discounts = cart.basket_discounts.iter().map(|given| {
        let off = given.amount.as_ref().map(|amount| amount.text.clone());
        (words(given, settings), off.unwrap_or_default())
    });
    let tenders = cart.tenders.iter();
    Basket {
        lines: cart
            .lines
            .iter()
            .filter(|line| !line.voided)
            .map(|row| line(row, settings))
            .collect(),
        discounts: discounts.collect(),
        tenders: tenders.map(|tender| (tender.name.clone(), tender.amount.text.clone())).collect(),
        total: cart.total.text.clone(),
        due: cart.due.text.clone(),
        currency: cart.total.currency.clone(),
    }
}

fn line(line: &CartLine, settings: &Settings) -> Line {
    let listed = line.listed_price.iter().map(|listed| (format!("listed at {listed}"), None));
    let discounts = line.discounts.iter().map(|given| {
        (words(given, settings), given.amount.as_ref().map(|amount| amount.text.clone()))
    });
    Line {
        number: line.line,
        name: line.name.clone(),
        quantity: measure(&line.quantity, &line.unit),
        price: line.price.clone(),
        amount: line.extended.as_ref().map(|amount| amount.text.clone()).unwrap_or_default(),
        notes: listed.chain(discounts).collect(),
    }
}

/// A discount in words: `Loyalty card 10 %`, or its reason alone where an amount is given.
fn words(given: &Discount, settings: &Settings) -> String {
    let reason = settings.words(&given.reason);
    if given.value.ends_with('%') { format!("{reason} {}", given.value) } else { reason }
}
