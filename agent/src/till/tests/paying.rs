//! Taking money, giving it back, closing the shift: and what the journal says of it.

use super::*;
use crate::store::till::{FOLDED, PaymentState, decode_entry, read, rebuild};
use commerce::fact::{CashDirection, Fact, PaymentOutcome};
use commerce::sale::{ReceiptNumber, Sale};
use commerce::shift::{TotalKind, total_of};
use commerce::tender::CardSlip;
use drivers::terminal::command::Command as Terminal;

fn cash(cart: CartId, amount: Money) -> Command {
    Command::Tender { cart, tender: "cash".into(), amount, reference: None }
}

impl Shop {
    /// Two rolls and 482 g of Gouda, paid in cash with a 20.
    fn cash_sale(&mut self) -> ReceiptNumber {
        self.scan("101");
        self.scan("101");
        let id = self.scan("2110001004827").cart.id;
        let amount = self.money("20.00");
        let reply = self.ok("101", cash(id, amount));
        self.sold(reply)
    }

    pub(super) fn fact(&self, receipt: &ReceiptNumber) -> Fact {
        let conn = self.till.store.connection();
        let row = read::receipt(conn, receipt.series, receipt.number).unwrap().unwrap();
        decode_entry(conn, receipt.series, row.seq).unwrap().0
    }

    fn sale(&self, receipt: &ReceiptNumber) -> Sale {
        match self.fact(receipt) {
            Fact::Sold(sale) => sale,
            other => panic!("{other:?}"),
        }
    }

    fn drawer(&self) -> i64 {
        let totals = read::shift_totals(self.till.store.connection(), 1).unwrap();
        total_of(&totals, TotalKind::DrawerCash, "", self.till.settings.store.currency)
            .unwrap()
            .minor()
    }

    pub(super) fn approve(&mut self, intent: u64, amount: Money, receipt_number: u32) -> Reply {
        let card = CardSlip { receipt_number, trace: receipt_number, ..CardSlip::default() };
        let report = PaymentReport::Ended(PaymentOutcome::Approved { amount, card });
        self.event(Event::Payment { intent, report }).unwrap()
    }

    /// Asks the terminal for all that is due and returns the intent.
    pub(super) fn pay_by_card(&mut self, cart: CartId) -> u64 {
        match self.ok("101", Command::PayByCard { cart, tender: "card".into(), amount: None }) {
            Reply::Payment(intent) => intent,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_cash_sale_is_in_the_journal_and_in_the_drawer() {
    let mut shop = Shop::open();
    let receipt = shop.cash_sale();
    assert_eq!(receipt.to_string(), "HH01-1-1-000001");
    let sale = shop.sale(&receipt);
    sale.check().unwrap();
    assert_eq!(sale.lines.len(), 3);
    assert_eq!(sale.total.minor() + sale.change.minor(), 2_000);
    assert_eq!(shop.drawer(), 10_000 + sale.total.minor());
    assert_eq!(shop.till.current(), None);
    assert!(shop.effects.contains(&Effect::Spool));
    let jobs = read::jobs(shop.till.store.connection(), 10).unwrap();
    let kinds: Vec<_> = jobs.iter().map(|job| job.kind).collect();
    use crate::store::till::JobKind::{Drawer, Receipt};
    assert_eq!(kinds, [Drawer, Drawer, Receipt], "the shift's float, then the sale");
}

#[test]
fn a_card_payment_is_durable_before_it_is_asked_and_waits_for_its_outcome() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let intent = shop.pay_by_card(id);
    assert!(shop.effects.iter().any(|effect| matches!(effect, Effect::Terminal(Terminal::Perform(order)) if order.id.0 == u128::from(intent))));
    let add = Command::Add { cart: None, code: "101".into(), quantity: None };
    assert!(shop.refused("101", add).contains("no known outcome"));
    let amount = shop.till.view(id, None).unwrap().totals.due;
    let mut shop = shop.restart();
    assert!(shop.effects.iter().any(|effect| matches!(effect, Effect::Terminal(Terminal::Resolve(order)) if order.id.0 == u128::from(intent))));
    let reply = shop.approve(intent, amount, 17);
    let receipt = shop.sold(reply);
    let sale = shop.sale(&receipt);
    assert_eq!(sale.tenders[0].card.as_ref().unwrap().receipt_number, 17);
    assert_eq!(shop.till.shift().unwrap().number, sale.stamp.shift);
    assert_eq!(read::unsettled_payments(shop.till.store.connection(), sale.currency).unwrap(), []);
    let late = PaymentReport::Ended(PaymentOutcome::NotSent { why: "late".into() });
    assert!(matches!(
        shop.event(Event::Payment { intent, report: late }),
        Err(Refusal::NoPayment(_))
    ));
}

#[test]
fn an_amount_the_cart_cannot_take_stays_in_front_of_a_manager() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let intent = shop.pay_by_card(id);
    let amount = shop.money("999.99");
    assert!(matches!(shop.approve(intent, amount, 5), Reply::Payment(_)));
    let open = read::unsettled_payments(shop.till.store.connection(), amount.currency()).unwrap();
    assert_eq!(
        (open[0].intent, open[0].moved, open[0].state),
        (intent, amount, PaymentState::Approved)
    );
    assert!(shop.refused("101", Command::ReversePayment { intent }).contains("another person"));
    let Reply::Payment(reversal) = shop.ok("301", Command::ReversePayment { intent }) else {
        panic!()
    };
    shop.approve(reversal, amount, 6);
    assert_eq!(
        read::unsettled_payments(shop.till.store.connection(), amount.currency()).unwrap(),
        []
    );
    shop.scan("101");
}

#[test]
fn less_than_asked_is_taken_and_the_rest_stays_due() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let part = shop.money("0.10");
    assert!(matches!(shop.approve(intent, part, 5), Reply::Cart(_)));
    let rest = shop.till.view(id, None).unwrap().totals.due;
    assert_eq!(rest, due.minus(part).unwrap());
    let reply = shop.ok("101", cash(id, rest));
    let receipt = shop.sold(reply);
    assert_eq!(shop.sale(&receipt).tenders.len(), 2);
}

