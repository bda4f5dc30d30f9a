//! Arbitrary valid operations for property tests.

use super::{ClaimAt, Dot, End, Held, Offered, Operation};
use crate::body::strategy::{
    at, currency, id, quantity, raw_price, receipt, staff, tendered, text,
};
use crate::log::ReplicaId;
use commerce::cart::{CartId, Item, Line, LineVoid, PriceOverride};
use commerce::code::Gtin;
use commerce::customer::CustomerId;
use commerce::discount::{Discount, DiscountValue};
use commerce::tax::Rate;
use commerce::tender::TenderKind;
use commerce::{Currency, Money};
use proptest::prelude::*;

pub(crate) fn replica() -> impl Strategy<Value = ReplicaId> {
    any::<[u8; 16]>().prop_map(ReplicaId)
}

pub(crate) fn dot() -> impl Strategy<Value = Dot> {
    (replica(), any::<u64>(), any::<u32>()).prop_map(|(replica, seq, index)| Dot {
        replica,
        seq,
        index,
    })
}

pub(crate) fn line() -> impl Strategy<Value = Line> {
    currency().prop_flat_map(line_in)
}

fn line_in(currency: Currency) -> impl Strategy<Value = Line> {
    let gtin = prop::option::of(Just(Gtin::from_u64(9_520_000_100_377).unwrap()));
    let item = (id(), gtin, text(), id()).prop_map(|(sku, gtin, name, tax_class)| Item {
        sku,
        gtin,
        name,
        tax_class,
    });
    let label = prop::option::of(0_i64..99_999);
    let change = prop::option::of((raw_price(), id(), staff(), prop::option::of(staff())));
    let void = prop::option::of((staff(), prop::option::of(id())));
    (1_u32..=999, item, quantity(), raw_price(), label, change, void).prop_map(
        move |(number, item, quantity, price, label, change, void)| Line {
            number,
            item,
            quantity,
            price: price.in_currency(currency),
            label_amount: label.map(|minor| Money::new(minor, currency).unwrap()),
            price_override: change.map(|(price, reason, by, approved_by)| PriceOverride {
                price: price.in_currency(currency),
                reason,
                by,
                approved_by,
            }),
            discounts: Vec::new(),
            void: void.map(|(by, reason)| LineVoid { by, reason }),
        },
    )
}

fn discount_in(currency: Currency) -> impl Strategy<Value = Discount> {
    let value = prop_oneof![
        (1_i64..9_999)
            .prop_map(move |minor| { DiscountValue::Amount(Money::new(minor, currency).unwrap()) }),
        (1_i64..1_000_000)
            .prop_map(|rate| DiscountValue::Percent(Rate::from_millionths(rate).unwrap())),
    ];
    (value, id(), staff(), prop::option::of(staff()))
        .prop_map(|(value, reason, by, approved_by)| Discount { value, reason, by, approved_by })
}

fn cart() -> impl Strategy<Value = CartId> {
    (0_u64..1 << 53).prop_map(CartId)
}

fn held() -> impl Strategy<Value = Operation> {
    let who = (staff(), prop::option::of(staff()));
    let from = any::<Option<([u8; 16], u64)>>()
        .prop_map(|from| from.map(|(replica, seq)| ClaimAt { replica: ReplicaId(replica), seq }));
    (cart(), any::<u32>(), at(), who, prop::option::of(text()), from).prop_map(
        |(cart, term, opened_at, (opened_by, forced_by), label, from)| {
            Operation::Held(Held { cart, term, opened_at, opened_by, label, forced_by, from })
        },
    )
}

fn ended() -> impl Strategy<Value = Operation> {
    let end = prop_oneof![
        receipt().prop_map(End::Paid),
        Just(End::Cancelled),
        (replica(), any::<u64>()).prop_map(|(to, seq)| End::Yielded { to, seq })
    ];
    (cart(), end).prop_map(|(cart, end)| Operation::Ended { cart, end })
}

/// Operations with amounts, all in one currency.
fn priced(currency: Currency) -> impl Strategy<Value = Operation> {
    let maybe_dot = || prop::option::of(dot());
    prop_oneof![
        (cart(), line_in(currency), maybe_dot()).prop_map(|(cart, line, dot)| Operation::Line {
            cart,
            line,
            dot
        }),
        (cart(), 0_u32..=999, 1_u32..=8, discount_in(currency)).prop_map(
            |(cart, line, position, discount)| {
                Operation::Discounted { cart, line, position, discount }
            }
        ),
        (cart(), 1_u32..=20, prop::sample::select(&TenderKind::ALL), 1_i64..99_999).prop_map(
            move |(cart, position, kind, minor)| {
                let tendered = tendered(kind, Money::new(minor, currency).unwrap());
                let tendered = commerce::tender::Tendered { card: None, ..tendered };
                Operation::Tendered { cart, position, tendered }
            }
        ),
        (cart(), at(), staff(), line_in(currency), maybe_dot()).prop_map(
            |(cart, at, by, line, dot)| {
                let line = Line { number: 0, price_override: None, void: None, ..line };
                Operation::Offered(Offered { cart, at, by, line, dot })
            }
        ),
    ]
}

fn plain() -> impl Strategy<Value = Operation> {
    prop_oneof![
        held(),
        (cart(), prop::option::of(text()))
            .prop_map(|(cart, label)| Operation::Labelled { cart, label }),
        cart().prop_map(|cart| Operation::TendersBack { cart }),
        ended(),
        (cart(), replica()).prop_map(|(cart, to)| Operation::Granted { cart, to }),
        dot().prop_map(|dot| Operation::Withdrawn { dot }),
        (cart(), dot()).prop_map(|(cart, dot)| Operation::Answered { cart, dot }),
        replica().prop_map(|replica| Operation::Succeeds { replica }),
        (cart(), prop::option::of(any::<[u8; 16]>())).prop_map(|(cart, customer)| {
            Operation::Attached { cart, customer: customer.map(CustomerId) }
        }),
        (any::<u16>(), any::<u32>())
            .prop_map(|(till, series)| Operation::Introduced { till, series }),
        (cart(), prop::collection::vec((replica(), receipt()), 0..3))
            .prop_map(|(cart, sales)| Operation::SoldTwice { cart, sales }),
    ]
}

/// Any list of operations in one currency.
pub(crate) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    currency().prop_flat_map(|currency| {
        prop::collection::vec(prop_oneof![priced(currency), plain()], 0..8)
    })
}
