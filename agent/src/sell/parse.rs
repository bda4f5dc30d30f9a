//! What a cashier types, as an [`Entry`]: a code scans, everything else begins with a word.
//!
//! Amounts and quantities are checked here for their form only, and taken with a point or a
//! comma; what they come to is the till's to say. [`super::run`] carries entries out.

/// The longest line taken: the longest code, a quantity, a reason and a label fit several times.
pub const MAX_LINE_BYTES: usize = 1_024;

/// The longest number: no amount or quantity that the till takes has more digits.
const MAX_NUMBER_CHARS: usize = 16;

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
    /// Open a shift.
    Open {
        /// Cash put into the drawer.
        float: String,
    },
    /// Close the shift.
    Close {
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
    /// Show the basket again.
    Show,
    /// Show shift, devices and what is open.
    Status,
    /// List the reasons that can be given.
    Reasons,
    /// List the commands.
    Help,
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

/// Every command and what it does, in the order of `help`.
const COMMANDS: [(&str, &str); 31] = [
    ("CODE", "scans a code; so do `3 x CODE` and `0.482 CODE`"),
    ("scan CODE", "scans a code that looks like a command"),
    ("search WORDS", "looks for items"),
    ("check CODE", "shows what an item costs"),
    ("void N [REASON]", "takes line N off"),
    ("qty N QUANTITY", "changes line N's quantity"),
    ("disc N 10% REASON", "takes 10 % off line N; `disc all` off the basket, `1.00` an amount"),
    ("price N 1.99 REASON", "charges another price for line N"),
    ("cash [20]", "takes cash: what is due, or more"),
    ("card [20]", "lets the customer pay by card"),
    ("voucher 5 NUMBER", "takes a voucher"),
    ("coupon 0.50 [NUMBER]", "takes a manufacturer's coupon"),
    ("takeback", "gives back the tenders taken so far"),
    ("park LABEL", "sets the basket aside"),
    ("carts", "lists the baskets"),
    ("recall ID", "takes a parked basket back"),
    ("cancel [REASON]", "gives the basket up"),
    ("refund RECEIPT N [Q] REASON", "refunds line N of a receipt; `last` is the last one"),
    ("void-last REASON", "undoes the last sale, for a reason to cancel"),
    ("open FLOAT", "opens a shift"),
    ("close COUNTED [TENDER=COUNTED]", "closes the shift with the cash counted"),
    ("in AMOUNT REASON", "puts cash into the drawer"),
    ("out AMOUNT REASON", "takes cash out of the drawer"),
    ("x", "shows where the shift stands"),
    ("drawer REASON", "opens the drawer"),
    ("receipt [NUMBER]", "shows a receipt"),
    ("reprint [NUMBER]", "prints a receipt again, as a duplicate"),
    ("status", "shows shift, devices and open payments; `show` shows the basket"),
    ("reasons", "lists the reasons that can be given"),
    ("help", "shows this list"),
    ("quit", "stops; the basket stays"),
];

/// Every command with what it does, a line each.
#[must_use]
pub fn help() -> String {
    COMMANDS.iter().map(|(usage, says)| format!("{usage:<32} {says}\n")).collect()
}

impl Entry {
    /// Reads a line; `None` for an empty one or a `# comment`.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("a line has at most {MAX_LINE_BYTES} bytes"));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(None),
            [first, ..] if first.starts_with('#') => Ok(None),
            [first, rest @ ..] => {
                let known = command(&first.to_ascii_lowercase(), rest);
                known
                    .or_else(|| scan(&words))
                    .map(Some)
                    .ok_or_else(|| wrong(first, rest.is_empty()))
            }
        }
    }
}

/// A line that begins with a command's word and has its form.
fn command(word: &str, rest: &[&str]) -> Option<Entry> {
    basket(word, rest).or_else(|| paying(word, rest)).or_else(|| till(word, rest))
}

fn basket(word: &str, rest: &[&str]) -> Option<Entry> {
    Some(match (word, rest) {
        ("scan", [code]) => Entry::Scan { code: (*code).to_owned(), quantity: None },
        ("search", [_, ..]) => Entry::Search(rest.join(" ")),
        ("check", [code]) => Entry::PriceCheck((*code).to_owned()),
        ("void", [line]) => Entry::Void { line: place(line)?, reason: None },
        ("void", [line, reason]) => Entry::Void { line: place(line)?, reason: some(reason) },
        ("qty", [line, quantity]) => {
            Entry::Quantity { line: place(line)?, quantity: number(quantity)? }
        }
        ("disc", [line, value, reason]) => Entry::Discount {
            line: if *line == "all" { None } else { Some(place(line)?) },
            off: off(value)?,
            reason: (*reason).to_owned(),
        },
        ("price", [line, price, reason]) => {
            Entry::Price { line: place(line)?, price: number(price)?, reason: (*reason).to_owned() }
        }
        ("park", [_, ..]) => Entry::Park(rest.join(" ")),
        ("carts", []) => Entry::Carts,
        ("recall", [cart]) => Entry::Recall((*cart).to_owned()),
        ("cancel", []) => Entry::Cancel { reason: None },
        ("cancel", [reason]) => Entry::Cancel { reason: some(reason) },
        ("show", []) => Entry::Show,
        _ => return None,
    })
}

