//! Unit prices found from what lines came to, and days whose prices a shop would shake its head at.

use super::super::goods::unit_price;
use super::*;
use commerce::{Currency, Money, Quantity, Unit};
use proptest::prelude::*;

const CATALOG: &str = "sku,gtin,name,department,unit\nA,4006381333931,Tea,,each\n";
const BASKETS: &str = "basket,at,sku,quantity,regular_cents,loyalty_discount_cents,coupon_match_cents,manufacturer_coupon_cents,net_sales_cents\n";
const DAYS: &str = "day,baskets,lines,regular_cents,loyalty_discount_cents,coupon_match_cents,net_sales_cents,manufacturer_coupon_cents\n";

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap()).unwrap()
}

#[test]
fn a_unit_price_is_the_plainest_that_comes_to_the_amount() {
    for (quantity, unit, minor, expected) in [
        ("1", Unit::Each, 158, "1.58"),
        ("4", Unit::Each, 200, "0.50"),
        ("3", Unit::Each, 100, "3/1.00"),
        ("6", Unit::Each, 200, "3/1.00"),
        ("2", Unit::Each, 1_227, "2/12.27"),
        ("1", Unit::Each, 0, "0.00"),
        ("8.701", Unit::Gallon, 2_001, "2.30"),
        ("10", Unit::Gallon, 2_299, "2.299"),
        ("29.579", Unit::Gallon, 6_797, "2.298"),
        ("999.999", Unit::Gallon, 200_001, "10/20.0001"),
    ] {
        let quantity = Quantity::parse(quantity, unit).unwrap();
        let found = unit_price(quantity, usd(minor)).unwrap();
        assert_eq!(found.amount_text(), expected, "{quantity} at {minor}");
    }
}

proptest! {
    #[test]
    fn every_amount_has_a_unit_price(thousandths in 1_i64..=1_000_000, pieces in 1_i64..=9_999, minor in 0_i64..10_000_000) {
        for quantity in [Quantity::new(thousandths, Unit::Gallon).unwrap(), Quantity::new(pieces * 1_000, Unit::Each).unwrap()] {
            let price = unit_price(quantity, usd(minor));
            prop_assert_eq!(price.map(|price| price.extend(quantity)), Some(Ok(usd(minor))));
        }
    }
}

/// Rings `rows` on one day that must come to `day`; says how many lines were overridden.
fn rings(rows: &str, day: &str) -> u64 {
    let input = Input::new(CATALOG, &format!("{BASKETS}{rows}"), &format!("{DAYS}{day}\n"));
    let summary = input.run().unwrap();
    assert_eq!(differences(&summary), [], "{rows}");
    summary.overrides
}

#[test]
fn several_prices_a_day_are_overridden() {
    // From free to dear is more than any percentage, so the dearest is the day's price.
    let rows = "1,2017-01-01 10:00:00,A,1,0,0,0,0,0\n\
                1,2017-01-01 10:00:00,A,1,10,0,0,0,10\n\
                2,2017-01-01 11:00:00,A,1,500,0,0,0,500\n\
                3,2017-01-01 12:00:00,A,3,1500,0,0,0,1500\n";
    assert_eq!(rings(rows, "2017-01-01,3,4,2010,0,0,2010,0"), 2);
}

#[test]
fn baskets_of_one_time_may_mingle() {
    let rows = "1,2017-01-01 10:00:00,A,1,100,0,0,0,100\n\
                2,2017-01-01 10:00:00,A,1,100,0,0,0,100\n\
                1,2017-01-01 10:00:00,A,1,100,0,0,0,100\n";
    assert_eq!(rings(rows, "2017-01-01,2,3,300,0,0,300,0"), 0);
}

#[test]
fn more_coupons_than_a_cart_takes_tenders_are_put_together() {
    let row = "1,2017-01-01 10:00:00,A,1,100,0,0,40,100\n";
    assert_eq!(rings(&row.repeat(30), "2017-01-01,1,30,3000,0,0,3000,1200"), 0);
}

#[test]
fn a_basket_may_be_free_or_paid_by_coupons_alone() {
    let rows = "1,2017-01-01 10:00:00,A,1,0,0,0,0,0\n\
                2,2017-01-01 11:00:00,A,1,100,60,40,0,0\n\
                3,2017-01-01 12:00:00,A,1,100,0,0,100,100\n";
    assert_eq!(rings(rows, "2017-01-01,3,3,200,60,40,100,100"), 1);
}