#[test]
fn a_refund_cannot_exceed_what_was_sold_and_goes_back_to_the_card_first() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    shop.ok("101", Command::SetQuantity { cart: id, line: 1, quantity: "3".into() });
    let total = shop.till.view(id, None).unwrap().totals.total;
    let card = shop.money("1.00");
    let Reply::Payment(intent) =
        shop.ok("101", Command::PayByCard { cart: id, tender: "card".into(), amount: Some(card) })
    else {
        panic!()
    };
    shop.approve(intent, card, 8);
    let rest = total.minus(card).unwrap();
    let reply = shop.ok("101", cash(id, rest));
    let of = shop.sold(reply);
    let refund = |quantity: &str| Command::Refund {
        of: of.clone(),
        lines: vec![(1, quantity.to_owned())],
        reason: "faulty".into(),
    };
    let Reply::ReturnOpen(_) = shop.ok("101", refund("1")) else { panic!() };
    assert!(shop.refused("101", refund("1")).contains("under way"));
    let asked = shop.till.paying.clone().unwrap();
    let mut shop = shop.restart();
    let Reply::Returned(first) = shop.approve(asked.intent, asked.asked, 9) else { panic!() };
    let Fact::Returned(returned) = shop.fact(&first) else { panic!() };
    assert_eq!(returned.payouts[0].tender.id, "card");
    assert_eq!(
        returned.total.minor(),
        returned.payouts.iter().map(|payout| payout.amount.minor()).sum::<i64>()
    );
    let Reply::Returned(second) = shop.ok("101", refund("2")) else { panic!() };
    let Fact::Returned(rest) = shop.fact(&second) else { panic!() };
    assert_eq!(returned.total.plus(rest.total).unwrap(), total);
    assert!(shop.refused("101", refund("1")).contains("0 left"));
}

#[test]
fn a_declined_card_refund_may_be_paid_in_cash_with_approval() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let reply = shop.approve(intent, due, 1);
    let of = shop.sold(reply);
    shop.ok("101", Command::Refund { of, lines: vec![(1, "1".into())], reason: "faulty".into() });
    let intent = shop.till.paying.clone().unwrap().intent;
    let report =
        PaymentReport::Ended(PaymentOutcome::Declined { code: 5, text: "declined".into() });
    shop.event(Event::Payment { intent, report }).unwrap();
    let before = shop.drawer();
    let by_cash = Command::PayOut { payout: 0, tender: "cash".into() };
    assert!(shop.refused("101", by_cash.clone()).contains("another person"));
    let Reply::Returned(_) = shop.ask("101", Some("201"), by_cash).unwrap() else { panic!() };
    assert_eq!(shop.drawer(), before - due.minor());
    assert!(shop.till.open_return().is_none());
}

#[test]
fn only_the_last_sale_can_be_voided_and_only_whole() {
    let mut shop = Shop::open();
    let first = shop.cash_sale();
    let second = shop.cash_sale();
    let void =
        |of: &ReceiptNumber| Command::PostVoid { of: of.clone(), reason: "staff-mistake".into() };
    assert!(shop.refused("201", void(&first)).contains("only the last sale"));
    assert!(shop.refused("101", void(&second)).contains("another person"));
    let drawer = shop.drawer();
    let total = shop.sale(&second).total;
    let Reply::Returned(_) = shop.ok("201", void(&second)) else { panic!() };
    assert_eq!(shop.drawer(), drawer - total.minor());
    assert!(shop.refused("201", void(&second)).contains("only the last sale"));
}

