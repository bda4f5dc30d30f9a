//! Tests of prices by instant: layers, withdrawals, clock changes, and laws against an oracle.

use super::*;
use crate::money::{Currency, Money};
use jiff::civil::date;
use proptest::prelude::*;

fn row(layer: Layer, batch: u64, starts: i64, ends: Option<i64>, minor: Option<i64>) -> PriceRow {
    let at = |second| Timestamp::from_second(second).unwrap();
    let price = |minor| {
        let money = Money::new(minor, Currency::parse("EUR").unwrap()).unwrap();
        UnitPrice::from_money(money).unwrap()
    };
    PriceRow { layer, batch, starts: at(starts), ends: ends.map(at), price: minor.map(price) }
}

fn minor_at(rows: &[PriceRow], second: i64) -> Option<i64> {
    resolve(rows, Timestamp::from_second(second).unwrap()).map(|found| found.price.amount())
}

#[test]
fn the_most_specific_layer_that_says_something_wins() {
    use Layer::{Headquarters, Store, Zone};
    let rows = [
        row(Headquarters, 1, 0, None, Some(100)),
        row(Headquarters, 2, 50, Some(60), Some(80)),
        row(Zone, 3, 20, None, Some(90)),
        row(Store, 4, 30, Some(40), Some(120)),
        row(Zone, 5, 45, None, None),
    ];
    for (second, expected) in [
        (-1, None),
        (0, Some(100)),
        (19, Some(100)),
        (20, Some(90)),
        (29, Some(90)),
        (30, Some(120)),
        (39, Some(120)),
        (40, Some(90)),
        (44, Some(90)),
        (45, Some(100)),
        (50, Some(80)),
        (59, Some(80)),
        (60, Some(100)),
    ] {
        assert_eq!(minor_at(&rows, second), expected, "at {second}");
    }
}

#[test]
fn inside_a_layer_the_latest_start_then_the_highest_batch() {
    let layer = Layer::Store;
    let late_but_older = row(layer, 1, 10, Some(20), Some(1));
    let early_but_newer = row(layer, 9, 0, None, Some(2));
    let same_start = row(layer, 2, 10, Some(15), Some(3));
    let rows = [late_but_older, early_but_newer, same_start];
    assert_eq!([9, 10, 14, 15, 19, 20].map(|at| minor_at(&rows, at)), [2, 3, 3, 1, 1, 2].map(Some));
    // A withdrawal that ends gives the layer its older rows back.
    let rows = [early_but_newer, row(layer, 10, 10, Some(20), None)];
    assert_eq!([9, 10, 19, 20].map(|at| minor_at(&rows, at)), [Some(2), None, None, Some(2)]);
    // A row that ends before it starts is never in force.
    assert_eq!(minor_at(&[row(layer, 1, 10, Some(10), Some(1))], 10), None);
}

#[test]
fn the_reason_is_told_on_the_stores_clock() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let starts = instant_of(date(2026, 1, 5).at(0, 0, 0, 0), &berlin);
    let rows = [PriceRow { starts, ..row(Layer::Store, 7, 0, None, Some(199)) }];
    let reason = resolve(&rows, starts).unwrap().reason;
    assert_eq!(reason, PriceReason { layer: Layer::Store, batch: 7, starts });
    assert_eq!(reason.text(&berlin), "store price since 2026-01-05 00:00");
    assert_eq!(reason.text(&TimeZone::UTC), "store price since 2026-01-04 23:00");
}

