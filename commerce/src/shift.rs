//! The shift: what each fact adds to its totals, and what X and Z are read from.

use crate::fact::{CashDirection, Fact};
use crate::money::{Currency, Money, MoneyError};
use crate::returns::{Return, ReturnKind};
use crate::sale::Sale;
use crate::tax::TaxTable;
use crate::tender::TenderKind;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What is totalled in a shift. The numbers stand in journals: never change or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TotalKind {
    /// The float.
    Float = 1,
    /// Sales, with what customers paid.
    Sales = 2,
    /// Refunds, with what was paid back.
    Refunds = 3,
    /// Post-voids, with what was paid back.
    PostVoids = 4,
    /// Lines sold, with their extension before discounts.
    Lines = 5,
    /// Discounts by reason.
    Discounts = 6,
    /// Overridden prices by reason, with how much less (or more, negative) was charged.
    Overrides = 7,
    /// Net of taxes by class; returns taken off.
    TaxNet = 8,
    /// Taxes by `class/tax`; returns taken off.
    Tax = 9,
    /// Tenders by id, less change and payouts.
    Tenders = 10,
    /// Cash in the drawer: float, cash tenders less change and payouts, paid in less paid out.
    DrawerCash = 11,
    /// Paid in by reason.
    PaidIn = 12,
    /// Paid out by reason.
    PaidOut = 13,
    /// Drawer opened without a sale, by reason.
    NoSales = 14,
    /// Lines voided before settling, with what they came to.
    VoidedLines = 15,
    /// Carts given up, with what they came to.
    CancelledCarts = 16,
    /// Lines returned, with their worth before exclusive taxes.
    ReturnedLines = 17,
}

impl TotalKind {
    /// Every kind, in the order of a report.
    pub const ALL: [Self; 17] = [
        Self::Float,
        Self::Sales,
        Self::Refunds,
        Self::PostVoids,
        Self::Lines,
        Self::Discounts,
        Self::Overrides,
        Self::TaxNet,
        Self::Tax,
        Self::Tenders,
        Self::DrawerCash,
        Self::PaidIn,
        Self::PaidOut,
        Self::NoSales,
        Self::VoidedLines,
        Self::CancelledCarts,
        Self::ReturnedLines,
    ];

    /// The number used on disk and on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The word in exports and answers: never change one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Sales => "sales",
            Self::Refunds => "refunds",
            Self::PostVoids => "post_voids",
            Self::Lines => "lines",
            Self::Discounts => "discounts",
            Self::Overrides => "overrides",
            Self::TaxNet => "tax_net",
            Self::Tax => "tax",
            Self::Tenders => "tenders",
            Self::DrawerCash => "drawer_cash",
            Self::PaidIn => "paid_in",
            Self::PaidOut => "paid_out",
            Self::NoSales => "no_sales",
            Self::VoidedLines => "voided_lines",
            Self::CancelledCarts => "cancelled_carts",
            Self::ReturnedLines => "returned_lines",
        }
    }
}

/// One total of a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftTotal {
    /// What is totalled.
    pub kind: TotalKind,
    /// The reason, tender or tax it is split by; empty where it is not split.
    pub key: String,
    /// How often.
    pub count: i64,
    /// How much, in minor units.
    pub amount: i64,
}

/// The totals a fact adds to its shift.
#[derive(Debug, Default)]
struct Additions(BTreeMap<(TotalKind, String), (i64, i64)>);

impl Additions {
    fn add(&mut self, kind: TotalKind, key: &str, count: i64, amount: i64) {
        let entry = self.0.entry((kind, key.to_owned())).or_insert((0, 0));
        entry.0 += count;
        entry.1 += amount;
    }

    fn into_totals(self) -> Vec<ShiftTotal> {
        self.0
            .into_iter()
            .map(|((kind, key), (count, amount))| ShiftTotal { kind, key, count, amount })
            .collect()
    }
}

/// What `fact` adds to the totals of its shift, each key once, in order.
#[must_use]
pub fn additions(fact: &Fact) -> Vec<ShiftTotal> {
    let mut totals = Additions::default();
    match fact {
        Fact::ShiftOpened(opened) => {
            totals.add(TotalKind::Float, "", 1, opened.float.minor());
            totals.add(TotalKind::DrawerCash, "", 0, opened.float.minor());
        }
        Fact::CashMoved(moved) => {
            let (kind, sign) = match moved.direction {
                CashDirection::In => (TotalKind::PaidIn, 1),
                CashDirection::Out => (TotalKind::PaidOut, -1),
            };
            totals.add(kind, &moved.reason, 1, moved.amount.minor());
            totals.add(TotalKind::DrawerCash, "", 0, sign * moved.amount.minor());
        }
        Fact::DrawerOpened(opened) => totals.add(TotalKind::NoSales, &opened.reason, 1, 0),
        Fact::CartCancelled(cart) => {
            totals.add(TotalKind::CancelledCarts, "", 1, cart.amount.minor())
        }
        Fact::Sold(sale) => add_sale(&mut totals, sale),
        Fact::Returned(returned) => add_return(&mut totals, returned),
        Fact::SeriesOpened(_)
        | Fact::PaymentIntended(_)
        | Fact::PaymentEnded(_)
        | Fact::PaymentPutRight(_)
        | Fact::StockCounted(_)
        | Fact::ShiftClosed(_) => {}
    }
    totals.into_totals()
}

