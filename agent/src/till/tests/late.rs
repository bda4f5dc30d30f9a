//! The terminal's word on what a manager had ended by hand, and acts that cross each other.

use super::by_hand::seen;
use super::*;
use commerce::fact::PaymentOutcome;
use drivers::terminal::intent::Kind as Order;

const ROLL: &str = "9520000100377";

impl Shop {
    /// A part of what is due, taken by card; the intent that took it.
    fn part_by_card(&mut self, cart: CartId, part: Money, number: u32) -> u64 {
        let amount = Some(part);
        self.ok("101", Command::PayByCard { cart, tender: "card".into(), amount });
        let intent = self.till.paying.clone().unwrap().intent;
        self.approve(intent, part, number);
        intent
    }

    fn not_sent(&mut self, intent: u64) {
        let report = PaymentReport::Ended(PaymentOutcome::NotSent { why: "off".into() });
        self.event(Event::Payment { intent, report }).unwrap();
    }

    fn put_right(&mut self, intent: u64) -> Result<Reply, Refusal> {
        let note = "taken back at the terminal".to_owned();
        self.ask("301", None, Command::PutPaymentRight { intent, note })
    }

    fn reverse(&mut self, intent: u64) -> u64 {
        self.ok("301", Command::ReversePayment { intent });
        self.till.paying.clone().unwrap().intent
    }
}

#[test]
fn a_refund_approved_after_all_ends_its_return() {
    let mut shop = Shop::open();
    let (of, due) = shop.card_sale(1);
    let asked = shop.begin_refund(&of);
    shop.unknown(asked.intent);
    shop.ok("301", seen(asked.intent, false, None, None));
    let reply = shop.approve(asked.intent, due, 2);
    assert_eq!(shop.returned(reply).total, due);
    assert_eq!((shop.unsettled(), shop.till.open_return()), (Vec::new(), None));
}

