//! What the cashier looks at: after each start, all of it must be as it was told.

use super::told::{minor, thousandths};
use super::{Cashier, Halt, Step, get, wrong};
use crate::process::Client;
use commerce::quantity::parse_thousandths;
use serde_json::{Value, json};

impl Cashier<'_> {
    /// Looks at receipts and Zs that were told and not looked at yet.
    pub(super) fn look_at_news(&mut self, client: &Client) -> Step {
        for (receipt, shown) in &mut self.told.receipts {
            if shown.is_none() {
                *shown = Some(receipt_of(get(client.get(&format!("/receipts/{receipt}")))?));
            }
        }
        let news: Vec<u32> =
            self.told.closed.iter().filter(|of| of.1.is_none()).map(|of| *of.0).collect();
        for shift in news {
            let z = get(client.get(&format!("/shifts/{shift}/report")))?;
            self.told.agrees(shift, &z).map_err(wrong)?;
            let expected = self.told.sums(shift);
            let drawer = expected.get(&("drawer_cash".to_owned(), String::new()));
            let counted = &z["counted"][0]["expected"];
            if z["report"] != "z" || drawer.is_none_or(|(_, cash)| *cash != minor(counted)) {
                return Err(wrong(format!("the drawer holds {drawer:?}, the Z says {z}")));
            }
            self.told.closed.insert(shift, Some(z));
        }
        Ok(())
    }

    /// The carts, the shift, the return under way, the last receipts and payments: as they were
    /// told.
    pub(super) fn compare(&self, client: &Client) -> Step {
        self.compare_carts(client)?;
        self.compare_shift(client)?;
        let current = get(client.get("/returns/current"))?;
        if current.get("return").is_some() != self.returning {
            return Err(wrong(format!("a return under way: {}, is {current}", self.returning)));
        }
        for (receipt, shown) in self.told.shown().rev().take(3) {
            let now = get(client.get(&format!("/receipts/{receipt}")))?;
            self.came_back_as_told(receipt, &now)?;
            same("a receipt", shown, &receipt_of(now))?;
        }
        for (payment, shown) in self.ended.iter().rev().take(3) {
            same("a payment", shown, &get(client.get(&format!("/payments/{payment}")))?)?;
        }
        let listed = get(client.get("/receipts?limit=1"))?;
        let newest = listed["receipts"][0]["receipt"].as_str();
        let last = self.told.receipts.keys().next_back();
        if newest != last.map(String::as_str) {
            return Err(wrong(format!("the last receipt told is {last:?}, the till's {newest:?}")));
        }
        Ok(())
    }

    fn compare_carts(&self, client: &Client) -> Step {
        let carts = get(client.get("/carts"))?;
        let ids = carts["carts"].as_array().unwrap().iter().map(|cart| cart["cart"].as_u64());
        let mut told: Vec<_> = self.told.parked.keys().map(|id| Some(*id)).collect();
        let at_till = self.cart.as_ref().map(|cart| cart["cart"].as_u64());
        told.extend(at_till);
        told.sort_unstable();
        if told != ids.collect::<Vec<_>>() || at_till.flatten() != carts["current"].as_u64() {
            return Err(wrong(format!("told were carts {told:?}, {at_till:?} there; now {carts}")));
        }
        for shown in self.told.parked.values().chain(&self.cart) {
            let now = get(client.get(&format!("/carts/{}", shown["cart"])))?;
            same("a cart", shown, &cart_of(now))?;
        }
        Ok(())
    }

    /// One shift or none is open, its X is what was told, and the last Z is as it was shown.
    pub(super) fn compare_shift(&self, client: &Client) -> Step {
        let listed = get(client.get("/shifts"))?;
        let rows = listed["shifts"].as_array().unwrap();
        let open: Vec<_> = rows
            .iter()
            .filter(|row| row.get("closed_at").is_none())
            .map(|row| row["shift"].as_u64())
            .collect();
        let told: Vec<_> = self.told.shift.iter().map(|shift| Some(u64::from(*shift))).collect();
        if open != told {
            return Err(wrong(format!("open shifts were told as {told:?}, are {listed}")));
        }
        if let Some(shift) = self.told.shift {
            let x = get(client.get("/shifts/current/report"))?;
            self.told.agrees(shift, &x).map_err(wrong)?;
        }
        if let Some((shift, Some(z))) = self.told.closed.last_key_value() {
            same("a Z", z, &get(client.get(&format!("/shifts/{shift}/report")))?)?;
        }
        Ok(())
    }

    /// Of each line has come back what was told, and never more than there was.
    fn came_back_as_told(&self, receipt: &str, now: &Value) -> Step {
        for line in now["lines"].as_array().unwrap() {
            let shown = line["returned"].as_str().map_or(Ok(0), parse_thousandths);
            let told = self.told.came_back(receipt, line);
            if shown != Ok(told) || told > thousandths(line) {
                return Err(wrong(format!("{receipt}: {told} thousandths came back of {line}")));
            }
        }
        Ok(())
    }
}

/// Carts, shifts with their totals, payments, the return under way and the newest receipts, as
/// the API shows them.
pub(super) fn everything(client: &Client) -> Result<Value, Halt> {
    let mut all = Vec::new();
    for path in
        ["/carts", "/shifts", "/payments", "/receipts", "/journal", "/returns/current", "/stock"]
    {
        all.push(get(client.get(path))?);
    }
    let carts = all[0]["carts"].as_array().cloned().unwrap_or_default();
    for cart in carts {
        all.push(get(client.get(&format!("/carts/{}", cart["cart"])))?);
    }
    // Between two shifts there is none to report on, and that must stay so too.
    let x = get(client.call("GET", "/shifts/current/report", None, None))?;
    all.push(json!([x.status, x.body]));
    Ok(all.into())
}

/// The payments that the terminal was asked for in a return.
pub(super) fn payments_of(client: &Client, open: &Value) -> Result<Vec<Value>, Halt> {
    let payouts = open["payouts"].as_array().unwrap().iter();
    let asked = payouts.filter_map(|payout| payout["payment"].as_u64());
    asked.map(|payment| get(client.get(&format!("/payments/{payment}")))).collect()
}

/// A cart without what is about one answer only.
pub(super) fn cart_of(cart: Value) -> Value {
    without(cart, &["line", "paying"])
}

/// A parked cart as it must come back.
pub(super) fn recalled(mut parked: Value) -> Value {
    parked["state"] = json!("open");
    without(parked, &["label"])
}

/// A receipt without what came back since: that is held against the returns told.
fn receipt_of(mut receipt: Value) -> Value {
    for line in receipt["lines"].as_array_mut().into_iter().flatten() {
        *line = without(line.take(), &["returned"]);
    }
    receipt
}

fn without(mut value: Value, names: &[&str]) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
    value
}

pub(super) fn same(what: &str, shown: &Value, now: &Value) -> Step {
    if shown == now { Ok(()) } else { Err(wrong(format!("{what} was shown as {shown}, is {now}"))) }
}
