//! What a cut left: opened with the ordinary VFS, held to what had been told, and put to work.

use super::day::Told;
use crate::books::{self, Books, Broken, differ};
use crate::shop::{DemoStore, Shop, add, begin, cash, file, start};
use agent::store::open::Synchronous;
use agent::store::till::{PaymentState, read};
use agent::till::{Command, Effect, Event, PaymentReport, Reply};
use commerce::cart::Cart;
use commerce::fact::PaymentOutcome;
use commerce::sale::ReceiptNumber;
use drivers::terminal::command::Command as Terminal;
use jiff::SignedDuration;
use std::path::Path;

/// The state that was told last, and the one that the act under way would have told.
pub struct Survivor<'day> {
    pub last: Option<&'day Told>,
    pub next: Option<&'day Told>,
}

impl<'day> Survivor<'day> {
    pub fn survey(&self, store: &DemoStore, path: &Path) -> Result<(), Broken> {
        let options = file(path.to_owned(), None, Synchronous::Full);
        let file = begin(&options, start())?;
        let conn = file.connection();
        books::whole(conn)?;
        books::state_is_the_journals(conn)?;
        let books = Books::read(conn)?;
        let told = match self.last {
            Some(last) => {
                nothing_told_is_lost(last, &books)?;
                Some(self.one_of_two_states(last, &books::dump(conn)?)?)
            }
            None => None,
        };
        // Later than the whole day, as the till is after a power cut.
        let mut shop = Shop::resume(store, options, file, start() + SignedDuration::from_hours(9))?;
        if let Some(told) = told {
            shows_the_same(told, &shop)?;
        }
        sell_on(&mut shop)?;
        let conn = shop.till.store().connection();
        if Books::read(conn)?.sales.len() != books.sales.len() + 1 {
            return Err("the sale after the cut is not in the journal".to_owned());
        }
        books::state_is_the_journals(conn)
    }

    /// The act under way happened whole or not at all, or as far as one of its transactions.
    fn one_of_two_states(&self, last: &'day Told, state: &[String]) -> Result<&'day Told, Broken> {
        match self.next {
            Some(next) if next.state == state => Ok(next),
            Some(next) if next.between.iter().any(|between| between == state) => Ok(last),
            _ => differ("the state told", &last.state, state).map(|()| last),
        }
    }
}

/// Sales and returns bit for bit, payments with their ends, intents all accounted for.
fn nothing_told_is_lost(last: &Told, books: &Books) -> Result<(), Broken> {
    for (receipt, sale) in &last.books.sales {
        if books.sales.get(receipt) != Some(sale) {
            return Err(format!("sale {receipt} was told and is not there as told"));
        }
    }
    for (receipt, returned) in &last.books.returns {
        if books.returns.get(receipt) != Some(returned) {
            return Err(format!("return {receipt} was told and is not there as told"));
        }
    }
    for (id, told) in &last.books.intents {
        let found = books.intents.get(id).ok_or(format!("intent {id} is lost"))?;
        if found.asked != told.asked || (told.ended.is_some() && found.ended != told.ended) {
            return Err(format!("intent {id} was told as {told:?}, found as {found:?}"));
        }
    }
    Ok(())
}

/// The till shows the carts, the cart at the till and the shift that it showed before.
fn shows_the_same(told: &Told, shop: &Shop<'_>) -> Result<(), Broken> {
    let carts: Vec<_> = shop.till.carts().cloned().collect();
    differ("a cart", &parts(&told.carts), &parts(&carts))?;
    if shop.till.current() != told.current {
        return Err(format!("{:?} was at the till, is {:?}", told.current, shop.till.current()));
    }
    if shop.till.shift() != told.shift.as_ref() {
        return Err(format!("shift was {:?}, is {:?}", told.shift, shop.till.shift()));
    }
    Ok(())
}

/// Carts piece by piece, so that a difference shows as the one piece that differs.
fn parts(carts: &[Cart]) -> Vec<String> {
    let mut parts = Vec::new();
    for cart in carts {
        let id = cart.id;
        parts.push(format!("cart {id}: {:?} {:?}", cart.state, cart.basket_discounts));
        parts.extend(cart.lines.iter().map(|line| format!("cart {id}: {line:?}")));
        parts.extend(cart.tenders.iter().map(|tendered| format!("cart {id}: {tendered:?}")));
    }
    parts
}

/// Finishes what was under way, then sells: the next receipt number follows.
fn sell_on(shop: &mut Shop<'_>) -> Result<(), Broken> {
    end_payment(shop)?;
    if shop.till.open_return().is_some() {
        done(shop, "201", Command::CancelReturn)?;
    }
    if shop.till.shift().is_none() {
        let float = shop.money("50.00");
        done(shop, "201", Command::OpenShift { float })?;
    }
    if shop.till.current().is_none() {
        done(shop, "101", add("101", None))?;
    }
    let view = shop.view().ok_or("the scan opened no cart")?;
    let expected = next_receipt(shop)?;
    match done(shop, "101", cash(view.cart.id, view.totals.due))? {
        Reply::Sold(receipt) if receipt == expected => Ok(()),
        other => Err(format!("expected receipt {expected}, got {other:?}")),
    }
}

/// A payment without an end is asked about at the start; the terminal says it never came.
fn end_payment(shop: &mut Shop<'_>) -> Result<(), Broken> {
    let unsettled = read::unsettled_payments(shop.till.store().connection(), shop.currency());
    let unsettled = unsettled.map_err(|error| error.to_string())?;
    let open = unsettled.iter().find(|payment| payment.state == PaymentState::Open);
    let Some(open) = open else { return Ok(()) };
    let asked = shop.effects.iter().any(|effect| {
        matches!(effect, Effect::Terminal(Terminal::Resolve(order)) if order.id.0 == u128::from(open.intent))
    });
    if !asked {
        return Err(format!("intent {} is open and the terminal was not asked", open.intent));
    }
    let outcome = PaymentOutcome::NotSent { why: "never came".to_owned() };
    let report = PaymentReport::Ended(outcome);
    let ended = shop.event(Event::Payment { intent: open.intent, report });
    ended.map(|_| ()).map_err(|refusal| refusal.to_string())
}

fn next_receipt(shop: &Shop<'_>) -> Result<ReceiptNumber, Broken> {
    let store = shop.till.store();
    let last = read::receipts_before(store.connection(), (u32::MAX, u32::MAX), 1);
    let last = last.map_err(|error| error.to_string())?.first().map_or(0, |row| row.number);
    let number = last + 1;
    Ok(ReceiptNumber { store: "HH01".to_owned(), till: 1, series: store.series(), number })
}

fn done(shop: &mut Shop<'_>, by: &str, command: Command) -> Result<Reply, Broken> {
    let what = format!("{command:?}");
    shop.ask(by, None, command).map_err(|refusal| format!("after the cut {what}: {refusal}"))
}
