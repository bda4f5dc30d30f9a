//! Laws of carts and sales: amounts sum, nothing is below nothing, a refusal changes nothing.

use crate::cart::Totals;
use crate::money::Money;
use crate::sale::Sale;
use crate::testing::acts::{any_act, any_sale, any_shop};
use proptest::prelude::*;

fn minor(amounts: impl IntoIterator<Item = Money>) -> i64 {
    amounts.into_iter().map(Money::minor).sum()
}

fn assert_sums(totals: &Totals) -> Result<(), TestCaseError> {
    for line in &totals.lines {
        let own = minor(line.discounts.iter().copied());
        let shares = minor(line.basket_shares.iter().copied());
        prop_assert_eq!(line.extended.minor() - own - shares, line.net.minor());
        prop_assert!(line.net.minor() >= 0, "{:?}", line);
        prop_assert!(line.discounts.iter().chain(&line.basket_shares).all(|off| off.minor() >= 0));
    }
    let net = minor(totals.lines.iter().map(|line| line.net));
    prop_assert_eq!(totals.extended.minor() - totals.discounts.minor(), net);
    let exclusive: i64 = totals
        .taxes
        .classes
        .iter()
        .map(|row| {
            let taxes = row.class.taxes.iter().zip(&row.amounts);
            minor(taxes.filter(|(tax, _)| !tax.inclusive).map(|(_, &amount)| amount))
        })
        .sum();
    prop_assert_eq!(net + exclusive, totals.total.minor());
    let gross = minor(totals.taxes.classes.iter().map(|row| row.gross));
    prop_assert_eq!(gross, totals.total.minor());
    prop_assert_eq!(
        totals.tendered.minor() - totals.change.minor() + totals.due.minor(),
        totals.total.minor()
    );
    Ok(())
}

fn assert_sale(sale: &Sale) -> Result<(), TestCaseError> {
    sale.check().unwrap();
    let tendered = minor(sale.tenders.iter().map(|tendered| tendered.amount));
    prop_assert_eq!(tendered - sale.change.minor(), sale.total.minor());
    prop_assert_eq!(sale.kept().iter().sum::<i64>(), sale.total.minor());
    prop_assert!(sale.kept().iter().all(|&kept| kept >= 0));
    for line in &sale.lines {
        let off = minor(line.discounts.iter().map(|discount| discount.amount));
        prop_assert_eq!(line.extended.minor() - off, line.net.minor());
    }
    let charged = sale.lines.iter().map(|line| (line.tax_class.as_str(), line.net));
    prop_assert_eq!(&sale.taxes.rules().table(sale.currency, charged).unwrap(), &sale.taxes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn carts_sum_after_every_act_and_refusals_change_nothing(
        shop in any_shop(),
        acts in prop::collection::vec(any_act(), 1..40),
    ) {
        let mut cart = shop.cart();
        for act in &acts {
            let before = cart.clone();
            if shop.perform(&mut cart, act).is_err() {
                prop_assert_eq!(&cart, &before, "{:?} was refused", act);
            }
            assert_sums(&cart.totals(&shop.rules).unwrap())?;
        }
        let totals = cart.totals(&shop.rules).unwrap();
        let mut rest = minor(cart.live_lines().map(|line| line.net().unwrap()));
        for (position, discount) in cart.basket_discounts.iter().enumerate() {
            let off = discount.taken_off(Money::new(rest, cart.currency).unwrap()).unwrap().minor();
            prop_assert_eq!(minor(totals.lines.iter().map(|line| line.basket_shares[position])), off);
            rest -= off;
        }
    }

    #[test]
    fn sales_add_up(sale in any_sale()) {
        assert_sale(&sale)?;
    }
}