#[test]
fn the_shift_closes_with_its_difference_and_state_is_what_the_journal_says() {
    let mut shop = Shop::open();
    let of = shop.cash_sale();
    let amount = shop.money("5.00");
    let (direction, reason) = (CashDirection::Out, "postage".to_owned());
    shop.ok("201", Command::MoveCash { direction, amount, reason: reason.clone() });
    assert!(
        shop.refused("101", Command::MoveCash { direction, amount, reason })
            .contains("another person")
    );
    shop.ok("101", Command::OpenDrawer { reason: "give-change".into() });
    shop.ok("101", Command::Refund { of, lines: vec![(1, "1".into())], reason: "faulty".into() });
    let id = shop.scan("101").cart.id;
    shop.ok("101", Command::Park { cart: id, label: "later".into() });
    let counted = vec![("cash".to_owned(), shop.money("100.00"))];
    let expected = shop.drawer();
    shop.ok("101", Command::CloseShift { counted });
    let conn = shop.till.store.connection();
    let closed = read::shift(conn, 1).unwrap().unwrap().closed.unwrap();
    let Fact::ShiftClosed(z) = decode_entry(conn, closed.series, closed.seq).unwrap().0 else {
        panic!()
    };
    assert_eq!(
        (z.z, z.counted[0].expected.minor(), z.counted[0].counted.minor()),
        (1, expected, 10_000)
    );
    assert!(
        shop.refused("101", Command::OpenDrawer { reason: "give-change".into() })
            .contains("no shift")
    );

    let db = rusqlite::Connection::open(shop.folder.path().join("till.db")).unwrap();
    let dump = |db: &rusqlite::Connection| {
        FOLDED.map(|table| {
            let mut statement =
                db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..columns)
                    .map(|column| row.get(column))
                    .collect::<Result<Vec<rusqlite::types::Value>, _>>()
            });
            rows.unwrap().map(|row| format!("{table} {:?}", row.unwrap())).collect::<Vec<_>>()
        })
    };
    let live = dump(&db);
    rebuild(&db, &mut |_| {}).unwrap();
    assert_eq!(dump(&db), live);
    assert!(live.iter().flatten().count() > 20);
}

#[test]
fn a_request_sent_twice_is_done_once() {
    let mut shop = Shop::open();
    let id = shop.scan("101").cart.id;
    let once = Once { key: "k-1".into(), request: [1; 32] };
    let by = StaffId::parse("101").unwrap();
    let amount = shop.money("20.00");
    let request = |once: &Once| {
        Event::Command(Box::new(Request {
            by: by.clone(),
            approver: None,
            once: Some(once.clone()),
            command: cash(id, amount),
        }))
    };
    let first = shop.event(request(&once)).unwrap();
    let drawer = shop.drawer();
    assert_eq!(shop.event(request(&once)).unwrap(), first);
    let mut shop = shop.restart();
    assert_eq!(shop.event(request(&once)).unwrap(), first);
    assert_eq!(shop.drawer(), drawer);
    let other = Once { request: [2; 32], ..once };
    assert!(matches!(shop.event(request(&other)), Err(Refusal::KeyReused(_))));
}

#[test]
fn a_clock_set_back_an_hour_stops_nothing_and_breaks_no_chain() {
    let mut shop = Shop::open();
    let first = shop.cash_sale();
    shop.now -= jiff::SignedDuration::from_hours(1);
    let second = shop.cash_sale();
    shop.now = Timestamp::UNIX_EPOCH;
    let third = shop.cash_sale();
    assert_eq!((first.number, second.number, third.number), (1, 2, 3));
    let conn = shop.till.store.connection();
    for stream in sync::store::streams(conn).unwrap() {
        sync::store::verify(conn, &stream, None, &mut |_, _| {}).unwrap();
    }
}

#[test]
fn money_that_moved_is_written_down_also_for_someone_who_left() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let staff = "staff,name,role\n201,Katja Brandt,supervisor\n";
    let path = shop.folder.path().join("staff.csv");
    std::fs::write(&path, staff).unwrap();
    let now = shop.now;
    let input = Input { path: &path, format: None, progress: &mut |_| {} };
    import(Kind::Staff, input, &mut shop.till.catalogue, now).unwrap();
    shop.event(Event::Reload).unwrap();
    let add = Command::Add { cart: None, code: "101".into(), quantity: None };
    assert!(shop.refused("101", add).contains("not on the list"));
    let reply = shop.approve(intent, due, 3);
    let receipt = shop.sold(reply);
    assert_eq!(shop.sale(&receipt).stamp.by, StaffId::parse("101").unwrap());
}

