//! Arbitrary sales, rung through the cart's own acts, and returns planned against them.

use super::{
    RawPrice, authority, currency, day, gtin, id, quantity, raw_price, receipt, staff, stamp,
    tax_class, tax_rounding, tax_rules, tendered, text,
};
use commerce::cart::{Cart, CartId, Item};
use commerce::customer::CustomerId;
use commerce::discount::DiscountValue;
use commerce::returns::{Return, ReturnKind, ReturnedSoFar};
use commerce::sale::Sale;
use commerce::staff::Role;
use commerce::tax::{Rate, TaxRules};
use commerce::tender::TenderKind;
use commerce::{Money, Quantity, Unit};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct RawLine {
    item: Item,
    quantity: Quantity,
    price: RawPrice,
    label: Option<i64>,
}

fn raw_line() -> impl Strategy<Value = RawLine> {
    let gtin = prop::option::of(any::<u64>().prop_map(gtin));
    let label = prop::option::weighted(0.1, 1_i64..5_000);
    (id(), gtin, text(), tax_class(), quantity(), raw_price(), label).prop_map(
        |(sku, gtin, name, class, quantity, price, label)| {
            let item = Item { sku, gtin, name, tax_class: class.to_owned() };
            RawLine { item, quantity, price, label }
        },
    )
}

/// What a cashier may do to a basket.
#[derive(Debug, Clone)]
enum Act {
    Override(u32, RawPrice),
    LineAmount(u32, i64),
    LinePercent(u32, i64),
    BasketAmount(i64),
    BasketPercent(i64),
    Void(u32, Option<String>),
}

fn act() -> impl Strategy<Value = Act> {
    let line = || 1_u32..12;
    prop_oneof![
        (line(), raw_price()).prop_map(|(line, price)| Act::Override(line, price)),
        (line(), 1_i64..500).prop_map(|(line, minor)| Act::LineAmount(line, minor)),
        (line(), 1_i64..100).prop_map(|(line, percent)| Act::LinePercent(line, percent)),
        (1_i64..1_000).prop_map(Act::BasketAmount),
        (1_i64..50).prop_map(Act::BasketPercent),
        (line(), prop::option::of(id())).prop_map(|(line, reason)| Act::Void(line, reason)),
    ]
}

fn perform(cart: &mut Cart, act: Act) {
    let cashier = &authority("101", Role::Cashier, 10);
    let manager = Some(&authority("301", Role::Manager, 1_000));
    let amount = |minor| DiscountValue::Amount(Money::new(minor, cart.currency).unwrap());
    let percent = |p| DiscountValue::Percent(Rate::from_millionths(p * 10_000).unwrap());
    let reason = "damaged".to_owned();
    let performed = match act {
        Act::Override(line, price) => {
            let price = price.in_currency(cart.currency);
            cart.override_price(line, price, reason, cashier, manager)
        }
        Act::LineAmount(line, minor) => {
            cart.discount_line(line, amount(minor), reason, cashier, manager)
        }
        Act::LinePercent(line, p) => cart.discount_line(line, percent(p), reason, cashier, manager),
        Act::BasketAmount(minor) => cart.discount_basket(amount(minor), reason, cashier, manager),
        Act::BasketPercent(p) => cart.discount_basket(percent(p), reason, cashier, manager),
        Act::Void(line, reason) => cart.void_line(line, cashier, reason),
    };
    // A refusal leaves the cart as it was, which is as good a cart as any.
    drop(performed);
}

/// Takes parts of the total by other tenders, then the rest in cash with `over` to be changed.
fn pay(cart: &mut Cart, rules: &TaxRules, parts: &[(TenderKind, i64)], over: i64) {
    for &(kind, minor) in parts {
        let due = cart.totals(rules).unwrap().due.minor();
        if due > 0 {
            let amount = Money::new(minor.min(due), cart.currency).unwrap();
            cart.tender(tendered(kind, amount), rules).unwrap();
        }
    }
    let due = cart.totals(rules).unwrap().due.minor();
    if due > 0 {
        let amount = Money::new(due + over, cart.currency).unwrap();
        cart.tender(tendered(TenderKind::Cash, amount), rules).unwrap();
    }
}

/// A sale with everything that can happen to one.
pub(crate) fn sale() -> impl Strategy<Value = Sale> {
    let lines = prop::collection::vec(raw_line(), 1..10);
    let acts = prop::collection::vec(act(), 0..6);
    let kinds = prop::sample::select(&TenderKind::ALL);
    let parts = prop::collection::vec((kinds, 1_i64..2_000), 0..4);
    let paid = (parts, 0_i64..5_000, tax_rounding());
    let customer = prop::option::of(any::<[u8; 16]>().prop_map(CustomerId));
    let head = (receipt(), stamp(), day(), (any::<u64>(), customer), currency());
    (lines, raw_line(), acts, paid, head).prop_map(|(lines, last, acts, paid, head)| {
        let (receipt, stamp, day, (id, customer), currency) = head;
        let (parts, over, rounding) = paid;
        let rules = tax_rules(rounding);
        let mut cart = Cart::new(CartId(id), currency);
        cart.attach(customer).unwrap();
        for raw in lines {
            add(&mut cart, raw);
        }
        acts.into_iter().for_each(|act| perform(&mut cart, act));
        // Added after all voids, so that something is left to sell.
        add(&mut cart, last);
        pay(&mut cart, &rules, &parts, over);
        cart.settle(&rules, receipt, stamp, day).unwrap()
    })
}

fn add(cart: &mut Cart, raw: RawLine) {
    let label = raw.label.map(|minor| Money::new(minor, cart.currency).unwrap());
    let price = raw.price.in_currency(cart.currency);
    cart.add(raw.item, raw.quantity, price, label).unwrap();
}

/// A refund of part of a sale, the refund of the rest, or a post-void.
pub(crate) fn returned() -> impl Strategy<Value = Return> {
    let head = (receipt(), stamp(), day(), prop::option::of(staff()), id());
    let shares = prop::collection::vec(0_i64..=4, 12);
    (sale(), shares, any::<bool>(), head).prop_map(|(sale, shares, rest, head)| {
        let part = |first: bool| {
            let lines = sale.lines.iter().zip(&shares).map(move |(line, share)| {
                let step = if line.quantity.unit() == Unit::Each { 1_000 } else { 1 };
                let all = line.quantity.thousandths();
                let part = all * share / 4 / step * step;
                (line.number, if first { part } else { all - part })
            });
            lines.filter(|asked| asked.1 > 0).collect::<Vec<_>>()
        };
        let mut so_far = ReturnedSoFar::default();
        let mut kind = ReturnKind::Refund;
        let first = sale.plan_return(&part(true), &so_far);
        let plan = match first {
            Ok(first) if rest && !part(false).is_empty() => {
                so_far.lines.extend(part(true));
                let paid = first.payouts.iter();
                so_far.tenders.extend(paid.map(|payout| (payout.against, payout.amount.minor())));
                sale.plan_return(&part(false), &so_far).unwrap()
            }
            Ok(first) => first,
            Err(_) => {
                kind = ReturnKind::PostVoid;
                sale.plan_post_void(&so_far).unwrap()
            }
        };
        let (receipt, stamp, business_day, approved_by, reason) = head;
        Return {
            receipt,
            of: sale.receipt.clone(),
            kind,
            stamp,
            business_day,
            approved_by,
            reason,
            currency: sale.currency,
            lines: plan.lines,
            taxes: plan.taxes,
            payouts: plan.payouts,
            total: plan.total,
        }
    })
}
