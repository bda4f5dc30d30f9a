//! A journal's shifts: one at a time, numbered without a gap, each Z what its facts come to.

use super::Broken;
use commerce::fact::{Fact, ShiftClosed};
use commerce::shift::{ShiftTotal, TotalKind, additions};
use std::collections::BTreeMap;

/// Count and amount of each total of a shift.
type Sums = BTreeMap<(TotalKind, String), (i64, i64)>;

/// Every shift, its Z behind it once it is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    all: BTreeMap<u32, Option<ShiftClosed>>,
    totals: BTreeMap<u32, Sums>,
}

impl Shifts {
    /// The number of the open shift.
    #[must_use]
    pub fn open(&self) -> Option<u32> {
        self.all.last_key_value().filter(|(_, z)| z.is_none()).map(|(number, _)| *number)
    }

    /// The Z of each closed shift.
    pub fn closed(&self) -> impl Iterator<Item = (u32, &ShiftClosed)> {
        self.all.iter().filter_map(|(number, z)| Some((*number, z.as_ref()?)))
    }

    pub(super) fn enter(&mut self, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::ShiftOpened(opened) => self.opened(opened.stamp.shift)?,
            Fact::ShiftClosed(closed) => self.shut(closed)?,
            _ => {}
        }
        let (Some(shift), added) = (fact.shift(), additions(fact)) else { return Ok(()) };
        if !added.is_empty() && self.open() != Some(shift) {
            return Err(format!("shift {shift} is not open and something counts for it: {fact:?}"));
        }
        let totals = self.totals.entry(shift).or_default();
        for ShiftTotal { kind, key, count, amount } in added {
            let sum = totals.entry((kind, key)).or_default();
            *sum = (sum.0 + count, sum.1 + amount);
        }
        Ok(())
    }

    fn opened(&mut self, number: u32) -> Result<(), Broken> {
        if let Some(open) = self.open() {
            return Err(format!("shift {number} was opened while shift {open} was"));
        }
        let last = self.all.last_key_value().map_or(0, |(last, _)| *last);
        if number != last + 1 {
            return Err(format!("shift {number} follows shift {last}"));
        }
        self.all.insert(number, None);
        Ok(())
    }

    fn shut(&mut self, closed: &ShiftClosed) -> Result<(), Broken> {
        let number = closed.stamp.shift;
        if self.open() != Some(number) {
            return Err(format!("shift {number} was closed while {:?} was open", self.open()));
        }
        let last = self.closed().last().map_or(0, |(_, before)| before.z);
        if closed.z != last + 1 {
            return Err(format!("Z {} of shift {number} follows Z {last}", closed.z));
        }
        let shown = closed.totals.iter();
        let shown: Sums = shown
            .map(|total| ((total.kind, total.key.clone()), (total.count, total.amount)))
            .collect();
        let summed = self.totals.get(&number).cloned().unwrap_or_default();
        if shown != summed {
            return Err(format!(
                "the Z of shift {number} shows {shown:?}, its facts come to {summed:?}"
            ));
        }
        self.all.insert(number, Some(closed.clone()));
        Ok(())
    }
}
