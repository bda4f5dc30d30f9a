//! Whole sales with their figures, worked out by hand: what a customer reads on the receipt.

use crate::cart::Cart;
use crate::code::Gtin;
use crate::discount::DiscountValue;
use crate::fact::Fact;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::quantity::Unit::{Each, Gallon, Kilogram};
use crate::sale::{Sale, SaleError};
use crate::shift::{TotalKind, additions};
use crate::tax::TaxRounding::{self, Line, Receipt};
use crate::tender::TenderKind::{self, Card, Cash, Coupon, Voucher};
use crate::testing::{
    cart_of, cashier, eur, item, manager, percent, price, rules, sell, supervisor, tendered,
};

/// Total, change, and each class's net, taxes and gross.
type Figures<'a> = (i64, i64, &'a [(&'a str, i64, &'a [i64], i64)]);

#[track_caller]
fn check(
    cart: Cart,
    rounding: TaxRounding,
    paid: &[(TenderKind, i64)],
    expected: Figures<'_>,
) -> Sale {
    let sale = sell(cart, &rules(rounding), paid);
    let amounts: Vec<Vec<i64>> = sale
        .taxes
        .classes
        .iter()
        .map(|row| row.amounts.iter().map(|amount| amount.minor()).collect())
        .collect();
    let rows: Vec<_> = sale
        .taxes
        .classes
        .iter()
        .zip(&amounts)
        .map(|(row, taxes)| {
            (row.class.id.as_str(), row.net.minor(), taxes.as_slice(), row.gross.minor())
        })
        .collect();
    assert_eq!((sale.total.minor(), sale.change.minor(), rows.as_slice()), expected);
    sale.check().unwrap();
    sale
}

#[test]
fn split_tenders_with_change() {
    let cart = cart_of("EUR", &[("A", "11.90", "1", Each), ("B", "1.07", "2", Each)]);
    let rows: &[_] = &[("A", 1_000, &[190][..], 1_190), ("B", 200, &[14][..], 214)];
    let paid = [(Voucher, 500), (Card, 400), (Cash, 1_000)];
    let sale = check(cart, Receipt, &paid, (1_404, 496, rows));
    assert_eq!(sale.kept(), [500, 400, 504]);
}

#[test]
fn a_coupon_then_cash() {
    let cart = cart_of("EUR", &[("B", "2.14", "1", Each)]);
    let rows: &[_] = &[("B", 200, &[14][..], 214)];
    check(cart, Receipt, &[(Coupon, 50), (Cash, 200)], (214, 36, rows));
    // A coupon larger than the total takes no more than what is due, and gives nothing back.
    let mut cart = cart_of("EUR", &[("B", "0.40", "1", Each)]);
    assert!(cart.tender(tendered(Coupon, eur(50)), &rules(Receipt)).is_err());
    check(cart, Receipt, &[(Coupon, 40)], (40, 0, &[("B", 37, &[3], 40)]));
}

#[test]
fn yen_and_dinar() {
    let cart = cart_of("JPY", &[("A", "150", "3", Each), ("B", "98", "1", Each)]);
    let rows: &[_] = &[("A", 378, &[72][..], 450), ("B", 92, &[6][..], 98)];
    check(cart, Receipt, &[(Cash, 1_000)], (548, 452, rows));
    let cart = cart_of("KWD", &[("N", "1.250", "2", Each), ("C", "0.1255", "10", Each)]);
    let rows: &[_] = &[("C", 1_255, &[][..], 1_255), ("N", 2_500, &[100, 113, 9][..], 2_722)];
    check(cart, Receipt, &[(Card, 3_977)], (3_977, 0, rows));
}

#[test]
fn several_exclusive_taxes_by_line_and_by_receipt() {
    let lines = [("N", "0.99", "1", Each), ("N", "0.99", "1", Each), ("N", "0.99", "1", Each)];
    // 4 % of 2.97 is 0.1188, 4.5 % 0.13365, 0.375 % 0.0111; of 0.99 each 0.0396, 0.04455, 0.0037.
    check(
        cart_of("EUR", &lines),
        Receipt,
        &[(Cash, 323)],
        (323, 0, &[("N", 297, &[12, 13, 1], 323)]),
    );
    check(cart_of("EUR", &lines), Line, &[(Cash, 321)], (321, 0, &[("N", 297, &[12, 12, 0], 321)]));
}

#[test]
fn inclusive_taxes_and_a_levy() {
    let cart = cart_of("EUR", &[("Q", "114.98", "1", Each)]);
    let rows: &[_] = &[("Q", 10_000, &[500, 998, 100][..], 11_598)];
    check(cart, Receipt, &[(Cash, 12_000)], (11_598, 402, rows));
}

#[test]
fn a_basket_discount_over_two_classes() {
    let mut cart = cart_of("EUR", &[("A", "20", "1", Each), ("B", "10", "1", Each)]);
    let off = DiscountValue::Amount(eur(100));
    cart.discount_basket(off, "loyal".into(), &cashier(), None).unwrap();
    // 0.67 of it falls on A, 0.33 on B.
    let rows: &[_] = &[("A", 1_624, &[309][..], 1_933), ("B", 904, &[63][..], 967)];
    let sale = check(cart, Receipt, &[(Cash, 2_900)], (2_900, 0, rows));
    assert!(sale.lines.iter().all(|line| line.discounts.len() == 1 && line.discounts[0].basket));
}

