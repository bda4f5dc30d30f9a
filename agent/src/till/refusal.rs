//! Why the till refuses something: one list, each entry naming its subject and a way out.

use super::settings::SettingsError;
use crate::store::catalogue::ReasonKind;
use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use commerce::Money;
use commerce::cart::{CartError, CartId};
use commerce::code::CodeError;
use commerce::customer::CustomerId;
use commerce::fact::PaymentKind;
use commerce::returns::ReturnError;
use commerce::sale::ReceiptNumber;
use commerce::staff::{StaffError, StaffId};
use commerce::tender::TenderKind;
use sync::customer::NoteId;

/// Why the till refuses something. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No shift is open.
    #[error("no shift is open: open one with its float first")]
    NoShift,
    /// A shift is open already.
    #[error("shift {0} is open already: close it first")]
    ShiftOpen(u32),
    /// Something stands in the way of closing.
    #[error("the shift cannot be closed yet: {0}")]
    CannotClose(String),
    /// Cash was not counted.
    #[error("count the cash (tender `{0}`) to close the shift")]
    NotCounted(String),
    /// Nobody by that number.
    #[error("staff {0} is not on the list of this store")]
    UnknownStaff(StaffId),
    /// Nobody is logged in at the till.
    #[error("nobody is logged in at this till: log in, then scan again")]
    NoOperator,
    /// A count that cannot be.
    #[error("count each tender once, and nothing below zero (tender `{0}`)")]
    BadCount(String),
    /// A quantity beside a label that states one.
    #[error(
        "the label of {0} states its own quantity or price: scan each label, without a quantity"
    )]
    LabelMeasures(String),
    /// No such cart.
    #[error("there is no cart {0}: it was paid or given up, or never opened")]
    NoCart(CartId),
    /// Another till holds the cart.
    #[error("cart {cart} is held by {}: claim it first", till_word(*.till))]
    HeldElsewhere {
        /// The cart.
        cart: CartId,
        /// The holder's number, where it is known.
        till: Option<u16>,
    },
    /// The cart is in a cashier's hands.
    #[error("cart {0} is at the till that holds it: have it parked there first")]
    CartInUse(CartId),
    /// Another till sold the cart already, or this one in an earlier life.
    #[error(
        "cart {cart} was paid already, receipt {receipt}: compare it with what the customer has, and give the cart up here, or have a manager approve that it is paid again"
    )]
    AlreadySold {
        /// The cart.
        cart: CartId,
        /// At which receipt.
        receipt: ReceiptNumber,
    },
    /// Another cart is at the till.
    #[error("cart {0} is at the till: park it, pay it or give it up first")]
    CartAtTill(CartId),
    /// As many carts are parked as may be.
    #[error("{0} carts are parked already: recall some and sell them or give them up")]
    TooManyParked(usize),
    /// A card payment on the cart is under way or unknown.
    #[error(
        "card payment {intent} on cart {cart} has no known outcome yet: wait for the terminal, ask it again, or have a manager say what its journal shows"
    )]
    PaymentUnderWay {
        /// The cart.
        cart: CartId,
        /// The intent.
        intent: u64,
    },
    /// The terminal is busy with another payment.
    #[error("the card terminal is busy with payment {0}: one at a time")]
    TerminalBusy(u64),
    /// The code means nothing to the catalogue.
    #[error("nothing in the catalogue has the code {0}")]
    UnknownCode(String),
    /// The code itself is wrong.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The item has no price now.
    #[error("{name} ({sku}) has no price in force now: import a price for it")]
    NoPrice {
        /// The item.
        sku: String,
        /// Its name.
        name: String,
    },
    /// Something sold by weight without a weight.
    #[error("{name} is sold by the {unit}: weigh it and give the quantity")]
    WeightNeeded {
        /// Its name.
        name: String,
        /// Its unit.
        unit: &'static str,
    },
    /// A weight for something sold by the piece.
    #[error("{0} is sold by the piece, but the label states a weight: check the item's unit")]
    WeightNotExpected(String),
    /// No such tender.
    #[error("this store has no tender `{0}`")]
    UnknownTender(String),
    /// The tender is of another kind than the act needs.
    #[error("`{tender}` is a {} tender, which is taken another way", kind.name())]
    WrongTender {
        /// The tender.
        tender: String,
        /// Its kind.
        kind: TenderKind,
    },
    /// No such reason for this act.
    #[error("`{reason}` is not one of this store's reasons of kind {}", kind.name())]
    UnknownReason {
        /// The reason.
        reason: String,
        /// The kind needed.
        kind: ReasonKind,
    },
    /// No such receipt on this till.
    #[error("this till has no sale with receipt {0}")]
    NoReceipt(ReceiptNumber),
    /// Not the last sale.
    #[error("only the last sale of the open shift can be voided: return receipt {0} instead")]
    NotLastSale(ReceiptNumber),
    /// A return is under way.
    #[error("a return (number {0}) is under way: finish it or give it up first")]
    ReturnUnderWay(CartId),
    /// No return is under way.
    #[error("no return is under way, or it has no such payout still to pay")]
    NoReturn,
    /// Something of the return has been paid already.
    #[error("part of the return was paid back already: finish it")]
    ReturnPartlyPaid,
    /// No such payment, or it is not in the state the act needs.
    #[error("payment {0} is not one this can be done with: look at the open payments")]
    NoPayment(u64),
    /// The terminal has not said yet that it cannot tell.
    #[error(
        "the card terminal is still being asked about payment {0}: wait for its word, or abort it"
    )]
    StillAsking(u64),
    /// An amount or a number beside the word that no money moved.
    #[error("payment {0} is said to have moved nothing: then it has no amount and no number")]
    NothingMoved(u64),
    /// A slip number that no terminal gives.
    #[error("{0} is no slip number of a card terminal: 1 to 9999")]
    BadSlip(u32),
    /// The slip of another payment.
    #[error("slip {slip:04} is that of payment {intent}: look for the slip of this one")]
    SlipTaken {
        /// The number.
        slip: u32,
        /// Whose it is.
        intent: u64,
    },
    /// The terminal cannot undo it by its number.
    #[error(
        "payment {0} cannot be undone by its number any more: give the money back at the terminal itself, by a refund"
    )]
    NotReversible(u64),
    /// No such print job.
    #[error("there is no print job {0} that could be tried again")]
    NoJob(u64),
    /// An amount that must be more than nothing.
    #[error("the amount must be more than nothing")]
    NoAmount,
    /// More cash asked out than the drawer holds.
    #[error("the drawer should hold {in_drawer}: {asked} cannot be taken out")]
    NotInDrawer {
        /// What was asked.
        asked: Money,
        /// What should be there.
        in_drawer: Money,
    },
    /// The disk is nearly full.
    #[error(
        "the disk is nearly full ({free_mb} MB left): sales under way can be finished, no new one begun. Free some space"
    )]
    DiskNearlyFull {
        /// Megabytes left.
        free_mb: u64,
    },
    /// A request key was used for something else.
    #[error("the idempotency key `{0}` was used for another request: use a new key")]
    KeyReused(String),
    /// A label or note that is empty or too long.
    #[error("{what} must have 1 to {most} characters")]
    BadText {
        /// What.
        what: &'static str,
        /// The most characters.
        most: usize,
    },
    /// Nobody by that id.
    #[error("no customer {0} is known here: look for them by name or number")]
    NoCustomer(CustomerId),
    /// The customer was erased.
    #[error("customer {0} was erased: make them anew, if they wish it")]
    CustomerErased(CustomerId),
    /// A customer of that id is there.
    #[error("customer {0} is there already: change them instead")]
    CustomerTaken(CustomerId),
    /// A customer with nothing to be known by.
    #[error("say at least one of name, e-mail, phone, loyalty number and language")]
    NoField,
    /// A text that cannot be a field, a note or the like.
    #[error("{what} cannot be that: {why}")]
    BadCustomerText {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// No such note.
    #[error("customer {0} has no note {1}: it was taken away")]
    NoNote(CustomerId, NoteId),
    /// No such wish.
    #[error("customer {0} does not wish for {1}")]
    NoWish(CustomerId, String),
    /// As many of something as are kept of one customer.
    #[error("a customer has at most {most} {what}: take some away first")]
    TooManyKept {
        /// Of what.
        what: &'static str,
        /// How many.
        most: usize,
    },
    /// Refused by the rules of the cart.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// Refused by the rules of returns.
    #[error(transparent)]
    Return(#[from] ReturnError),
    /// Refused for who asks.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// The settings cannot be loaded.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// `till.db` failed.
    #[error(transparent)]
    Store(#[from] TillStoreError),
    /// `catalogue.db` failed.
    #[error(transparent)]
    Catalogue(#[from] StoreError),
}

impl From<commerce::MoneyError> for Refusal {
    fn from(error: commerce::MoneyError) -> Self {
        Self::Cart(error.into())
    }
}

/// What a till is called.
fn till_word(till: Option<u16>) -> String {
    till.map_or_else(|| "another till".to_owned(), |till| format!("till {till}"))
}

/// What a payment kind is called.
#[must_use]
pub const fn payment_word(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::Authorise => "authorise",
        PaymentKind::Refund => "refund",
        PaymentKind::Reverse { .. } => "reverse",
    }
}
