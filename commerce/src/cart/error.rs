//! Why an act on a cart is refused: one list, each entry naming its subject.

use super::{CartId, MAX_DISCOUNTS, MAX_LINES, MAX_TENDERS};
use crate::money::{Money, MoneyError};
use crate::quantity::QuantityError;
use crate::sale::SaleError;
use crate::staff::StaffError;
use crate::tax::TaxError;
use crate::tender::TenderError;
use crate::unit_price::UnitPriceError;

/// Why an act on a cart is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// The cart is set aside.
    #[error("cart {0} is parked: recall it first")]
    Parked(CartId),
    /// A tender has been taken, so the basket stands.
    #[error("cart {0} is being paid: take the tenders back before changing it")]
    BeingPaid(CartId),
    /// No such line.
    #[error("cart {cart} has no line {line}, or it was voided")]
    NoLine {
        /// The cart.
        cart: CartId,
        /// The line's number.
        line: u32,
    },
    /// More lines than a cart holds.
    #[error("a cart holds at most {MAX_LINES} lines")]
    TooManyLines,
    /// More discounts than a line or basket holds.
    #[error("at most {MAX_DISCOUNTS} discounts on one line or basket")]
    TooManyDiscounts,
    /// More tenders than a cart holds.
    #[error("at most {MAX_TENDERS} tenders on one cart")]
    TooManyTenders,
    /// The cart is empty.
    #[error("cart {0} has no lines")]
    Empty(CartId),
    /// Nothing to take off.
    #[error("a discount must be more than nothing and at most {most}")]
    BadDiscount {
        /// What there is to take off.
        most: Money,
    },
    /// The amount comes from the item's printed label.
    #[error("line {0} was sold by the price on its label: void it and weigh or count again")]
    Labelled(u32),
    /// Payment does not cover the total.
    #[error("{due} is still due on cart {cart}")]
    NotPaid {
        /// The cart.
        cart: CartId,
        /// What is missing.
        due: Money,
    },
    /// A card payment cannot be taken back by hand.
    #[error("a card payment was approved on cart {0}: finish the sale, then return it")]
    CardTaken(CartId),
    /// Refused for who asks.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// Refused for the quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// Refused for the price.
    #[error(transparent)]
    Price(#[from] UnitPriceError),
    /// Refused for the tax.
    #[error(transparent)]
    Tax(#[from] TaxError),
    /// The sale made of the cart would not add up.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// Refused for the tender.
    #[error(transparent)]
    Tender(#[from] TenderError),
    /// An amount out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
