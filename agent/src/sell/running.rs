//! Running the till: shift, drawer, receipts again, how things stand.

use super::cashier::{Cashier, PAPER, Screen, escaped};
use super::error::SellError;
use super::parse::Entry;
use super::show;
use super::view::Table;
use super::wire::{Answer, PaymentList, TillStatus};
use crate::emulate::paper::framed;
use serde_json::{Value, json};
use ureq::http::Method;

impl<S: Screen> Cashier<S> {
    pub(super) fn run(&mut self, entry: Entry) -> Result<(), SellError> {
        let (path, body) = match entry {
            Entry::Open { float } => {
                ("/shifts".to_owned(), json!({ "float": self.amount(&float)? }))
            }
            Entry::Close { cash, others } => {
                let counted = self.counted(&cash, &others)?;
                let closed = self.act(&Method::POST, "/shifts/current/close", counted)?;
                return self.show_z(&closed);
            }
            Entry::MoveCash { into, amount, reason } => {
                let direction = if into { "in" } else { "out" };
                let amount = self.amount(&amount)?;
                let body = json!({ "direction": direction, "amount": amount, "reason": reason });
                ("/cash".to_owned(), body)
            }
            Entry::Drawer { reason } => ("/drawer".to_owned(), json!({ "reason": reason })),
            Entry::Reprint(name) => {
                (format!("/receipts/{}/reprint", escaped(&self.receipt(name)?)), json!({}))
            }
            Entry::Receipt(name) => {
                let receipt = self.receipt(name)?;
                return self.show_receipt(&receipt);
            }
            Entry::Reasons => {
                self.screen.show(&show::table(&self.settings.reasons()));
                return Ok(());
            }
            Entry::X => return self.show_report("current"),
            _ => return self.show_status(),
        };
        let answer = self.act(&Method::POST, &path, body)?;
        self.show_answer(answer)
    }

    /// What was counted: cash, and other tenders by their ids.
    fn counted(&self, cash: &str, others: &[(String, String)]) -> Result<Value, SellError> {
        let tenders = self.settings.tenders.iter();
        let cash_id = tenders.clone().find(|tender| tender.kind == "cash");
        let cash_id = cash_id.map(|tender| tender.tender.as_str());
        let cash_id = cash_id.ok_or(SellError::NoTender("cash"))?;
        let others = others.iter().map(|(tender, amount)| (tender.as_str(), amount.as_str()));
        let counted = std::iter::once((cash_id, cash)).chain(others).map(|(tender, amount)| {
            Ok(json!({ "tender": tender, "amount": self.amount(amount)? }))
        });
        Ok(json!({ "counted": counted.collect::<Result<Vec<_>, SellError>>()? }))
    }

    /// Shows an X, or the Z of a shift that is closed, as it is printed.
    fn show_report(&mut self, shift: &str) -> Result<(), SellError> {
        let text = self.client.get_text(&format!("/shifts/{shift}/report.txt"))?;
        self.screen.show(&framed(&text, PAPER));
        Ok(())
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

    fn show_status(&mut self) -> Result<(), SellError> {
        let status: TillStatus = self.client.get("/status")?;
        self.screen.show(&show::table(&Table::from(&status)));
        let open: PaymentList = self.client.get("/payments")?;
        if !open.payments.is_empty() {
            self.screen.show("Payments that still need someone:");
            self.screen.show(&show::table(&Table::from(&open)));
        }
        Ok(())
    }
}