#[test]
fn overrides_up_and_down_with_approval() {
    let mut cart = cart_of("EUR", &[("C", "2.00", "3", Each), ("C", "1.00", "1", Each)]);
    let (anna, ben) = (cashier(), supervisor());
    cart.override_price(1, price("1.40", "EUR"), "damaged".into(), &anna, Some(&ben)).unwrap();
    cart.override_price(2, price("1.10", "EUR"), "wrong".into(), &anna, None).unwrap();
    let sale = check(cart, Receipt, &[(Cash, 530)], (530, 0, &[("C", 530, &[], 530)]));
    let changes: Vec<_> =
        sale.lines.iter().map(|line| line.price_override.clone().unwrap()).collect();
    assert_eq!(changes[0].approved_by, Some(ben.staff));
    assert_eq!(changes[1].approved_by, None);
    let totals = additions(&Fact::Sold(sale));
    let less = |reason| {
        totals
            .iter()
            .find(|total| total.kind == TotalKind::Overrides && total.key == reason)
            .unwrap()
            .amount
    };
    assert_eq!((less("damaged"), less("wrong")), (180, -10));
}

#[test]
fn three_for_a_price() {
    let cart = cart_of("EUR", &[("C", "3/1.00", "7", Each)]);
    check(cart, Receipt, &[(Cash, 233)], (233, 0, &[("C", 233, &[], 233)]));
    let mut cart = cart_of("EUR", &[("C", "3/1.00", "4", Each)]);
    cart.override_price(1, price("3/0.90", "EUR"), "wrong".into(), &cashier(), None).unwrap();
    cart.set_quantity(1, Quantity::parse("5", Each).unwrap()).unwrap();
    check(cart, Receipt, &[(Cash, 150)], (150, 0, &[("C", 150, &[], 150)]));
}

#[test]
fn weighed_goods_and_fuel() {
    let cart = cart_of("EUR", &[("B", "3.99", "0.482", Kilogram), ("C", "2.299", "8.701", Gallon)]);
    let rows: &[_] = &[("B", 179, &[13][..], 192), ("C", 2_000, &[][..], 2_000)];
    check(cart, Receipt, &[(Card, 2_192)], (2_192, 0, rows));
}

/// A pack at 4.20 by its label, from a list that says 12.99 a kilogram.
#[test]
fn a_labelled_pack() {
    let gtin = Some(Gtin::parse("2012345004207").unwrap());
    let mut cart = cart_of("EUR", &[]);
    let cheese = crate::cart::Item { gtin, ..item("CHE-1", "B") };
    cart.add(cheese, Quantity::one(Kilogram), price("12.99", "EUR"), Some(eur(420))).unwrap();
    cart.override_price(1, price("4.00", "EUR"), "damaged".into(), &cashier(), None).unwrap();
    let ten = DiscountValue::Percent(percent("10"));
    cart.discount_line(1, ten, "short".into(), &cashier(), None).unwrap();
    let sale = check(cart, Receipt, &[(Cash, 500)], (360, 140, &[("B", 336, &[24], 360)]));
    let totals = additions(&Fact::Sold(sale));
    let change = totals.iter().find(|total| total.kind == TotalKind::Overrides).unwrap();
    assert_eq!(change.amount, 20, "measured from the label, not from the kilogram");
}

#[test]
fn a_free_basket_needs_no_tender() {
    let mut cart = cart_of("EUR", &[("A", "3", "1", Each), ("N", "2", "1", Each)]);
    let all = DiscountValue::Percent(percent("100"));
    cart.discount_basket(all, "gift".into(), &manager(), None).unwrap();
    assert!(cart.tender(tendered(Cash, eur(1)), &rules(Line)).is_err());
    check(cart, Line, &[], (0, 0, &[("A", 0, &[0], 0), ("N", 0, &[0, 0, 0], 0)]));
}

/// Two wrongs in a journal's sale must not sum to a right.
#[test]
fn a_sale_with_impossible_change_or_tenders_is_refused() {
    let good = sell(
        cart_of("EUR", &[("C", "15", "1", Each)]),
        &rules(Line),
        &[(Card, 500), (Cash, 2_000)],
    );
    assert_eq!(good.change, eur(1_000));
    let refused = |fault: &dyn Fn(&mut Sale), paid| {
        let mut sale = good.clone();
        fault(&mut sale);
        assert_eq!(sale.check(), Err(SaleError::Paid { total: eur(1_500), paid: eur(paid) }));
    };
    refused(&|sale| (sale.tenders[1].amount, sale.change) = (eur(400), eur(-600)), 900);
    refused(&|sale| sale.tenders[1].tender.kind = Voucher, 2_500);
    refused(&|sale| (sale.tenders[0].amount, sale.change) = (eur(-100), eur(400)), 1_600);
    refused(&|sale| sale.change = Money::zero(sale.currency), 2_500);
}

/// A sale from a journal may have its tenders in another order than the till takes them.
#[test]
fn change_comes_from_the_cash_taken_last() {
    let cart = || cart_of("EUR", &[("C", "15", "1", Each)]);
    let mut sale = sell(cart(), &rules(Line), &[(Cash, 300), (Voucher, 500), (Cash, 1_000)]);
    assert_eq!((sale.change, sale.kept()), (eur(300), vec![300, 500, 700]));
    sale.tenders.swap(1, 2);
    sale.check().unwrap();
    assert_eq!(sale.kept(), [300, 700, 500]);
}
