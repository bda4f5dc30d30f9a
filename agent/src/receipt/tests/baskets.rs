//! The baskets of the golden receipts, and a day of them for the reports.

use super::shop::{Basket, dublin, hamburg, kuwait, new_york, receipt, return_of, stamp, tokyo};
use crate::store::till::read::{Closed, Shift};
use crate::till::Settings;
use commerce::Money;
use commerce::cart::CartId;
use commerce::fact::{
    CartCancelled, CashDirection, CashMoved, Counted, DrawerOpened, Fact, ShiftClosed, ShiftOpened,
};
use commerce::returns::{Return, ReturnKind, ReturnedSoFar};
use commerce::sale::{Sale, Stamp};
use commerce::shift::{ShiftTotal, TotalKind, additions, total_of};
use commerce::staff::StaffId;
use std::collections::BTreeMap;

/// Five lines, three taxes, one line voided, paid in cash with change.
pub fn five_lines() -> (Settings, Sale) {
    let settings = hamburg();
    let mut basket = Basket::new(&settings);
    basket.add("Frische Vollmilch 3,8 % 1 l", "2", "1.35", "B");
    basket.add("Franzbrötchen", "1", "1.60", "B");
    let voided = basket.add("Rotwein, Dornfelder 0,75 l", "1", "5.49", "A");
    basket.add("Tageszeitung", "1", "3.20", "B");
    basket.add("Geschirrspülmittel Zitrone 500 ml, Nachfüllbeutel", "1", "2.49", "A");
    basket.add("Pfand Einweg", "6", "0.25", "C");
    basket.void(voided);
    basket.pay("cash", Some("20.00"), None);
    let sale = basket.settle(1);
    (settings, sale)
}

/// Everything that changes a price.
pub fn discounts() -> (Settings, Sale) {
    let settings = dublin();
    let mut basket = Basket::new(&settings);
    basket.add("Strawberry yoghurt 150 g", "5", "3/1.00", "B");
    basket.add("Bananas, loose", "0.482 kg", "2.99", "B");
    basket.add_labelled("Mince, packed at the counter", "1 kg", "9.90", "B", Some("5.43"));
    let wine = basket.add("Red wine, Rioja 0.75 l", "1", "11.99", "A");
    basket.override_price(wine, "9.99", "shelf-price");
    let biscuits =
        basket.add("Shortbread biscuits with butter, family tin 450 g", "2", "4.25", "A");
    basket.discount(Some(biscuits), "20%", "damaged");
    basket.discount(Some(biscuits), "0.50", "loyalty");
    basket.add("Bread, sourdough", "1", "3.80", "C");
    basket.discount(None, "5%", "goodwill");
    basket.pay("cash", Some("40.00"), None);
    let sale = basket.settle(2);
    (settings, sale)
}

/// Part cash, the rest by card.
pub fn card_split() -> (Settings, Sale) {
    let settings = hamburg();
    let mut basket = Basket::new(&settings);
    basket.add("Kaffee, ganze Bohne 1 kg", "2", "13.99", "B");
    basket.add("Filterpapier Gr. 4", "1", "1.79", "A");
    basket.pay("cash", Some("10.00"), None);
    basket.pay("card", None, None);
    let sale = basket.settle(3);
    (settings, sale)
}

/// A gift card and a manufacturer's coupon, the rest in cash.
pub fn voucher_and_coupon() -> (Settings, Sale) {
    let settings = dublin();
    let mut basket = Basket::new(&settings);
    basket.add("Washing powder 2.5 kg", "1", "12.49", "A");
    basket.add("Tea, breakfast blend 80 bags", "3", "3.15", "B");
    basket.pay("coupon", Some("1.50"), Some("52000012345"));
    basket.pay("voucher", Some("15.00"), Some("GC-4471-0932"));
    basket.pay("cash", Some("10.00"), None);
    let sale = basket.settle(4);
    (settings, sale)
}

/// Some of a card sale comes back.
pub fn refund() -> (Settings, Return) {
    let (settings, sale) = card_split();
    let plan = sale.plan_return(&[(1, 1000), (2, 1000)], &ReturnedSoFar::default()).unwrap();
    let returned = return_of(&sale, plan, ReturnKind::Refund, 5);
    (settings, returned)
}

/// All of a sale undone.
pub fn post_void() -> (Settings, Return) {
    let (settings, sale) = discounts();
    let plan = sale.plan_post_void(&ReturnedSoFar::default()).unwrap();
    let returned = return_of(&sale, plan, ReturnKind::PostVoid, 6);
    (settings, returned)
}

/// Three taxes on top of the price, and goods without any.
pub fn taxes_on_top() -> (Settings, Sale) {
    let settings = new_york();
    let mut basket = Basket::new(&settings);
    basket.add("Paper towels 6 rolls", "1", "9.99", "T");
    basket.add("Regular unleaded", "8.701 gal", "2.299", "T");
    basket.add("Apples, Honeycrisp", "2.135 lb", "2.99", "X");
    basket.pay("card", None, None);
    let sale = basket.settle(7);
    (settings, sale)
}

/// Some of it back.
pub fn refund_on_top() -> (Settings, Return) {
    let (settings, sale) = taxes_on_top();
    let plan = sale.plan_return(&[(1, 1000), (3, 1200)], &ReturnedSoFar::default()).unwrap();
    let returned = return_of(&sale, plan, ReturnKind::Refund, 8);
    (settings, returned)
}

