//! Arbitrary facts that are no sales: their fields are independent of each other.

use super::{at, card_slip, currency, day, id, money, receipt, staff, stamp, text};
use commerce::Money;
use commerce::cart::CartId;
use commerce::fact::{
    CartCancelled, CashDirection, CashMoved, Counted, DrawerOpened, Fact, PaymentEnded,
    PaymentIntended, PaymentKind, PaymentOutcome, PaymentPutRight, SeriesOpened, SeriesReason,
    ShiftClosed, ShiftOpened, StockCounted,
};
use commerce::shift::{ShiftTotal, TotalKind};
use commerce::staff::StaffId;
use proptest::prelude::*;

pub(crate) fn series_opened() -> impl Strategy<Value = SeriesOpened> {
    use SeriesReason::{Copied, First, Forked, Renumbered, Restored};
    let reason = prop::sample::select(&[First, Restored, Copied, Forked, Renumbered][..]);
    (at(), receipt(), reason, prop::option::of(receipt())).prop_map(
        |(at, new, reason, previous_last)| SeriesOpened {
            at,
            store: new.store,
            till: new.till,
            series: new.series,
            reason,
            previous_last,
        },
    )
}

fn approver() -> impl Strategy<Value = Option<StaffId>> {
    prop::option::of(staff())
}

/// Cash in and out, the drawer, a cart given up.
pub(crate) fn cash() -> impl Strategy<Value = Fact> {
    let direction = prop::sample::select(&[CashDirection::In, CashDirection::Out][..]);
    let moved = (stamp(), direction, money(), id(), prop::option::of(staff()));
    let cancelled = (stamp(), any::<u64>(), any::<u32>(), money(), prop::option::of(id()));
    prop_oneof![
        moved.prop_map(|(stamp, direction, amount, reason, approved_by)| {
            Fact::CashMoved(CashMoved { stamp, direction, amount, reason, approved_by })
        }),
        (stamp(), id())
            .prop_map(|(stamp, reason)| { Fact::DrawerOpened(DrawerOpened { stamp, reason }) }),
        cancelled.prop_map(|(stamp, cart, lines, amount, reason)| {
            let cart = CartId(cart);
            Fact::CartCancelled(CartCancelled { stamp, cart, lines, amount, reason })
        }),
    ]
}

/// A payment's intent or end, or what was put right.
pub(crate) fn payment() -> impl Strategy<Value = Fact> {
    let kind = prop_oneof![
        Just(PaymentKind::Authorise),
        Just(PaymentKind::Refund),
        any::<u32>().prop_map(|receipt_number| PaymentKind::Reverse { receipt_number }),
    ];
    let outcome = prop_oneof![
        money().prop_map(|amount| PaymentOutcome::Approved { amount, card: card_slip() }),
        (any::<u8>(), text()).prop_map(|(code, text)| PaymentOutcome::Declined { code, text }),
        text().prop_map(|why| PaymentOutcome::NotSent { why }),
    ];
    prop_oneof![
        (stamp(), any::<u64>(), kind, money(), any::<u64>(), approver()).prop_map(
            |(stamp, intent, kind, amount, cart, approved_by)| {
                let cart = CartId(cart);
                Fact::PaymentIntended(PaymentIntended {
                    stamp,
                    intent,
                    kind,
                    amount,
                    cart,
                    approved_by,
                })
            }
        ),
        (stamp(), any::<u64>(), outcome, any::<bool>(), approver()).prop_map(
            |(stamp, intent, outcome, by_hand, approved_by)| {
                Fact::PaymentEnded(PaymentEnded { stamp, intent, outcome, by_hand, approved_by })
            }
        ),
        (stamp(), any::<u64>(), approver(), text()).prop_map(
            |(stamp, intent, approved_by, note)| {
                Fact::PaymentPutRight(PaymentPutRight { stamp, intent, approved_by, note })
            }
        ),
    ]
}

/// A shift's opening or close.
pub(crate) fn shift() -> impl Strategy<Value = Fact> {
    let total = (prop::sample::select(&TotalKind::ALL), text(), any::<i64>(), any::<i64>())
        .prop_map(|(kind, key, count, amount)| ShiftTotal { kind, key, count, amount });
    let totals = prop::collection::vec(total, 0..20);
    let counted = prop::collection::vec((id(), -5_000_i64..5_000, 0_i64..5_000), 0..4);
    let closed = (stamp(), day(), any::<u32>(), totals, currency(), counted);
    prop_oneof![
        (stamp(), day(), money()).prop_map(|(stamp, business_day, float)| {
            Fact::ShiftOpened(ShiftOpened { stamp, business_day, float })
        }),
        closed.prop_map(|(stamp, business_day, z, totals, currency, counted)| {
            let money = |minor| Money::new(minor, currency).unwrap();
            let counted = counted.into_iter().map(|(tender, expected, counted)| Counted {
                tender,
                expected: money(expected),
                counted: money(counted),
            });
            let counted = counted.collect();
            Fact::ShiftClosed(ShiftClosed { stamp, business_day, z, totals, counted })
        }),
    ]
}

pub(crate) fn stock_counted() -> impl Strategy<Value = StockCounted> {
    let items = prop::collection::vec((id(), any::<i64>()), 0..30);
    (at(), staff(), text(), items, 0_u32..3)
        .prop_map(|(at, by, place, items, round)| StockCounted { at, by, place, items, round })
}