fn add_sale(totals: &mut Additions, sale: &Sale) {
    totals.add(TotalKind::Sales, "", 1, sale.total.minor());
    // A discount on the basket stands on each line with its share, but was given once.
    let mut on_basket = BTreeSet::new();
    for line in &sale.lines {
        totals.add(TotalKind::Lines, "", 1, line.extended.minor());
        for discount in &line.discounts {
            let given = !discount.basket || on_basket.insert(discount.reason.as_str());
            let count = i64::from(given);
            totals.add(TotalKind::Discounts, &discount.reason, count, discount.amount.minor());
        }
        if let Some(change) = &line.price_override {
            let listed = change.listed.extend(line.quantity).map_or(0, Money::minor);
            totals.add(TotalKind::Overrides, &change.reason, 1, listed - line.extended.minor());
        }
    }
    for void in &sale.voided {
        totals.add(TotalKind::VoidedLines, "", 1, void.amount.minor());
    }
    add_taxes(totals, &sale.taxes, 1);
    for (tendered, kept) in sale.tenders.iter().zip(sale.kept()) {
        totals.add(TotalKind::Tenders, &tendered.tender.id, 1, kept);
        if tendered.tender.kind == TenderKind::Cash {
            totals.add(TotalKind::DrawerCash, "", 0, kept);
        }
    }
}

fn add_return(totals: &mut Additions, returned: &Return) {
    let kind = match returned.kind {
        ReturnKind::Refund => TotalKind::Refunds,
        ReturnKind::PostVoid => TotalKind::PostVoids,
    };
    totals.add(kind, "", 1, returned.total.minor());
    for line in &returned.lines {
        totals.add(TotalKind::ReturnedLines, "", 1, line.net.minor());
    }
    add_taxes(totals, &returned.taxes, -1);
    for payout in &returned.payouts {
        totals.add(TotalKind::Tenders, &payout.tender.id, 1, -payout.amount.minor());
        if payout.tender.kind == TenderKind::Cash {
            totals.add(TotalKind::DrawerCash, "", 0, -payout.amount.minor());
        }
    }
}

fn add_taxes(totals: &mut Additions, taxes: &TaxTable, sign: i64) {
    for row in &taxes.classes {
        totals.add(TotalKind::TaxNet, &row.class.id, 0, sign * row.net.minor());
        for (tax, amount) in row.class.taxes.iter().zip(&row.amounts) {
            let key = format!("{}/{}", row.class.id, tax.id);
            totals.add(TotalKind::Tax, &key, 0, sign * amount.minor());
        }
    }
}

/// The amount of one total among `totals`; nothing where it is missing.
///
/// # Errors
/// When the amount is out of range.
pub fn total_of(
    totals: &[ShiftTotal],
    kind: TotalKind,
    key: &str,
    currency: Currency,
) -> Result<Money, MoneyError> {
    let found = totals.iter().find(|total| total.kind == kind && total.key == key);
    Money::new(found.map_or(0, |total| total.amount), currency)
}

/// The trading day an instant belongs to, when days begin at `day_starts` store-local time.
#[must_use]
pub fn business_day(at: Timestamp, zone: &TimeZone, day_starts: Time) -> Date {
    let local = at.to_zoned(zone.clone()).datetime();
    if local.time() < day_starts {
        local.date().saturating_sub(Span::new().days(1))
    } else {
        local.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_day_turns_when_the_store_says() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let four = jiff::civil::time(4, 0, 0, 0);
        for (at, expected) in [
            ("2026-03-29T01:30:00Z", "2026-03-28"),
            ("2026-03-29T02:00:00Z", "2026-03-29"),
            ("2026-06-30T22:30:00Z", "2026-06-30"),
        ] {
            let day = business_day(at.parse().unwrap(), &berlin, four);
            assert_eq!(day.to_string(), expected, "{at}");
        }
        let midnight = Time::midnight();
        assert_eq!(
            business_day("2026-06-30T22:30:00Z".parse().unwrap(), &berlin, midnight).to_string(),
            "2026-07-01"
        );
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (position, kind) in (1..).zip(TotalKind::ALL) {
            assert_eq!(kind.number(), position);
            assert_eq!(TotalKind::from_number(position), Some(kind));
        }
        assert_eq!(TotalKind::from_number(0), None);
    }
}
