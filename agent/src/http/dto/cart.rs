//! Carts: what is asked of them and how they are shown.

use super::money::{MoneyGiven, MoneyView};
use super::paid::{TaxRow, TenderLine, tax_rows};
use super::session::Approval;
use crate::till;
use commerce::cart::{Cart, CartState, Line, LineTotal};
use commerce::discount::{Discount, DiscountValue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something to be added.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Add {
    /// A barcode, SKU, short code, or a receipt's code; as scanned or keyed.
    #[schema(example = "101")]
    pub code: String,
    /// How much, as a decimal; one when nothing is said.
    #[schema(example = "2")]
    pub quantity: Option<String>,
}

/// A line's new quantity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewQuantity {
    /// As a decimal.
    #[schema(example = "3")]
    pub quantity: String,
}

/// Another price for a line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewPrice {
    /// For one unit, or for N of them: `2.299`, `3/1.00`.
    #[schema(example = "0.99")]
    pub price: String,
    /// The id of a reason of kind `override`.
    pub reason: String,
    /// Needed beyond the limit of whoever asks.
    pub approval: Option<Approval>,
}

/// Money off: a percentage or an amount, not both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewDiscount {
    /// As a decimal: `10` is 10 %.
    #[schema(example = "10")]
    pub percent: Option<String>,
    /// An amount.
    pub amount: Option<MoneyGiven>,
    /// The id of a reason of kind `discount`.
    pub reason: String,
    /// Needed beyond the limit of whoever asks.
    pub approval: Option<Approval>,
}

/// A cart to be set aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Park {
    /// What to find it by.
    pub label: String,
}

/// A cart or a line to be given up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct GiveUp {
    /// The id of a reason of kind `cancel`.
    pub reason: Option<String>,
}

/// A cart to be taken from a till that can't be reached.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Force {
    /// The approval of a manager, where the person is none.
    pub approval: Option<Approval>,
}

/// A tender that needs no terminal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewTender {
    /// The tender's id.
    #[schema(example = "cash")]
    pub tender: String,
    /// How much is handed over.
    pub amount: MoneyGiven,
    /// The number of a voucher or coupon.
    pub reference: Option<String>,
}

/// A payment by card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewCardPayment {
    /// The tender's id.
    #[schema(example = "card")]
    pub tender: String,
    /// How much; all that is due when nothing is said.
    pub amount: Option<MoneyGiven>,
}

/// A cart in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CartRow {
    /// Its number.
    pub cart: u64,
    /// The number as people read it.
    #[schema(example = "3-17")]
    pub name: String,
    /// Whether this till holds it; another till's is shown, and claimed before it is changed.
    pub here: bool,
    /// The number of the till that holds it, where that is another one and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<u16>,
    /// `open` or `parked`.
    pub state: &'static str,
    /// What a parked one is found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Lines that were not voided.
    pub lines: usize,
    /// What it comes to.
    pub total: MoneyView,
}

/// One of several sales of one cart.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CartSale {
    /// The cart.
    pub cart: u64,
    /// The sale's receipt.
    #[schema(example = "HH01-1-1-000001")]
    pub receipt: String,
}

/// The shop's carts, at the tills and parked.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CartList {
    /// The cart at the till, where scans go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// This till's in the order opened, then those of other tills.
    pub carts: Vec<CartRow>,
    /// Carts that more than one till sold, after one was taken without its holder's grant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sold_twice: Vec<CartSale>,
}

