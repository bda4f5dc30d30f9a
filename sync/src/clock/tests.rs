//! The clock under wall clocks that stand, jump and lie.

use super::*;
use proptest::prelude::*;

const BUILD: u64 = 1_700_000_000_000;
const NOW: i64 = 1_750_000_000_000;

fn clock() -> Clock {
    Clock::new(BUILD, None).unwrap()
}

#[test]
fn an_instant_is_its_two_parts() {
    let instant = Hlc::from_parts(BUILD, 7).unwrap();
    assert_eq!((instant.ms(), instant.counter()), (BUILD, 7));
    assert_eq!(instant.to_string(), "1700000000000+7");
    assert_eq!(instant.number(), BUILD * 65_536 + 7);
    assert_eq!(Hlc::from_number(u64::MAX), None);
    assert_eq!(Hlc::from_parts(1 << 47, 0), None);
    assert_eq!(Hlc::from_ms(u64::MAX).ms(), Hlc::MAX.ms());
    assert_eq!(Hlc::from_sql(-1), None);
    assert_eq!(Hlc::from_sql(Hlc::MAX.to_sql()), Some(Hlc::MAX));
}

/// Ticks through `walls` and compares with (milliseconds, counter).
fn check_ticks(what: &str, walls: &[i64], expected: &[(u64, u16)]) {
    let mut clock = clock();
    let ticks: Vec<_> = walls
        .iter()
        .map(|&wall| clock.tick(wall))
        .map(|tick| (tick.ms(), tick.counter()))
        .collect();
    assert_eq!(ticks, expected, "{what}");
}

#[test]
fn ticks_whatever_the_wall_clock_does() {
    let now = NOW.cast_unsigned();
    let hour = 3_600_000;
    check_ticks("follows the wall", &[NOW, NOW + 1], &[(now, 0), (now + 1, 0)]);
    check_ticks("stands still", &[NOW, NOW, NOW], &[(now, 0), (now, 1), (now, 2)]);
    check_ticks(
        "set back an hour",
        &[NOW, NOW - hour, NOW + 1],
        &[(now, 0), (now, 1), (now + 1, 0)],
    );
    check_ticks("1970", &[0, 1], &[(BUILD, 1), (BUILD, 2)]);
    check_ticks("before 1970", &[-hour, i64::MIN], &[(BUILD, 1), (BUILD, 2)]);
    check_ticks(
        "beyond 48 bits",
        &[i64::MAX, 1 << 50, NOW],
        &[(LATEST_MS, 0), (LATEST_MS, 1), (LATEST_MS, 2)],
    );
}

#[test]
fn a_full_counter_carries_into_the_milliseconds() {
    let full = Hlc::from_parts(BUILD, u16::MAX).unwrap();
    let mut clock = Clock::new(0, Some(full)).unwrap();
    assert_eq!(clock.tick(0), Hlc::from_ms(BUILD + 1));
}

#[test]
fn the_floor_is_the_later_of_build_and_last() {
    let earlier = Hlc::from_ms(BUILD - 1);
    let later = Hlc::from_parts(BUILD, 9).unwrap();
    assert_eq!(Clock::new(BUILD, Some(earlier)).unwrap().last(), Hlc::from_ms(BUILD));
    assert_eq!(Clock::new(BUILD, Some(later)).unwrap().last(), later);
    assert_eq!(Clock::new(0, Some(Hlc::MAX)).unwrap_err(), ClockError::FloorTooLate(Hlc::MAX));
}

#[test]
fn a_remote_clock_pulls_at_most_five_minutes() {
    let now = NOW.cast_unsigned();
    let limit = Hlc::from_parts(now + MAX_AHEAD_MS, u16::MAX).unwrap();
    let past = Hlc::from_ms(now + MAX_AHEAD_MS + 1);
    for (remote, wall, expected, last) in [
        (limit, NOW, Observed::Taken, limit),
        (past, NOW, Observed::Held, Hlc::from_ms(now)),
        (Hlc::MAX, NOW, Observed::Held, Hlc::from_ms(now)),
        (Hlc::MAX, i64::MAX, Observed::Held, Hlc::from_ms(now)),
        (Hlc::from_ms(now - 1), NOW, Observed::Taken, Hlc::from_ms(now)),
        // Its own wall clock fell to 1970, but what it has passed already needs no waiting.
        (Hlc::from_ms(now), 0, Observed::Taken, Hlc::from_ms(now)),
        (Hlc::from_ms(now + 1), 0, Observed::Held, Hlc::from_ms(now)),
    ] {
        let mut clock = clock();
        clock.tick(NOW);
        assert_eq!(clock.observe(remote, wall), expected, "{remote} at {wall}");
        assert_eq!(clock.last(), last, "{remote} at {wall}");
        assert!(clock.tick(wall) > last);
    }
}

proptest! {
    #[test]
    fn strictly_monotone_whatever_happens(
        steps in prop::collection::vec((any::<i64>(), NOW - 100..NOW + 100, any::<u64>(), 0_u8..4), 1..200),
    ) {
        let mut clock = clock();
        let mut last = clock.last();
        for (wild, near, remote, what) in steps {
            let wall = if what & 1 == 0 { wild } else { near };
            if what & 2 == 0 {
                let before = clock.last();
                let remote = Hlc::from_number(remote >> 1).unwrap();
                if clock.observe(remote, wall) == Observed::Taken {
                    prop_assert!(clock.last() >= remote);
                }
                prop_assert!(clock.last() == before || clock.last().ms() <= wall_ms(wall) + MAX_AHEAD_MS);
            }
            let tick = clock.tick(wall);
            prop_assert!(tick > last, "{} after {}", tick, last);
            prop_assert!(tick >= Hlc::from_ms(wall_ms(wall)));
            last = tick;
        }
    }

    #[test]
    fn number_and_parts_round_trip(number in 0..=Hlc::MAX.number()) {
        let instant = Hlc::from_number(number).unwrap();
        prop_assert_eq!(Hlc::from_parts(instant.ms(), instant.counter()), Some(instant));
        prop_assert_eq!(Hlc::from_sql(instant.to_sql()), Some(instant));
    }
}
