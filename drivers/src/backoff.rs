//! How long a device task waits before it connects again: doubling, with seeded jitter.
//!
//! Called by [`crate::task`] only.

use std::time::Duration;

/// Doubling waits between two bounds; each is drawn from the upper half of its span, so that
/// devices that failed together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
    random: u64,
}

impl Backoff {
    /// Waits from `first` to `longest`; `seed` fixes the jitter.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, next: first, random: seed }
    }

    /// The next wait, between half of the current span and all of it.
    pub fn wait(&mut self) -> Duration {
        let span = self.next.min(self.longest);
        self.next = span.saturating_mul(2).min(self.longest);
        let half = span / 2;
        let half_us = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        let jitter = self.draw().checked_rem(half_us.saturating_add(1)).unwrap_or(0);
        half + Duration::from_micros(jitter)
    }

    /// Starts again from the first wait: the connection proved good.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// SplitMix64: jitter needs spread, not secrecy.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_and_stay_bounded() {
        let (first, longest) = (Duration::from_millis(200), Duration::from_secs(5));
        let mut backoff = Backoff::new(first, longest, 7);
        let mut span = first;
        for _ in 0..12 {
            let wait = backoff.wait();
            assert!(wait >= span / 2 && wait <= span, "{wait:?} outside {span:?}");
            span = (span * 2).min(longest);
        }
        backoff.reset();
        assert!(backoff.wait() <= first);
    }

    #[test]
    fn the_seed_decides_the_jitter() {
        let waits = |seed| {
            let mut backoff =
                Backoff::new(Duration::from_millis(200), Duration::from_secs(5), seed);
            (0..5).map(|_| backoff.wait()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
