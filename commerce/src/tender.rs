//! Tenders: what a customer pays with, and the change.

use crate::money::{Money, MoneyError};

/// How a tender behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TenderKind {
    /// Notes and coins; the only kind that gives change.
    Cash,
    /// A card terminal.
    Card,
    /// A voucher of the shop.
    Voucher,
    /// A manufacturer's coupon: the manufacturer pays.
    Coupon,
}

impl TenderKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Cash, Self::Card, Self::Voucher, Self::Coupon];

    /// The name used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Voucher => "voucher",
            Self::Coupon => "coupon",
        }
    }

    /// Reads a kind's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A tender as the store has set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenderType {
    /// Identifies it in files, reports and exports.
    pub id: String,
    /// As printed.
    pub name: String,
    /// How it behaves.
    pub kind: TenderKind,
    /// Whether taking it opens the drawer.
    pub opens_drawer: bool,
    /// Whether more than the amount due may be given, and change returned; cash alone can.
    pub gives_change: bool,
    /// The largest amount taken at once, in minor units.
    pub limit: Option<i64>,
}

/// What a card terminal reported of a payment that went through. Card data stays in the
/// terminal: of the number only a masked form arrives here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardSlip {
    /// The terminal's own number for the payment, by which it is reversed.
    pub receipt_number: u32,
    /// The terminal's trace number.
    pub trace: u32,
    /// The terminal's identification.
    pub terminal_id: String,
    /// At most the first six and last four digits.
    pub masked_pan: String,
    /// The card scheme in words.
    pub card_name: String,
    /// The issuer's authorisation, where there is one.
    pub authorisation: String,
}

/// One tender taken on a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tendered {
    /// The tender's type.
    pub tender: TenderType,
    /// The amount handed over; for cash it may exceed what was due.
    pub amount: Money,
    /// Number of the voucher or coupon, where one was given.
    pub reference: Option<String>,
    /// The payment intent behind a card tender.
    pub intent: Option<u64>,
    /// The terminal's slip of a card tender.
    pub card: Option<CardSlip>,
}

/// Why a tender is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenderError {
    /// Nothing or less.
    #[error("an amount tendered must be more than zero")]
    NotPositive,
    /// Nothing is due any more.
    #[error("nothing is due on this cart")]
    NothingDue,
    /// More than is due by a tender that gives no change.
    #[error("{tender} gives no change: at most {due} can be taken")]
    OverDue {
        /// The tender's name.
        tender: String,
        /// What is due.
        due: Money,
    },
    /// Over the tender's own limit.
    #[error("{tender} is taken up to {limit} at once")]
    OverLimit {
        /// The tender's name.
        tender: String,
        /// Its limit.
        limit: Money,
    },
    /// Amounts that cannot be summed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl TenderType {
    /// Whether `amount` may be taken with `due` still to pay.
    ///
    /// # Errors
    /// Says which rule forbids it.
    pub fn accept(&self, amount: Money, due: Money) -> Result<(), TenderError> {
        if amount.minor() <= 0 {
            return Err(TenderError::NotPositive);
        }
        if due.minor() <= 0 {
            return Err(TenderError::NothingDue);
        }
        let over = amount.minus(due)?;
        if let Some(limit) = self.limit.filter(|&limit| amount.minor() > limit) {
            let limit = Money::new(limit, amount.currency())?;
            return Err(TenderError::OverLimit { tender: self.name.clone(), limit });
        }
        // Change is handed out in cash; against anything else it would turn that into cash.
        let gives_change = self.gives_change && self.kind == TenderKind::Cash;
        if over.minor() > 0 && !gives_change {
            return Err(TenderError::OverDue { tender: self.name.clone(), due });
        }
        Ok(())
    }
}
