//! Card payments that need someone, and the return under way: what a cashier or manager does.

use super::cashier::{Cashier, Screen, escaped};
use super::entry::{Entry, PaymentAct, ReceiptName};
use super::error::SellError;
use super::show;
use super::view::Table;
use super::wire::{Answer, Cart, CurrentReturn, OpenReturn, Payment, PaymentList, Receipt, State};
use serde_json::json;
use ureq::http::Method;

impl<S: Screen> Cashier<S> {
    pub(super) fn settle(&mut self, entry: Entry) -> Result<(), SellError> {
        let (method, path, body) = match entry {
            Entry::Payment { payment, act } => return self.about_payment(payment, act),
            Entry::Payments => return self.show_payments(true),
            Entry::PayOut { part, tender } => {
                let body = json!({ "payout": part.saturating_sub(1), "tender": tender });
                (Method::POST, "/returns/current/payouts", body)
            }
            Entry::GiveUp => (Method::DELETE, "/returns/current", json!({})),
            _ => return self.show_return(),
        };
        let answer = self.act(&method, path, body)?;
        self.show_answer(answer)
    }

    fn about_payment(&mut self, payment: u64, act: PaymentAct) -> Result<(), SellError> {
        let asked = act == PaymentAct::Ask;
        let (what, body) = match act {
            PaymentAct::Ask => ("ask", json!({})),
            PaymentAct::Abort => ("abort", json!({})),
            PaymentAct::Reverse => ("reverse", json!({})),
            PaymentAct::PutRight { note } => ("put-right", json!({ "note": note })),
            PaymentAct::NotBooked { note } => ("end", json!({ "approved": false, "note": note })),
            PaymentAct::Booked { amount, slip, note } => {
                let amount = amount.map(|amount| self.amount(&amount)).transpose()?;
                let seen =
                    json!({ "approved": true, "amount": amount, "number": slip, "note": note });
                ("end", seen)
            }
        };
        let answer = self.act(&Method::POST, &format!("/payments/{payment}/{what}"), body)?;
        // What comes of it is shown here, and not a second time when the till tells of it.
        self.left = self.left.filter(|left| *left != payment);
        match answer {
            _ if what == "put-right" => self.screen.show("Done: it needs nobody any more."),
            Answer::Payment { payment } if what == "end" => return self.show_ended(payment),
            // A reversal is a payment of its own.
            Answer::Payment { payment } => return self.follow(payment, asked),
            answer => return self.show_answer(answer),
        }
        Ok(())
    }

    /// What a manager's word came to: money that stands nowhere yet, or none.
    fn show_ended(&mut self, payment: u64) -> Result<(), SellError> {
        let ended: Payment = self.client.get(&format!("/payments/{payment}"))?;
        if ended.state == State::Approved {
            return self.show_end(&ended);
        }
        self.screen.show(&format!("Payment {payment} is over: nothing moved."));
        match self.client.get("/returns/current")? {
            CurrentReturn { open: Some(open) } if open.number == ended.cart => {
                self.show_parts(&open)
            }
            _ => self.show_basket(),
        }
    }

    /// Waits for a payment's end, and shows what came of it.
    pub(super) fn follow(&mut self, payment: u64, asked: bool) -> Result<(), SellError> {
        match self.wait(payment, asked)? {
            Some(payment) => self.show_end(&payment),
            None => Ok(()),
        }
    }

    /// What came of a payment that has ended.
    pub(super) fn show_end(&mut self, payment: &Payment) -> Result<(), SellError> {
        if payment.state != State::Approved {
            return match self.client.get("/returns/current")? {
                CurrentReturn { open: Some(open) } if open.number == payment.cart => {
                    self.show_parts(&open)
                }
                _ => Err(SellError::Unsettled(payment.not_booked())),
            };
        }
        if payment.moved.minor == payment.asked.minor {
            self.screen.show("  card: approved");
        } else {
            let (moved, asked) = (&payment.moved.text, &payment.asked.text);
            self.screen.show(&format!("  card: the terminal booked {moved}, not {asked}"));
        }
        match payment.kind.as_str() {
            "authorise" => self.show_paid(payment),
            _ => self.show_given_back(payment),
        }
    }

    /// After an approval: the receipt when it was all, else what is still due.
    fn show_paid(&mut self, payment: &Payment) -> Result<(), SellError> {
        match self.client.get::<Cart>(&format!("/carts/{}", payment.cart)) {
            Ok(cart) => {
                let taken = cart.tenders.iter().any(|line| line.payment == Some(payment.payment));
                self.show_cart(&cart);
                if taken { Ok(()) } else { Err(SellError::Unsettled(payment.stray())) }
            }
            Err(error) if error.is("no-cart") => self.show_receipt_of(payment),
            Err(error) => Err(error.into()),
        }
    }