#[test]
fn local_times_across_the_changes_of_the_clock() {
    let march = |hour, minute| date(2026, 3, 29).at(hour, minute, 0, 0);
    let october = |hour, minute| date(2026, 10, 25).at(hour, minute, 0, 0);
    let spring = |hour, minute| date(2026, 3, 8).at(hour, minute, 0, 0);
    let autumn = |hour, minute| date(2026, 11, 1).at(hour, minute, 0, 0);
    for (zone, local, instant) in [
        ("Europe/Berlin", march(1, 59), "2026-03-29T00:59:00Z"),
        ("Europe/Berlin", march(2, 0), "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", march(2, 30), "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", march(3, 0), "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", march(3, 1), "2026-03-29T01:01:00Z"),
        ("Europe/Berlin", october(1, 59), "2026-10-24T23:59:00Z"),
        ("Europe/Berlin", october(2, 0), "2026-10-25T00:00:00Z"),
        ("Europe/Berlin", october(2, 30), "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", october(3, 0), "2026-10-25T02:00:00Z"),
        ("America/New_York", march(2, 30), "2026-03-29T06:30:00Z"),
        ("America/New_York", october(2, 30), "2026-10-25T06:30:00Z"),
        ("America/New_York", spring(2, 30), "2026-03-08T07:00:00Z"),
        ("America/New_York", autumn(1, 30), "2026-11-01T05:30:00Z"),
        ("America/New_York", autumn(2, 0), "2026-11-01T07:00:00Z"),
    ] {
        let tz = TimeZone::get(zone).unwrap();
        assert_eq!(instant_of(local, &tz).to_string(), instant, "{local} {zone}");
    }
    let tz = TimeZone::get("America/New_York").unwrap();
    assert_eq!(instant_of(DateTime::MAX, &tz), Timestamp::MAX);
    let tz = TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(instant_of(DateTime::MIN, &tz), Timestamp::MIN);
}

/// Rows with distinct (layer, batch, start), in an arbitrary order.
fn rows() -> impl Strategy<Value = Vec<PriceRow>> {
    let layer = prop::sample::select(Layer::BY_PRECEDENCE.to_vec());
    let key = (layer, 0_u64..4, 0_i64..30);
    let value = (prop::option::of(0_i64..35), prop::option::weighted(0.8, 0_i64..1000));
    prop::collection::btree_map(key, value, 0..12)
        .prop_map(|rows| {
            let rows = rows.into_iter();
            rows.map(|((layer, batch, starts), (ends, minor))| {
                row(layer, batch, starts, ends, minor)
            })
            .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// The rules again, as a tournament: each row must beat every other that is in force.
fn oracle(rows: &[PriceRow], at: Timestamp) -> Option<Resolved> {
    let live = |row: &&PriceRow| at >= row.starts && row.ends.is_none_or(|ends| ends > at);
    let beaten = |row: &PriceRow| {
        rows.iter().filter(live).any(|other| {
            other.layer == row.layer
                && (other.starts > row.starts
                    || other.starts == row.starts && other.batch > row.batch)
        })
    };
    let mut heads: Vec<_> = rows.iter().filter(live).filter(|row| !beaten(row)).collect();
    heads.sort_by_key(|row| row.layer);
    let head = heads.into_iter().rev().find(|row| row.price.is_some())?;
    let reason = PriceReason { layer: head.layer, batch: head.batch, starts: head.starts };
    Some(Resolved { price: head.price?, reason })
}

proptest! {
    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        second in -1_i64..40,
    ) {
        let at = Timestamp::from_second(second).unwrap();
        prop_assert_eq!(resolve(&rows, at), resolve(&shuffled, at));
        prop_assert_eq!(resolve(&rows, at), oracle(&rows, at));
    }

    #[test]
    fn the_price_is_constant_between_boundaries(rows in rows()) {
        let mut boundaries: Vec<_> = rows.iter().flat_map(|row| [Some(row.starts), row.ends]).flatten().collect();
        boundaries.sort_unstable();
        for pair in boundaries.windows(2).filter(|pair| pair[0] < pair[1]) {
            let last = pair[1].checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap();
            prop_assert_eq!(resolve(&rows, pair[0]), resolve(&rows, last));
        }
    }

    #[test]
    fn an_instant_is_the_first_that_shows_the_time_or_a_later_one(
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
        month in 1_i8..=12,
        day in 1_i8..=28,
        later in 0_i16..4,
        minute in 0_i64..2880,
    ) {
        let tz = TimeZone::get(zone).unwrap();
        let local = date(2026 + later, month, day).at(0, 0, 0, 0) + jiff::SignedDuration::from_mins(minute);
        let instant = instant_of(local, &tz);
        prop_assert!(tz.to_datetime(instant) >= local);
        let before = instant - jiff::SignedDuration::from_nanos(1);
        prop_assert!(tz.to_datetime(before) < local);
        let next = local + jiff::SignedDuration::from_mins(7);
        prop_assert!(instant_of(next, &tz) >= instant);
    }
}
