//! The time that certificates are judged by: the wall clock, but never before a floor.

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::time::Duration;

/// A wall clock that can't stand before an instant that has surely passed, such as the day the
/// program was built or the last time that a peer said.
#[derive(Debug)]
pub(super) struct FlooredClock {
    floor: UnixTime,
}

impl FlooredClock {
    pub(super) fn new(floor: Timestamp) -> Self {
        // A floor before 1970 holds nothing back.
        let seconds = u64::try_from(floor.as_second()).unwrap_or(0);
        Self { floor: UnixTime::since_unix_epoch(Duration::from_secs(seconds)) }
    }
}

impl TimeProvider for FlooredClock {
    fn current_time(&self) -> Option<UnixTime> {
        // `UnixTime::now` panics before 1970, where a flat battery may well put a clock.
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Some(UnixTime::since_unix_epoch(since_1970).max(self.floor))
    }
}

/// For words to a person; an instant beyond the calendar is its end.
pub(super) fn timestamp(time: UnixTime) -> Timestamp {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_at_its_floor_until_the_wall_clock_has_passed_it() {
        let far: Timestamp = "2199-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(timestamp(FlooredClock::new(far).current_time().unwrap()), far);
        let past: Timestamp = "2001-01-01T00:00:00Z".parse().unwrap();
        assert!(timestamp(FlooredClock::new(past).current_time().unwrap()) > past);
        let before: Timestamp = "1950-01-01T00:00:00Z".parse().unwrap();
        assert!(timestamp(FlooredClock::new(before).current_time().unwrap()) > past);
        assert_eq!(
            timestamp(UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX))),
            Timestamp::MAX
        );
    }
}
