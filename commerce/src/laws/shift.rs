//! Laws of a shift's totals: the drawer, the tenders and the taxes agree with the facts.

use crate::fact::{CashDirection, CashMoved, Fact, ShiftOpened};
use crate::returns::{ReturnKind, ReturnedSoFar};
use crate::sale::Sale;
use crate::shift::{TotalKind, additions};
use crate::tender::TenderKind;
use crate::testing::{DAY, acts::any_sale, eur, returned, stamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Totals = BTreeMap<(TotalKind, String), (i64, i64)>;

fn totals(facts: &[Fact]) -> Totals {
    let mut totals = Totals::new();
    for total in facts.iter().flat_map(additions) {
        let sum = totals.entry((total.kind, total.key)).or_default();
        *sum = (sum.0 + total.count, sum.1 + total.amount);
    }
    totals
}

fn sum(totals: &Totals, kind: TotalKind) -> i64 {
    totals.iter().filter(|((found, _), _)| *found == kind).map(|(_, sum)| sum.1).sum()
}

/// What a person would find in the drawer, note by note.
fn drawer(facts: &[Fact]) -> i64 {
    let mut cash = 0;
    for fact in facts {
        match fact {
            Fact::ShiftOpened(opened) => cash += opened.float.minor(),
            Fact::CashMoved(moved) if moved.direction == CashDirection::In => {
                cash += moved.amount.minor()
            }
            Fact::CashMoved(moved) => cash -= moved.amount.minor(),
            Fact::Sold(sale) => {
                let notes =
                    sale.tenders.iter().filter(|taken| taken.tender.kind == TenderKind::Cash);
                cash += notes.map(|taken| taken.amount.minor()).sum::<i64>() - sale.change.minor();
            }
            Fact::Returned(back) => {
                let notes = back.payouts.iter().filter(|paid| paid.tender.kind == TenderKind::Cash);
                cash -= notes.map(|paid| paid.amount.minor()).sum::<i64>();
            }
            _ => {}
        }
    }
    cash
}

fn day(sales: &[(Sale, u8)], float: i64, moves: &[(bool, i64)]) -> Vec<Fact> {
    let opened = ShiftOpened { stamp: stamp(), business_day: DAY, float: eur(float) };
    let mut facts = vec![Fact::ShiftOpened(opened)];
    facts.extend(moves.iter().map(|&(paid_in, minor)| {
        let direction = if paid_in { CashDirection::In } else { CashDirection::Out };
        Fact::CashMoved(CashMoved {
            stamp: stamp(),
            direction,
            amount: eur(minor),
            reason: "bank".into(),
            approved_by: None,
        })
    }));
    for (sale, back) in sales {
        facts.push(Fact::Sold(sale.clone()));
        let none = ReturnedSoFar::default();
        let line = &sale.lines[0];
        let asked = [(line.number, line.quantity.thousandths())];
        match back {
            0 => facts.push(Fact::Returned(returned(
                sale,
                sale.plan_post_void(&none).unwrap(),
                ReturnKind::PostVoid,
            ))),
            1 => facts.push(Fact::Returned(returned(
                sale,
                sale.plan_return(&asked, &none).unwrap(),
                ReturnKind::Refund,
            ))),
            _ => {}
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn totals_agree_with_the_facts(
        sales in prop::collection::vec((any_sale(), 0_u8..4), 0..5),
        float in 0_i64..50_000,
        moves in prop::collection::vec((any::<bool>(), 1_i64..9_000), 0..4),
    ) {
        let facts = day(&sales, float, &moves);
        let totals = totals(&facts);
        prop_assert_eq!(sum(&totals, TotalKind::DrawerCash), drawer(&facts));
        let net = sum(&totals, TotalKind::Sales) - sum(&totals, TotalKind::Refunds) - sum(&totals, TotalKind::PostVoids);
        prop_assert_eq!(sum(&totals, TotalKind::Tenders), net);
        prop_assert_eq!(sum(&totals, TotalKind::TaxNet) + sum(&totals, TotalKind::Tax), net);
        let mut taxes: BTreeMap<String, i64> = BTreeMap::new();
        for fact in &facts {
            let (table, sign) = match fact {
                Fact::Sold(sale) => (&sale.taxes, 1),
                Fact::Returned(back) => (&back.taxes, -1),
                _ => continue,
            };
            for row in &table.classes {
                for (tax, amount) in row.class.taxes.iter().zip(&row.amounts) {
                    *taxes.entry(format!("{}/{}", row.class.id, tax.id)).or_default() += sign * amount.minor();
                }
            }
        }
        for (key, amount) in taxes {
            prop_assert_eq!(totals[&(TotalKind::Tax, key)].1, amount);
        }
        let sold = || facts.iter().filter_map(|fact| match fact { Fact::Sold(sale) => Some(sale), _ => None });
        let off: i64 = sold().flat_map(|sale| &sale.lines).map(|line| line.extended.minor() - line.net.minor()).sum();
        prop_assert_eq!(sum(&totals, TotalKind::Discounts), off);
        let extended: i64 = sold().map(|sale| sale.extended().unwrap().minor()).sum();
        prop_assert_eq!(sum(&totals, TotalKind::Lines), extended);
    }
}
