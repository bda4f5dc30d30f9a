//! The closed list of problems: name, status, title.

use axum::http::StatusCode;

macro_rules! kinds {
    ($($variant:ident $name:literal $status:ident $title:literal,)*) => {
        /// What can go wrong with a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::http) enum Kind {
            $(#[doc = $title] $variant,)*
        }

        impl Kind {
            /// Every kind.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in its URI.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The kind in words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

// A name that was shipped keeps its meaning: clients match on it.
kinds! {
    // The request itself.
    BadJson "bad-json" BAD_REQUEST "The body cannot be read",
    NotJson "not-json" UNSUPPORTED_MEDIA_TYPE "The body is not JSON",
    TooLarge "too-large" PAYLOAD_TOO_LARGE "The body is too large",
    BadPath "bad-path" BAD_REQUEST "A part of the path cannot be read",
    BadQuery "bad-query" BAD_REQUEST "The query cannot be read",
    NotFound "not-found" NOT_FOUND "There is nothing here",
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "This cannot be done here",
    Timeout "timeout" GATEWAY_TIMEOUT "It took too long",
    KeyMissing "key-missing" BAD_REQUEST "An Idempotency-Key is needed",
    BadKey "bad-key" BAD_REQUEST "The Idempotency-Key cannot be used",
    KeyReused "key-reused" UNPROCESSABLE_ENTITY "The Idempotency-Key was used for another request",
    // Who asks.
    WrongHost "wrong-host" MISDIRECTED_REQUEST "The till is not known by this name",
    CrossSite "cross-site" FORBIDDEN "The request comes from another site",
    NotLoggedIn "not-logged-in" UNAUTHORIZED "Nobody is logged in",
    CsrfMissing "csrf-missing" FORBIDDEN "The log-in's token is missing or wrong",
    Forbidden "forbidden" FORBIDDEN "This needs another role",
    WrongPin "wrong-pin" UNAUTHORIZED "Staff number or PIN is wrong",
    PinLocked "pin-locked" TOO_MANY_REQUESTS "Too many wrong PINs",
    BadPin "bad-pin" UNPROCESSABLE_ENTITY "Not a PIN",
    SetupCode "setup-code" FORBIDDEN "The set-up code is wrong",
    SetUpAlready "set-up-already" CONFLICT "The till is set up already",
    // The till and its parts.
    Busy "busy" SERVICE_UNAVAILABLE "The till is busy",
    Stopping "stopping" SERVICE_UNAVAILABLE "The till is stopping",
    TooManyClients "too-many-clients" SERVICE_UNAVAILABLE "Too many listen already",
    Internal "internal" INTERNAL_SERVER_ERROR "The till failed",
    DiskFull "disk-full" INSUFFICIENT_STORAGE "The disk is full",
    Damaged "damaged" INTERNAL_SERVER_ERROR "The till's files are damaged",
    StoreFailed "store-failed" INTERNAL_SERVER_ERROR "The till's files cannot be used",
    SettingsMissing "settings-missing" CONFLICT "Settings are missing",
    JournalFault "journal-fault" CONFLICT "The journal does not verify",
    // Staff and limits.
    UnknownStaff "unknown-staff" UNPROCESSABLE_ENTITY "Nobody has that number",
    NoOperator "no-operator" CONFLICT "Nobody operates the till",
    NeedsApproval "needs-approval" FORBIDDEN "Another person must approve it",
    ApprovalRefused "approval-refused" FORBIDDEN "The approver may not approve it",
    // Shift and drawer.
    NoShift "no-shift" CONFLICT "No shift is open",
    ShiftOpen "shift-open" CONFLICT "A shift is open already",
    NoSuchShift "no-such-shift" NOT_FOUND "There was no such shift",
    CannotClose "cannot-close" CONFLICT "The shift cannot be closed yet",
    BadCount "bad-count" UNPROCESSABLE_ENTITY "What was counted cannot be",
    NotCounted "not-counted" UNPROCESSABLE_ENTITY "Something was not counted",
    NotInDrawer "not-in-drawer" CONFLICT "The drawer does not hold that much",
    // Carts.
    NoCart "no-cart" NOT_FOUND "There is no such cart",
    CartAtTill "cart-at-till" CONFLICT "Another cart is at the till",
    HeldElsewhere "held-elsewhere" CONFLICT "Another till holds the cart",
    CartInUse "cart-in-use" CONFLICT "The cart is at the till that holds it",
    AlreadySold "already-sold" CONFLICT "The cart was sold already",
    CartParked "cart-parked" CONFLICT "The cart is parked",
    CartBeingPaid "cart-being-paid" CONFLICT "The cart is being paid",
    CartEmpty "cart-empty" CONFLICT "The cart is empty",
    CartNotPaid "cart-not-paid" CONFLICT "Something is still due",
    CardTaken "card-taken" CONFLICT "A card payment stands on the cart",
    NoLine "no-line" NOT_FOUND "There is no such line",
    TooMany "too-many" CONFLICT "That is as many as there can be",
    LabelledLine "labelled-line" CONFLICT "The price on the label counts",
    // Codes, quantities, prices, amounts.
    BadCode "bad-code" UNPROCESSABLE_ENTITY "The code is wrong",
    UnknownCode "unknown-code" NOT_FOUND "Nothing has this code",
    UnknownItem "unknown-item" NOT_FOUND "There is no such item",
    NoPrice "no-price" CONFLICT "No price is in force",
    WeightNeeded "weight-needed" UNPROCESSABLE_ENTITY "It must be weighed",
    StillAsking "still-asking" CONFLICT "The terminal is still being asked",
    BadSlip "bad-slip" UNPROCESSABLE_ENTITY "The slip number is wrong or another payment's",
    NothingMoved "nothing-moved" UNPROCESSABLE_ENTITY "No money moved, so it has no amount",
    NotReversible "not-reversible" CONFLICT "It cannot be undone by its number",
    LabelMeasures "label-measures" UNPROCESSABLE_ENTITY "The label states its own quantity or price",
    WeightNotExpected "weight-not-expected" CONFLICT "It is not sold by weight",
    BadQuantity "bad-quantity" UNPROCESSABLE_ENTITY "The quantity is wrong",
    BadPrice "bad-price" UNPROCESSABLE_ENTITY "The price is wrong",
    BadAmount "bad-amount" UNPROCESSABLE_ENTITY "The amount is wrong",
    BadDiscount "bad-discount" UNPROCESSABLE_ENTITY "The discount is wrong",
    WrongCurrency "wrong-currency" UNPROCESSABLE_ENTITY "The currency is not the store's",
    TaxMissing "tax-missing" CONFLICT "The tax class is missing",
    BadText "bad-text" UNPROCESSABLE_ENTITY "The text is empty or too long",
    UnknownReason "unknown-reason" UNPROCESSABLE_ENTITY "There is no such reason",
    // Tenders and payments.
    UnknownTender "unknown-tender" UNPROCESSABLE_ENTITY "There is no such tender",
    WrongTender "wrong-tender" UNPROCESSABLE_ENTITY "The tender is taken another way",
    TenderRefused "tender-refused" UNPROCESSABLE_ENTITY "The tender cannot be taken so",
    PaymentUnderWay "payment-under-way" CONFLICT "A payment has no known outcome yet",
    TerminalBusy "terminal-busy" CONFLICT "The card terminal is busy",
    NoPayment "no-payment" NOT_FOUND "There is no such payment to do this with",
    // Receipts, returns, print jobs.
    NoReceipt "no-receipt" NOT_FOUND "There is no such receipt",
    NotLastSale "not-last-sale" CONFLICT "It is not the last sale",
    ReturnUnderWay "return-under-way" CONFLICT "A return is under way",
    NoReturn "no-return" NOT_FOUND "No such return is under way",
    ReturnPartlyPaid "return-partly-paid" CONFLICT "Part of the return was paid back",
    ReturnRefused "return-refused" UNPROCESSABLE_ENTITY "It cannot be returned so",
    NoJob "no-job" NOT_FOUND "There is no such print job",
    // Customers.
    BadCustomer "bad-customer" BAD_REQUEST "That is no customer's id",
    NoCustomer "no-customer" NOT_FOUND "There is no such customer",
    CustomerErased "customer-erased" GONE "The customer was erased",
    CustomerTaken "customer-taken" CONFLICT "The customer is there already",
    NoNote "no-note" NOT_FOUND "There is no such note",
    NoWish "no-wish" NOT_FOUND "There is no such wish",
}

impl Kind {
    /// Its stable URI.
    pub fn uri(self) -> String {
        format!("urn:till:problem:{}", self.name())
    }
}
