//! Running the till: shift, drawer, receipts again, how things stand. The close is
//! [`super::closing`]'s.

use super::cashier::{Cashier, PAPER, Screen, escaped};
use super::entry::Entry;
use super::error::SellError;
use super::show;
use super::view::Table;
use super::wire::{Answer, Job, JobList, TillStatus};
use crate::emulate::paper::framed;
use serde_json::json;
use ureq::http::Method;

impl<S: Screen> Cashier<S> {
    pub(super) fn run(&mut self, entry: Entry) -> Result<(), SellError> {
        let (path, body) = match entry {
            Entry::Open { float } => {
                ("/shifts".to_owned(), json!({ "float": self.amount(&float)? }))
            }
            Entry::Close { anyway, cash, others } => return self.close(anyway, &cash, &others),
            Entry::Retry(job) => (format!("/jobs/{job}/retry"), json!({})),
            Entry::Drop(job) => {
                let dropped = self.act(&Method::DELETE, &format!("/jobs/{job}"), json!({}))?;
                self.screen.show(match dropped {
                    Answer::Job { .. } => "It is off the list.",
                    _ => "Done.",
                });
                return Ok(());
            }
            Entry::Jobs => return self.show_jobs(),
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

    /// Shows an X, or the Z of a shift that is closed, as it is printed.
    pub(super) fn show_report(&mut self, shift: &str) -> Result<(), SellError> {
        let text = self.client.get_text(&format!("/shifts/{shift}/report.txt"))?;
        self.screen.show(&framed(&text, PAPER));
        Ok(())
    }

    fn show_status(&mut self) -> Result<(), SellError> {
        let status: TillStatus = self.client.get("/status")?;
        self.screen.show(&show::table(&Table::from(&status)));
        if status.open_return.is_some() {
            self.screen.show("A return is under way: `return` shows it.");
        }
        self.show_payments(false)
    }

    fn show_jobs(&mut self) -> Result<(), SellError> {
        let list: JobList = self.client.get("/jobs")?;
        if list.jobs.is_empty() {
            self.screen.show("Nothing waits for the printer.");
            return Ok(());
        }
        self.screen.show(&show::table(&Table::from(&list)));
        // A drawer opens for the customer who stands there, and not by itself later.
        let stuck = |job: &&Job| {
            job.state == "unknown" || (job.state == "not_printed" && job.kind == "drawer")
        };
        if let Some(Job { job, .. }) = list.jobs.iter().find(stuck) {
            self.screen.show(&format!(
                "`retry {job}` tries job {job} once more, `drop {job}` forgets it. What is only \
                 waiting or not printed comes by itself."
            ));
        }
        Ok(())
    }
}