/// A cart with its amounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(in crate::http) struct CartShown {
    /// Its number.
    cart: u64,
    /// The number as people read it.
    #[schema(example = "3-17")]
    name: String,
    /// Whether this till holds it; another till's is shown, and claimed before it is changed.
    here: bool,
    /// The number of the till that holds it, where that is another one and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<u16>,
    /// `open` or `parked`.
    state: &'static str,
    /// What a parked one is found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Whose it is, where they said so: the id of a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// All lines, voided ones too.
    lines: Vec<CartLine>,
    /// Discounts on the whole basket.
    basket_discounts: Vec<GivenDiscount>,
    /// What was tendered so far.
    tenders: Vec<TenderLine>,
    /// The tax table.
    taxes: Vec<TaxRow>,
    /// Lines at the prices charged, before discounts.
    extended: MoneyView,
    /// All discounts.
    discounts: MoneyView,
    /// What the customer pays.
    total: MoneyView,
    /// What was tendered.
    tendered: MoneyView,
    /// What is still due.
    due: MoneyView,
    /// What goes back.
    change: MoneyView,
    /// The card payment under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    paying: Option<u64>,
    /// The line the request was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// A line of a cart.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CartLine {
    /// Its number in the cart.
    line: u32,
    /// The shop's own number of the item.
    sku: String,
    /// The barcode it was added by.
    #[serde(skip_serializing_if = "Option::is_none")]
    gtin: Option<String>,
    /// The item's name.
    name: String,
    /// As a decimal.
    quantity: String,
    /// `each`, `kg`, `lb`, `l`, `gal` or `m`.
    unit: &'static str,
    /// The price charged for a unit, or for N of them: `2.299`, `3/1.00`.
    price: String,
    /// The listed price, where another is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_price: Option<String>,
    /// At the price charged, before discounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    extended: Option<MoneyView>,
    /// The line's own discounts.
    discounts: Vec<GivenDiscount>,
    /// After all discounts, the basket's share included.
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<MoneyView>,
    /// Whether it was taken off.
    voided: bool,
}

/// A discount.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct GivenDiscount {
    /// The reason's id.
    reason: String,
    /// As given: `10 %` or `2.50 EUR`.
    value: String,
    /// What it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyView>,
    /// Who gave it.
    by: String,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
}

/// `open` or `parked`, with the label.
pub(in crate::http) fn state_of(cart: &Cart) -> (&'static str, Option<String>) {
    match &cart.state {
        CartState::Open => ("open", None),
        CartState::Parked { label } => ("parked", Some(label.clone())),
    }
}

impl From<till::CartView> for CartShown {
    fn from(view: till::CartView) -> Self {
        let till::CartView { cart, totals, paying, line, elsewhere } = view;
        let (state, label) = state_of(&cart);
        // Amounts stand in the order of the lines that are not voided.
        let mut amounts = totals.lines.iter().peekable();
        let mut shown =
            |line: &Line| line_of(line, amounts.next_if(|next| next.number == line.number));
        let basket = |position: usize| {
            let shares =
                totals.lines.iter().filter_map(|line| line.basket_shares.get(position).copied());
            commerce::Money::sum(cart.currency, shares).ok()
        };
        let basket_discounts = cart.basket_discounts.iter().enumerate();
        Self {
            cart: cart.id.0,
            name: cart.id.to_string(),
            here: elsewhere.is_none(),
            held_by: elsewhere.and_then(|holder| holder.till),
            state,
            label,
            customer: cart.customer.map(|customer| customer.to_string()),
            lines: cart.lines.iter().map(&mut shown).collect(),
            basket_discounts: basket_discounts
                .map(|(position, given)| discount(given, basket(position)))
                .collect(),
            tenders: cart.tenders.iter().map(TenderLine::from).collect(),
            taxes: tax_rows(&totals.taxes),
            extended: totals.extended.into(),
            discounts: totals.discounts.into(),
            total: totals.total.into(),
            tendered: totals.tendered.into(),
            due: totals.due.into(),
            change: totals.change.into(),
            paying,
            line,
        }
    }
}

fn line_of(line: &Line, amounts: Option<&LineTotal>) -> CartLine {
    let off =
        |position: usize| amounts.and_then(|amounts| amounts.discounts.get(position).copied());
    CartLine {
        line: line.number,
        sku: line.item.sku.clone(),
        gtin: line.item.gtin.map(|gtin| gtin.to_string()),
        name: line.item.name.clone(),
        quantity: line.quantity.amount_text(),
        unit: line.quantity.unit().code(),
        price: line.unit_price().amount_text(),
        listed_price: line.price_override.as_ref().map(|_| line.price.amount_text()),
        extended: amounts.map(|amounts| amounts.extended.into()),
        discounts: line
            .discounts
            .iter()
            .enumerate()
            .map(|(position, given)| discount(given, off(position)))
            .collect(),
        net: amounts.map(|amounts| amounts.net.into()),
        voided: line.void.is_some(),
    }
}

fn discount(given: &Discount, amount: Option<commerce::Money>) -> GivenDiscount {
    GivenDiscount {
        reason: given.reason.clone(),
        value: match given.value {
            DiscountValue::Amount(amount) => amount.to_string(),
            DiscountValue::Percent(rate) => rate.to_string(),
        },
        amount: amount.map(MoneyView::from),
        by: given.by.to_string(),
        approved_by: given.approved_by.as_ref().map(ToString::to_string),
    }
}
