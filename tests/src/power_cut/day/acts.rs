//! The day's acts, in the order of a day.

mod spool;

use super::Day;
use crate::shop::{add, begin, card, cash, sold};
use agent::till::{Command, Doubt, Event, JobOutcome, Once, PaymentReport, Reply, Request};
use commerce::UnitPrice;
use commerce::discount::DiscountValue;
use commerce::fact::CashDirection;
use commerce::staff::StaffId;
use commerce::tax::Rate;

const ROLL: &str = "101";
const RYE: &str = "102";
/// 482 g of Gouda, weighed at the counter.
const GOUDA: &str = "2110001004827";
const COFFEE: &str = "9520000100377";
const BANANAS: &str = "4011";

impl Day<'_> {
    pub(super) fn morning(&mut self) {
        let float = self.shop().money("100.00");
        self.ok("open the shift", "201", Command::OpenShift { float });
        self.scan(ROLL);
        let cart = self.scan(GOUDA);
        self.pay(cart, "20.00");

        let cart = self.scan(COFFEE);
        let three = Command::SetQuantity { cart, line: 1, quantity: "3".to_owned() };
        self.ok("quantity", "101", three);
        let value = DiscountValue::Percent(Rate::parse_percent("10").unwrap());
        let reason = || "loyalty".to_owned();
        let on_line = Command::Discount { cart, line: Some(1), value, reason: reason() };
        self.ok("line discount", "101", on_line);
        self.scan(RYE);
        let price = UnitPrice::parse("0.30", self.shop().currency()).unwrap();
        let reason = "price-match".to_owned();
        let lower = Command::OverridePrice { cart, line: 2, price, reason };
        self.approved_by("price override", "101", Some("301"), lower);
        self.scan(GOUDA);
        let reason = Some("wrong-item".to_owned());
        self.ok("void a line", "101", Command::VoidLine { cart, line: 3, reason });
        let value = DiscountValue::Amount(self.shop().money("0.50"));
        let on_basket = Command::Discount { cart, line: None, value, reason: "loyalty".to_owned() };
        self.approved_by("basket discount", "101", Some("201"), on_basket);
        let voucher = Command::Tender {
            cart,
            tender: "voucher".to_owned(),
            amount: self.shop().money("1.00"),
            reference: Some("G-4711".to_owned()),
        };
        self.ok("voucher", "101", voucher.clone());
        self.ok("take tenders back", "101", Command::TakeBackTenders { cart });
        self.ok("voucher again", "101", voucher);
        let part = self.shop().money("2.00");
        self.ok("part by card", "101", card(cart, Some(part)));
        self.approves(None);
        self.pay(cart, "50.00");
    }

    pub(super) fn cards(&mut self) {
        let parked = self.scan(RYE);
        self.ok("park", "101", Command::Park { cart: parked, label: "red jacket".to_owned() });
        let cart = self.scan(COFFEE);
        self.ok("card", "101", card(cart, None));
        self.declines();
        self.ok("card again", "101", card(cart, None));
        let (intent, _) = self.asked();
        let doubt = Doubt { why: "the line is down".to_owned(), asking: true };
        self.terminal("card unknown", intent, PaymentReport::Unknown(doubt));
        self.ok("ask again", "101", Command::AskPayment { intent });
        sold(&self.approves(None));
        self.ok("recall", "102", Command::Recall { cart: parked });
        self.ok("weighed", "102", add(BANANAS, Some("0.754")));
        self.pay(parked, "10.00");
    }

    pub(super) fn cash_and_stock(&mut self) {
        self.count_stock();
        let (direction, amount) = (CashDirection::In, self.shop().money("25.00"));
        let reason = "change-float".to_owned();
        self.ok("paid in", "201", Command::MoveCash { direction, amount, reason });
        let (direction, amount) = (CashDirection::Out, self.shop().money("7.50"));
        let reason = "postage".to_owned();
        self.ok("paid out", "201", Command::MoveCash { direction, amount, reason });
        self.ok("no sale", "101", Command::OpenDrawer { reason: "give-change".to_owned() });
    }

    /// As an import of counts does it: another connection, beside the running till.
    fn count_stock(&mut self) {
        let (options, now) = (self.shop().options().clone(), self.shop().now);
        let mut other = begin(&options, now).unwrap();
        let items = vec![("BAK-001".to_owned(), 24_000), ("BAK-002".to_owned(), 17_000)];
        let by = StaffId::parse("301").unwrap();
        other.act(now, |act| act.count_stock(by, "shop".to_owned(), items).map(|_| ())).unwrap();
        self.told("stock count");
    }

    pub(super) fn returns(&mut self) {
        let sales = self.shop().till.store().series();
        let of = |number| commerce::sale::ReceiptNumber {
            store: "HH01".to_owned(),
            till: 1,
            series: sales,
            number,
        };
        let refund = |number, quantity: &str| Command::Refund {
            of: of(number),
            lines: vec![(1, quantity.to_owned())],
            reason: "faulty".to_owned(),
        };
        self.ok("refund in cash", "201", refund(1, "1"));
        self.ok("refund to the card", "201", refund(3, "1"));
        self.declines();
        let by_card = Command::PayOut { payout: 0, tender: "card".to_owned() };
        self.ok("pay out again", "201", by_card);
        let Reply::Returned(_) = self.approves(None) else { panic!("the refund is made") };
        self.ok("part of a split sale back", "201", refund(2, "2"));
        if self.shop().till.open_return().is_some() {
            self.approves(None);
        }
        self.scan(ROLL);
        let cart = self.scan(RYE);
        let last = self.pay(cart, "5.00");
        let void = Command::PostVoid { of: last, reason: "staff-mistake".to_owned() };
        self.ok("post-void", "201", void);
    }

    /// A clean stop writes the log back; the payment under way is asked about after the start.
    pub(super) fn stopped_while_paying(&mut self) {
        let cart = self.scan(COFFEE);
        self.ok("card before the stop", "101", card(cart, None));
        let shop = self.shop.take().expect("the till runs");
        self.shop = Some(shop.restart().unwrap());
        self.told("started again");
        sold(&self.approves(None));
    }

    pub(super) fn printing(&mut self) {
        while self.next_opens_the_drawer() {
            self.prints(JobOutcome::Done);
        }
        let stuck = self.prints(JobOutcome::NotPrinted { why: "paper out".to_owned() });
        self.ok("retry the job", "101", Command::RetryJob { job: stuck });
        let unknown = self.prints(JobOutcome::Unknown { why: "the line is down".to_owned() });
        self.ok("drop the job", "101", Command::DropJob { job: unknown });
        let conn = self.shop().till.store().connection();
        // As every thousand pages; the next act begins the log anew over the old one's frames.
        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
        self.told("log written back");
        let cart = self.scan(ROLL);
        let reason = Some("left-without-paying".to_owned());
        self.ok("give the cart up", "101", Command::Cancel { cart, reason });
        self.add_once();
    }

    /// A request sent twice is done once.
    fn add_once(&mut self) {
        let request = Request {
            by: StaffId::parse("101").unwrap(),
            approver: None,
            once: Some(Once { key: "7f3a".to_owned(), request: [9; 32] }),
            command: add(ROLL, Some("2")),
        };
        for act in ["named request", "the same again"] {
            self.shop().event(Event::Command(Box::new(request.clone()))).unwrap();
            self.told(act);
        }
        let cart = self.shop().till.current().expect("a cart");
        self.pay(cart, "1.00");
    }

    /// The terminal took more than was asked: the money stays in front of a manager.
    pub(super) fn money_that_fits_nowhere(&mut self) {
        let cart = self.scan(COFFEE);
        self.ok("card", "101", card(cart, None));
        let (intent, _) = self.asked();
        self.approves(Some("99.00"));
        self.ok("reverse it", "301", Command::ReversePayment { intent });
        self.approves(Some("99.00"));
        self.pay(cart, "100.00");
    }

    pub(super) fn evening(&mut self) {
        let counted = vec![("cash".to_owned(), self.shop().money("200.00"))];
        self.ok("close the shift", "201", Command::CloseShift { counted });
        self.ok("print the Z again", "201", Command::PrintReport { shift: 1 });
        let float = self.shop().money("50.00");
        self.ok("open the next shift", "201", Command::OpenShift { float });
        let cart = self.scan(GOUDA);
        let amount = self.shop().money("1.00");
        self.ok("part in cash", "101", cash(cart, amount));
    }
}
