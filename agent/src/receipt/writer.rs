//! How a shop writes figures, times and names: its currency's decimals, its country's marks, its
//! own clock.
//!
//! Nothing is computed here. A name that is gone from the settings is written as its id.

use super::words::Words;
use crate::store::catalogue::ReasonKind;
use crate::till::Settings;
use commerce::staff::StaffId;
use commerce::tax::Rate;
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;
use jiff::civil::Date;

/// Writes for one shop in one currency.
pub(super) struct Writer<'a> {
    pub settings: &'a Settings,
    pub words: &'static Words,
    currency: Currency,
}

impl<'a> Writer<'a> {
    /// For documents in `currency`: the fact's own, which outlives the settings'.
    pub fn new(settings: &'a Settings, currency: Currency) -> Self {
        Self { settings, words: Words::of(&settings.store.country), currency }
    }

    /// `12.50`
    pub fn money(&self, amount: Money) -> String {
        self.minor(amount.minor())
    }

    /// An amount of minor units, also one that is a sum beyond what one [`Money`] may hold.
    pub fn minor(&self, minor: i64) -> String {
        let sign = if minor < 0 { "-" } else { "" };
        let per_major = self.currency.minor_per_major().unsigned_abs();
        let (major, rest) = (minor.unsigned_abs() / per_major, minor.unsigned_abs() % per_major);
        match usize::try_from(self.currency.exponent()) {
            Ok(digits @ 1..) => format!("{sign}{major}{}{rest:0digits$}", self.words.decimal_mark),
            _ => format!("{sign}{major}"),
        }
    }

    /// `TOTAL EUR`
    pub fn with_currency(&self, word: &str) -> String {
        format!("{word} {}", self.currency)
    }

    /// `5`, `0.482 kg`: what is measured shows all its decimals, as the scale did.
    pub fn quantity(&self, quantity: Quantity) -> String {
        match quantity.unit() {
            Unit::Each => quantity.amount_text(),
            unit => {
                let thousandths = quantity.thousandths();
                let (whole, part) = (thousandths / 1000, thousandths % 1000);
                format!("{whole}{}{part:03} {unit}", self.words.decimal_mark)
            }
        }
    }

    /// `5 pcs`, `0.482 kg`
    pub fn quantity_counted(&self, quantity: Quantity) -> String {
        match quantity.unit() {
            Unit::Each => format!("{} {}", self.quantity(quantity), self.words.pieces),
            _ => self.quantity(quantity),
        }
    }

    /// How a line's amount came about: `5 × 1.09`, `5 at 3 for 1.00`, `0.482 kg × 2.99/kg`.
    pub fn quantity_at(&self, quantity: Quantity, price: UnitPrice) -> String {
        let unit = quantity.unit();
        let amount = self.price(price);
        let of = self.quantity(quantity);
        let per = price.per().get();
        match (per, unit) {
            (1, Unit::Each) => format!("{of} × {amount}"),
            (1, _) => format!("{of} × {amount}/{unit}"),
            (_, Unit::Each) => {
                format!("{of} {} {per} {} {amount}", self.words.at, self.words.for_price)
            }
            _ => format!("{of} {} {per} {unit} {} {amount}", self.words.at, self.words.for_price),
        }
    }

    /// A unit price: `2.299`, `3 for 1.00`.
    pub fn unit_price(&self, price: UnitPrice) -> String {
        match price.per().get() {
            1 => self.price(price),
            per => format!("{per} {} {}", self.words.for_price, self.price(price)),
        }
    }

    /// The amount of a unit price, for however many units it is.
    fn price(&self, price: UnitPrice) -> String {
        let text = price.amount_text();
        let amount = text.split_once('/').map_or(text.as_str(), |(_, amount)| amount);
        self.marked(amount)
    }

    /// `8.875 %`
    pub fn rate(&self, rate: Rate) -> String {
        self.marked(&rate.to_string())
    }

    fn marked(&self, decimal: &str) -> String {
        decimal.replace('.', &self.words.decimal_mark.to_string())
    }

    /// The store's local time, with the zone's letters: an hour comes twice in autumn.
    pub fn time(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.settings.store.time_zone.clone());
        local.strftime(self.words.time_format).to_string()
    }

    /// A trading day.
    pub fn day(&self, day: Date) -> String {
        day.strftime(self.words.day_format).to_string()
    }

    /// A person's name.
    pub fn person(&self, id: &'a StaffId) -> &'a str {
        self.settings.person(id).map_or(id.as_str(), |person| &person.name)
    }

    /// A reason's name.
    pub fn reason(&self, id: &'a str, kind: ReasonKind) -> &'a str {
        self.settings.reason(id, kind).map_or(id, |reason| &reason.name)
    }
}
