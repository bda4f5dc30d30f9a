//! Random acts on a cart, and carts and sales made of them by the public functions alone.

use super::{
    CLASSES, DAY, cashier, currency, item, manager, receipt, rules, stamp, supervisor, tendered,
};
use crate::cart::{Cart, CartError, CartId};
use crate::discount::DiscountValue;
use crate::money::Money;
use crate::quantity::{Quantity, Unit};
use crate::sale::Sale;
use crate::staff::Authority;
use crate::tax::{Rate, TaxRounding, TaxRules};
use crate::tender::TenderKind;
use crate::unit_price::UnitPrice;
use proptest::prelude::*;
use std::num::NonZeroU32;

/// One thing done at the till; whether it is allowed is the cart's to say.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Add { class: usize, price: (i64, u32, u32), thousandths: i64, unit: Unit, label: Option<i64> },
    Quantity { line: u32, thousandths: i64, unit: Unit },
    Override { line: u32, price: (i64, u32, u32), who: (usize, usize) },
    Void { line: u32, who: usize },
    DiscountLine { line: u32, value: Value, who: (usize, usize) },
    DiscountBasket { value: Value, who: (usize, usize) },
    Park,
    Recall,
    Tender { kind: TenderKind, minor: i64 },
    TakeBack,
}

/// A discount's size before it has a currency.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    Amount(i64),
    Millionths(i64),
}

/// Currency and rules of a random cart.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) code: &'static str,
    pub(crate) rules: TaxRules,
}

/// Nobody, then people with rising limits.
fn people(index: usize) -> Option<Authority> {
    [None, Some(cashier()), Some(supervisor()), Some(manager())].into_iter().nth(index).flatten()
}

fn line() -> impl Strategy<Value = u32> {
    1_u32..6
}

fn any_price() -> impl Strategy<Value = (i64, u32, u32)> {
    (0_i64..20_000, 0_u32..=4, prop_oneof![4 => Just(1_u32), 1 => 2_u32..5])
}

fn thousandths() -> impl Strategy<Value = (i64, Unit)> {
    prop_oneof![
        3 => (1_i64..12).prop_map(|pieces| (pieces * 1_000, Unit::Each)),
        1 => (1_i64..5_000).prop_map(|grams| (grams, Unit::Kilogram)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-5_i64..600).prop_map(Value::Amount),
        (0_i64..1_300_000).prop_map(Value::Millionths),
        (0_i64..120_000).prop_map(Value::Millionths),
    ]
}

fn who() -> impl Strategy<Value = (usize, usize)> {
    (1_usize..4, 0_usize..4)
}

fn add() -> impl Strategy<Value = Act> {
    let label = prop::option::weighted(0.15, 0_i64..3_000);
    (0..CLASSES.len(), any_price(), thousandths(), label).prop_map(
        |(class, price, (thousandths, unit), label)| {
            // A label's pack is one, whatever is inside.
            let thousandths = if label.is_some() { 1_000 } else { thousandths };
            Act::Add { class, price, thousandths, unit, label }
        },
    )
}

/// Any act but those of paying.
fn ringing() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => add(),
        2 => (line(), thousandths())
            .prop_map(|(line, (thousandths, unit))| Act::Quantity { line, thousandths, unit }),
        2 => (line(), any_price(), who())
            .prop_map(|(line, price, who)| Act::Override { line, price, who }),
        1 => (line(), 1_usize..4).prop_map(|(line, who)| Act::Void { line, who }),
        3 => (line(), value(), who())
            .prop_map(|(line, value, who)| Act::DiscountLine { line, value, who }),
        3 => (value(), who()).prop_map(|(value, who)| Act::DiscountBasket { value, who }),
    ]
}

/// Any act.
pub(crate) fn any_act() -> impl Strategy<Value = Act> {
    let kind = prop::sample::select(TenderKind::ALL.to_vec());
    prop_oneof![
        12 => ringing(),
        1 => Just(Act::Park),
        2 => Just(Act::Recall),
        1 => (kind, -1_i64..3_000).prop_map(|(kind, minor)| Act::Tender { kind, minor }),
        1 => Just(Act::TakeBack),
    ]
}

