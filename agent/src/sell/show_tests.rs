//! What the cashier sees, as snapshots.

use super::*;

fn line(number: u32, name: &str, quantity: &str, price: &str, amount: &str) -> Line {
    Line {
        number,
        name: name.to_owned(),
        quantity: quantity.to_owned(),
        price: price.to_owned(),
        amount: amount.to_owned(),
        notes: Vec::new(),
    }
}

fn pair(what: &str, amount: &str) -> (String, String) {
    (what.to_owned(), amount.to_owned())
}

#[test]
fn a_basket_ends_with_what_is_due() {
    let mut gouda = line(3, "Gouda, young, counter", "0.482 kg", "12.90", "6.22");
    gouda.notes = vec![
        ("price was 13.90 (price-match)".to_owned(), None),
        ("Damaged packaging".to_owned(), Some("0.62".to_owned())),
    ];
    let lines = vec![
        line(1, "Müsli, fruit and nut 750 g", "1", "3.49", "3.49"),
        gouda,
        line(12, "A name that is much longer than any screen of a till", "24", "3/1.00", "8.00"),
    ];
    let shown = Basket {
        lines,
        discounts: vec![pair("Loyalty card", "1.00")],
        tenders: vec![pair("Gift card or voucher", "5.00")],
        total: "16.09".to_owned(),
        due: "11.09".to_owned(),
        currency: "EUR".to_owned(),
    };
    insta::assert_snapshot!(basket(&shown), @r"
      1  Müsli, fruit and nut 750 g                    1         3.49        3.49
      3  Gouda, young, counter                  0.482 kg        12.90        6.22
           price was 13.90 (price-match)
           Damaged packaging                                               -0.62
     12  A name that is much longer than any…         24       3/1.00        8.00
         Loyalty card                                                      -1.00
    ────────────────────────────────────────────────────────────────────────────
         TOTAL EUR                                                         16.09
         Gift card or voucher                                              -5.00
         DUE                                                               11.09
    ");
    let empty = Basket {
        total: "0.00".to_owned(),
        due: "0.00".to_owned(),
        currency: "EUR".to_owned(),
        ..Basket::default()
    };
    insta::assert_snapshot!(basket(&empty), @r"
      (the basket is empty)
    ────────────────────────────────────────────────────────────────────────────
         TOTAL EUR                                                          0.00
         DUE                                                                0.00
    ");
}

#[test]
fn change_is_large() {
    insta::assert_snapshot!(change("12345.67", "EUR"), @r"
                      _   _       _     _   _
      CHANGE       |  _|  _| |_| |_    |_    |  EUR
                   | |_   _|   |  _| . |_|   |
    ");
    insta::assert_snapshot!(change("890", "JPY"), @r"
                  _   _   _
      CHANGE     |_| |_| | |  JPY
                 |_|  _| |_|
    ");
}

#[test]
fn problems_say_what_to_do() {
    let told = |kind: &str, title: &str, detail: &str, retry_after| {
        let [kind, title, detail] = [kind, title, detail].map(ToOwned::to_owned);
        problem(&Problem { kind, title, detail, retry_after })
    };
    assert_eq!(
        told("no-shift", "No shift is open", "open one first", None),
        "✗ open one first\n  Type `open 100` to open one with 100.00 in the drawer."
    );
    assert_eq!(
        told("pin-locked", "Too many wrong PINs", "wait", Some(30)),
        "✗ wait\n  Try again in 30 s."
    );
    assert_eq!(told("something-new", "It is new", "", None), "✗ It is new");
}

#[test]
fn tables_are_as_wide_as_they_need_to_be() {
    let mut found = Table::new(&["code", "item", ">price"]);
    for (code, item, price) in
        [("4011", "Bananas", "1.99"), ("9520000138851", "Müsli, fruit and nut 750 g", "12.49")]
    {
        found.rows.push([code, item, price].map(ToOwned::to_owned).to_vec());
    }
    insta::assert_snapshot!(table(&found), @r"
      code           item                        price
      4011           Bananas                      1.99
      9520000138851  Müsli, fruit and nut 750 g  12.49
    ");
}
