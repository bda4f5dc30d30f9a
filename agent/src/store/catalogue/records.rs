//! What the catalogue holds, as the rest of the agent sees it.
//!
//! Types of the trade come from `commerce`; here are the ones that only the store's own records
//! need. Built by the import (which validates) and by the loaders of this module's siblings.

use commerce::code::{Gtin, Pattern};
use commerce::staff::{Role, StaffId};
use commerce::tax::{Rate, TaxRounding};
use commerce::{Currency, Unit};
use jiff::tz::TimeZone;

/// An item's number inside one `catalogue.db`. Dense from 1; journals name SKU and GTIN instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(pub(super) u32);

impl ItemId {
    /// The number as an index: ids are dense, so a list by it has few holes.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Something for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number in this file.
    pub id: ItemId,
    /// Its key everywhere else, 1 to 24 characters.
    pub sku: String,
    /// As printed, 1 to 60 characters.
    pub name: String,
    /// What it is sold by.
    pub unit: Unit,
    /// The id of its tax class.
    pub tax_class: String,
    /// Its department; empty for none.
    pub department: String,
    /// Whole years the customer must have reached; 0 for everyone.
    pub minimum_age: u8,
}

/// An item as a file states it, with all codes that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The line of the file, for what is wrong with it.
    pub line: u64,
    /// Its key.
    pub sku: String,
    /// As printed.
    pub name: String,
    /// What it is sold by.
    pub unit: Unit,
    /// The id of its tax class.
    pub tax_class: String,
    /// Its department; empty for none.
    pub department: String,
    /// Its barcodes.
    pub barcodes: Vec<Gtin>,
    /// Keyed for loose goods.
    pub short_code: Option<u32>,
    /// The item part of in-store codes: 1 to 8 digits, zeros in front included.
    pub in_store_item: Option<String>,
    /// Whole years; 0 for everyone.
    pub minimum_age: u8,
}

/// Who the shop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Part of every receipt number: 1 to 12 of `A-Z`, `0-9`.
    pub code: String,
    /// The shop's name.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postal code.
    pub postcode: String,
    /// City.
    pub city: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Empty for none.
    pub phone: String,
    /// As the law asks for it on receipts.
    pub tax_number: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// The clock on the shop's wall.
    pub time_zone: TimeZone,
    /// Where taxes are rounded.
    pub tax_rounding: TaxRounding,
    /// When the business day begins, in minutes after local midnight.
    pub day_starts_minute: u16,
    /// How scales and counters lay out their codes, in the order they are tried.
    pub in_store_patterns: Vec<Pattern>,
    /// The patterns as written, separated by spaces.
    pub in_store_pattern_text: String,
    /// The receipt's last lines; empty for none.
    pub receipt_footer: String,
}

/// A reason that staff can give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its id in files and exports.
    pub id: String,
    /// The act it is for.
    pub kind: ReasonKind,
    /// In words.
    pub name: String,
}

/// The act that a reason explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonKind {
    /// Money off a line or the basket.
    Discount,
    /// Another unit price.
    Override,
    /// A line taken out of the cart.
    Void,
    /// Cash put into the drawer without a sale.
    PaidIn,
    /// Cash taken out without a sale.
    PaidOut,
    /// The drawer opened without a sale.
    NoSale,
    /// Money back.
    Refund,
    /// A cart given up, or the last sale voided.
    Cancel,
}

impl ReasonKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Discount,
        Self::Override,
        Self::Void,
        Self::PaidIn,
        Self::PaidOut,
        Self::NoSale,
        Self::Refund,
        Self::Cancel,
    ];

    /// The name used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discount => "discount",
            Self::Override => "override",
            Self::Void => "void",
            Self::PaidIn => "paid_in",
            Self::PaidOut => "paid_out",
            Self::NoSale => "no_sale",
            Self::Refund => "refund",
            Self::Cancel => "cancel",
        }
    }

    /// Reads a kind's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A person who may use the till. Their PIN's verifier is in `till.db`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// What they log in with.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The largest discount alone; none is the role's default.
    pub discount_limit: Option<Rate>,
    /// The largest price change alone; none is the role's default.
    pub override_limit: Option<Rate>,
    /// The largest refund alone in minor units; none is the role's default.
    pub refund_limit_minor: Option<i64>,
}

/// The name of a rounding in files.
#[must_use]
pub const fn rounding_name(rounding: TaxRounding) -> &'static str {
    match rounding {
        TaxRounding::Line => "line",
        TaxRounding::Receipt => "receipt",
    }
}

/// Reads the name of a rounding.
#[must_use]
pub fn parse_rounding(name: &str) -> Option<TaxRounding> {
    [TaxRounding::Line, TaxRounding::Receipt]
        .into_iter()
        .find(|rounding| rounding_name(*rounding) == name)
}
