//! The API's lists as tables to be shown.

use super::view::Table;
use super::wire::{CartList, ItemList, Job, JobList, Payment, PaymentList, TillStatus};
use commerce::cart::CartId;

impl From<&ItemList> for Table {
    fn from(found: &ItemList) -> Self {
        let mut table = Self::new(&["code", "item", ">price", "unit", "price from"]);
        table.rows = found
            .items
            .iter()
            .map(|item| {
                let price = item.price.clone().unwrap_or_else(|| "none".to_owned());
                let reason = item.price_reason.clone().unwrap_or_default();
                vec![item.sku.clone(), item.name.clone(), price, item.unit.clone(), reason]
            })
            .collect();
        table
    }
}

impl From<&CartList> for Table {
    fn from(list: &CartList) -> Self {
        let mut table = Self::new(&["basket", "where", "label", ">lines", ">total"]);
        table.rows = list
            .carts
            .iter()
            .map(|row| {
                let here = list.current == Some(row.cart);
                let elsewhere = match row.held_by {
                    Some(till) => format!("{} at till {till}", row.state),
                    None => format!("{} at another till", row.state),
                };
                let place = match (here, row.here) {
                    (true, _) => "at the till".to_owned(),
                    (false, true) => row.state.clone(),
                    (false, false) => elsewhere,
                };
                let label = row.label.clone().unwrap_or_default();
                let lines = row.lines.to_string();
                vec![row.name.clone(), place, label, lines, row.total.text.clone()]
            })
            .collect();
        table
    }
}

impl From<&TillStatus> for Table {
    fn from(status: &TillStatus) -> Self {
        let TillStatus { store_name, till, shift, cart, open_return: _, spool, devices } = status;
        let mut table = Self::new(&["what", "how", "where"]);
        let mut row = |what: &str, how: String, place: String| {
            table.rows.push(vec![what.to_owned(), how, place]);
        };
        row("till", format!("number {till}"), store_name.clone());
        match shift {
            Some(shift) => {
                // To the minute.
                let at = shift.opened_at.get(..16).unwrap_or(&shift.opened_at).replace('T', " ");
                let since = format!("since {at} by {}", shift.opened_by);
                row("shift", format!("{} is open", shift.shift), since);
            }
            None => row("shift", "none is open".to_owned(), String::new()),
        }
        let basket = cart.map_or_else(|| "none".to_owned(), |cart| CartId(cart).to_string());
        row("basket", basket, String::new());
        row("to print", format!("{} waiting, {} stuck", spool.waiting, spool.stuck), String::new());
        for device in devices {
            let how = match &device.why {
                Some(why) => format!("{}: {why}", device.health),
                None => device.health.clone(),
            };
            row(&device.name, how, device.endpoint.clone());
        }
        table
    }
}

impl From<&PaymentList> for Table {
    fn from(list: &PaymentList) -> Self {
        let mut table = Self::new(&["payment", "what", ">amount", "state"]);
        table.rows = list
            .payments
            .iter()
            .map(|payment| {
                let Payment { payment: number, kind, asked, state, .. } = payment;
                let state = state.name().to_owned();
                vec![number.to_string(), kind.clone(), asked.text.clone(), state]
            })
            .collect();
        table
    }
}

impl From<&JobList> for Table {
    fn from(list: &JobList) -> Self {
        let mut table = Self::new(&["job", "what", ">number", "state", "why"]);
        table.rows = list
            .jobs
            .iter()
            .map(|Job { job, kind, number, state, why }| {
                let number = if *number > 0 { number.to_string() } else { String::new() };
                vec![job.to_string(), kind.clone(), number, state.replace('_', " "), why.clone()]
            })
            .collect();
        table
    }
}
