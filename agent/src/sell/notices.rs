//! What a cashier is told unasked: how things stand at the start, and what happens at the till by
//! another hand: a scanner, another screen, the printer, the card terminal.

use super::cashier::{Cashier, Screen};
use super::error::SellError;
use super::show;
use super::wire::{self, CartList, Device, Payment, State, TillStatus};
use serde_json::Value;

impl<S: Screen> Cashier<S> {
    /// Says where one is and what is at hand.
    pub fn greet(&mut self) -> Result<(), SellError> {
        let store = self.settings.store.name.clone();
        self.screen.show(&format!("{store}. A code scans, `help` lists the commands."));
        let status: TillStatus = self.client.get("/status")?;
        if status.shift.is_none() {
            self.screen.show("No shift is open: `open 100` opens one with 100.00 in the drawer.");
        }
        self.show_payments(false)?;
        if status.open_return.is_some() {
            self.screen.show("A return is under way: `return` shows it.");
        }
        if status.cart.is_some() { self.show_basket() } else { Ok(()) }
    }

    /// Says what a script adds to: one that is run again after an error finds its own lines there.
    pub fn say_what_is_open(&mut self) -> Result<(), SellError> {
        let list: CartList = self.client.get("/carts")?;
        let here = list.carts.iter().find(|row| Some(row.cart) == list.current);
        if let Some(row) = here.filter(|row| row.lines > 0) {
            let lines = if row.lines == 1 { "line" } else { "lines" };
            self.screen.show(&format!(
                "The basket already has {} {lines} ({}): what is scanned now is added to it.",
                row.lines, row.total.text
            ));
        }
        Ok(())
    }

    /// Shows what happened at the till by another hand. `false` when there was nothing to show.
    pub fn notice(&mut self, event: &str, data: &Value) -> Result<bool, SellError> {
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        match event {
            "cart" => return self.notice_cart(),
            "payment" => return self.notice_payment(data.get("payment").and_then(Value::as_u64)),
            "spool" => return self.notice_spool(),
            "scan_refused" => self.screen.show(&format!("\n✗ the scanner: {}", text("why"))),
            "device" => return Ok(self.notice_device(text("name"), text("health"), text("why"))),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Shows how a device is, once until it is otherwise: one that tries to come back is offline and
    /// degraded by turns.
    fn notice_device(&mut self, name: &str, health: &str, why: &str) -> bool {
        let now = if why.is_empty() { health.to_owned() } else { format!("{health}: {why}") };
        let is = |state: &str| self.devices.get(name).is_some_and(|told| told.starts_with(state));
        let news = match health {
            "degraded" => !is("offline") && !is("faulted"),
            "offline" => !is("offline"),
            _ => !is(&now),
        };
        if news {
            self.screen.show(&format!("\n  {name} is {now}"));
            self.devices.insert(name.to_owned(), now);
        }
        news
    }

    /// Shows the basket at the till when it is not as it was shown last.
    fn notice_cart(&mut self) -> Result<bool, SellError> {
        let Some(cart) = self.current()? else { return Ok(false) };
        let cart = match self.client.get(&format!("/carts/{cart}")) {
            // Paid or given up in between.
            Err(error) if error.is("no-cart") => return Ok(false),
            cart => cart?,
        };
        let basket = show::basket(&wire::basket(&cart, &self.settings));
        let news = self.shown.as_ref() != Some(&basket);
        if news {
            self.screen.show("");
            self.show_cart(&cart);
        }
        Ok(news)
    }

    /// Shows what became of a payment that was left open.
    fn notice_payment(&mut self, payment: Option<u64>) -> Result<bool, SellError> {
        let Some(payment) = payment.filter(|payment| self.left == Some(*payment)) else {
            return Ok(false);
        };
        let now: Payment = self.client.get(&format!("/payments/{payment}"))?;
        match now.state {
            State::UnderWay => return Ok(false),
            State::Unknown => {
                let standing = now.standing();
                if self.doubted.as_ref() == Some(&standing) {
                    return Ok(false);
                }
                self.screen.show(&format!("\n{standing}"));
                self.doubted = Some(standing);
            }
            State::Approved | State::Declined | State::NotSent => {
                self.left = None;
                self.screen.show("");
                self.show_end(&now)?;
            }
        }
        Ok(true)
    }

    /// Says when more is stuck than before.
    fn notice_spool(&mut self) -> Result<bool, SellError> {
        let status: TillStatus = self.client.get("/status")?;
        let more = status.spool.stuck > self.stuck;
        self.stuck = status.spool.stuck;
        let Some(trouble) = status.printer_trouble().filter(|_| more) else { return Ok(false) };
        self.screen.show(&format!("\n{trouble}"));
        Ok(true)
    }

    /// After a receipt: why it is not on paper, where that is known.
    pub(super) fn say_printer_trouble(&mut self) -> Result<(), SellError> {
        let status: TillStatus = self.client.get("/status")?;
        self.stuck = status.spool.stuck;
        if let Some(trouble) = status.printer_trouble() {
            self.screen.show(&trouble);
        }
        Ok(())
    }
}

impl TillStatus {
    /// What keeps receipts from the paper, in a line.
    fn printer_trouble(&self) -> Option<String> {
        let printer = self.devices.iter().find(|device| device.kind == "printer");
        // Paper that is nearly used up still takes receipts.
        let down = |device: &&Device| matches!(device.health.as_str(), "offline" | "faulted");
        let why =
            printer.filter(down).map(|device| device.why.as_deref().unwrap_or(&device.health));
        match (why, self.spool.stuck, self.spool.waiting) {
            (Some(why), 0, 0) => Some(format!("  The printer: {why}.")),
            (Some(why), ..) => {
                Some(format!("✗ The receipt waits: {why}. `jobs` shows what waits."))
            }
            (None, 0, _) => None,
            (None, 1, _) => Some("✗ One print job is stuck: `jobs` says why.".to_owned()),
            (None, stuck, _) => Some(format!("✗ {stuck} print jobs are stuck: `jobs` says why.")),
        }
    }
}
