//! Laws of returns: any parts in any order sum to the sale, and nothing comes back twice.

use crate::money::Money;
use crate::returns::{ReturnError, ReturnKind, ReturnPlan, ReturnedSoFar};
use crate::sale::Sale;
use crate::tender::TenderKind;
use crate::testing::{acts::any_sale, returned};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Totals by name, in minor units.
type Sums = BTreeMap<String, i64>;

/// The sale's lines cut in parts by `cuts`, dealt to `hands` returns.
fn parts(sale: &Sale, cuts: &[(u16, usize)], hands: usize) -> Vec<Vec<(u32, i64)>> {
    let mut dealt = vec![BTreeMap::<u32, i64>::new(); hands];
    let mut cuts = cuts.iter().cycle();
    for line in &sale.lines {
        let step = if line.quantity.pieces().is_some() { 1_000 } else { 1 };
        let mut left = line.quantity.thousandths() / step;
        while left > 0 {
            let &(cut, hand) = cuts.next().unwrap();
            let part = left.min(1 + i64::from(cut) * left / i64::from(u16::MAX));
            *dealt[hand % hands].entry(line.number).or_default() += part * step;
            left -= part;
        }
    }
    dealt.into_iter().map(|hand| hand.into_iter().collect::<Vec<_>>()).collect()
}

fn bring_back(sale: &Sale, asked: &[(u32, i64)], so_far: &mut ReturnedSoFar) -> ReturnPlan {
    let plan = sale.plan_return(asked, so_far).unwrap();
    for &(line, thousandths) in asked {
        *so_far.lines.entry(line).or_default() += thousandths;
    }
    for payout in &plan.payouts {
        *so_far.tenders.entry(payout.against).or_default() += payout.amount.minor();
    }
    plan
}

fn add(sums: &mut Sums, name: String, amount: Money) {
    *sums.entry(name).or_default() += amount.minor();
}

fn add_plan(sums: &mut Sums, plan: &ReturnPlan) {
    add(sums, "total".into(), plan.total);
    for line in &plan.lines {
        add(sums, format!("line {}", line.line), line.net);
    }
    for row in &plan.taxes.classes {
        add(sums, format!("net {}", row.class.id), row.net);
        for (tax, &amount) in row.class.taxes.iter().zip(&row.amounts) {
            add(sums, format!("tax {}/{}", row.class.id, tax.id), amount);
        }
    }
    for payout in &plan.payouts {
        add(sums, format!("tender {}", payout.against), payout.amount);
    }
}

fn whole(sale: &Sale) -> Sums {
    let mut sums = Sums::new();
    add(&mut sums, "total".into(), sale.total);
    for line in &sale.lines {
        add(&mut sums, format!("line {}", line.number), line.net);
    }
    for row in &sale.taxes.classes {
        add(&mut sums, format!("net {}", row.class.id), row.net);
        for (tax, &amount) in row.class.taxes.iter().zip(&row.amounts) {
            add(&mut sums, format!("tax {}/{}", row.class.id, tax.id), amount);
        }
    }
    for (position, kept) in sale.kept().into_iter().enumerate().filter(|(_, kept)| *kept > 0) {
        sums.insert(format!("tender {position}"), kept);
    }
    sums
}

/// Card before voucher before cash before coupon, each only once those before it are paid back.
fn assert_order(
    sale: &Sale,
    plan: &ReturnPlan,
    so_far: &ReturnedSoFar,
) -> Result<(), TestCaseError> {
    let order = [TenderKind::Card, TenderKind::Voucher, TenderKind::Cash, TenderKind::Coupon];
    let kept = sale.kept();
    let mut stopped = false;
    for kind in order {
        for (position, tendered) in (0_u32..).zip(&sale.tenders) {
            if tendered.tender.kind != kind {
                continue;
            }
            let before = so_far.tenders.get(&position).copied().unwrap_or(0);
            let now: i64 = plan
                .payouts
                .iter()
                .filter(|payout| payout.against == position)
                .map(|payout| payout.amount.minor())
                .sum();
            prop_assert!(!(stopped && now > 0), "{:?} before its turn: {:?}", kind, plan.payouts);
            prop_assert!(before + now <= kept[usize::try_from(position).unwrap()]);
            stopped |= before + now < kept[usize::try_from(position).unwrap()];
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_sum_to_the_sale_in_any_order(
        sale in any_sale(),
        cuts in prop::collection::vec((any::<u16>(), 0_usize..5), 1..12),
        hands in 1_usize..5,
        turn in 0_usize..5,
    ) {
        let mut order: Vec<_> = parts(&sale, &cuts, hands).into_iter().filter(|part| !part.is_empty()).collect();
        for round in 0..2 {
            let (mut sums, mut so_far) = (Sums::new(), ReturnedSoFar::default());
            for asked in &order {
                let before = so_far.clone();
                let plan = bring_back(&sale, asked, &mut so_far);
                prop_assert_eq!(plan.lines.len(), asked.len());
                prop_assert!(plan.total.minor() >= 0 && plan.lines.iter().all(|line| line.net.minor() >= 0));
                for row in &plan.taxes.classes {
                    prop_assert!(plan.lines.iter().any(|line| line.tax_class == row.class.id));
                    prop_assert!(row.amounts.iter().all(|amount| amount.minor() >= 0));
                }
                assert_order(&sale, &plan, &before)?;
                add_plan(&mut sums, &plan);
                returned(&sale, plan, ReturnKind::Refund).check().unwrap();
                prop_assert!(so_far.paid_back(sale.currency).unwrap().minor() <= sale.total.minor());
            }
            prop_assert_eq!(&sums, &whole(&sale), "round {}", round);
            prop_assert_eq!(so_far.paid_back(sale.currency).unwrap(), sale.total);
            for line in &sale.lines {
                let more = sale.plan_return(&[(line.number, 1_000)], &so_far);
                prop_assert!(matches!(more, Err(ReturnError::TooMuch { .. })), "{:?}", more);
            }
            let turn = turn % order.len();
            order.rotate_left(turn);
            order.reverse();
        }
    }

    #[test]
    fn a_post_void_is_the_whole_sale(sale in any_sale()) {
        let plan = sale.plan_post_void(&ReturnedSoFar::default()).unwrap();
        prop_assert_eq!(&plan.taxes, &sale.taxes);
        let mut sums = Sums::new();
        add_plan(&mut sums, &plan);
        prop_assert_eq!(sums, whole(&sale));
        let part = ReturnedSoFar { lines: BTreeMap::from([(sale.lines[0].number, 1_000)]), tenders: BTreeMap::new() };
        prop_assert_eq!(sale.plan_post_void(&part), Err(ReturnError::Begun(sale.receipt.clone())));
    }
}
