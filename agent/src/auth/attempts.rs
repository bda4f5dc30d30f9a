//! How long a person is locked out after wrong PINs. Pure.

use std::time::Duration;

/// Wrong PINs that cost nothing but the time to type them.
pub const FREE_ATTEMPTS: u32 = 4;

/// The longest time anyone is locked out: a shop must go on, and 4 attempts an hour guess nothing.
pub const LONGEST_LOCK: Duration = Duration::from_secs(15 * 60);

const FIRST_LOCK: Duration = Duration::from_secs(60);

/// How long nobody looks at a PIN after the `failures`th wrong one: a minute from the fifth on,
/// doubled with each further one.
#[must_use]
pub fn lock_after(failures: u32) -> Option<Duration> {
    let beyond = failures.checked_sub(FREE_ATTEMPTS + 1)?;
    let doubled = FIRST_LOCK.checked_mul(2_u32.saturating_pow(beyond));
    Some(doubled.map_or(LONGEST_LOCK, |lock| lock.min(LONGEST_LOCK)))
}

/// What is left of a lock that ends at `until` (Unix milliseconds). A clock that was set back
/// makes no lock longer than the longest one.
pub(super) fn left_of_lock(until: i64, now: i64) -> Option<Duration> {
    let left = u64::try_from(until.saturating_sub(now)).ok().filter(|left| *left > 0)?;
    Some(Duration::from_millis(left).min(LONGEST_LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_from_the_fifth_on() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        for (failures, expected) in [
            (0, None),
            (1, None),
            (4, None),
            (5, minutes(1)),
            (6, minutes(2)),
            (7, minutes(4)),
            (8, minutes(8)),
            (9, minutes(15)),
            (10, minutes(15)),
            (u32::MAX, minutes(15)),
        ] {
            assert_eq!(lock_after(failures), expected, "{failures}");
        }
    }

    #[test]
    fn a_lock_ends_and_a_clock_set_back_makes_it_no_longer() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (until, now, expected) in [
            (0, 5_000, None),
            (5_000, 5_000, None),
            (6_000, 5_000, seconds(1)),
            (i64::MAX, i64::MIN, Some(LONGEST_LOCK)),
            (10_000_000, 0, Some(LONGEST_LOCK)),
        ] {
            assert_eq!(left_of_lock(until, now), expected, "{until} {now}");
        }
    }
}
