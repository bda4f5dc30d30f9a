//! What the cashier does: sells, and between two scans all that else happens at a till.

use super::look::payments_of;
use super::told::minor;
use super::{Act, Cashier, Step, get, send, wrong};
use crate::process::Client;
use commerce::quantity::thousandths_text;
use serde_json::{Value, json};

/// Items by the piece, and one label with a weight in it.
pub(super) const CODES: [&str; 4] = ["101", "102", "9520000100377", "2110001004827"];
/// Carts that lie aside at most.
const PARKED: usize = 3;
/// Receipts back that goods come back of.
const BACK: usize = 12;
const FLOAT: i64 = 10_000;

/// Something else than selling.
#[derive(Debug, Clone, Copy)]
enum Errand {
    CashIn,
    CashOut,
    Refund,
    RefundTooMuch,
    PostVoid,
    Park,
    Recall,
    ReadX,
    CloseShift,
    SendAgain,
}

impl Cashier<'_> {
    /// One thing a cashier does.
    pub fn step(&mut self, client: &mut Client) -> Step {
        if self.returning {
            return self.go_on_with_return(client);
        }
        if self.told.shift.is_none() {
            return self.open_shift(client);
        }
        if self.dice.one_in(4) {
            let errand = self.errand();
            return self.run(client, errand);
        }
        self.sell(client)
    }

    fn sell(&mut self, client: &mut Client) -> Step {
        let code = json!({ "code": self.dice.pick(&CODES) });
        let Some(cart) = &self.cart else {
            return self.ask(client, Act::Scan, "/carts".to_owned(), code);
        };
        let (id, due, paid) = (cart["cart"].as_u64().unwrap(), minor(&cart["due"]), self.is_paid());
        let worth = minor(&cart["extended"]);
        let full_price = cart["basket_discounts"].as_array().is_some_and(Vec::is_empty);
        let at = |what: &str| format!("/carts/{id}/{what}");
        if !paid && self.lines() < 1 + self.dice.below(5) {
            return self.ask(client, Act::Scan, at("lines"), code);
        }
        match self.dice.below(20) {
            0..=2 if !paid && full_price => {
                let body = json!({ "percent": "5", "reason": "loyalty" });
                self.ask(client, Act::Sell, at("discounts"), body)
            }
            3..=6 => self.ask(client, Act::Sell, at("card"), json!({ "tender": "card" })),
            7 if due > 20 => {
                let body = json!({ "tender": "cash", "amount": euros(20) });
                self.ask(client, Act::Sell, at("tenders"), body)
            }
            8 if !paid => self.ask(client, Act::Cancel(worth), at("cancel"), json!({})),
            _ => {
                let body = json!({ "tender": "cash", "amount": euros(due + 500) });
                self.ask(client, Act::Sell, at("tenders"), body)
            }
        }
    }

    /// Any of what can be done now.
    fn errand(&mut self) -> Errand {
        let mut can = vec![Errand::CashIn, Errand::ReadX, Errand::SendAgain];
        if self.told.drawer() > 5_000 {
            can.push(Errand::CashOut);
        }
        if self.returnable().is_some() {
            can.extend([Errand::Refund, Errand::Refund, Errand::Refund, Errand::RefundTooMuch]);
        }
        if self.voidable().is_some() {
            can.extend([Errand::PostVoid, Errand::PostVoid]);
        }
        match &self.cart {
            Some(_) if self.is_paid() || self.told.parked.len() >= PARKED => {}
            Some(_) => can.extend([Errand::Park, Errand::Park]),
            None if self.told.parked.is_empty() => can.push(Errand::CloseShift),
            None => can.extend([Errand::Recall, Errand::Recall, Errand::CloseShift]),
        }
        self.dice.pick(&can)
    }

    fn run(&mut self, client: &mut Client, errand: Errand) -> Step {
        match errand {
            Errand::CashIn => self.move_cash(client, "in", "paid_in", "change-float"),
            Errand::CashOut => self.move_cash(client, "out", "paid_out", "postage"),
            Errand::Refund => self.refund(client),
            Errand::RefundTooMuch => self.refund_too_much(client),
            Errand::PostVoid => self.post_void(client),
            Errand::Park => self.park(client),
            Errand::Recall => {
                let parked: Vec<u64> = self.told.parked.keys().copied().collect();
                let id = self.dice.pick(&parked);
                self.ask(client, Act::Recall(id), format!("/carts/{id}/recall"), json!({}))
            }
            Errand::ReadX => self.compare_shift(client),
            Errand::CloseShift => {
                let cash = json!({ "tender": "cash", "amount": euros(self.told.drawer().max(0)) });
                let body = json!({ "counted": [cash] });
                self.ask(client, Act::CloseShift, "/shifts/current/close".to_owned(), body)
            }
            Errand::SendAgain => self.send_again(client),
        }
    }

    pub(super) fn open_shift(&mut self, client: &mut Client) -> Step {
        let body = json!({ "float": euros(FLOAT) });
        self.ask(client, Act::OpenShift(FLOAT), "/shifts".to_owned(), body)
    }

    fn move_cash(
        &mut self,
        client: &mut Client,
        direction: &str,
        kind: &'static str,
        reason: &'static str,
    ) -> Step {
        // Each amount once, so that no two can be taken for one another.
        self.moves += 1;
        let amount = 100 + self.moves;
        let body = json!({ "direction": direction, "amount": euros(amount), "reason": reason });
        self.ask(client, Act::Cash(kind, reason, amount), "/cash".to_owned(), body)
    }

    fn park(&mut self, client: &mut Client) -> Step {
        let id = self.cart.as_ref().and_then(|cart| cart["cart"].as_u64()).unwrap_or_default();
        let body = json!({ "label": format!("customer {}", self.dice.below(1_000)) });
        self.ask(client, Act::Park, format!("/carts/{id}/park"), body)
    }

    /// A recent sale of which something is left, with what is left of its lines.
    fn returnable(&mut self) -> Option<(String, Vec<(Value, i64)>)> {
        let sales = self.told.shown().rev().filter(|(_, shown)| shown["kind"] == "sale").take(BACK);
        let left = sales.map(|(receipt, sale)| (receipt.clone(), self.told.left(receipt, sale)));
        let some: Vec<_> =
            left.filter(|(_, lines)| lines.iter().any(|(_, left)| *left > 0)).collect();
        let at = self.dice.below(some.len().max(1) as u64);
        some.into_iter().nth(usize::try_from(at).unwrap_or_default())
    }

    fn refund(&mut self, client: &mut Client) -> Step {
        let Some((receipt, left)) = self.returnable() else { return Ok(()) };
        let mut lines: Vec<_> = left.into_iter().filter(|(_, left)| *left > 0).collect();
        // One line or two, whole.
        let at = usize::try_from(self.dice.below(lines.len() as u64)).unwrap();
        lines.swap(0, at);
        lines.truncate(1 + usize::try_from(self.dice.below(2)).unwrap());
        let lines: Vec<Value> = lines
            .into_iter()
            .map(|(line, left)| json!({ "line": line, "quantity": thousandths_text(left) }))
            .collect();
        let body = json!({ "lines": lines, "reason": "faulty" });
        self.ask(client, Act::Return, format!("/receipts/{receipt}/refund"), body)
    }

    fn refund_too_much(&mut self, client: &mut Client) -> Step {
        let Some((receipt, left)) = self.returnable() else { return Ok(()) };
        let (line, left) = self.dice.pick(&left.iter().collect::<Vec<_>>());
        let lines = json!([{ "line": line, "quantity": thousandths_text(left + 1_000) }]);
        let body = json!({ "lines": lines, "reason": "faulty" });
        self.ask(client, Act::TooMuch, format!("/receipts/{receipt}/refund"), body)
    }

    /// The last receipt, where it is a sale of this shift.
    fn voidable(&self) -> Option<String> {
        let (receipt, shown) = self.told.shown().next_back()?;
        let last =
            shown["kind"] == "sale" && shown["shift"].as_u64() == self.told.shift.map(u64::from);
        last.then(|| receipt.clone())
    }

    fn post_void(&mut self, client: &mut Client) -> Step {
        let Some(receipt) = self.voidable() else { return Ok(()) };
        let body = json!({ "reason": "staff-mistake" });
        self.ask(client, Act::Return, format!("/receipts/{receipt}/void"), body)
    }

    /// The terminal did not pay all of a return: once more, in cash, or not at all.
    fn go_on_with_return(&mut self, client: &mut Client) -> Step {
        let current = get(client.get("/returns/current"))?;
        let Some(open) = current.get("return") else { return self.follow_return(client) };
        let payments = payments_of(client, open)?;
        let made = |payout: &Value| {
            payments
                .iter()
                .any(|paid| paid["payment"] == payout["payment"] && paid["state"] == "approved")
        };
        let payouts = open["payouts"].as_array().unwrap();
        let next = payouts.iter().find(|payout| payout["tender"] == "card" && !made(payout));
        let Some(next) = next else {
            return Err(wrong(format!("nothing is left to pay of {open} and it is not made")));
        };
        if !payouts.iter().any(made) && self.dice.one_in(3) {
            let path = "/returns/current".to_owned();
            return self.ask_by(client, "DELETE", Act::DropReturn, path, json!({}));
        }
        let tender = self.dice.pick(&["card", "cash"]);
        let body = json!({ "payout": next["payout"], "tender": tender });
        self.ask(client, Act::Return, "/returns/current/payouts".to_owned(), body)
    }

    /// A request that was answered is sent again: the answer is the same, and nothing is done.
    fn send_again(&mut self, client: &mut Client) -> Step {
        let Some((asked, answer)) = &self.done else { return Ok(()) };
        let again = get(send(client, asked)?.done())?;
        if again != *answer {
            return Err(wrong(format!("{asked:?} was answered {answer}, and again {again}")));
        }
        self.twice += 1;
        self.compare(client)
    }

    fn is_paid(&self) -> bool {
        self.cart.as_ref().is_some_and(|cart| minor(&cart["tendered"]) != 0)
    }
}

fn euros(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}