/// A currency without decimals.
pub fn no_decimals() -> (Settings, Sale) {
    let settings = tokyo();
    let mut basket = Basket::new(&settings);
    basket.add("Onigiri, salmon", "3", "150", "8");
    basket.add("Green tea 600 ml", "2", "138", "8");
    basket.add("Umbrella, clear", "1", "1650", "10");
    basket.pay("cash", Some("10000"), None);
    let sale = basket.settle(9);
    (settings, sale)
}

/// A currency with three decimals.
pub fn three_decimals() -> (Settings, Sale) {
    let settings = kuwait();
    let mut basket = Basket::new(&settings);
    basket.add("Dates, Medjool", "0.750 kg", "3.450", "Z");
    basket.add("Flatbread", "10", "0.0525", "Z");
    basket.add("Basmati rice 10 kg", "1", "6.995", "Z");
    basket.pay("cash", Some("20"), None);
    let sale = basket.settle(10);
    (settings, sale)
}

/// Amounts as large as a till takes, in three decimals: nothing may be cut.
pub fn huge() -> (Settings, Sale) {
    let settings = kuwait();
    let mut basket = Basket::new(&settings);
    basket.add("Gold bars, sealed by the mint, with papers", "9999", "45678.125", "Z");
    basket.discount(Some(1), "1.125", "loyalty");
    basket.add("Flatbread", "10", "0.0525", "Z");
    basket.pay("cash", None, None);
    let sale = basket.settle(11);
    (settings, sale)
}

/// A shift's facts, its shift and its totals.
pub struct Day {
    pub settings: Settings,
    pub shift: Shift,
    pub totals: Vec<ShiftTotal>,
    pub closed: ShiftClosed,
}

/// The day of a shop's sales and returns, with everything that goes into a report.
pub fn day(settings: Settings, sales: Vec<Sale>, returns: Vec<Return>) -> Day {
    let by = |id: &str| StaffId::parse(id).unwrap();
    let currency = settings.store.currency;
    let money = |minor| Money::new(minor, currency).unwrap();
    let opened = Stamp { at: "2026-03-14T08:25:00Z".parse().unwrap(), shift: 7, by: by("102") };
    let business_day = settings.business_day(opened.at);
    let moved = |direction, minor, reason: &str| {
        let (stamp, reason, amount) = (stamp(12), reason.to_owned(), money(minor));
        Fact::CashMoved(CashMoved { stamp, direction, amount, reason, approved_by: None })
    };
    let no_sale = DrawerOpened { stamp: stamp(13), reason: "give-change".into() };
    let mut facts = vec![
        Fact::ShiftOpened(ShiftOpened {
            stamp: opened.clone(),
            business_day,
            float: money(15_000),
        }),
        moved(CashDirection::In, 5_000, "change-float"),
        moved(CashDirection::Out, 795, "postage"),
        moved(CashDirection::Out, 12_000, "safe-drop"),
        Fact::DrawerOpened(no_sale.clone()),
        Fact::DrawerOpened(no_sale),
        Fact::CartCancelled(CartCancelled {
            stamp: stamp(14),
            cart: CartId(9),
            lines: 2,
            amount: money(1_798),
            reason: None,
        }),
    ];
    facts.extend(sales.into_iter().map(Fact::Sold));
    facts.extend(returns.into_iter().map(Fact::Returned));
    let totals = totals_of(&facts);
    let in_drawer = total_of(&totals, TotalKind::DrawerCash, "", currency).unwrap();
    let card = total_of(&totals, TotalKind::Tenders, "card", currency).unwrap();
    let counted = |tender: &str, expected: Money, missing: i64| Counted {
        tender: tender.into(),
        expected,
        counted: expected.minus(money(missing)).unwrap(),
    };
    let stamp = Stamp { at: "2026-03-14T19:12:00Z".parse().unwrap(), shift: 7, by: by("301") };
    let closed = ShiftClosed {
        stamp: stamp.clone(),
        business_day,
        z: 12,
        totals: totals.clone(),
        counted: vec![counted("cash", in_drawer, 20), counted("card", card, 0)],
    };
    let (at, z, series, seq) = (stamp.at, 12, 1, 400);
    let shift = Shift {
        number: 7,
        business_day,
        opened_at: opened.at,
        opened_by: opened.by,
        closed: Some(Closed { at, z, series, seq }),
    };
    Day { settings, shift, totals, closed }
}

fn totals_of(facts: &[Fact]) -> Vec<ShiftTotal> {
    let mut sums = BTreeMap::<(TotalKind, String), (i64, i64)>::new();
    for total in facts.iter().flat_map(additions) {
        let sum = sums.entry((total.kind, total.key)).or_default();
        *sum = (sum.0 + total.count, sum.1 + total.amount);
    }
    let total = |((kind, key), (count, amount))| ShiftTotal { kind, key, count, amount };
    sums.into_iter().map(total).collect()
}

/// A day in Hamburg: sales, a refund.
pub fn german_day() -> Day {
    let (settings, first) = five_lines();
    let (_, second) = card_split();
    let (_, back) = refund();
    day(settings, vec![first, second], vec![back])
}

/// A day in Dublin: discounts, vouchers, a post-void.
pub fn irish_day() -> Day {
    let (settings, first) = discounts();
    let (_, second) = voucher_and_coupon();
    let mut again = first.clone();
    again.receipt = receipt(&settings, 15);
    let (_, void) = post_void();
    day(settings, vec![first, second, again], vec![void])
}

/// A day in New York: taxes on top.
pub fn american_day() -> Day {
    let (settings, sale) = taxes_on_top();
    let (_, back) = refund_on_top();
    day(settings, vec![sale], vec![back])
}
