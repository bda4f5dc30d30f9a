//! What reaches the till loop, and what it answers: closed lists.

use super::CustomerAct;
use crate::store::till::Holder;
use commerce::Money;
use commerce::cart::{Cart, CartId, Totals};
use commerce::code::Scan;
use commerce::customer::CustomerId;
use commerce::discount::DiscountValue;
use commerce::fact::{CashDirection, PaymentOutcome};
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::unit_price::UnitPrice;
use drivers::terminal::command as terminal;
use drivers::terminal::intent::Baseline;
use sync::log::ReplicaId;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Someone asks for something.
    Command(Box<Request>),
    /// A scanner read a code; it goes to the cart at the till.
    Scanned(Scan),
    /// The card terminal's word on an intent.
    Payment {
        /// The intent.
        intent: u64,
        /// What the terminal reported.
        report: PaymentReport,
    },
    /// The card terminal's last payment, for the next intent.
    Baseline(Baseline),
    /// The printer's word on a job.
    Job {
        /// The job.
        id: u64,
        /// How it ended.
        outcome: JobOutcome,
    },
    /// A person logged in or out at this till; scans count as theirs.
    Operator(Option<StaffId>),
    /// The catalogue or the settings were imported anew.
    Reload,
}

/// A command, with who asks and who approves.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub by: StaffId,
    /// Who approves it, their PIN already checked.
    pub approver: Option<StaffId>,
    /// Names the request, so that sending it twice does it once.
    pub once: Option<Once>,
    /// What is asked.
    pub command: Command,
}

/// A request's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The client's key.
    pub key: String,
    /// A hash of everything the request says.
    pub request: [u8; 32],
}

/// What someone can ask of the till.
#[derive(Debug, Clone)]
pub enum Command {
    /// Adds what a code means to a cart: the one named, else the one at the till, else a new one.
    Add {
        /// The cart, where one is named.
        cart: Option<CartId>,
        /// The code as scanned or keyed.
        code: String,
        /// How much, as a decimal; one when nothing is said.
        quantity: Option<String>,
    },
    /// Changes a line's quantity.
    SetQuantity {
        /// The cart.
        cart: CartId,
        /// The line.
        line: u32,
        /// The new quantity, as a decimal.
        quantity: String,
    },
    /// Takes a line off.
    VoidLine {
        /// The cart.
        cart: CartId,
        /// The line.
        line: u32,
        /// The reason's id.
        reason: Option<String>,
    },
    /// Charges another price.
    OverridePrice {
        /// The cart.
        cart: CartId,
        /// The line.
        line: u32,
        /// The price to charge.
        price: UnitPrice,
        /// The reason's id.
        reason: String,
    },
    /// Gives a discount on a line, or on the basket when no line is named.
    Discount {
        /// The cart.
        cart: CartId,
        /// The line.
        line: Option<u32>,
        /// How much.
        value: DiscountValue,
        /// The reason's id.
        reason: String,
    },
    /// Sets a cart aside.
    Park {
        /// The cart.
        cart: CartId,
        /// What to find it by.
        label: String,
    },
    /// Takes a parked cart to the till.
    Recall {
        /// The cart.
        cart: CartId,
    },
    /// Asks the till that holds a cart for it.
    Claim {
        /// The cart.
        cart: CartId,
    },
    /// Takes a cart from a till that can't be reached, with a manager's approval.
    ForceClaim {
        /// The cart.
        cart: CartId,
    },
    /// Offers what a code means to the till that holds a cart.
    Offer {
        /// The cart.
        cart: CartId,
        /// The code as scanned or keyed.
        code: String,
        /// How much, as a decimal; one when nothing is said.
        quantity: Option<String>,
    },
    /// Gives a cart up.
    Cancel {
        /// The cart.
        cart: CartId,
        /// The reason's id.
        reason: Option<String>,
    },
    /// Takes a tender that needs no terminal; a cart that is paid by it is settled at once.
    Tender {
        /// The cart.
        cart: CartId,
        /// The tender's id.
        tender: String,
        /// How much is handed over.
        amount: Money,
        /// Number of a voucher or coupon.
        reference: Option<String>,
    },
    /// Gives back the tenders taken so far.
    TakeBackTenders {
        /// The cart.
        cart: CartId,
    },
    /// Settles a cart on which nothing is due.
    Settle {
        /// The cart.
        cart: CartId,
    },
    /// Asks the card terminal for an amount, all that is due when none is named.
    PayByCard {
        /// The cart.
        cart: CartId,
        /// The tender's id.
        tender: String,
        /// How much.
        amount: Option<Money>,
    },
    /// Asks the terminal to give up the payment under way.
    AbortPayment {
        /// The intent.
        intent: u64,
    },
    /// Asks the terminal again what became of a payment.
    AskPayment {
        /// The intent.
        intent: u64,
    },
    /// A manager says what became of a payment that the terminal cannot tell.
    EndPaymentByHand {
        /// The intent.
        intent: u64,
        /// Whether the money moved.
        approved: bool,
        /// How much moved, where it is not what was asked.
        amount: Option<Money>,
        /// The terminal's receipt number of it, by which it can be undone.
        number: Option<u16>,
        /// What they saw, and where.
        note: String,
    },
    /// A manager says that money which moved and stands nowhere was put right outside the till.
    PutPaymentRight {
        /// The intent that moved it.
        intent: u64,
        /// What was done.
        note: String,
    },
    /// Gives back money that was taken but stands in no sale.
    ReversePayment {
        /// The intent that took it.
        intent: u64,
    },
    /// Begins a refund of lines of a receipt.
    Refund {
        /// The receipt.
        of: ReceiptNumber,
        /// Line numbers with quantities as decimals.
        lines: Vec<(u32, String)>,
        /// The reason's id.
        reason: String,
    },
    /// Undoes the last sale.
    PostVoid {
        /// The receipt.
        of: ReceiptNumber,
        /// The reason's id.
        reason: String,
    },
    /// Pays a part of the return under way by another tender, or tries the card again.
    PayOut {
        /// The payout's position.
        payout: u32,
        /// The tender's id.
        tender: String,
    },
    /// Gives up the return under way, of which nothing was paid yet.
    CancelReturn,
    /// Opens a shift.
    OpenShift {
        /// Cash put into the drawer.
        float: Money,
    },
    /// Pays cash in or out.
    MoveCash {
        /// Which way.
        direction: CashDirection,
        /// How much.
        amount: Money,
        /// The reason's id.
        reason: String,
    },
    /// Opens the drawer without a sale.
    OpenDrawer {
        /// The reason's id.
        reason: String,
    },
    /// Closes the shift.
    CloseShift {
        /// What was counted, tender by tender.
        counted: Vec<(String, Money)>,
    },
    /// Prints a receipt again, marked as a duplicate.
    Reprint {
        /// The receipt.
        receipt: ReceiptNumber,
    },
    /// Prints the report of a shift.
    PrintReport {
        /// The shift.
        shift: u32,
    },
    /// Tries a print job again.
    RetryJob {
        /// The job.
        job: u64,
    },
    /// Takes a job off the spool.
    DropJob {
        /// The job.
        job: u64,
    },
    /// Does something about a customer.
    Customer {
        /// Who; a new one's id is random.
        customer: CustomerId,
        /// What.
        act: CustomerAct,
    },
    /// Notes whose cart it is.
    Attach {
        /// The cart.
        cart: CartId,
        /// The customer; `None` for nobody.
        customer: Option<CustomerId>,
    },
}

