//! A token bucket for publishes and their bytes.
//!
//! Pure: the time is passed in. Asked before each publish.

use std::time::Duration;

/// How many millionths a token has: refilling by the microsecond then needs no fractions.
const MILLION: u64 = 1_000_000;

/// One bucket.
#[derive(Debug, Clone)]
struct Bucket {
    per_s: u64,
    /// Millionths of tokens when full.
    size: u64,
    /// Millionths of tokens now.
    level: u64,
}

impl Bucket {
    fn new(per_s: u32, at_once: u32) -> Self {
        let size = u64::from(at_once) * MILLION;
        Self { per_s: u64::from(per_s), size, level: size }
    }

    fn refill(&mut self, passed: Duration) {
        let micros = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX);
        let gained = micros.saturating_mul(self.per_s);
        self.level = self.level.saturating_add(gained).min(self.size);
    }

    /// How long until it holds so many tokens; nothing ever costs more than a full bucket.
    fn wait_for(&self, tokens: u64) -> Duration {
        let lacking = tokens.saturating_mul(MILLION).min(self.size).saturating_sub(self.level);
        Duration::from_micros(lacking.div_ceil(self.per_s.max(1)))
    }

    fn take(&mut self, tokens: u64) {
        self.level = self.level.saturating_sub(tokens.saturating_mul(MILLION));
    }
}

/// Keeps publishes below a rate, and their bytes below another.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    publishes: Bucket,
    bytes: Bucket,
    refilled: Duration,
}

impl Pace {
    /// The pace of IoT Core's limits. `now` is a time that only ever grows, as in [`Pace::take`].
    pub(super) fn new(now: Duration) -> Self {
        use super::limits::{BYTES_AT_ONCE, BYTES_PER_S, PUBLISHES_AT_ONCE, PUBLISHES_PER_S};
        Self {
            publishes: Bucket::new(PUBLISHES_PER_S, PUBLISHES_AT_ONCE),
            bytes: Bucket::new(BYTES_PER_S, BYTES_AT_ONCE),
            refilled: now,
        }
    }

    /// Takes what one publish of so many bytes costs.
    ///
    /// # Errors
    /// How long to wait before asking again; nothing was taken.
    pub(super) fn take(&mut self, bytes: usize, now: Duration) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.refilled);
        self.publishes.refill(passed);
        self.bytes.refill(passed);
        self.refilled = self.refilled.max(now);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let wait = self.publishes.wait_for(1).max(self.bytes.wait_for(bytes));
        if !wait.is_zero() {
            return Err(wait);
        }
        self.publishes.take(1);
        self.bytes.take(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MAX_FRAME_BYTES;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    proptest! {
        /// Whatever is asked for and whenever, no second sees more than IoT Core allows.
        #[test]
        fn no_second_sees_more_than_the_broker_allows(
            asked in proptest::collection::vec((0_u64..30_000, 0_usize..=MAX_FRAME_BYTES), 1..400)
        ) {
            let mut pace = Pace::new(Duration::ZERO);
            let mut now = Duration::ZERO;
            let mut sent: Vec<(Duration, usize)> = Vec::new();
            for (wait_us, bytes) in asked {
                now += Duration::from_micros(wait_us);
                if pace.take(bytes, now).is_ok() {
                    sent.push((now, bytes));
                }
                let lately = sent.iter().filter(|(at, _)| now - *at < SECOND);
                let (count, total) =
                    lately.fold((0, 0), |(count, total), (_, bytes)| (count + 1, total + bytes));
                prop_assert!(count <= 100, "{count} publishes");
                prop_assert!(total <= 512 * 1024, "{total} bytes");
            }
        }

        /// Who waits as long as was said is let through, so nothing waits for ever or in vain.
        #[test]
        fn the_wait_that_is_named_suffices(
            frames in proptest::collection::vec(0_usize..=MAX_FRAME_BYTES, 1..200)
        ) {
            let mut pace = Pace::new(Duration::ZERO);
            let mut now = Duration::ZERO;
            for bytes in frames {
                if let Err(wait) = pace.take(bytes, now) {
                    prop_assert!(wait <= SECOND);
                    now += wait;
                    prop_assert_eq!(pace.take(bytes, now), Ok(()));
                }
            }
        }
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_gives_nothing() {
        let mut pace = Pace::new(SECOND);
        while pace.take(1, SECOND).is_ok() {}
        assert!(pace.take(1, Duration::ZERO).is_err());
        assert!(pace.take(1, SECOND).is_err());
        assert_eq!(pace.take(1, 2 * SECOND), Ok(()));
    }
}
