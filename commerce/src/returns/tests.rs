//! Figures of returns, and what a return's own check refuses.

use super::{Return, ReturnCheckError, ReturnKind, ReturnedSoFar};
use crate::discount::DiscountValue;
use crate::money::{Money, MoneyError};
use crate::quantity::Unit::Each;
use crate::returns::ReturnError;
use crate::sale::Sale;
use crate::tax::TaxRounding;
use crate::tender::TenderKind::{self, Card, Cash, Coupon, Voucher};
use crate::testing::{cart_of, eur, manager, returned, rules, sell};
use std::collections::BTreeMap;

/// Three at 1.00 (A) and one at 2.00 (B), 0.50 off the basket, paid four ways: 4.50.
fn sale() -> Sale {
    let mut cart = cart_of("EUR", &[("A", "1", "3", Each), ("B", "2", "1", Each)]);
    cart.discount_basket(DiscountValue::Amount(eur(50)), "x".into(), &manager(), None).unwrap();
    let paid = [(Coupon, 100), (Cash, 60), (Voucher, 90), (Card, 150), (Cash, 100)];
    sell(cart, &rules(TaxRounding::Receipt), &paid)
}

fn so_far(lines: &[(u32, i64)], tenders: &[(u32, i64)]) -> ReturnedSoFar {
    ReturnedSoFar {
        lines: lines.iter().copied().collect(),
        tenders: tenders.iter().copied().collect::<BTreeMap<_, _>>(),
    }
}

#[test]
fn parts_are_worth_their_share_and_go_back_by_card_first() {
    let sale = sale();
    assert_eq!((sale.total, sale.change), (eur(450), eur(50)));
    assert_eq!(sale.kept(), [100, 60, 90, 150, 50]);
    // (asked, before, worth, payouts by position)
    type Case<'a> = (&'a [(u32, i64)], ReturnedSoFar, i64, &'a [(u32, TenderKind, i64)]);
    let cases: [Case<'_>; 4] = [
        (&[(1, 1_000)], so_far(&[], &[]), 90, &[(3, Card, 90)]),
        (
            &[(2, 1_000)],
            so_far(&[(1, 1_000)], &[(3, 90)]),
            180,
            &[(3, Card, 60), (2, Voucher, 90), (1, Cash, 30)],
        ),
        (
            &[(1, 2_000)],
            so_far(&[(1, 1_000), (2, 1_000)], &[(3, 150), (2, 90), (1, 30)]),
            180,
            &[(1, Cash, 30), (4, Cash, 50), (0, Coupon, 100)],
        ),
        (
            &[(2, 1_000), (1, 3_000)],
            so_far(&[], &[]),
            450,
            &[(3, Card, 150), (2, Voucher, 90), (1, Cash, 60), (4, Cash, 50), (0, Coupon, 100)],
        ),
    ];
    for (asked, before, worth, payouts) in cases {
        let plan = sale.plan_return(asked, &before).unwrap();
        assert_eq!(plan.total, eur(worth), "{asked:?}");
        let planned: Vec<_> = plan
            .payouts
            .iter()
            .map(|payout| (payout.against, payout.tender.kind, payout.amount.minor()))
            .collect();
        assert_eq!(planned, payouts, "{asked:?}");
    }
}

#[test]
fn refusals_name_their_subject() {
    let sale = sale();
    let none = so_far(&[], &[]);
    let too_much = |left: &str, asked: &str, line| ReturnError::TooMuch {
        receipt: sale.receipt.clone(),
        line,
        asked: asked.into(),
        left: left.into(),
    };
    for (asked, before, expected) in [
        (vec![], &none, ReturnError::Nothing),
        (vec![(9, 1_000)], &none, ReturnError::NoLine { receipt: sale.receipt.clone(), line: 9 }),
        (vec![(1, 1_000), (1, 1_000)], &none, ReturnError::Twice(1)),
        (vec![(1, 4_000)], &none, too_much("3", "4 each", 1)),
        (vec![(1, 2_000)], &so_far(&[(1, 2_000)], &[(3, 150)]), too_much("1", "2 each", 1)),
        // More was paid back than came back: damaged, and nothing more goes out.
        (
            vec![(1, 1_000)],
            &so_far(&[], &[(0, 100), (1, 60), (2, 90), (3, 150)]),
            MoneyError::OutOfRange.into(),
        ),
    ] {
        assert_eq!(sale.plan_return(&asked, before), Err(expected), "{asked:?}");
    }
    for bad in [0, -1_000, 500] {
        assert!(matches!(sale.plan_return(&[(1, bad)], &none), Err(ReturnError::Quantity(_))));
    }
}

/// A sale keeps the taxes of its day: what comes back later is untouched by new rules.
#[test]
fn taxes_come_back_at_the_rate_they_were_charged() {
    let sale = sale();
    let plan = sale.plan_return(&[(1, 3_000)], &so_far(&[], &[])).unwrap();
    let row = &plan.taxes.classes[0];
    assert_eq!((row.net, row.amounts[0], row.gross), (eur(227), eur(43), eur(270)));
    assert_eq!(plan.taxes.classes.len(), 1, "class B has nothing here");
    let table = |class, minor| {
        rules(TaxRounding::Receipt).table(eur(0).currency(), [(class, eur(minor))]).unwrap()
    };
    let both = table("A", 119).minus(&table("B", 107)).unwrap();
    assert_eq!(both.total(eur(0).currency()), Ok(eur(12)), "no class is lost in a difference");
    assert_eq!((both.classes[1].net, both.classes[1].amounts[0]), (eur(-100), eur(-7)));
}

#[test]
fn the_check_names_what_is_wrong() {
    let sale = sale();
    let plan = sale.plan_post_void(&so_far(&[], &[])).unwrap();
    let good = returned(&sale, plan, ReturnKind::PostVoid);
    assert_eq!(good.check(), Ok(()));
    let check = |fault: &dyn Fn(&mut Return), expected| {
        let mut bad = good.clone();
        fault(&mut bad);
        assert_eq!(bad.check(), Err(expected));
    };
    let differs =
        |what, sum, total| ReturnCheckError::Differs { what, sum: eur(sum), total: eur(total) };
    check(&|bad| bad.lines.swap(0, 1), ReturnCheckError::LineOrder(1));
    check(&|bad| bad.lines[1].line = 1, ReturnCheckError::LineOrder(1));
    check(&|bad| bad.lines[0].line = 0, ReturnCheckError::LineOrder(0));
    check(&|bad| bad.total = eur(451), differs("taxes", 450, 451));
    check(&|bad| bad.taxes.classes.truncate(1), differs("taxes", 270, 450));
    check(&|bad| bad.payouts.truncate(4), differs("payouts", 350, 450));
    check(&|bad| bad.payouts[0].amount = eur(0), ReturnCheckError::Payout(eur(0)));
    check(
        &|bad| {
            bad.payouts[0].amount = eur(-1);
            bad.payouts[1].amount = eur(241);
        },
        ReturnCheckError::Payout(eur(-1)),
    );
    let yen = Money::zero(crate::testing::currency("JPY"));
    let mixed = MoneyError::Mismatch(eur(0).currency(), yen.currency());
    check(&|bad| bad.taxes.classes[0].gross = yen, mixed.into());
}

#[test]
fn a_limit_can_be_held_over_all_parts_of_a_receipt() {
    let before = so_far(&[(1, 1_000)], &[(3, 90), (1, 5)]);
    assert_eq!(before.paid_back(eur(0).currency()), Ok(eur(95)));
}
