//! The journal: its series, their entries, and whether all of it verifies.

use super::time;
use crate::upkeep::verify::{VerifiedJournal, VerifyReport};
use commerce::fact::Fact;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

/// A receipt series with its journal.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SeriesRow {
    /// The series.
    pub series: u32,
    /// The replica that writes it, in hexadecimal digits.
    pub replica: String,
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last one.
    pub hash: String,
}

/// Every series of this till.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SeriesList {
    /// In order.
    pub series: Vec<SeriesRow>,
}

/// An entry of the journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(in crate::http) struct EntryShown {
    /// Its sequence in the series.
    seq: u64,
    /// Its hash.
    hash: String,
    /// What kind of fact it is.
    kind: &'static str,
    /// When.
    at: String,
    /// The shift it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<u32>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The receipt, of a sale or return.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
}

/// A page of a journal.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct EntryList {
    /// The entries.
    pub entries: Vec<EntryShown>,
    /// For `after`, to read on; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A journal in which everything holds.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct JournalProven {
    /// The replica that writes it, in hexadecimal digits.
    replica: String,
    /// Its receipt series.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<u32>,
    /// Entries, every hash of them recomputed.
    entries: u64,
    /// Seals, every one of them checked.
    seals: u64,
    /// The hash of the last entry.
    hash: String,
    /// Receipts, numbered without gaps.
    receipts: u64,
    /// The last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_receipt: Option<String>,
}

/// What was proven of the journals here.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Proven {
    /// One a replica.
    journals: Vec<JournalProven>,
    /// Closed shifts whose Z is the sum of their facts.
    zs: u64,
    /// Entries that a newer Till wrote: sealed, but not understood by this one.
    unknown: u64,
}

impl From<VerifyReport> for Proven {
    fn from(report: VerifyReport) -> Self {
        let journal = |journal: VerifiedJournal| JournalProven {
            replica: journal.replica,
            series: journal.series,
            entries: journal.entries,
            seals: journal.seals,
            hash: journal.head,
            receipts: journal.receipts,
            last_receipt: journal.last_receipt,
        };
        let journals = report.journals.into_iter().map(journal).collect();
        Self { journals, zs: report.zs, unknown: report.unknown }
    }
}

impl EntryShown {
    /// A fact with its place.
    pub fn new(seq: u64, hash: String, fact: &Fact, zone: &TimeZone) -> Self {
        let Told { kind, at, by, receipt } = told(fact);
        Self { seq, hash, kind, at: time(at, zone), shift: fact.shift(), by, receipt }
    }
}

struct Told {
    kind: &'static str,
    at: Timestamp,
    by: Option<String>,
    receipt: Option<String>,
}

fn told(fact: &Fact) -> Told {
    let stamped = |kind, stamp: &commerce::sale::Stamp| Told {
        kind,
        at: stamp.at,
        by: Some(stamp.by.to_string()),
        receipt: None,
    };
    match fact {
        Fact::SeriesOpened(fact) => {
            Told { kind: "series_opened", at: fact.at, by: None, receipt: None }
        }
        Fact::StockCounted(fact) => Told {
            kind: "stock_counted",
            at: fact.at,
            by: Some(fact.by.to_string()),
            receipt: None,
        },
        Fact::ShiftOpened(fact) => stamped("shift_opened", &fact.stamp),
        Fact::CashMoved(fact) => stamped("cash_moved", &fact.stamp),
        Fact::DrawerOpened(fact) => stamped("drawer_opened", &fact.stamp),
        Fact::Sold(fact) => {
            Told { receipt: Some(fact.receipt.to_string()), ..stamped("sold", &fact.stamp) }
        }
        Fact::Returned(fact) => {
            Told { receipt: Some(fact.receipt.to_string()), ..stamped("returned", &fact.stamp) }
        }
        Fact::PaymentIntended(fact) => stamped("payment_intended", &fact.stamp),
        Fact::PaymentEnded(fact) => stamped("payment_ended", &fact.stamp),
        Fact::PaymentPutRight(fact) => stamped("payment_put_right", &fact.stamp),
        Fact::CartCancelled(fact) => stamped("cart_cancelled", &fact.stamp),
        Fact::ShiftClosed(fact) => stamped("shift_closed", &fact.stamp),
    }
}
