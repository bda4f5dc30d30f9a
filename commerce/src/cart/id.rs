//! A cart's number: unique in the shop, and short where people read it.
//!
//! Who counts, and what was given last, is the store's affair. Whole numbers stand in facts, rows
//! and the API; the text is for screens, paper and the keyboard.

use std::fmt;
use std::str::FromStr;

/// Bits of the counter: a cart a minute for thirty years.
const COUNTER_BITS: u32 = 24;
/// Bits of the receipt series, of which a till opens one each time its folder is put back.
const SERIES_BITS: u32 = 15;
/// Bits of the till's number. All together are 53, what JSON carries exactly.
const TILL_BITS: u32 = 14;

const MAX_COUNTER: u64 = (1 << COUNTER_BITS) - 1;
const MAX_SERIES: u64 = (1 << SERIES_BITS) - 1;
const MAX_TILL: u64 = (1 << TILL_BITS) - 1;

/// A cart's number in its shop: the till that opened it, that till's receipt series, a counter.
///
/// Numbers below 2^24 are of the time when each till counted for itself; they stay valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CartId(pub u64);

/// A text that names no cart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cart's number: write it as it is shown, like 3-17")]
pub struct NotACart(String);

impl CartId {
    /// The number with these parts; `None` when one of them is beyond its bits, or the till or the
    /// series is 0.
    #[must_use]
    pub fn new(till: u16, series: u32, counter: u32) -> Option<Self> {
        let (till, series, counter) = (u64::from(till), u64::from(series), u64::from(counter));
        let fits = (1..=MAX_TILL).contains(&till)
            && (1..=MAX_SERIES).contains(&series)
            && counter <= MAX_COUNTER;
        fits.then_some(Self(((till << SERIES_BITS | series) << COUNTER_BITS) | counter))
    }

    /// The till that opened it; `None` in a number from before shops shared carts.
    #[must_use]
    pub fn till(self) -> Option<u16> {
        let till = (self.0 >> (COUNTER_BITS + SERIES_BITS)) & MAX_TILL;
        u16::try_from(till).ok().filter(|&till| till > 0)
    }

    /// The receipt series it was opened in, 0 where it has none.
    #[must_use]
    pub fn series(self) -> u32 {
        u32::try_from((self.0 >> COUNTER_BITS) & MAX_SERIES).unwrap_or(0)
    }

    /// The counter.
    #[must_use]
    pub fn counter(self) -> u32 {
        u32::try_from(self.0 & MAX_COUNTER).unwrap_or(0)
    }
}

/// `3-17`, `3-2-17` in a series after the first, `17` of a till that counted for itself.
impl fmt::Display for CartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.till().and_then(|till| Self::new(till, self.series(), self.counter())) {
            Some(same) if same == *self && self.series() == 1 => {
                write!(f, "{}-{}", self.till().unwrap_or(0), self.counter())
            }
            Some(same) if same == *self => {
                let till = self.till().unwrap_or(0);
                write!(f, "{till}-{}-{}", self.series(), self.counter())
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for CartId {
    type Err = NotACart;

    fn from_str(text: &str) -> Result<Self, NotACart> {
        let refused = || NotACart(text.chars().take(64).collect());
        let parts: Vec<&str> = text.trim().split('-').collect();
        let number = |part: &str| part.parse::<u32>().map_err(|_| refused());
        let till = |part: &str| part.parse::<u16>().map_err(|_| refused());
        match parts.as_slice() {
            [whole] => whole.parse().map(Self).map_err(|_| refused()),
            [of, counter] => Self::new(till(of)?, 1, number(counter)?).ok_or_else(refused),
            [of, series, counter] => {
                Self::new(till(of)?, number(series)?, number(counter)?).ok_or_else(refused)
            }
            _ => Err(refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_below_what_json_carries_exactly_and_never_meet_old_ones() {
        let (till, series, counter) = (16_383, 32_767, 16_777_215);
        let most = CartId::new(till, series, counter).unwrap();
        assert_eq!(most.0, (1 << 53) - 1);
        assert!(CartId::new(1, 1, 0).unwrap().0 > MAX_COUNTER);
        for (till, series, counter) in
            [(0, 1, 1), (1, 0, 1), (16_384, 1, 1), (1, 32_768, 1), (1, 1, 16_777_216)]
        {
            assert_eq!(CartId::new(till, series, counter), None, "{till} {series} {counter}");
        }
    }

    #[test]
    fn people_read_and_write_it_short() {
        for (text, id) in [
            ("3-17", CartId::new(3, 1, 17).unwrap()),
            ("3-2-17", CartId::new(3, 2, 17).unwrap()),
            ("17", CartId(17)),
            ("16777215", CartId(16_777_215)),
        ] {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        for text in ["", "-", "3-", "-17", "3-17-", "0-1", "1-0-1", "a-1", "1-1-1-1", "99999-1"] {
            assert!(text.parse::<CartId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_number_reads_as_it_is_shown(number in prop_oneof![any::<u64>(), 0_u64..1 << 53]) {
            prop_assert_eq!(CartId(number).to_string().parse(), Ok(CartId(number)));
        }
    }
}
