//! The close of a shift: what was counted is held against what should be there before it is final.

use super::cashier::{Cashier, Screen};
use super::error::SellError;
use super::show;
use super::view::Table;
use super::wire::{Answer, Report, TillStatus};
use commerce::Money;
use serde_json::json;
use ureq::http::Method;

/// A difference above so many of the currency's major units is asked about: a slip of the hand, not
/// of the drawer.
const LARGE: &str = "5";

impl<S: Screen> Cashier<S> {
    pub(super) fn close(
        &mut self,
        anyway: bool,
        cash: &str,
        others: &[(String, String)],
    ) -> Result<(), SellError> {
        let mut counted = vec![(self.tender("cash")?, self.money(cash)?)];
        for (tender, amount) in others {
            counted.push((tender.clone(), self.money(amount)?));
        }
        if !anyway && !self.confirm(&counted)? {
            self.screen.show("The shift stays open.");
            return Ok(());
        }
        let row = |(tender, amount): &(String, Money)| {
            let amount = super::wire::Amount::from(*amount);
            json!({ "tender": tender, "amount": amount })
        };
        let body = json!({ "counted": counted.iter().map(row).collect::<Vec<_>>() });
        let closed = self.act(&Method::POST, "/shifts/current/close", body)?;
        self.show_z(&closed)?;
        self.say_printer_trouble()
    }

    /// Whether to close with this count: asked when it is far from what should be there, or when
    /// whoever closes may not know that.
    fn confirm(&mut self, counted: &[(String, Money)]) -> Result<bool, SellError> {
        let status: TillStatus = self.client.get("/status")?;
        if status.cart.is_some() || status.open_return.is_some() {
            // Not yet, whatever was counted: the till says so.
            return Ok(true);
        }
        let report: Report = match self.client.get("/shifts/current/report") {
            Ok(report) => report,
            Err(error) if error.is("forbidden") => {
                let cash = counted.first().map(|(_, cash)| cash.amount_text()).unwrap_or_default();
                let ask = format!("Close the shift with {cash} counted in cash? (yes/no) ");
                // A script has nobody to ask, and says what was counted once.
                return Ok(self.screen.ask(&ask, false).is_none_or(|answer| is_yes(&answer)));
            }
            // The till itself says what is wrong.
            Err(error) if error.is("no-such-shift") => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let Some(table) = self.large_differences(&report, counted)? else { return Ok(true) };
        let table = show::table(&table);
        self.screen.show(&table);
        match self.screen.ask("Close anyway? (yes/no) ", false) {
            Some(answer) => Ok(is_yes(&answer)),
            None => Err(SellError::Differs),
        }
    }

    /// The count against what should be there, when they are far apart.
    fn large_differences(
        &self,
        report: &Report,
        counted: &[(String, Money)],
    ) -> Result<Option<Table>, SellError> {
        let large = self.money(LARGE)?.minor();
        let mut table = Table::new(&["counted", ">expected", ">counted", ">difference"]);
        let mut far = false;
        let cash = self.tender("cash")?;
        for (tender, amount) in counted {
            let (kind, key) =
                if *tender == cash { ("drawer_cash", "") } else { ("tenders", tender.as_str()) };
            let found = report.totals.iter().find(|row| row.kind == kind && row.key == key);
            let expected = Money::new(found.map_or(0, |row| row.amount.minor), self.currency)?;
            let difference = amount.minus(expected)?;
            far |= difference.minor().abs() > large;
            let texts = [expected, *amount, difference].map(|money| money.amount_text());
            table.rows.push(std::iter::once(tender.clone()).chain(texts).collect());
        }
        Ok(far.then_some(table))
    }

    /// The Z of the shift that was closed, to those who may see it.
    fn show_z(&mut self, answer: &Answer) -> Result<(), SellError> {
        let Answer::Shift { shift } = answer else { return Ok(()) };
        self.screen.show(&format!("Shift {shift} is closed."));
        match self.show_report(&shift.to_string()) {
            Err(SellError::Client(error)) if error.is("forbidden") => Ok(()),
            done => done,
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "yes" | "y")
}