fn paying(word: &str, rest: &[&str]) -> Option<Entry> {
    let tender = |kind, amount, reference| Entry::Tender { kind, amount, reference };
    Some(match (word, rest) {
        ("cash", []) => tender(Kind::Cash, None, None),
        ("cash", [amount]) => tender(Kind::Cash, Some(number(amount)?), None),
        ("voucher", [amount, reference]) => {
            tender(Kind::Voucher, Some(number(amount)?), some(reference))
        }
        ("coupon", [amount]) => tender(Kind::Coupon, Some(number(amount)?), None),
        ("coupon", [amount, reference]) => {
            tender(Kind::Coupon, Some(number(amount)?), some(reference))
        }
        ("card", []) => Entry::Card { amount: None },
        ("card", [amount]) => Entry::Card { amount: Some(number(amount)?) },
        ("takeback", []) => Entry::TakeBack,
        ("refund", [receipt, line, reason]) if number(reason).is_none() => Entry::Refund {
            receipt: receipt_name(receipt),
            line: place(line)?,
            quantity: None,
            reason: (*reason).to_owned(),
        },
        ("refund", [receipt, line, quantity, reason]) => Entry::Refund {
            receipt: receipt_name(receipt),
            line: place(line)?,
            quantity: Some(number(quantity)?),
            reason: (*reason).to_owned(),
        },
        ("void-last", [reason]) => Entry::VoidLast { reason: (*reason).to_owned() },
        _ => return None,
    })
}

fn till(word: &str, rest: &[&str]) -> Option<Entry> {
    Some(match (word, rest) {
        ("open", [float]) => Entry::Open { float: number(float)? },
        ("close", [cash, others @ ..]) => Entry::Close {
            cash: number(cash)?,
            others: others.iter().map(|pair| counted(pair)).collect::<Option<_>>()?,
        },
        ("in" | "out", [amount, reason]) => Entry::MoveCash {
            into: word == "in",
            amount: number(amount)?,
            reason: (*reason).to_owned(),
        },
        ("x", []) => Entry::X,
        ("drawer", [reason]) => Entry::Drawer { reason: (*reason).to_owned() },
        ("receipt", []) => Entry::Receipt(ReceiptName::Last),
        ("receipt", [name]) => Entry::Receipt(receipt_name(name)),
        ("reprint", []) => Entry::Reprint(ReceiptName::Last),
        ("reprint", [name]) => Entry::Reprint(receipt_name(name)),
        ("status", []) => Entry::Status,
        ("reasons", []) => Entry::Reasons,
        ("help" | "?", []) => Entry::Help,
        ("quit" | "exit", []) => Entry::Quit,
        _ => return None,
    })
}

/// A bare code, or one with a quantity in front.
fn scan(words: &[&str]) -> Option<Entry> {
    let (code, quantity) = match words {
        [code] => (*code, None),
        [quantity, code] => (*code, Some(number(quantity.trim_end_matches(['x', '*', '×']))?)),
        [quantity, "x" | "X" | "*" | "×", code] => (*code, Some(number(quantity)?)),
        _ => return None,
    };
    // Barcodes, short codes, SKUs, receipts' codes: all have a digit, which a mistyped word has not.
    let looks_right = code.bytes().any(|byte| byte.is_ascii_digit());
    looks_right.then(|| Entry::Scan { code: code.to_owned(), quantity })
}

/// Names the right form of a command.
fn wrong(word: &str, alone: bool) -> String {
    let lower = word.to_ascii_lowercase();
    let form = COMMANDS.iter().find(|(usage, _)| usage.split(' ').next() == Some(&lower));
    match form {
        Some((usage, says)) => format!("write `{usage}`: {says}"),
        None if alone => format!(
            "`{word}` is no command: `help` lists them, `search {word}` looks for items, `scan {word}` takes it for a code"
        ),
        None => format!("`{word}` is no command: `help` lists them"),
    }
}

fn some(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn place(word: &str) -> Option<u32> {
    word.parse().ok().filter(|line| *line > 0)
}

/// A decimal without sign, its comma a point.
fn number(word: &str) -> Option<String> {
    let decimal = word.replace(',', ".");
    let (whole, rest) = decimal.split_once('.').unwrap_or((&decimal, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let right = decimal.len() <= MAX_NUMBER_CHARS && digits(whole) && digits(rest);
    right.then_some(decimal)
}

fn off(word: &str) -> Option<Off> {
    match word.strip_suffix('%') {
        Some(percent) => number(percent).map(Off::Percent),
        None => number(word).map(Off::Amount),
    }
}

fn counted(pair: &str) -> Option<(String, String)> {
    let (tender, amount) = pair.split_once('=')?;
    (!tender.is_empty()).then_some((tender.to_owned(), number(amount)?))
}

fn receipt_name(word: &str) -> ReceiptName {
    if word == "last" { ReceiptName::Last } else { ReceiptName::Number(word.to_owned()) }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
