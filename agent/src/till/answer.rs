//! What a named request was answered with, in a form that outlives a restart.

use commerce::cart::CartId;
use commerce::customer::CustomerId;
use commerce::sale::ReceiptNumber;

/// The short form in which an answer is remembered: what it names, not what it showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Cart(CartId, Option<u32>),
    Sold(ReceiptNumber),
    Payment(u64),
    ReturnOpen(CartId),
    Returned(ReceiptNumber),
    Shift(u32),
    Job(u64),
    Customer(CustomerId),
    Done,
}

impl Answer {
    pub fn text(&self) -> String {
        match self {
            Self::Cart(id, None) => format!("cart {}", id.0),
            Self::Cart(id, Some(line)) => format!("cart {} {line}", id.0),
            Self::Sold(receipt) => format!("sold {receipt}"),
            Self::Payment(intent) => format!("payment {intent}"),
            Self::ReturnOpen(id) => format!("return {}", id.0),
            Self::Returned(receipt) => format!("returned {receipt}"),
            Self::Shift(shift) => format!("shift {shift}"),
            Self::Job(job) => format!("job {job}"),
            Self::Customer(customer) => format!("customer {customer}"),
            Self::Done => "done".to_owned(),
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (kind, named) = (words.next()?, words.next());
        let receipt = || named.and_then(ReceiptNumber::parse);
        Some(match kind {
            "cart" => {
                let line = words.next().map(str::parse).transpose().ok()?;
                Self::Cart(CartId(named?.parse().ok()?), line)
            }
            "sold" => Self::Sold(receipt()?),
            "payment" => Self::Payment(named?.parse().ok()?),
            "return" => Self::ReturnOpen(CartId(named?.parse().ok()?)),
            "returned" => Self::Returned(receipt()?),
            "shift" => Self::Shift(named?.parse().ok()?),
            "job" => Self::Job(named?.parse().ok()?),
            "customer" => Self::Customer(named?.parse().ok()?),
            "done" => Self::Done,
            _ => return None,
        })
    }
}
