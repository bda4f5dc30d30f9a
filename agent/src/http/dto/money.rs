//! Money over the wire: whole minor units; the text is for people.

use crate::http::problem::Problem;
use commerce::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Money, example = json!({"minor": 1250, "currency": "EUR", "text": "12.50"}))]
pub struct MoneyView {
    /// Whole minor units: cents for EUR, yen for JPY.
    minor: i64,
    /// ISO 4217.
    currency: Cow<'static, str>,
    /// In major units, for people.
    text: String,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self {
            minor: money.minor(),
            currency: Cow::Borrowed(money.currency().code()),
            text: money.amount_text(),
        }
    }
}

/// `12.50 EUR`
impl fmt::Display for MoneyView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.currency)
    }
}

impl MoneyView {
    /// An amount of so many minor units, as rows hold it.
    pub(in crate::http) fn of(minor: i64, currency: Currency) -> Result<Self, Problem> {
        Ok(Money::new(minor, currency)?.into())
    }
}

/// An amount of money in a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoneyGiven, example = json!({"minor": 1250, "currency": "EUR"}))]
pub(in crate::http) struct MoneyGiven {
    /// Whole minor units.
    minor: i64,
    /// ISO 4217; must be the store's.
    currency: String,
    /// Ignored, so that an amount can be sent back as it came.
    #[serde(default, rename = "text")]
    #[schema(read_only)]
    _text: Option<String>,
}

impl MoneyGiven {
    /// The amount, in the store's currency.
    pub fn money(&self, currency: Currency) -> Result<Money, Problem> {
        let given = Currency::parse(&self.currency)?;
        if given != currency {
            return Err(MoneyError::Mismatch(given, currency).into());
        }
        Ok(Money::new(self.minor, currency)?)
    }
}
