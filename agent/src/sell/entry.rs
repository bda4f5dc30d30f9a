//! What a cashier can want. [`super::parse`] reads it from a line, `super::cashier` carries it out.

/// One thing a cashier wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Add what a code means.
    Scan {
        /// The code.
        code: String,
        /// How much, as a decimal.
        quantity: Option<String>,
    },
    /// Look for items by words.
    Search(String),
    /// What an item costs, without selling it.
    PriceCheck(String),
    /// Take a line off.
    Void {
        /// The line.
        line: u32,
        /// The reason's id.
        reason: Option<String>,
    },
    /// Change a line's quantity.
    Quantity {
        /// The line.
        line: u32,
        /// The new quantity, as a decimal.
        quantity: String,
    },
    /// Give a discount.
    Discount {
        /// The line; the basket when there is none.
        line: Option<u32>,
        /// How much.
        off: Off,
        /// The reason's id.
        reason: String,
    },
    /// Charge another price.
    Price {
        /// The line.
        line: u32,
        /// The price, as a decimal.
        price: String,
        /// The reason's id.
        reason: String,
    },
    /// Take a tender that needs no terminal.
    Tender {
        /// Its kind.
        kind: Kind,
        /// How much; all that is due when nothing is said.
        amount: Option<String>,
        /// The number of a voucher or coupon.
        reference: Option<String>,
    },
    /// Let the customer pay by card.
    Card {
        /// How much; all that is due when nothing is said.
        amount: Option<String>,
    },
    /// List the card payments that still need someone.
    Payments,
    /// Do something about a card payment.
    Payment {
        /// Its number.
        payment: u64,
        /// What.
        act: PaymentAct,
    },
    /// Give back the tenders taken so far.
    TakeBack,
    /// Give the basket up.
    Cancel {
        /// The reason's id.
        reason: Option<String>,
    },
    /// Set the basket aside.
    Park(String),
    /// List the baskets.
    Carts,
    /// Take a parked basket back.
    Recall(String),
    /// Takes a basket from a till that can't be reached.
    Force(String),
    /// Offers an item to the till that holds a basket.
    Offer {
        /// The basket.
        cart: String,
        /// The item's code.
        code: String,
    },
    /// Refund a line of a receipt.
    Refund {
        /// The receipt.
        receipt: ReceiptName,
        /// The line.
        line: u32,
        /// How much, as a decimal; all that is left when nothing is said.
        quantity: Option<String>,
        /// The reason's id.
        reason: String,
    },
    /// Undo the last sale.
    VoidLast {
        /// The reason's id.
        reason: String,
    },
    /// Show the return under way.
    Return,
    /// Pay a part of the return under way.
    PayOut {
        /// The part, from 1.
        part: u32,
        /// The tender's id.
        tender: String,
    },
    /// Give the return under way up.
    GiveUp,
    /// Open a shift.
    Open {
        /// Cash put into the drawer.
        float: String,
    },
    /// Close the shift.
    Close {
        /// Whether a large difference is taken without asking.
        anyway: bool,
        /// Cash that was counted.
        cash: String,
        /// What was counted of other tenders, by their ids.
        others: Vec<(String, String)>,
    },
    /// Pay cash in or out.
    MoveCash {
        /// Whether it goes in.
        into: bool,
        /// How much.
        amount: String,
        /// The reason's id.
        reason: String,
    },
    /// Show where the shift stands.
    X,
    /// Open the drawer.
    Drawer {
        /// The reason's id.
        reason: String,
    },
    /// Show a receipt.
    Receipt(ReceiptName),
    /// Print a receipt again.
    Reprint(ReceiptName),
    /// List what waits for the printer.
    Jobs,
    /// Print a job that is stuck.
    Retry(u64),
    /// Take a stuck job off the list.
    Drop(u64),
    /// Show the basket again.
    Show,
    /// Show shift, devices and what is open.
    Status,
    /// List the reasons that can be given.
    Reasons,
    /// List the commands, or those of a group or word with what they do.
    Help(Option<String>),
    /// Stop.
    Quit,
}

/// What is taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Off {
    /// Percent, as a decimal.
    Percent(String),
    /// An amount, as a decimal.
    Amount(String),
}

/// A kind of tender that needs no terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Notes and coins.
    Cash,
    /// A voucher or gift card.
    Voucher,
    /// A manufacturer's coupon.
    Coupon,
}

/// Which receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptName {
    /// The last one.
    Last,
    /// The one of this number.
    Number(String),
}

/// What is done about a card payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentAct {
    /// The terminal is asked what became of it.
    Ask,
    /// The terminal is asked to give it up.
    Abort,
    /// A manager found it in the terminal's journal.
    Booked {
        /// How much, where it is not what was asked.
        amount: Option<String>,
        /// The terminal's receipt number.
        slip: Option<u16>,
        /// What was seen, and where.
        note: String,
    },
    /// A manager did not find it there.
    NotBooked {
        /// What was seen, and where.
        note: String,
    },
    /// Its money stands in no sale, and goes back.
    Reverse,
    /// It was put right outside the till.
    PutRight {
        /// What was done.
        note: String,
    },
}
