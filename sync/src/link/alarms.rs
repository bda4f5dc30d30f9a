//! How many alarms a link raises, so that whoever knocks at its door can't flood its people.
//!
//! Pure: the time is passed in. Asked by the mailbox before an alarm is queued.

use std::collections::BTreeMap;
use std::time::Duration;

/// The same words come once in so long: long enough to be read, short enough to show that it
/// still goes on.
const SAME_AGAIN: Duration = Duration::from_secs(60);

/// Different words that come in [`SAME_AGAIN`] at most: a person reads no more.
const MAX_WORDS: usize = 32;

/// Which alarms were raised lately.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    raised: BTreeMap<String, Duration>,
}

impl Alarms {
    /// Whether this one is to be raised at `now`, a time that only ever grows.
    pub(super) fn admit(&mut self, words: &str, now: Duration) -> bool {
        self.raised.retain(|_, raised| now.saturating_sub(*raised) < SAME_AGAIN);
        if self.raised.len() >= MAX_WORDS || self.raised.contains_key(words) {
            return false;
        }
        self.raised.insert(words.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_words_come_once_a_minute() {
        let mut alarms = Alarms::default();
        let at = Duration::from_secs;
        assert!(alarms.admit("till-2 refused", at(0)));
        assert!(!alarms.admit("till-2 refused", at(59)));
        assert!(alarms.admit("till-3 refused", at(59)));
        assert!(alarms.admit("till-2 refused", at(60)));
        assert!(!alarms.admit("till-2 refused", at(119)));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_the_bound(
            steps in proptest::collection::vec((0_u64..500, 0_u16..300), 0..600)
        ) {
            let mut alarms = Alarms::default();
            let (mut now, mut raised) = (Duration::ZERO, Vec::new());
            for (wait_ms, words) in steps {
                now += Duration::from_millis(wait_ms);
                if alarms.admit(&words.to_string(), now) {
                    raised.push(now);
                }
                let lately = raised.iter().filter(|at| now - **at < SAME_AGAIN).count();
                prop_assert!(lately <= MAX_WORDS);
            }
        }
    }
}