    fn show_given_back(&mut self, payment: &Payment) -> Result<(), SellError> {
        match self.client.get("/returns/current")? {
            CurrentReturn { open: Some(open) } if open.number == payment.cart => {
                self.wait_for_return()
            }
            // A payment that stood on a basket is off it now.
            _ if payment.kind == "reverse" && self.current()? == Some(payment.cart) => {
                self.show_basket()
            }
            _ => self.show_receipt_of(payment),
        }
    }

    /// The last receipt when the payment stands there.
    fn show_receipt_of(&mut self, payment: &Payment) -> Result<(), SellError> {
        let number = self.receipt(ReceiptName::Last)?;
        let receipt: Receipt = self.client.get(&format!("/receipts/{}", escaped(&number)))?;
        if receipt.tenders.iter().any(|line| line.payment == Some(payment.payment)) {
            return self.show_printed(&number);
        }
        if payment.used { Ok(()) } else { Err(SellError::Unsettled(payment.stray())) }
    }

    /// Payments that need someone; nothing of none unless `asked`.
    pub(super) fn show_payments(&mut self, asked: bool) -> Result<(), SellError> {
        let open: PaymentList = self.client.get("/payments")?;
        if open.payments.is_empty() {
            if asked {
                self.screen.show("No card payment needs anyone.");
            }
            return Ok(());
        }
        self.screen.show("Card payments that need someone:");
        self.screen.show(&show::table(&Table::from(&open)));
        for payment in &open.payments {
            self.screen.show(&payment.standing());
        }
        let under_way = open.payments.iter().find(|payment| payment.state.is_open());
        self.left = under_way.map(|payment| payment.payment);
        Ok(())
    }

    fn show_return(&mut self) -> Result<(), SellError> {
        match self.client.get("/returns/current")? {
            CurrentReturn { open: Some(open) } => match self.show_parts(&open) {
                Err(SellError::ReturnWaits(how)) => self.screen.show(&how),
                done => return done,
            },
            CurrentReturn { open: None } => self.screen.show("No return is under way."),
        }
        Ok(())
    }

    /// Waits until the return under way is paid back, part by part.
    pub(super) fn wait_for_return(&mut self) -> Result<(), SellError> {
        loop {
            let CurrentReturn { open } = self.client.get("/returns/current")?;
            let Some(open) = open else {
                let receipt = self.receipt(ReceiptName::Last)?;
                return self.show_printed(&receipt);
            };
            let parts = self.parts(&open)?;
            let asked = parts.iter().flatten().find(|payment| payment.state.is_open());
            let Some(asked) = asked else { return self.show_parts(&open) };
            if self.wait(asked.payment, false)?.is_none() {
                return Ok(());
            }
        }
    }

    /// The return under way with its parts; the error says what to do about the first that was not
    /// paid back.
    fn show_parts(&mut self, open: &OpenReturn) -> Result<(), SellError> {
        let parts = self.parts(open)?;
        let mut table = Table::new(&[">part", "tender", ">amount", "how"]);
        let mut left = None;
        for ((number, payout), payment) in (1_u32..).zip(&open.payouts).zip(&parts) {
            let state = payment.as_ref().map(|payment| payment.state);
            let how = match payment {
                Some(payment) => format!("payment {}: {}", payment.payment, payment.state.name()),
                None => "not paid back yet".to_owned(),
            };
            if left.is_none() && state.is_none_or(State::is_over_unpaid) {
                left = Some((number, &payout.tender));
            }
            let (tender, amount) = (payout.tender.clone(), payout.amount.text.clone());
            table.rows.push(vec![number.to_string(), tender, amount, how]);
        }
        self.screen.show(&format!("A return of receipt {} is under way:", open.of));
        self.screen.show(&show::table(&table));
        for payment in parts.iter().flatten() {
            if payment.state.is_over_unpaid() || payment.is_too_much() {
                self.screen.show(&payment.standing());
            }
        }
        let Some((part, tender)) = left else { return Ok(()) };
        let cash = self.tender("cash").unwrap_or_else(|_| "TENDER".to_owned());
        Err(SellError::ReturnWaits(format!(
            "✗ part {part} of the return is still to be paid back: `payout {part} {tender}` tries again,\n  \
             `payout {part} {cash}` pays it out of the drawer (with a supervisor's word), `giveup` gives\n  \
             the return up while no part was paid."
        )))
    }

    /// The card payments of a return's parts.
    fn parts(&self, open: &OpenReturn) -> Result<Vec<Option<Payment>>, SellError> {
        let payment = |payment: u64| self.client.get(&format!("/payments/{payment}"));
        let parts = open.payouts.iter().map(|payout| payout.payment.map(payment).transpose());
        Ok(parts.collect::<Result<_, _>>()?)
    }
}
