//! The scripted day: some sixty acts of every sort, each followed by a mark once it was answered,
//! with all that the client could see then.

mod acts;

use crate::books::{self, Books};
use crate::shop::{DemoStore, Shop, add, cash, file, sold, start};
use crate::vfs::{Recording, Shim};
use agent::store::open::Synchronous;
use agent::store::till::read::Shift;
use agent::till::{Command, Effect, Event, JobOutcome, PaymentReport, Reply};
use commerce::Money;
use commerce::cart::{Cart, CartId};
use commerce::fact::PaymentOutcome;
use commerce::sale::ReceiptNumber;
use commerce::tender::CardSlip;
use drivers::terminal::command::Command as Terminal;
use std::path::Path;

/// All that a client could see after an act had been answered.
pub struct Told {
    pub act: &'static str,
    pub books: Books,
    pub carts: Vec<Cart>,
    pub current: Option<CartId>,
    pub shift: Option<Shift>,
    /// Every row of state: an act is there whole or not at all.
    pub state: Vec<String>,
    /// The states on the way there, of what takes several transactions, each whole in itself.
    pub between: Vec<Vec<String>>,
}

pub struct Day<'store> {
    /// `None` only while the till is being started again.
    shop: Option<Shop<'store>>,
    recording: Recording,
    told: Vec<Told>,
    /// The terminal's own count of receipts.
    card_receipts: u32,
}

/// Trades for a day through `shim` in `root`, and returns what was told at each mark.
pub fn trade(
    store: &DemoStore,
    shim: &Shim,
    root: &Path,
    synchronous: Synchronous,
) -> (Recording, Vec<Told>) {
    let recording = shim.record(root).unwrap();
    let options = file(root.join("till.db"), Some(shim.name()), synchronous);
    let shop = Shop::open(store, options).unwrap();
    let mut day =
        Day { shop: Some(shop), recording: recording.clone(), told: Vec::new(), card_receipts: 0 };
    day.told("first start");
    day.morning();
    day.cards();
    day.cash_and_stock();
    day.returns();
    day.stopped_while_paying();
    day.printing();
    day.printer_away();
    day.money_that_fits_nowhere();
    day.evening();
    let Day { shop, told, .. } = day;
    drop(shop);
    shim.stop_recording();
    (recording, told)
}

impl<'store> Day<'store> {
    /// Reads what a client can see, and marks the moment it was told.
    fn told(&mut self, act: &'static str) {
        self.told_after(act, Vec::new());
    }

    fn told_after(&mut self, act: &'static str, between: Vec<Vec<String>>) {
        let till = &self.shop.as_ref().expect("the till runs").till;
        let conn = till.store().connection();
        let told = Told {
            act,
            books: Books::read(conn).unwrap(),
            carts: till.carts().cloned().collect(),
            current: till.current(),
            shift: till.shift().cloned(),
            state: books::dump(conn).unwrap(),
            between,
        };
        self.told.push(told);
        self.recording.mark(u64::try_from(self.told.len()).unwrap());
    }

    fn shop(&mut self) -> &mut Shop<'store> {
        self.shop.as_mut().expect("the till runs")
    }

    fn ok(&mut self, act: &'static str, by: &str, command: Command) -> Reply {
        self.approved_by(act, by, None, command)
    }

    fn approved_by(
        &mut self,
        act: &'static str,
        by: &str,
        approver: Option<&str>,
        command: Command,
    ) -> Reply {
        let reply = self.shop().ask(by, approver, command);
        let reply = reply.unwrap_or_else(|refusal| panic!("{act}: {refusal}"));
        self.told(act);
        reply
    }

    fn scan(&mut self, code: &str) -> CartId {
        match self.ok("scan", "101", add(code, None)) {
            Reply::Cart(view) => view.cart.id,
            other => panic!("{other:?}"),
        }
    }

    fn pay(&mut self, cart: CartId, amount: &str) -> ReceiptNumber {
        let amount = self.shop().money(amount);
        sold(&self.ok("cash", "101", cash(cart, amount)))
    }

    /// The intent that the terminal was handed last.
    fn asked(&mut self) -> (u64, Money) {
        let asked = self.shop().effects.iter().rev().find_map(|effect| match effect {
            Effect::Terminal(Terminal::Perform(order) | Terminal::Resolve(order)) => {
                Some((u64::try_from(order.id.0).unwrap(), order.amount))
            }
            _ => None,
        });
        asked.expect("the terminal was asked")
    }

    fn terminal(&mut self, act: &'static str, intent: u64, report: PaymentReport) -> Reply {
        let reply = self.shop().event(Event::Payment { intent, report });
        let reply = reply.unwrap_or_else(|refusal| panic!("{act}: {refusal}"));
        self.told(act);
        reply
    }

    /// The terminal approves what it was asked last, or another amount.
    fn approves(&mut self, amount: Option<&str>) -> Reply {
        let (intent, asked) = self.asked();
        let amount = amount.map_or(asked, |text| self.shop().money(text));
        self.card_receipts += 1;
        let slip = CardSlip {
            receipt_number: self.card_receipts,
            trace: 700 + self.card_receipts,
            masked_pan: "672590######1234".to_owned(),
            ..CardSlip::default()
        };
        let outcome = PaymentOutcome::Approved { amount, card: slip };
        self.terminal("card approved", intent, PaymentReport::Ended(outcome))
    }

    fn declines(&mut self) {
        let (intent, _) = self.asked();
        let outcome = PaymentOutcome::Declined { code: 5, text: "declined".to_owned() };
        self.terminal("card declined", intent, PaymentReport::Ended(outcome));
    }

    /// The printer takes the next job and answers.
    fn prints(&mut self, outcome: JobOutcome) -> u64 {
        let job = self.takes("job taken", start());
        self.shop().event(Event::Job { id: job.id, outcome }).unwrap();
        self.told("job ended");
        job.id
    }
}
