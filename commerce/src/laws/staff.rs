//! Laws of limits: nothing is allowed beyond both people, nor by oneself; more limit, more allowed.

use crate::money::Money;
use crate::staff::{Authority, Limited, Role, StaffError, authorise};
use crate::tax::Rate;
use crate::testing::{currency, eur, person};
use crate::unit_price::UnitPrice;
use proptest::prelude::*;
use std::num::NonZeroU32;

fn someone(id: &str, millionths: i64, refund: Option<i64>) -> Authority {
    let limit = Rate::from_millionths(millionths).unwrap();
    let nobody = person(id, Role::Cashier, "0");
    Authority { discount_limit: limit, override_limit: limit, refund_limit: refund, ..nobody }
}

fn any_limited() -> impl Strategy<Value = Limited> {
    let price = |(amount, scale, per): (i64, u32, u32)| {
        UnitPrice::new(amount, scale, NonZeroU32::new(per).unwrap(), currency("EUR")).unwrap()
    };
    let part_of = |base: i64, part: i64| (eur(part), eur(base));
    prop_oneof![
        (0_i64..5_000, 0_i64..5_000).prop_map(move |(base, part)| {
            let (part, base) = part_of(base, part);
            Limited::Discount { part, base }
        }),
        (0_i64..5_000, 0_i64..5_000).prop_map(move |(base, part)| {
            let (part, base) = part_of(base, part);
            Limited::Override { part, base }
        }),
        ((0_i64..5_000, 0_u32..=4, 1_u32..4), (0_i64..5_000, 0_u32..=4, 1_u32..4))
            .prop_map(move |(from, to)| Limited::Reprice { from: price(from), to: price(to) }),
        (0_i64..5_000).prop_map(|minor| Limited::Refund(eur(minor))),
        prop::sample::select(Role::ALL.to_vec()).prop_map(Limited::Needs),
    ]
}

/// The rule once more, from the limit's side: what the largest allowed part is.
fn within(who: &Authority, act: Limited) -> bool {
    let share = |rate: Rate, base: Money| (base.minor() * rate.millionths() + 500_000) / 1_000_000;
    match act {
        Limited::Discount { part, base } => part.minor() <= share(who.discount_limit, base),
        Limited::Override { part, base } => part.minor() <= share(who.override_limit, base),
        Limited::Reprice { from, to } => {
            let unit = |price: UnitPrice| {
                i128::from(price.amount()) * 10_i128.pow(4 - price.scale()) * 12
                    / i128::from(price.per().get())
            };
            who.override_limit.millionths() >= 1_000_000
                || (unit(to) - unit(from)).abs() * 1_000_000
                    <= unit(from) * i128::from(who.override_limit.millionths())
        }
        Limited::Refund(amount) => who.refund_limit.is_none_or(|limit| amount.minor() <= limit),
        Limited::Needs(role) => who.role >= role,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn never_beyond_both_limits(
        act in any_limited(),
        limits in (0_i64..1_200_000, 0_i64..1_200_000),
        refunds in (prop::option::of(0_i64..5_000), prop::option::of(0_i64..5_000)),
    ) {
        let actor = someone("1", limits.0, refunds.0);
        let approver = Authority { role: Role::Manager, ..someone("2", limits.1, refunds.1) };
        let expected = if within(&actor, act) {
            Ok(None)
        } else if within(&approver, act) {
            Ok(Some(approver.staff.clone()))
        } else {
            Err(StaffError::ApproverLimit(approver.staff.clone()))
        };
        prop_assert_eq!(authorise(act, &actor, Some(&approver)), expected);
        if !within(&actor, act) {
            let own = Authority { staff: actor.staff.clone(), ..approver };
            prop_assert_eq!(authorise(act, &actor, Some(&own)), Err(StaffError::OwnApproval(own.staff.clone())));
            prop_assert_eq!(authorise(act, &actor, None), Err(StaffError::NeedsApproval { who: own.staff }));
        }
    }

    #[test]
    fn more_limit_allows_no_less(act in any_limited(), limit in 0_i64..1_200_000, more in 0_i64..500_000) {
        let less = someone("1", limit, Some(limit / 1_000));
        let greater = someone("1", limit + more, Some((limit + more) / 1_000));
        prop_assert!(!less.may(act) || greater.may(act));
    }
}