#[test]
fn a_disk_nearly_full_begins_nothing_and_finishes_what_is_under_way() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    let mut shop = Shop::open();
    let free = Arc::new(AtomicU64::new(1_000));
    let looked = Arc::clone(&free);
    shop.till.disk_room =
        Box::new(move || Some(Room { free: looked.load(Ordering::Relaxed), watermark: 100 }));
    let id = shop.scan("101").cart.id;
    free.store(99, Ordering::Relaxed);
    let add = Command::Add { cart: None, code: "101".into(), quantity: None };
    assert!(shop.refused("101", add).contains("disk is nearly full"));
    let amount = shop.money("1.00");
    let reply = shop.ok("101", cash(id, amount));
    shop.sold(reply);
}

#[test]
fn a_card_tender_that_is_undone_leaves_its_cart() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let part = shop.money("0.10");
    shop.approve(intent, part, 5);
    assert_eq!(shop.unsettled(), [], "it stands on the cart");
    assert!(shop.refused("101", Command::Cancel { cart: id, reason: None }).contains("approved"));
    let Reply::Payment(reversal) = shop.ok("301", Command::ReversePayment { intent }) else {
        panic!()
    };
    shop.approve(reversal, part, 6);
    let shop = &mut shop.restart();
    assert_eq!(shop.till.view(id, None).unwrap().totals.due, due);
    shop.ok("101", Command::Cancel { cart: id, reason: None });
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn by_hand_only_after_the_terminal_could_not_tell_and_a_late_approval_is_kept() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let by_hand = || super::by_hand::seen(intent, false, None, None);
    assert!(shop.refused("301", by_hand()).contains("still being asked"));
    shop.unknown(intent);
    shop.effects.clear();
    shop.ok("301", by_hand());
    assert!(matches!(shop.effects[0], Effect::Terminal(Terminal::Release(_))));
    assert!(matches!(shop.approve(intent, due, 9), Reply::Payment(_)));
    let open = shop.unsettled();
    assert_eq!((open[0].intent, open[0].moved), (intent, due));
    shop.approve_again_is_refused(intent, due);
}

impl Shop {
    fn approve_again_is_refused(&mut self, intent: u64, amount: Money) {
        let card = CardSlip::default();
        let report = PaymentReport::Ended(PaymentOutcome::Approved { amount, card });
        let again = self.event(Event::Payment { intent, report });
        assert!(matches!(again, Err(Refusal::NoPayment(_))), "{again:?}");
    }
}

#[test]
fn a_card_refund_that_falls_short_pays_only_the_rest() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let intent = shop.pay_by_card(id);
    let reply = shop.approve(intent, due, 1);
    let of = shop.sold(reply);
    shop.ok("101", Command::Refund { of, lines: vec![(1, "1".into())], reason: "faulty".into() });
    let asked = shop.till.paying.clone().unwrap();
    let short = shop.money("0.01");
    let moved = due.minus(short).unwrap();
    assert!(matches!(shop.approve(asked.intent, moved, 2), Reply::ReturnOpen(_)));
    assert!(shop.refused("201", Command::CancelReturn).contains("busy"));
    let mut shop = shop.restart();
    let rest = shop.till.paying.clone().unwrap();
    assert_eq!(rest.asked, short);
    let Reply::Returned(receipt) = shop.approve(rest.intent, short, 3) else { panic!() };
    let Fact::Returned(returned) = shop.fact(&receipt) else { panic!() };
    let paid: Vec<_> = returned.payouts.iter().map(|payout| payout.amount).collect();
    assert_eq!(paid, [moved, short]);
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_number_the_terminal_gave_twice_undoes_nothing() {
    let mut shop = Shop::open();
    let id = shop.scan("9520000100377").cart.id;
    let due = shop.till.view(id, None).unwrap().totals.due;
    let stray = shop.pay_by_card(id);
    let amount = shop.money("999.99");
    shop.approve(stray, amount, 5);
    let intent = shop.pay_by_card(id);
    // The receipt numbers began again; the trace went on.
    let card = CardSlip { receipt_number: 5, trace: 9_001, ..CardSlip::default() };
    let report = PaymentReport::Ended(PaymentOutcome::Approved { amount: due, card });
    let reply = shop.event(Event::Payment { intent, report }).unwrap();
    shop.sold(reply);
    let refusal = shop.refused("301", Command::ReversePayment { intent: stray });
    assert!(refusal.contains("by its number"), "{refusal}");
}
