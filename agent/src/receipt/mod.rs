//! Receipts and shift reports: facts laid out as documents, once, for every rendering.
//!
//! A [`Document`] says what stands on the paper; `drivers` turns it into ESC/POS, text, SVG and
//! PNG. Called by the print spool and by the API with the same document, so that a screen shows
//! what the printer prints. Money is printed as the fact states it and never worked out again.

mod parts;
mod report;
mod returned;
mod sale;
mod taxes;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use report::{Reported, report};
pub use returned::returned;
pub use sale::sale;

use crate::store::Connection;
use crate::store::till::{TillStoreError, read};
use crate::till::Settings;
use commerce::fact::Fact;
use drivers::printer::document::Document;
use jiff::Timestamp;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// This till printed no such receipt.
    #[error("this till has no receipt {number} in series {series}")]
    NoReceipt {
        /// The series asked for.
        series: u32,
        /// The number asked for.
        number: u32,
    },
    /// This till had no such shift.
    #[error("this till had no shift {0}")]
    NoShift(u32),
    /// The journal holds something else where the receipt or the close should stand.
    #[error("entry {seq} of series {series} is not what the lists say it is: run `till doctor`")]
    OtherFact {
        /// The series.
        series: u32,
        /// The entry's sequence.
        seq: u64,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] TillStoreError),
}

/// The receipt with this number, from the journal: a sale, a refund or a post-void.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn document_for(
    conn: &Connection,
    settings: &Settings,
    series: u32,
    number: u32,
    duplicate: bool,
) -> Result<Document, ReceiptError> {
    let row =
        read::receipt(conn, series, number)?.ok_or(ReceiptError::NoReceipt { series, number })?;
    match read::fact(conn, series, row.seq)? {
        (Fact::Sold(fact), hash) => Ok(sale(&fact, settings, &hash, duplicate)),
        (Fact::Returned(fact), hash) => Ok(returned(&fact, settings, &hash, duplicate)),
        _ => Err(ReceiptError::OtherFact { series, seq: row.seq }),
    }
}

/// The report of a shift: its Z once it is closed, before that an X as of `now`. `till` is this
/// till's number, for a shift that is still open.
///
/// # Errors
/// When there is no such shift, or it cannot be read.
pub fn report_for(
    conn: &Connection,
    settings: &Settings,
    till: u16,
    shift: u32,
    now: Timestamp,
) -> Result<Document, ReceiptError> {
    let shift = read::shift(conn, shift)?.ok_or(ReceiptError::NoShift(shift))?;
    let Some(closed) = shift.closed else {
        let totals = read::shift_totals(conn, shift.number)?;
        let open = Reported { shift: &shift, till, totals: &totals, closed: None, now };
        return Ok(report(&open, settings));
    };
    let (series, seq) = (closed.series, closed.seq);
    let Fact::ShiftClosed(fact) = read::fact(conn, series, seq)?.0 else {
        return Err(ReceiptError::OtherFact { series, seq });
    };
    let till = read::series_owner(conn, series)?.map_or(till, |(_, till)| till);
    let (totals, now) = (fact.totals.as_slice(), fact.stamp.at);
    let z = Reported { shift: &shift, till, totals, closed: Some(&fact), now };
    Ok(report(&z, settings))
}
