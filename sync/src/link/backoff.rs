//! How long to wait before the next try: doubling, capped, and never two peers in step.
//!
//! Pure but for the seed. Used by whatever dials.

use ring::rand::{SecureRandom, SystemRandom};
use std::time::Duration;

/// The waits between tries.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
    dice: u64,
}

impl Backoff {
    /// Waits between half of `least` and `most`.
    pub(super) const fn new(least: Duration, most: Duration, seed: u64) -> Self {
        Self { least, most, next: least, dice: seed }
    }

    /// How long to wait now; the next wait is up to twice as long.
    pub(super) fn wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.most);
        self.shaken(whole)
    }

    /// The longest wait at once, for a failure that doing it soon again makes worse.
    pub(super) fn wait_longest(&mut self) -> Duration {
        self.next = self.most;
        self.shaken(self.most)
    }

    /// It worked: the next wait is a short one again.
    pub(super) const fn reset(&mut self) {
        self.next = self.least;
    }

    /// Between half of it and all of it.
    fn shaken(&mut self, whole: Duration) -> Duration {
        // SplitMix64: enough for spreading, no secret.
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let share = u32::try_from((z ^ (z >> 31)) % 1_000).unwrap_or(0);
        let half = whole / 2;
        half + half.saturating_mul(share) / 1_000
    }
}

/// A seed that differs from till to till; a system without randomness gives them all the same.
pub(super) fn seed() -> u64 {
    let mut bytes = [0; 8];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u64::from_be_bytes(bytes),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEAST: Duration = Duration::from_millis(200);
    const MOST: Duration = Duration::from_secs(10);

    proptest! {
        #[test]
        fn waits_double_up_to_the_cap_and_begin_anew(seed: u64, tries in 1_u32..40) {
            let mut backoff = Backoff::new(LEAST, MOST, seed);
            for number in 0..tries {
                let whole = LEAST.saturating_mul(2_u32.saturating_pow(number)).min(MOST);
                let wait = backoff.wait();
                prop_assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
            }
            backoff.reset();
            prop_assert!(backoff.wait() <= LEAST);
            prop_assert!(backoff.wait_longest() >= MOST / 2);
            prop_assert!(backoff.wait() >= MOST / 2);
        }
    }

    #[test]
    fn two_seeds_do_not_wait_in_step() {
        let waits = |seed| {
            let mut backoff = Backoff::new(LEAST, MOST, seed);
            [backoff.wait(), backoff.wait(), backoff.wait()]
        };
        assert_ne!(waits(1), waits(2));
    }
}
