//! How single figures, times and card numbers are written.

use super::shop::{dublin, hamburg, kuwait, new_york, tokyo};
use crate::receipt::parts::last_digits;
use crate::receipt::writer::Writer;
use crate::till::Settings;
use commerce::money::MAX_MINOR;
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use proptest::prelude::*;

#[test]
fn quantities_and_prices() {
    for (settings, quantity, unit, price, expected) in [
        (dublin(), "5", Unit::Each, "1.09", "5 × 1.09"),
        (hamburg(), "5", Unit::Each, "1.09", "5 × 1,09"),
        (hamburg(), "2.5", Unit::Kilogram, "3.99", "2,500 kg × 3,99/kg"),
        (new_york(), "8.701", Unit::Gallon, "2.299", "8.701 gal × 2.299/gal"),
        (dublin(), "7", Unit::Each, "3/1.00", "7 at 3 for 1.00"),
        (hamburg(), "7", Unit::Each, "3/1.00", "7 zu 3 für 1,00"),
        (dublin(), "0.75", Unit::Litre, "2/5.00", "0.750 l at 2 l for 5.00"),
        (tokyo(), "3", Unit::Each, "150", "3 × 150"),
        (kuwait(), "10", Unit::Each, "0.0525", "10 × 0.0525"),
    ] {
        let currency = settings.store.currency;
        let writer = Writer::new(&settings, currency);
        let quantity = Quantity::parse(quantity, unit).unwrap();
        let price = UnitPrice::parse(price, currency).unwrap();
        assert_eq!(writer.quantity_at(quantity, price), expected);
    }
}

#[test]
fn times_are_the_shops_own_and_say_which_hour_of_two() {
    for (settings, at, expected) in [
        (hamburg(), "2026-10-25T00:30:00Z", "25.10.2026 02:30 CEST"),
        (hamburg(), "2026-10-25T01:30:00Z", "25.10.2026 02:30 CET"),
        (new_york(), "2026-03-08T06:59:59Z", "2026-03-08 01:59 EST"),
        (new_york(), "2026-03-08T07:00:00Z", "2026-03-08 03:00 EDT"),
    ] {
        let writer = Writer::new(&settings, settings.store.currency);
        assert_eq!(writer.time(at.parse().unwrap()), expected, "{at}");
    }
}

#[test]
fn a_card_number_shows_four_digits_at_most() {
    for (masked, expected) in [
        ("541333******0019", "**** 0019"),
        ("************4242", "**** 4242"),
        ("4111111111111111", "**** 1111"),
        ("0019", "**** 0019"),
        ("019", ""),
        ("54133333********", ""),
        ("", ""),
        ("5413 ····é019", ""),
    ] {
        assert_eq!(last_digits(masked), expected, "{masked}");
    }
}

fn written(settings: &Settings, code: &str, minor: i64) -> String {
    Writer::new(settings, Currency::parse(code).unwrap()).minor(minor)
}

proptest! {
    #[test]
    fn amounts_are_moneys_own(minor in -MAX_MINOR..=MAX_MINOR, code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
        let money = Money::new(minor, Currency::parse(code).unwrap()).unwrap();
        prop_assert_eq!(written(&dublin(), code, minor), money.amount_text());
        prop_assert_eq!(written(&hamburg(), code, minor), money.amount_text().replace('.', ","));
    }
}

#[test]
fn sums_beyond_one_amount_are_written_in_full() {
    assert_eq!(written(&dublin(), "EUR", i64::MIN), "-92233720368547758.08");
    assert_eq!(written(&dublin(), "JPY", i64::MAX), "9223372036854775807");
    assert_eq!(written(&dublin(), "KWD", -7), "-0.007");
}
