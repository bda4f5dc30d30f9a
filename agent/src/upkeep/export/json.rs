//! The export as JSON Lines: one object a fact, with the names of `docs/journal.md`.
//!
//! Amounts are `{"minor": 1299, "text": "12.99"}`; a field without a value is left out. Fields are
//! only added. Called by [`super::export`].

mod trade;

use super::rows::direction;
use super::{Exported, ExportedFile, Sink};
use crate::upkeep::UpkeepError;
use commerce::Money;
use commerce::fact::{
    CashMoved, Fact, PaymentEnded, PaymentIntended, PaymentKind, PaymentOutcome, SeriesOpened,
    SeriesReason, ShiftClosed, ShiftOpened, StockCounted,
};
use commerce::quantity::thousandths_text;
use commerce::sale::Stamp;
use commerce::staff::StaffId;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The one file.
const FILE: &str = "journal.jsonl";

/// The file being written.
pub(super) struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    rows: u64,
}

impl Lines {
    /// Makes the file.
    pub(super) fn begin(folder: &Path) -> Result<Self, UpkeepError> {
        let path = folder.join(FILE);
        let file = File::create_new(&path).map_err(UpkeepError::io(&path))?;
        Ok(Self { path, file: BufWriter::new(file), rows: 0 })
    }
}

impl Sink for Lines {
    fn put(&mut self, entry: &Exported<'_>) -> Result<(), UpkeepError> {
        let line = without_nothing(line(entry));
        serde_json::to_writer(&mut self.file, &line)
            .map_err(|source| UpkeepError::Json { file: self.path.clone(), source })?;
        self.file.write_all(b"\n").map_err(UpkeepError::io(&self.path))?;
        self.rows += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<ExportedFile>, UpkeepError> {
        let Self { path, file, rows } = *self;
        let file = file.into_inner().map_err(|error| UpkeepError::io(&path)(error.into_error()))?;
        file.sync_all().map_err(UpkeepError::io(&path))?;
        Ok(vec![ExportedFile { name: FILE.to_owned(), rows }])
    }
}

fn line(entry: &Exported<'_>) -> Value {
    let stored = entry.stored;
    let (kind, fields) = match entry.fact {
        Some(fact) => (kind(fact), fields(fact)),
        None => ("unknown", json!({ "body": hex(&stored.entry.body) })),
    };
    let mut line = json!({
        "series": entry.series,
        "seq": stored.entry.seq,
        "hash": stored.hash.to_string(),
        "clock_ms": stored.entry.clock.ms(),
        "kind": kind,
    });
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    line
}

const fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::SeriesOpened(_) => "series_opened",
        Fact::ShiftOpened(_) => "shift_opened",
        Fact::CashMoved(_) => "cash_moved",
        Fact::DrawerOpened(_) => "drawer_opened",
        Fact::Sold(_) => "sold",
        Fact::Returned(_) => "returned",
        Fact::PaymentIntended(_) => "payment_intended",
        Fact::PaymentEnded(_) => "payment_ended",
        Fact::PaymentPutRight(_) => "payment_put_right",
        Fact::StockCounted(_) => "stock_counted",
        Fact::CartCancelled(_) => "cart_cancelled",
        Fact::ShiftClosed(_) => "shift_closed",
    }
}

fn fields(fact: &Fact) -> Value {
    match fact {
        Fact::SeriesOpened(fact) => series_opened(fact),
        Fact::ShiftOpened(fact) => shift_opened(fact),
        Fact::CashMoved(fact) => cash_moved(fact),
        Fact::DrawerOpened(fact) => stamped(&fact.stamp, json!({ "reason": fact.reason })),
        Fact::Sold(fact) => trade::sold(fact),
        Fact::Returned(fact) => trade::returned(fact),
        Fact::PaymentIntended(fact) => payment_intended(fact),
        Fact::PaymentEnded(fact) => payment_ended(fact),
        Fact::PaymentPutRight(fact) => {
            let fields = json!({
                "intent": fact.intent,
                "note": fact.note,
                "approved_by": approver(fact.approved_by.as_ref()),
            });
            stamped(&fact.stamp, fields)
        }
        Fact::StockCounted(fact) => stock_counted(fact),
        Fact::CartCancelled(fact) => {
            let fields = json!({
                "cart": fact.cart.0,
                "lines": fact.lines,
                "currency": fact.amount.currency().code(),
                "amount": money(fact.amount),
                "reason": fact.reason,
            });
            stamped(&fact.stamp, fields)
        }
        Fact::ShiftClosed(fact) => shift_closed(fact),
    }
}