pub(crate) fn any_shop() -> impl Strategy<Value = Shop> {
    let rounding = prop_oneof![Just(TaxRounding::Line), Just(TaxRounding::Receipt)];
    (prop::sample::select(vec!["EUR", "JPY", "KWD"]), rounding)
        .prop_map(|(code, rounding)| Shop { code, rules: rules(rounding) })
}

impl Shop {
    pub(crate) fn cart(&self) -> Cart {
        Cart::new(CartId(1), currency(self.code))
    }

    fn money(&self, minor: i64) -> Money {
        Money::new(minor, currency(self.code)).unwrap()
    }

    fn price(&self, (amount, scale, per): (i64, u32, u32)) -> UnitPrice {
        UnitPrice::new(amount, scale, NonZeroU32::new(per).unwrap(), currency(self.code)).unwrap()
    }

    fn value(&self, value: Value) -> DiscountValue {
        match value {
            Value::Amount(minor) => DiscountValue::Amount(self.money(minor)),
            Value::Millionths(rate) => DiscountValue::Percent(Rate::from_millionths(rate).unwrap()),
        }
    }

    /// Does `act` on `cart`, or is refused.
    pub(crate) fn perform(&self, cart: &mut Cart, act: &Act) -> Result<(), CartError> {
        let reason = "reason".to_owned();
        match act {
            Act::Add { class, price, thousandths, unit, label } => {
                let quantity = Quantity::new(*thousandths, *unit)?;
                let label = label.map(|minor| self.money(minor));
                cart.add(item("X", CLASSES[*class]), quantity, self.price(*price), label)?;
                Ok(())
            }
            Act::Quantity { line, thousandths, unit } => {
                cart.set_quantity(*line, Quantity::new(*thousandths, *unit)?)
            }
            Act::Override { line, price, who } => {
                let (actor, approver) = (people(who.0).unwrap(), people(who.1));
                cart.override_price(*line, self.price(*price), reason, &actor, approver.as_ref())
            }
            Act::Void { line, who } => cart.void_line(*line, &people(*who).unwrap(), None),
            Act::DiscountLine { line, value, who } => {
                let (actor, approver) = (people(who.0).unwrap(), people(who.1));
                cart.discount_line(*line, self.value(*value), reason, &actor, approver.as_ref())
            }
            Act::DiscountBasket { value, who } => {
                let (actor, approver) = (people(who.0).unwrap(), people(who.1));
                cart.discount_basket(self.value(*value), reason, &actor, approver.as_ref())
            }
            Act::Park => cart.park("blue bag".into()),
            Act::Recall => {
                cart.recall();
                Ok(())
            }
            Act::Tender { kind, minor } => {
                cart.tender(tendered(*kind, self.money(*minor)), &self.rules)
            }
            Act::TakeBack => cart.take_back_tenders(),
        }
    }

    /// Pays what is due in `parts` (kind, thousandths of what is due), then with a note.
    fn pay(&self, cart: &mut Cart, parts: &[(TenderKind, i64)], note: i64) {
        for &(kind, share) in parts {
            let due = cart.totals(&self.rules).unwrap().due;
            let part = due.times_ratio(share, 1_000).unwrap();
            if part.minor() > 0 {
                cart.tender(tendered(kind, part), &self.rules).unwrap();
            }
        }
        let due = cart.totals(&self.rules).unwrap().due;
        if due.minor() > 0 {
            let given = due.plus(self.money(note)).unwrap();
            cart.tender(tendered(TenderKind::Cash, given), &self.rules).unwrap();
        }
    }
}

/// A sale of random lines, discounts, voids and overrides, paid by several tenders with change.
pub(crate) fn any_sale() -> impl Strategy<Value = Sale> {
    let kind = prop::sample::select(TenderKind::ALL.to_vec());
    let parts = prop::collection::vec((kind, 0_i64..=1_000), 0..4);
    (any_shop(), add(), prop::collection::vec(ringing(), 0..20), parts, 0_i64..500).prop_filter_map(
        "an empty cart is no sale",
        |(shop, first, acts, parts, note)| {
            let mut cart = shop.cart();
            for act in [first].iter().chain(&acts) {
                // A refusal is as good as an act here: what counts is the cart that results.
                let _refused = shop.perform(&mut cart, act);
            }
            cart.assert_not_empty().ok()?;
            shop.pay(&mut cart, &parts, note);
            Some(cart.settle(&shop.rules, receipt(1), stamp(), DAY).unwrap())
        },
    )
}
