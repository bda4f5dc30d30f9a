//! A disk that is full, or fails, at every write and every sync of each act of a short day: the
//! act is refused by name and leaves no trace, and once there is room again it goes through.

use crate::books::{self, Books};
use crate::shop::{DemoStore, Shop, add, card, cash, file, scratch, sold};
use crate::vfs::{DiskError, Fault, FaultOn, Shim};
use agent::store::open::Synchronous;
use agent::till::{Command, Effect, Event, PaymentReport, Refusal, Reply};
use commerce::fact::{CashDirection, PaymentOutcome};
use commerce::tender::CardSlip;
use drivers::terminal::command::Command as Terminal;

/// A till on a disk that fails when it is told to.
struct Counter<'day> {
    shop: Shop<'day>,
    shim: &'day Shim,
    on: FaultOn,
    error: DiskError,
    said: &'static str,
    refused: u64,
}

impl Counter<'_> {
    /// Does something once it was refused at each place where the disk can fail.
    fn at_last(&mut self, mut ask: impl FnMut(&mut Shop<'_>) -> Result<Reply, Refusal>) -> Reply {
        let before = self.everything();
        for nth in 1.. {
            let Self { on, error, .. } = *self;
            // A full disk stays full until somebody makes room.
            let fault = Fault { on, nth, lasting: true, error, file_suffix: "-wal".to_owned() };
            self.shim.inject(fault);
            let reply = ask(&mut self.shop);
            let fired = self.shim.faults_fired();
            self.shim.heal();
            match reply {
                Ok(reply) if fired == 0 => return reply,
                Ok(reply) => panic!("done on a disk that failed: {reply:?}"),
                Err(refusal) => {
                    assert!(fired > 0, "refused on a sound disk: {refusal}");
                    assert!(refusal.to_string().contains(self.said), "{refusal}");
                    assert_eq!(self.everything(), before, "after {refusal}");
                    self.refused += 1;
                }
            }
        }
        unreachable!("an act has an end");
    }

    fn command(&mut self, by: &str, command: &Command) -> Reply {
        self.at_last(|shop| shop.ask(by, None, command.clone()))
    }

    /// What the file holds and what the till knows: both must stay as they were.
    fn everything(&self) -> (Vec<String>, String) {
        let till = &self.shop.till;
        let carts: Vec<_> = till.carts().collect();
        let known = (carts, till.current(), till.shift(), till.open_return());
        (books::dump(till.store().connection()).unwrap(), format!("{known:?}"))
    }

    /// The terminal approves what it was asked last.
    fn approves(&mut self) -> Reply {
        let asked = self.shop.effects.iter().rev().find_map(|effect| match effect {
            Effect::Terminal(Terminal::Perform(order)) => Some(*order),
            _ => None,
        });
        let order = asked.expect("the terminal was asked");
        let card = CardSlip { receipt_number: 1, trace: 701, ..CardSlip::default() };
        let outcome = PaymentOutcome::Approved { amount: order.amount, card };
        let intent = u64::try_from(order.id.0).unwrap();
        let report = PaymentReport::Ended(outcome);
        self.at_last(|shop| shop.event(Event::Payment { intent, report: report.clone() }))
    }
}

fn a_short_day(name: &str, on: FaultOn, error: DiskError, said: &'static str) {
    let (store, root, shim) = (DemoStore::import(), scratch(), Shim::register(name).unwrap());
    let options = file(root.path().join("till.db"), Some(shim.name()), Synchronous::Full);
    let shop = Shop::open(&store, options).unwrap();
    let mut counter = Counter { shop, shim: &shim, on, error, said, refused: 0 };
    let euros = |counter: &Counter<'_>, text: &str| counter.shop.money(text);

    let float = euros(&counter, "100.00");
    counter.command("201", &Command::OpenShift { float });
    counter.command("101", &add("101", None));
    counter.command("101", &add("2110001004827", None));
    let cart = counter.shop.till.current().expect("a cart");
    counter.command("101", &Command::Park { cart, label: "hat".to_owned() });
    counter.command("101", &Command::Recall { cart });
    let note = euros(&counter, "20.00");
    let first = sold(&counter.command("101", &cash(cart, note)));
    counter.command("101", &add("9520000100377", None));
    let cart = counter.shop.till.current().expect("a cart");
    counter.command("101", &card(cart, None));
    sold(&counter.approves());
    let lines = vec![(1, "1".to_owned())];
    counter.command("201", &Command::Refund { of: first, lines, reason: "faulty".to_owned() });
    let (amount, reason) = (euros(&counter, "5.00"), "postage".to_owned());
    let direction = CashDirection::Out;
    counter.command("201", &Command::MoveCash { direction, amount, reason });
    let counted = vec![("cash".to_owned(), euros(&counter, "100.00"))];
    counter.command("201", &Command::CloseShift { counted });

    let told = counter.everything();
    let shop = counter.shop.restart().unwrap();
    let conn = shop.till.store().connection();
    assert_eq!(books::dump(conn).unwrap(), told.0, "after a new start");
    books::whole(conn).unwrap();
    books::state_is_the_journals(conn).unwrap();
    let books = Books::read(conn).unwrap();
    assert_eq!((books.sales.len(), books.returns.len()), (2, 1));
    assert!(counter.refused > 11, "only {} acts met the fault", counter.refused);
}

#[test]
fn an_act_on_a_full_disk_is_refused_and_leaves_no_trace() {
    a_short_day("disk-full", FaultOn::Write, DiskError::Full, "the disk is full");
}

#[test]
fn an_act_on_a_disk_that_fails_is_refused_and_leaves_no_trace() {
    a_short_day("disk-write", FaultOn::Write, DiskError::Io, "till.db");
    a_short_day("disk-sync", FaultOn::Sync, DiskError::Io, "till.db");
}
