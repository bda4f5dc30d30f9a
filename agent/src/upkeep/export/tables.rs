//! The CSV tables of an export and their columns, as `docs/journal.md` documents them.
//!
//! Columns are only added, at the end. [`super::rows`] fills them.

/// A CSV table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Sales.
    Sales,
    /// Lines sold.
    Lines,
    /// Lines voided before settling.
    VoidedLines,
    /// Discounts on lines sold.
    Discounts,
    /// Each tax of each receipt.
    Taxes,
    /// Each tax class of each receipt.
    TaxClasses,
    /// Tenders taken and paid out.
    Tenders,
    /// Refunds and post-voids.
    Returns,
    /// Lines returned.
    ReturnLines,
    /// Shifts.
    Shifts,
    /// The totals that each Z states.
    ZTotals,
    /// Tenders counted at the end of a shift.
    Counted,
    /// Cash paid in and out.
    CashMoves,
    /// Drawer opened without a sale.
    NoSales,
    /// Carts given up.
    CancelledCarts,
}

impl Table {
    /// Every table, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::Sales,
        Self::Lines,
        Self::VoidedLines,
        Self::Discounts,
        Self::Taxes,
        Self::TaxClasses,
        Self::Tenders,
        Self::Returns,
        Self::ReturnLines,
        Self::Shifts,
        Self::ZTotals,
        Self::Counted,
        Self::CashMoves,
        Self::NoSales,
        Self::CancelledCarts,
    ];

    /// The table's name, which is its file's without `.csv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Lines => "lines",
            Self::VoidedLines => "voided_lines",
            Self::Discounts => "discounts",
            Self::Taxes => "taxes",
            Self::TaxClasses => "tax_classes",
            Self::Tenders => "tenders",
            Self::Returns => "returns",
            Self::ReturnLines => "return_lines",
            Self::Shifts => "shifts",
            Self::ZTotals => "z_totals",
            Self::Counted => "counted",
            Self::CashMoves => "cash_moves",
            Self::NoSales => "no_sales",
            Self::CancelledCarts => "cancelled_carts",
        }
    }

    /// The file's name.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{}.csv", self.name())
    }

    /// The columns, in order.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Sales => &[
                "receipt",
                "seq",
                "hash",
                "at",
                "business_day",
                "shift",
                "by",
                "cart",
                "currency",
                "lines",
                "extended",
                "tendered",
                "change",
                "total",
                "customer",
            ],
            Self::Lines => &[
                "receipt",
                "shift",
                "line",
                "sku",
                "gtin",
                "name",
                "quantity",
                "unit",
                "price",
                "per",
                "extended",
                "discount",
                "net",
                "tax_class",
                "listed_price",
                "listed_per",
                "listed_extended",
                "override_reason",
                "override_by",
                "override_approved_by",
            ],
            Self::VoidedLines => &["receipt", "shift", "sku", "amount", "by", "reason"],
            Self::Discounts => {
                &["receipt", "shift", "line", "reason", "amount", "basket", "by", "approved_by"]
            }
            Self::Taxes => &[
                "receipt",
                "kind",
                "shift",
                "class",
                "tax",
                "name",
                "rate_percent",
                "inclusive",
                "amount",
            ],
            Self::TaxClasses => &["receipt", "kind", "shift", "class", "name", "net", "gross"],
            Self::Tenders => &[
                "receipt",
                "kind",
                "shift",
                "position",
                "tender",
                "name",
                "tender_kind",
                "amount",
                "change",
                "kept",
                "reference",
                "intent",
                "card",
                "masked_number",
                "authorisation",
                "terminal",
                "trace",
                "terminal_receipt",
            ],
            Self::Returns => &[
                "receipt",
                "of_receipt",
                "kind",
                "seq",
                "hash",
                "at",
                "business_day",
                "shift",
                "by",
                "approved_by",
                "reason",
                "currency",
                "total",
            ],
            Self::ReturnLines => &[
                "receipt",
                "of_receipt",
                "shift",
                "line",
                "sku",
                "gtin",
                "name",
                "quantity",
                "unit",
                "net",
                "tax_class",
            ],
            Self::Shifts => &[
                "shift",
                "business_day",
                "currency",
                "opened_at",
                "opened_by",
                "float",
                "closed_at",
                "closed_by",
                "z",
            ],
            Self::ZTotals => &["z", "shift", "total", "key", "count", "amount"],
            Self::Counted => &["z", "shift", "tender", "expected", "counted", "difference"],
            Self::CashMoves => {
                &["seq", "at", "shift", "by", "direction", "amount", "reason", "approved_by"]
            }
            Self::NoSales => &["seq", "at", "shift", "by", "reason"],
            Self::CancelledCarts => {
                &["seq", "at", "shift", "by", "cart", "lines", "amount", "reason"]
            }
        }
    }
}
