//! A day's Z column by column: from the closing fact on one side, from `days.csv` on the other.

use super::cashier::{COUPON, COUPON_MATCH, LOYALTY};
use commerce::fact::ShiftClosed;
use commerce::shift::{ShiftTotal, TotalKind};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// The columns of `days.csv`; amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DayTotals {
    /// Sales.
    pub baskets: i64,
    /// Lines sold.
    pub lines: i64,
    /// Lines at their extended shelf prices.
    #[serde(rename = "regular_cents")]
    pub regular: i64,
    /// Discounts for the loyalty card.
    #[serde(rename = "loyalty_discount_cents")]
    pub loyalty_discount: i64,
    /// Discounts matching a coupon.
    #[serde(rename = "coupon_match_cents")]
    pub coupon_match: i64,
    /// What the sales came to.
    #[serde(rename = "net_sales_cents")]
    pub net_sales: i64,
    /// What manufacturers' coupons paid of it.
    #[serde(rename = "manufacturer_coupon_cents")]
    pub manufacturer_coupon: i64,
}

/// A column of a day that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The column of `days.csv`, or `<tender>_counted` for what the drawer should have held.
    pub column: String,
    /// What was expected; `None` when `days.csv` has no such day.
    pub expected: Option<i64>,
    /// What the Z says.
    pub got: i64,
}

/// A day's Z and how it compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The day.
    #[serde(serialize_with = "as_text")]
    pub day: Date,
    /// The Z's number.
    pub z: u32,
    /// What the Z shows.
    pub got: DayTotals,
    /// What does not agree; empty when all does.
    pub differences: Vec<Difference>,
}

fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

impl DayTotals {
    /// Each column with its name, in the order of the file.
    #[must_use]
    pub const fn columns(&self) -> [(&'static str, i64); 7] {
        [
            ("baskets", self.baskets),
            ("lines", self.lines),
            ("regular_cents", self.regular),
            ("loyalty_discount_cents", self.loyalty_discount),
            ("coupon_match_cents", self.coupon_match),
            ("net_sales_cents", self.net_sales),
            ("manufacturer_coupon_cents", self.manufacturer_coupon),
        ]
    }

    /// The columns of a Z.
    fn of(totals: &[ShiftTotal]) -> Self {
        let find = |kind, key: &str| {
            let found = totals.iter().find(|total| total.kind == kind && total.key == key);
            found.map_or((0, 0), |total| (total.count, total.amount))
        };
        let (baskets, net_sales) = find(TotalKind::Sales, "");
        let (lines, regular) = find(TotalKind::Lines, "");
        Self {
            baskets,
            lines,
            regular,
            loyalty_discount: find(TotalKind::Discounts, LOYALTY).1,
            coupon_match: find(TotalKind::Discounts, COUPON_MATCH).1,
            net_sales,
            manufacturer_coupon: find(TotalKind::Tenders, COUPON).1,
        }
    }
}

/// Holds a Z against what `days.csv` states of its day.
pub(super) fn compare(day: Date, stated: Option<&DayTotals>, closed: &ShiftClosed) -> DayReport {
    let got = DayTotals::of(&closed.totals);
    let mut differences: Vec<_> = match stated {
        None => vec![Difference { column: "baskets".to_owned(), expected: None, got: got.baskets }],
        Some(stated) => (stated.columns().into_iter().zip(got.columns()))
            .filter(|((_, expected), (_, got))| expected != got)
            .map(|((column, expected), (_, got))| Difference {
                column: column.to_owned(),
                expected: Some(expected),
                got,
            })
            .collect(),
    };
    let counted = closed.counted.iter().filter(|row| row.expected != row.counted);
    differences.extend(counted.map(|row| Difference {
        column: format!("{}_counted", row.tender),
        expected: Some(row.counted.minor()),
        got: row.expected.minor(),
    }));
    DayReport { day, z: closed.z, got, differences }
}