/// What the terminal reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentReport {
    /// It ended.
    Ended(PaymentOutcome),
    /// Nobody knows; the intent stays open until the terminal was asked.
    Unknown(Doubt),
}

/// Why nobody knows what became of a payment, and who can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Why.
    pub why: String,
    /// Whether the terminal is asked again; otherwise it has said all it can, and a manager looks.
    pub asking: bool,
}

/// How a print job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// The printer answered behind it.
    Done,
    /// Nothing of it was printed.
    NotPrinted {
        /// Why.
        why: String,
    },
    /// Some or all of it may have been printed.
    Unknown {
        /// Why.
        why: String,
    },
}

/// What the loop wants done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The spool has work.
    Spool,
    /// The terminal shall do this; an intent in it is durable.
    Terminal(terminal::Command),
    /// The till that holds a cart shall be asked for it; its refusal comes as
    /// [`super::PeerWord::ClaimRefused`], its grant as an entry.
    AskClaim {
        /// Who holds it.
        holder: ReplicaId,
        /// The cart.
        cart: CartId,
    },
    /// Something that screens show has changed.
    Changed(Change),
}

/// What has changed, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A cart.
    Cart(CartId),
    /// A cart was paid.
    Sold(CartId, ReceiptNumber),
    /// A return was made.
    Returned(ReceiptNumber),
    /// A payment.
    Payment(u64),
    /// The shift.
    Shift(u32),
    /// The spool.
    Spool,
    /// Catalogue or settings.
    Settings,
    /// A receipt's own code was scanned: someone brought it back.
    ReceiptScanned(ReceiptNumber),
    /// Another till did not hand a cart over, and why.
    ClaimRefused(CartId, String),
    /// A scan was refused, and why.
    ScanRefused(String),
    /// What is known of a customer.
    Customer(CustomerId),
    /// Stock or receipts of the shop, by what another till did.
    Peers,
    /// An alarm was raised: somebody must see to something.
    Alarm,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A cart as it is now.
    Cart(Box<CartView>),
    /// A cart that is no more: paid or given up since.
    CartEnded(CartId),
    /// The till that holds the cart was asked for it.
    ClaimAsked(CartId),
    /// The code was a receipt's own.
    Receipt(ReceiptNumber),
    /// A cart was paid.
    Sold(ReceiptNumber),
    /// A payment is with the terminal.
    Payment(u64),
    /// A return waits for the terminal or for another tender.
    ReturnOpen(CartId),
    /// A return was made.
    Returned(ReceiptNumber),
    /// A shift was opened, changed or closed.
    Shift(u32),
    /// A job is on the spool.
    Job(u64),
    /// Something was done about a customer.
    Customer(CustomerId),
    /// It was done; there is nothing to show.
    Done,
}

/// A cart with its amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartView {
    /// The cart.
    pub cart: Cart,
    /// Its amounts.
    pub totals: Totals,
    /// The card payment under way on it.
    pub paying: Option<u64>,
    /// The line the act was about.
    pub line: Option<u32>,
    /// Who holds it, where that is not this till.
    pub elsewhere: Option<Holder>,
}
