//! Card payments that need a person: unknown ones, strays, and what was put right outside.

use super::*;
use crate::store::till::read;
use commerce::fact::{Fact, PaymentKind};
use commerce::returns::Return;
use commerce::sale::ReceiptNumber;
use drivers::terminal::command::Command as Terminal;
use drivers::terminal::intent::{Intent, Kind as Order, Mark};
use sync::log::StreamKind;

const ROLL: &str = "9520000100377";

/// What a manager says of a payment: whether money moved, how much, under which number.
pub(super) fn seen(
    intent: u64,
    approved: bool,
    amount: Option<Money>,
    number: Option<u16>,
) -> Command {
    let note = "its journal".into();
    Command::EndPaymentByHand { intent, approved, amount, number, note }
}

impl Shop {
    pub(super) fn unknown(&mut self, intent: u64) {
        let doubt = Doubt { why: "the line was lost".into(), asking: true };
        let report = PaymentReport::Unknown(doubt);
        self.event(Event::Payment { intent, report }).unwrap();
    }

    pub(super) fn unsettled(&self) -> Vec<Payment> {
        let currency = self.till.settings.store.currency;
        read::unsettled_payments(self.till.store.connection(), currency).unwrap()
    }

    pub(super) fn card_sale(&mut self, number: u32) -> (ReceiptNumber, Money) {
        let id = self.scan(ROLL).cart.id;
        let due = self.till.view(id, None).unwrap().totals.due;
        let intent = self.pay_by_card(id);
        let reply = self.approve(intent, due, number);
        (self.sold(reply), due)
    }

    pub(super) fn begin_refund(&mut self, of: &ReceiptNumber) -> Payment {
        let (of, reason) = (of.clone(), "faulty".into());
        self.ok("101", Command::Refund { of, lines: vec![(1, "1".into())], reason });
        self.till.paying.clone().unwrap()
    }

    pub(super) fn returned(&self, reply: Reply) -> Return {
        let Reply::Returned(receipt) = reply else { panic!("{reply:?}") };
        match self.fact(&receipt) {
            Fact::Returned(returned) => returned,
            other => panic!("{other:?}"),
        }
    }

    /// The order the terminal was given last.
    pub(super) fn last_order(&self) -> Intent {
        let orders = self.effects.iter().rev().filter_map(|effect| match effect {
            Effect::Terminal(Terminal::Perform(intent) | Terminal::Resolve(intent)) => {
                Some(*intent)
            }
            _ => None,
        });
        orders.take(1).next().unwrap()
    }

    fn last_fact(&self) -> Fact {
        let conn = self.till.store.connection();
        let streams = sync::store::streams(conn).unwrap();
        let journal = |stream: &&sync::store::Stream| stream.id().kind == StreamKind::Journal;
        let stream = streams.iter().rfind(journal).unwrap();
        let head = sync::store::head(conn, stream).unwrap();
        let last = sync::store::read(conn, stream, head.seq, 1).unwrap();
        sync::body::decode(&last[0].entry.body).unwrap()
    }
}

fn staff(id: &str) -> StaffId {
    StaffId::parse(id).unwrap()
}

