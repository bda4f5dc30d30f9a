//! What a cashier types, as an [`Entry`]: a code scans, everything else begins with a word.
//!
//! Amounts and quantities are checked here for their form only, and taken with a point or a
//! comma; what they come to is the till's to say. [`super::run`] carries entries out.

use super::entry::{Entry, Kind, Off, PaymentAct, ReceiptName};
use super::help;

/// The longest line taken: the longest code, a quantity, a reason and a label fit several times.
pub const MAX_LINE_BYTES: usize = 1_024;

/// The longest number: no amount or quantity that the till takes has more digits.
const MAX_NUMBER_CHARS: usize = 16;

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
    basket(word, rest)
        .or_else(|| paying(word, rest))
        .or_else(|| payments(word, rest))
        .or_else(|| till(word, rest))
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
        ("force", [cart]) => Entry::Force((*cart).to_owned()),
        ("offer", [cart, code]) => {
            Entry::Offer { cart: (*cart).to_owned(), code: (*code).to_owned() }
        }
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

fn payments(word: &str, rest: &[&str]) -> Option<Entry> {
    let (number, act) = match (word, rest) {
        ("payments", []) => return Some(Entry::Payments),
        ("return", []) => return Some(Entry::Return),
        ("giveup", []) => return Some(Entry::GiveUp),
        ("payout", [part, tender]) => {
            return Some(Entry::PayOut { part: place(part)?, tender: (*tender).to_owned() });
        }
        ("ask", [number]) => (number, PaymentAct::Ask),
        ("abort", [number]) => (number, PaymentAct::Abort),
        ("reverse", [number]) => (number, PaymentAct::Reverse),
        ("booked", [number, rest @ ..]) => (number, booked(rest)?),
        ("not-booked", [number, _, ..]) => {
            (number, PaymentAct::NotBooked { note: words_after(rest) })
        }
        ("put-right", [number, _, ..]) => {
            (number, PaymentAct::PutRight { note: words_after(rest) })
        }
        _ => return None,
    };
    Some(Entry::Payment { payment: number.parse().ok()?, act })
}

/// `[amount=9.50] [slip=231] NOTE`: named, for a slip's number must never be taken for an amount.
fn booked(mut rest: &[&str]) -> Option<PaymentAct> {
    let (mut amount, mut slip) = (None, None);
    while let [word, after @ ..] = rest {
        match word.split_once('=') {
            Some(("amount", value)) => amount = Some(number(value)?),
            Some(("slip", value)) => slip = Some(value.parse().ok()?),
            _ => break,
        }
        rest = after;
    }
    (!rest.is_empty()).then(|| PaymentAct::Booked { amount, slip, note: rest.join(" ") })
}

fn words_after(rest: &[&str]) -> String {
    rest.get(1..).unwrap_or_default().join(" ")
}

fn till(word: &str, rest: &[&str]) -> Option<Entry> {
    Some(match (word, rest) {
        ("open", [float]) => Entry::Open { float: number(float)? },
        ("close" | "close!", [cash, others @ ..]) => Entry::Close {
            anyway: word == "close!",
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
        ("jobs", []) => Entry::Jobs,
        ("retry", [job]) => Entry::Retry(job.parse().ok()?),
        ("drop", [job]) => Entry::Drop(job.parse().ok()?),
        ("help" | "?", []) => Entry::Help(None),
        ("help" | "?", [word]) => Entry::Help(some(word)),
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
    match help::form(&lower) {
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