#[test]
fn a_refund_approved_beside_another_payment_is_finished_by_hand() {
    let mut shop = Shop::open();
    let (of, due) = shop.card_sale(1);
    let asked = shop.begin_refund(&of);
    shop.unknown(asked.intent);
    shop.ok("301", seen(asked.intent, false, None, None));
    let cart = shop.scan(ROLL).cart.id;
    let busy = shop.pay_by_card(cart);
    assert_eq!(shop.approve(asked.intent, due, 2), Reply::Payment(asked.intent));
    assert_eq!(shop.till.paying.as_ref().map(|payment| payment.intent), Some(busy));
    let reply = shop.approve(busy, due, 3);
    shop.sold(reply);
    assert!(shop.refused("201", Command::CancelReturn).contains("finish it"));
    let reply = shop.ok("101", Command::PayOut { payout: 0, tender: "card".into() });
    assert_eq!(shop.returned(reply).total, due, "not paid again");
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_reversal_approved_after_all_takes_its_tender_off_the_cart() {
    let mut shop = Shop::open();
    let cart = shop.scan(ROLL).cart.id;
    let part = shop.money("0.10");
    let intent = shop.part_by_card(cart, part, 7);
    let reversal = shop.reverse(intent);
    shop.unknown(reversal);
    shop.ok("301", seen(reversal, false, None, None));
    shop.approve(reversal, part, 8);
    assert_eq!(shop.till.cart(cart).unwrap().tenders, []);
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_reversal_approved_after_its_payment_was_sold_stands_before_someone() {
    let mut shop = Shop::open();
    let cart = shop.scan(ROLL).cart.id;
    let part = shop.money("0.10");
    let intent = shop.part_by_card(cart, part, 7);
    let reversal = shop.reverse(intent);
    shop.unknown(reversal);
    shop.ok("301", seen(reversal, false, None, None));
    let amount = shop.till.view(cart, None).unwrap().totals.due;
    let tender = Command::Tender { cart, tender: "cash".into(), amount, reference: None };
    let reply = shop.ok("101", tender);
    shop.sold(reply);
    shop.approve(reversal, part, 8);
    let strays: Vec<u64> = shop.unsettled().iter().map(|payment| payment.intent).collect();
    assert_eq!(strays, [reversal]);
    shop.put_right(reversal).unwrap();
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_cart_keeps_its_tender_when_another_payment_of_that_number_is_undone() {
    let mut shop = Shop::open();
    let cart = shop.scan(ROLL).cart.id;
    let part = shop.money("0.10");
    shop.part_by_card(cart, part, 1);
    // The terminal's day was closed, and its numbers began again.
    let card = commerce::tender::CardSlip { receipt_number: 1, trace: 900, ..Default::default() };
    shop.ok("101", Command::PayByCard { cart, tender: "card".into(), amount: Some(part) });
    let second = shop.till.paying.clone().unwrap().intent;
    let outcome = PaymentOutcome::Approved { amount: part, card };
    let report = PaymentReport::Ended(outcome);
    shop.event(Event::Payment { intent: second, report }).unwrap();
    let reversal = shop.reverse(second);
    shop.approve(reversal, part, 2);
    let left: Vec<_> =
        shop.till.cart(cart).unwrap().tenders.iter().map(|tendered| tendered.intent).collect();
    assert_eq!(left, [Some(1)]);
}

#[test]
fn what_the_return_under_way_counts_and_what_is_being_undone_is_not_put_right_too() {
    let mut shop = Shop::open();
    let cart = shop.scan(ROLL).cart.id;
    let part = shop.money("0.10");
    shop.part_by_card(cart, part, 7);
    let rest = shop.pay_by_card(cart);
    let due = shop.till.paying.clone().unwrap().asked;
    let reply = shop.approve(rest, due, 8);
    let of = shop.sold(reply);
    let first = shop.begin_refund(&of);
    shop.approve(first.intent, first.asked, 9);
    let second = shop.till.paying.clone().unwrap();
    shop.not_sent(second.intent);
    assert_eq!(shop.unsettled(), [], "it is a part of the return");
    assert!(shop.put_right(first.intent).is_err());
    let by_cash = Command::PayOut { payout: 1, tender: "cash".into() };
    let reply = shop.ask("101", Some("201"), by_cash).unwrap();
    shop.returned(reply);

    let cart = shop.scan(ROLL).cart.id;
    let stray = shop.pay_by_card(cart);
    shop.unknown(stray);
    shop.ok("301", seen(stray, false, None, None));
    let amount = shop.till.view(cart, None).unwrap().totals.due;
    shop.approve(stray, amount, 20);
    let reversal = shop.reverse(stray);
    shop.unknown(reversal);
    assert!(matches!(shop.put_right(stray), Err(Refusal::TerminalBusy(busy)) if busy == reversal));
    shop.approve(reversal, amount, 21);
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_slip_of_another_customer_is_not_taken_for_this_ones() {
    let mut shop = Shop::open();
    let (_, due) = shop.card_sale(231);
    let cart = shop.scan(ROLL).cart.id;
    let intent = shop.pay_by_card(cart);
    shop.unknown(intent);
    for (number, why) in [(231, "is that of payment 1"), (0, "1 to 9999"), (10_000, "1 to 9999")] {
        let refusal = shop.refused("301", seen(intent, true, None, Some(number)));
        assert!(refusal.contains(why), "{refusal}");
    }
    let reply = shop.ok("301", seen(intent, true, None, Some(232)));
    let of = shop.sold(reply);
    let void = || Command::PostVoid { of: of.clone(), reason: "staff-mistake".into() };
    shop.ok("301", void());
    assert_eq!(shop.last_order().kind, Order::Reversal { receipt_no: 232 });
    let reversal = shop.till.paying.clone().unwrap().intent;
    let reply = shop.approve(reversal, due, 233);
    shop.returned(reply);
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_post_void_gives_the_money_back_where_the_slip_number_was_given_again() {
    let mut shop = Shop::open();
    let (of, _) = shop.card_sale(1);
    // The terminal's numbers began again, for a part of another basket.
    let cart = shop.scan(ROLL).cart.id;
    let part = shop.money("0.10");
    shop.ok("101", Command::PayByCard { cart, tender: "card".into(), amount: Some(part) });
    let intent = shop.till.paying.clone().unwrap().intent;
    let card = commerce::tender::CardSlip { receipt_number: 1, trace: 900, ..Default::default() };
    let report = PaymentReport::Ended(PaymentOutcome::Approved { amount: part, card });
    shop.event(Event::Payment { intent, report }).unwrap();
    shop.ok("301", Command::PostVoid { of, reason: "staff-mistake".into() });
    assert_eq!(shop.last_order().kind, Order::Refund);
}