/// An amount in minor units and as text.
fn money(money: Money) -> Value {
    json!({ "minor": money.minor(), "text": money.amount_text() })
}

/// Adds when, in which shift and by whom.
fn stamped(stamp: &Stamp, mut fields: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.insert("at".to_owned(), json!(stamp.at.to_string()));
        fields.insert("shift".to_owned(), json!(stamp.shift));
        fields.insert("by".to_owned(), json!(stamp.by.as_str()));
    }
    fields
}

fn series_opened(fact: &SeriesOpened) -> Value {
    let reason = match fact.reason {
        SeriesReason::First => "first",
        SeriesReason::Restored => "restored",
        SeriesReason::Copied => "copied",
        SeriesReason::Forked => "forked",
        SeriesReason::Renumbered => "renumbered",
    };
    json!({
        "at": fact.at.to_string(),
        "store": fact.store,
        "till": fact.till,
        "opened_series": fact.series,
        "reason": reason,
        "previous_last": fact.previous_last.as_ref().map(ToString::to_string),
    })
}

fn shift_opened(fact: &ShiftOpened) -> Value {
    let fields = json!({
        "business_day": fact.business_day.to_string(),
        "currency": fact.float.currency().code(),
        "float": money(fact.float),
    });
    stamped(&fact.stamp, fields)
}

fn cash_moved(fact: &CashMoved) -> Value {
    let fields = json!({
        "direction": direction(fact.direction),
        "currency": fact.amount.currency().code(),
        "amount": money(fact.amount),
        "reason": fact.reason,
        "approved_by": approver(fact.approved_by.as_ref()),
    });
    stamped(&fact.stamp, fields)
}

fn payment_intended(fact: &PaymentIntended) -> Value {
    let (kind, reverses) = match fact.kind {
        PaymentKind::Authorise => ("authorise", None),
        PaymentKind::Refund => ("refund", None),
        PaymentKind::Reverse { receipt_number } => ("reverse", Some(receipt_number)),
    };
    let fields = json!({
        "intent": fact.intent,
        "payment": kind,
        "reverses": reverses,
        "currency": fact.amount.currency().code(),
        "amount": money(fact.amount),
        "cart": fact.cart.0,
        "approved_by": approver(fact.approved_by.as_ref()),
    });
    stamped(&fact.stamp, fields)
}

fn approver(by: Option<&StaffId>) -> Option<&str> {
    by.map(StaffId::as_str)
}

fn payment_ended(fact: &PaymentEnded) -> Value {
    let fields = match &fact.outcome {
        PaymentOutcome::Approved { amount, card } => json!({
            "outcome": "approved",
            "currency": amount.currency().code(),
            "amount": money(*amount),
            "card": trade::card(card),
        }),
        PaymentOutcome::Declined { code, text } => {
            json!({ "outcome": "declined", "code": code, "text": text })
        }
        PaymentOutcome::NotSent { why } => json!({ "outcome": "not_sent", "why": why }),
    };
    let mut fields = stamped(&fact.stamp, fields);
    if let Value::Object(fields) = &mut fields {
        fields.insert("intent".to_owned(), json!(fact.intent));
        fields.insert("by_hand".to_owned(), json!(fact.by_hand));
        fields.insert("approved_by".to_owned(), json!(approver(fact.approved_by.as_ref())));
    }
    fields
}

fn stock_counted(fact: &StockCounted) -> Value {
    let items: Vec<Value> = fact
        .items
        .iter()
        .map(|(sku, count)| json!({ "sku": sku, "quantity": thousandths_text(*count) }))
        .collect();
    json!({
        "at": fact.at.to_string(),
        "by": fact.by.as_str(),
        "place": fact.place,
        "items": items,
        "round": fact.round,
    })
}

fn shift_closed(fact: &ShiftClosed) -> Value {
    let totals: Vec<Value> = fact
        .totals
        .iter()
        .map(|total| {
            json!({
                "total": total.kind.name(),
                "key": total.key,
                "count": total.count,
                "minor": total.amount,
            })
        })
        .collect();
    let counted: Vec<Value> = fact
        .counted
        .iter()
        .map(|counted| {
            json!({
                "tender": counted.tender,
                "expected": money(counted.expected),
                "counted": money(counted.counted),
            })
        })
        .collect();
    let fields = json!({
        "business_day": fact.business_day.to_string(),
        "z": fact.z,
        "currency": fact.counted.first().map(|counted| counted.expected.currency().code()),
        "totals": totals,
        "counted": counted,
    });
    stamped(&fact.stamp, fields)
}

/// Leaves out fields that have no value.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                kept.map(|(name, value)| (name, without_nothing(value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => items.into_iter().map(without_nothing).collect(),
        other => other,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
