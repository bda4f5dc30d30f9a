//! Why something a cashier wanted was not done. Causes stand in the texts, not in the chain, so that
//! the command line does not say them twice.

use super::client::ClientError;
use std::path::PathBuf;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum SellError {
    /// The till refused, or is not there.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The line cannot be read.
    #[error("✗ {0}")]
    Line(String),
    /// There is nothing to do it to.
    #[error("✗ the basket is empty: scan something first")]
    NoBasket,
    /// Nothing was sold yet.
    #[error("✗ this till has no receipts yet")]
    NoReceipts,
    /// The receipt has no such line, or all of it came back.
    #[error("✗ receipt {receipt} has nothing left of line {line}: `receipt {receipt}` shows it")]
    NothingLeft {
        /// The receipt.
        receipt: String,
        /// The line.
        line: u32,
    },
    /// The store takes nothing of the kind.
    #[error("✗ this store takes no {0}")]
    NoTender(&'static str),
    /// An amount that the store's currency has not.
    #[error("✗ {0}")]
    Money(commerce::MoneyError),
    /// A card payment that charged nothing, or stands in front of someone: the text says it all.
    #[error("{0}")]
    Unsettled(String),
    /// A basket that was asked for did not come.
    #[error(
        "✗ it did not come within {seconds} s: the till that holds it uses it, or can't be reached. \
         Where it can't, a manager takes it: `force ID`"
    )]
    NotCome {
        /// How long it was waited for.
        seconds: u64,
    },
    /// A part of a return is still to be paid back: the text says how.
    #[error("{0}")]
    ReturnWaits(String),
    /// The count is far from what should be there, and nobody is there to say that it is right.
    #[error("✗ the count is far from what should be there: `close!` in place of `close` takes it")]
    Differs,
    /// A file cannot be read.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Standard input or the terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Input(std::io::Error),
    /// Nobody to log in.
    #[error(
        "say who sells: --staff NUMBER (or TILL_STAFF), and the PIN with --pin-file FILE or in TILL_PIN"
    )]
    NoStaff,
    /// A line of a script was not done.
    #[error("line {line}, `{text}`: {why}\n{rest}")]
    Script {
        /// What became of the lines after it.
        rest: String,
        /// The line, from 1.
        line: u32,
        /// What it says.
        text: String,
        /// Why.
        why: Box<SellError>,
    },
}

impl From<commerce::MoneyError> for SellError {
    fn from(error: commerce::MoneyError) -> Self {
        Self::Money(error)
    }
}

impl From<std::io::Error> for SellError {
    fn from(error: std::io::Error) -> Self {
        Self::Input(error)
    }
}
