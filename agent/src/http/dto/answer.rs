//! The answer to everything that changes something.

use super::cart::CartShown;
use super::money::MoneyView;
use serde::Serialize;
use utoipa::ToSchema;

/// What a request came to; `result` says which.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(in crate::http) enum Answer {
    /// The cart as it is now.
    Cart {
        /// The cart.
        cart: Box<CartShown>,
    },
    /// The request was done before, and its cart is no more: paid or given up since.
    CartEnded {
        /// The cart.
        cart: u64,
    },
    /// The till that holds the cart was asked for it: the event `cart` says that it is here,
    /// `claim_refused` that it stays.
    ClaimAsked {
        /// The cart.
        cart: u64,
    },
    /// The code was a receipt's own.
    Receipt {
        /// The receipt's number.
        #[schema(example = "HH01-1-1-000001")]
        receipt: String,
    },
    /// The cart was paid.
    Sold {
        /// The receipt's number.
        #[schema(example = "HH01-1-1-000001")]
        receipt: String,
        /// What was paid.
        total: MoneyView,
        /// What goes back to the customer.
        change: MoneyView,
    },
    /// A payment is with the terminal; its events tell how it ends.
    Payment {
        /// The payment.
        payment: u64,
    },
    /// A return waits for the terminal or for another tender.
    ReturnOpen {
        /// Its number.
        number: u64,
    },
    /// A return was made.
    Returned {
        /// The receipt's number.
        receipt: String,
    },
    /// A shift was opened, changed or closed.
    Shift {
        /// Its number.
        shift: u32,
    },
    /// A job is on the spool, or was dropped.
    Job {
        /// The job.
        job: u64,
    },
    /// Something was done about a customer.
    Customer {
        /// Their id.
        #[schema(example = "6f1c0d6a8e5b4a0c9f3e2d1c0b0a0908")]
        customer: String,
    },
    /// It was done; there is nothing to show.
    Done,
}