#[test]
fn a_payment_that_stands_already_is_no_answer_for_another() {
    let mut shop = Shop::open();
    let (_, due) = shop.card_sale(7);
    let cart = shop.scan(ROLL).cart.id;
    let intent = shop.pay_by_card(cart);
    assert_eq!(shop.approve(intent, due, 7), Reply::Payment(intent));
    let doubt = shop.till.doubt(intent).unwrap();
    assert!(doubt.why.contains("payment 1") && !doubt.asking, "{doubt:?}");
    let shop = &mut shop.restart();
    assert_eq!(shop.till.view(cart, None).unwrap().totals.due, due, "nothing was taken");
    shop.unknown(intent);
    shop.ok("301", seen(intent, false, None, None));
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn a_manager_states_what_the_terminal_shows_and_can_undo_it_by_its_number() {
    let mut shop = Shop::open();
    let cart = shop.scan(ROLL).cart.id;
    let intent = shop.pay_by_card(cart);
    shop.unknown(intent);
    let part = shop.money("0.10");
    let nothing = shop.money("0.00");
    for (said, why) in [
        (seen(intent, false, Some(part), None), "moved nothing"),
        (seen(intent, false, None, Some(231)), "moved nothing"),
        (seen(intent, true, Some(nothing), None), "more than nothing"),
    ] {
        assert!(shop.refused("301", said).contains(why), "{why}");
    }
    assert!(shop.refused("101", seen(intent, true, None, None)).contains("approve"));
    shop.ask("101", Some("301"), seen(intent, true, Some(part), Some(231))).unwrap();
    let Fact::PaymentEnded(ended) = shop.last_fact() else { panic!() };
    assert_eq!((ended.by_hand, ended.approved_by), (true, Some(staff("301"))));
    assert_eq!(shop.till.cart(cart).unwrap().tenders[0].amount, part);

    shop.ask("101", Some("301"), Command::ReversePayment { intent }).unwrap();
    let Fact::PaymentIntended(reversal) = shop.last_fact() else { panic!() };
    assert_eq!(reversal.kind, PaymentKind::Reverse { receipt_number: 231 });
    assert_eq!(reversal.approved_by, Some(staff("301")));
    assert_eq!(shop.last_order().kind, Order::Reversal { receipt_no: 231 });
    shop.approve(reversal.intent, part, 232);
    assert_eq!(shop.till.cart(cart).unwrap().tenders, []);
    assert_eq!(shop.unsettled(), []);
}

#[test]
fn an_overpaid_refund_is_put_right_and_then_paid_out_anew() {
    let mut shop = Shop::open();
    let (of, due) = shop.card_sale(1);
    let asked = shop.begin_refund(&of);
    let more = due.plus(shop.money("1.00")).unwrap();
    shop.approve(asked.intent, more, 2);
    let again = || Command::PayOut { payout: 0, tender: "card".into() };
    let put_right =
        |note: &str| Command::PutPaymentRight { intent: asked.intent, note: note.to_owned() };
    assert!(shop.refused("101", again()).contains("no return"), "money went back already");
    assert!(shop.refused("101", put_right("reversed at the terminal")).contains("approve"));
    assert!(shop.refused("301", put_right(" ")).contains("characters"));
    shop.ask("101", Some("301"), put_right("reversed at the terminal")).unwrap();
    let Fact::PaymentPutRight(fact) = shop.last_fact() else { panic!() };
    assert_eq!((fact.stamp.by, fact.approved_by), (staff("101"), Some(staff("301"))));
    assert_eq!(shop.unsettled(), []);
    assert!(shop.refused("301", put_right("twice")).contains("not one"));

    shop.ok("101", again());
    let intent = shop.till.paying.clone().unwrap().intent;
    let reply = shop.approve(intent, due, 3);
    assert_eq!(shop.returned(reply).total, due);
    let rebuilt = shop.till.store.connection();
    assert_eq!(read::payment(rebuilt, asked.intent, due.currency()).unwrap().unwrap().moved, more);
}

#[test]
fn another_tender_is_approved_by_name_and_one_the_shop_gave_up_is_still_written_down() {
    let mut shop = Shop::open();
    let (of, due) = shop.card_sale(1);
    let asked = shop.begin_refund(&of);
    let why = commerce::fact::PaymentOutcome::NotSent { why: "off".into() };
    let report = PaymentReport::Ended(why);
    shop.event(Event::Payment { intent: asked.intent, report }).unwrap();
    // The shop gives up card payments while a refund to one is under way.
    Arc::make_mut(&mut shop.till.settings).tenders.retain(|tender| tender.id != "card");
    let mut shop = shop;
    shop.ok("101", Command::PayOut { payout: 0, tender: "card".into() });
    let tried = shop.till.paying.clone().unwrap();
    let report =
        PaymentReport::Ended(commerce::fact::PaymentOutcome::NotSent { why: "off".into() });
    shop.event(Event::Payment { intent: tried.intent, report }).unwrap();
    let by_cash = || Command::PayOut { payout: 0, tender: "cash".into() };
    assert!(shop.refused("101", by_cash()).contains("approve"));
    let reply = shop.ask("101", Some("201"), by_cash()).unwrap();
    let returned = shop.returned(reply);
    assert_eq!(returned.payouts[0].approved_by, Some(staff("201")));
    assert_eq!((returned.payouts[0].tender.id.as_str(), returned.total), ("cash", due));
}

#[test]
fn in_a_store_put_back_an_open_payment_is_no_longer_told_by_the_terminals_numbers() {
    let mut shop = Shop::open();
    let mark = Mark { terminal_id: Some(7), trace: Some(41), receipt_no: Some(5) };
    shop.event(Event::Baseline(Baseline::Last(mark))).unwrap();
    let cart = shop.scan(ROLL).cart.id;
    let intent = shop.pay_by_card(cart);
    let shop = shop.restart();
    assert_eq!(shop.last_order().baseline, Baseline::Last(mark));
    let Shop { folder, till, now, .. } = shop;
    drop(till);
    let store = Opened::open(&OpenOptions::new(folder.path().join("till.db"))).unwrap();
    let new = NewSeries {
        replica: life_of(1, 2),
        reason: SeriesReason::Restored,
        store: "HH01".into(),
        till: 1,
        above: 0,
    };
    let store = store.begin(key(), 0, now, Some(new)).unwrap();
    let (_, baseline) = read::payment_mark(store.connection(), intent).unwrap().unwrap();
    assert_eq!(baseline, Baseline::Unknown);
}
