//! What came back of each sale: never more than was sold, never more money than was paid.

use super::Broken;
use commerce::returns::{Return, ReturnKind};
use commerce::sale::{ReceiptNumber, Sale};
use std::collections::BTreeMap;

/// What has come back so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CameBack {
    /// Thousandths of each line of a receipt.
    lines: BTreeMap<(ReceiptNumber, u32), i64>,
    /// Minor units paid back for a receipt.
    paid: BTreeMap<ReceiptNumber, i64>,
}

impl CameBack {
    /// Thousandths of a line that came back.
    #[must_use]
    pub fn of_line(&self, receipt: &ReceiptNumber, line: u32) -> i64 {
        self.lines.get(&(receipt.clone(), line)).copied().unwrap_or_default()
    }

    pub(super) fn enter(&mut self, returned: &Return, sale: &Sale) -> Result<(), Broken> {
        let (receipt, of) = (&returned.receipt, &sale.receipt);
        if returned.kind == ReturnKind::PostVoid && self.paid.contains_key(of) {
            return Err(format!("{receipt} undoes {of}, of which something came back already"));
        }
        for line in &returned.lines {
            let sold = sale.lines.iter().find(|sold| sold.number == line.line);
            let sold = sold.ok_or(format!("{receipt} returns line {} of {of}", line.line))?;
            let back = self.lines.entry((of.clone(), line.line)).or_default();
            *back += line.quantity.thousandths();
            if *back > sold.quantity.thousandths() {
                return Err(format!("{receipt} returns more of {of} than was sold: {line:?}"));
            }
        }
        let payouts: i64 = returned.payouts.iter().map(|payout| payout.amount.minor()).sum();
        if payouts != returned.total.minor() {
            return Err(format!("{receipt} is of {} and pays out {payouts}", returned.total));
        }
        let paid = self.paid.entry(of.clone()).or_default();
        *paid += payouts;
        if *paid > sale.total.minor() {
            return Err(format!("{receipt} makes it {paid} paid back of {of}, {}", sale.total));
        }
        Ok(())
    }
}
