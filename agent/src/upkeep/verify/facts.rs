//! What the facts of a journal must keep among themselves, looked at one by one in bounded
//! memory: the last receipt number, and the totals of shifts that are not closed yet.

use super::super::UpkeepError;
use commerce::fact::{Fact, ShiftClosed};
use commerce::money::Money;
use commerce::returns::Return;
use commerce::sale::{ReceiptNumber, Sale};
use commerce::shift::{ShiftTotal, TotalKind, additions};
use std::collections::BTreeMap;
use sync::body::BodyError;
use sync::log::ReplicaId;
use sync::store::Stored;

/// Totals by kind and key, as count and amount.
type Totals = BTreeMap<(TotalKind, String), (i64, i64)>;

/// What is known of the facts so far.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Zs that were the sum of their shift.
    pub zs: u64,
    /// Entries of kinds or numbers that a newer Till wrote.
    pub unknown: u64,
    /// The series that this stream opened, as its receipt 0.
    opened: Option<ReceiptNumber>,
    last: Option<ReceiptNumber>,
    receipts: u64,
    z: u32,
    /// The highest Z that was given back.
    passed: u32,
    /// A unknown fact may have added to a total or taken a number.
    blind: bool,
    shifts: BTreeMap<u32, Totals>,
}

impl Facts {
    /// Another incarnation's journal comes; shifts and Zs go on, receipts begin anew.
    pub(super) fn begin_stream(&mut self) {
        self.opened = None;
        self.last = None;
        self.receipts = 0;
    }

    /// How many receipts this stream has, and the last.
    pub(super) const fn receipts(&self) -> (u64, Option<&ReceiptNumber>) {
        (self.receipts, self.last.as_ref())
    }

    /// Looks at the next entry. What was given back by a peer belongs to the shifts of a life that this
    /// database knows nothing of.
    pub(super) fn check(
        &mut self,
        replica: ReplicaId,
        stored: &Stored,
        given_back: bool,
    ) -> Result<(), UpkeepError> {
        let seq = stored.entry.seq;
        let fact = match sync::body::decode(&stored.entry.body) {
            Ok(fact) => fact,
            Err(BodyError::UnknownKind(_) | BodyError::UnknownNumber { .. }) => {
                self.unknown += 1;
                self.blind = true;
                return Ok(());
            }
            Err(source) => return Err(UpkeepError::Body { replica, seq, source }),
        };
        match &fact {
            Fact::SeriesOpened(opened) => {
                let store = opened.store.clone();
                let (till, series) = (opened.till, opened.series);
                self.opened = Some(ReceiptNumber { store, till, series, number: 0 });
            }
            Fact::Sold(sale) => {
                self.check_number(&sale.receipt, seq)?;
                check_sale(sale, seq)?;
            }
            Fact::Returned(returned) => {
                self.check_number(&returned.receipt, seq)?;
                check_return(returned, seq)?;
            }
            Fact::ShiftClosed(closed) if given_back => self.passed = self.passed.max(closed.z),
            Fact::ShiftClosed(closed) => self.check_z(closed, seq)?,
            _ => {}
        }
        if !given_back {
            self.add(&fact);
        }
        Ok(())
    }

    fn check_number(&mut self, found: &ReceiptNumber, seq: u64) -> Result<(), UpkeepError> {
        let before = self.last.as_ref().or(self.opened.as_ref());
        // A journal whose opening cannot be read begins with whatever comes.
        let expected = before.map_or_else(
            || found.clone(),
            |before| ReceiptNumber { number: before.number.saturating_add(1), ..before.clone() },
        );
        if expected != *found && !self.blind {
            return Err(UpkeepError::Receipt { seq, expected, found: found.clone() });
        }
        self.last = Some(found.clone());
        self.receipts += 1;
        Ok(())
    }

    fn check_z(&mut self, closed: &ShiftClosed, seq: u64) -> Result<(), UpkeepError> {
        let shift = closed.stamp.shift;
        let wrong = |detail: String| UpkeepError::Z { z: closed.z, shift, seq, detail };
        // It goes on from the Z before it, or from one that was given back, where that came in time.
        let follows = closed.z == self.z + 1 || closed.z == self.z.max(self.passed) + 1;
        if !follows && !self.blind {
            return Err(wrong(format!("the Z before it is {}", self.z)));
        }
        self.z = closed.z;
        let summed = self.shifts.remove(&shift).unwrap_or_default();
        let stated = by_key(&closed.totals);
        if let Some(detail) = difference(&summed, &stated).filter(|_| !self.blind) {
            return Err(wrong(detail));
        }
        self.zs += 1;
        Ok(())
    }

    fn add(&mut self, fact: &Fact) {
        let Some(shift) = fact.shift() else { return };
        let added = additions(fact);
        if added.is_empty() {
            return;
        }
        let totals = self.shifts.entry(shift).or_default();
        for total in added {
            let sum = totals.entry((total.kind, total.key)).or_default();
            sum.0 += total.count;
            sum.1 += total.amount;
        }
    }
}

fn check_sale(sale: &Sale, seq: u64) -> Result<(), UpkeepError> {
    sale.check().map_err(|error| UpkeepError::sums(&sale.receipt, seq, &error))
}

fn check_return(returned: &Return, seq: u64) -> Result<(), UpkeepError> {
    let sums = || {
        let paid = Money::sum(returned.currency, returned.payouts.iter().map(|out| out.amount))?;
        Ok((paid, returned.taxes.total(returned.currency)?))
    };
    let (paid, taxed) =
        sums().map_err(|error| UpkeepError::sums(&returned.receipt, seq, &error))?;
    if paid == returned.total && taxed == returned.total {
        return Ok(());
    }
    let total = returned.total;
    let detail = format!("{paid} were paid out, the taxes come to {taxed}, the return to {total}");
    Err(UpkeepError::Sums { receipt: returned.receipt.clone(), seq, detail })
}

fn by_key(totals: &[ShiftTotal]) -> Totals {
    let pairs = totals.iter();
    pairs.map(|total| ((total.kind, total.key.clone()), (total.count, total.amount))).collect()
}

/// The first total that differs, in words.
fn difference(summed: &Totals, stated: &Totals) -> Option<String> {
    let keys = summed.keys().chain(stated.keys());
    let differs = keys.into_iter().find(|key| {
        summed.get(key).copied().unwrap_or_default() != stated.get(key).copied().unwrap_or_default()
    })?;
    let show = |totals: &Totals| {
        let (count, amount) = totals.get(differs).copied().unwrap_or_default();
        format!("{amount} minor units in {count}")
    };
    let (kind, key) = differs;
    Some(format!("{kind:?} `{key}` states {}, its facts come to {}", show(stated), show(summed)))
}
