//! In-store codes: EAN-13 symbols that a scale or a label printer makes, with the weight or the
//! price of one piece inside.
//!
//! Which digits mean what is a national or a shop's own rule, so it is a setting (a
//! [`Pattern`]), never a guess. Resolving the item part is left to the till's catalogue.

use super::error::{CodeError, quote};
use super::gtin::{is_digits, number, verify_check_digit};
use std::fmt;
use std::ops::Range;

/// What a label states about its piece of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The weight in thousandths of the item's own unit (kilogram or pound), more than zero.
    Weight {
        /// Thousandths of the unit.
        thousandths: i64,
    },
    /// The price of the piece, more than zero.
    Price {
        /// Minor units of the store's currency.
        minor: i64,
    },
}

/// An in-store code, read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InStore {
    /// The digits of the item part, zeros in front kept.
    pub item: String,
    /// The weight or price of this piece.
    pub measure: Measure,
}

impl InStore {
    /// The item part as the short code that a cashier would key: `00123` is 123. `None` when it
    /// has more than six digits.
    #[must_use]
    pub fn short_code(&self) -> Option<u32> {
        (self.item.len() <= 6).then(|| self.item.parse().ok()).flatten()
    }
}

/// The most decimals of a weight, and those of a layout without a point: quantities are
/// thousandths.
const WEIGHT_DECIMALS: u32 = 3;

/// How the 13 digits of an in-store code are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    prefix: Range<usize>,
    item: Range<usize>,
    measure: Range<usize>,
    verifier: Option<Range<usize>>,
    is_price: bool,
    weight_decimals: u32,
}

impl Pattern {
    /// Reads a layout such as `21IIIIIWWWWWC` or `20IIIIIVPPPPC`.
    ///
    /// Digits in front stand for themselves and must lie in the range kept free for shops (02,
    /// 20 to 29). I is the item, W a weight with three decimals, P a price in minor units, V the
    /// verifier digit of a weight or price of four or five digits, C the check digit. A point
    /// gives the weight other decimals: `21IIIIIWWW.WWC` has two.
    ///
    /// # Errors
    /// [`CodeError::Pattern`] says what is wrong with the layout.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let refused = |reason| CodeError::Pattern { pattern: quote(text), reason };
        let Some((before, behind)) = text.split_once('.') else {
            return Self::layout(text).map_err(refused);
        };
        let decimals = behind.bytes().take_while(|byte| *byte == b'W').count();
        let weight_decimals = u32::try_from(decimals).unwrap_or(u32::MAX);
        if !before.ends_with('W') || weight_decimals > WEIGHT_DECIMALS {
            return Err(refused(
                "may have a point only in its weight, with at most three W behind",
            ));
        }
        let pattern = Self::layout(&format!("{before}{behind}")).map_err(refused)?;
        Ok(Self { text: text.to_owned(), weight_decimals, ..pattern })
    }

    fn layout(text: &str) -> Result<Self, &'static str> {
        if text.len() != 13 || !text.is_ascii() {
            return Err("must have 13 characters");
        }
        let group = |wanted: fn(u8) -> bool| contiguous(text.as_bytes(), wanted);
        let prefix = group(|byte| byte.is_ascii_digit())?.ok_or("must begin with digits")?;
        let digits = text.get(prefix.clone()).unwrap_or_default();
        if prefix.start != 0 || !(digits.starts_with('2') || digits.starts_with("02")) {
            return Err("must begin with 02 or with 20 to 29, the numbers kept free for shops");
        }
        let item = group(|byte| byte == b'I')?.ok_or("needs an item part (I)")?;
        let weight = group(|byte| byte == b'W')?;
        let price = group(|byte| byte == b'P')?;
        let is_price = price.is_some();
        let measure = match (weight, price) {
            (Some(measure), None) | (None, Some(measure)) => measure,
            _ => return Err("needs either a weight (W) or a price (P)"),
        };
        let verifier = group(|byte| byte == b'V')?;
        if verifier.as_ref().is_some_and(|v| v.len() != 1 || !matches!(measure.len(), 4 | 5)) {
            return Err("may have one verifier digit (V), over a weight or price of 4 or 5 digits");
        }
        if group(|byte| byte == b'C')? != Some(12..13) {
            return Err("must end with the one check digit (C)");
        }
        let known = [&prefix, &item, &measure].iter().map(|range| range.len()).sum::<usize>();
        if known + usize::from(verifier.is_some()) + 1 != text.len() {
            return Err("may hold only digits in front, I, W, P, V and C");
        }
        let text = text.to_owned();
        Ok(Self {
            text,
            prefix,
            item,
            measure,
            verifier,
            is_price,
            weight_decimals: WEIGHT_DECIMALS,
        })
    }

    /// Reads 13 digits by this layout; `None` when they do not begin with its digits.
    ///
    /// # Errors
    /// When the check digit or the verifier digit is wrong, or the weight or price is zero.
    #[must_use]
    pub fn match_code(&self, digits: &str) -> Option<Result<InStore, CodeError>> {
        let prefix = self.text.get(self.prefix.clone())?;
        let matches = digits.len() == 13 && is_digits(digits) && digits.starts_with(prefix);
        matches.then(|| self.read(digits))
    }

    fn read(&self, digits: &str) -> Result<InStore, CodeError> {
        verify_check_digit(digits)?;
        let part = |range: &Range<usize>| digits.get(range.clone()).unwrap_or_default();
        let measure = part(&self.measure);
        if let Some(verifier) = &self.verifier {
            let expected = verifier_digit(measure)?;
            let given = part(verifier).parse().unwrap_or_default();
            if given != expected {
                return Err(CodeError::Verifier { text: quote(digits), expected, given });
            }
        }
        let value = i64::try_from(number(measure)?).unwrap_or_default();
        if value == 0 {
            return Err(CodeError::NothingMeasured(quote(digits)));
        }
        let measure = if self.is_price {
            Measure::Price { minor: value }
        } else {
            // At most ten digits and three places: far inside an i64.
            Measure::Weight {
                thousandths: value * 10_i64.pow(WEIGHT_DECIMALS - self.weight_decimals),
            }
        };
        Ok(InStore { item: part(&self.item).to_owned(), measure })
    }
}

/// The layout as it was written, which [`Pattern::parse`] reads back.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the wanted bytes stand; `None` for none.
fn contiguous(text: &[u8], wanted: fn(u8) -> bool) -> Result<Option<Range<usize>>, &'static str> {
    let places = || text.iter().enumerate().filter(|(_, byte)| wanted(**byte)).map(|(at, _)| at);
    let (Some(first), Some(last)) = (places().next(), places().next_back()) else {
        return Ok(None);
    };
    if last - first + 1 != places().count() {
        return Err("must keep the characters of one kind together");
    }
    Ok(Some(first..last + 1))
}

/// The verifier digit of a weight or price of four or five digits (GS1 General Specifications,
/// section 7.9), to make labels and tests.
///
/// # Errors
/// When `digits` is not four or five digits.
pub fn verifier_digit(digits: &str) -> Result<u8, CodeError> {
    number(digits)?;
    let at = |byte: &u8| byte.wrapping_sub(b'0');
    match digits.as_bytes() {
        [a, b, c, d] => {
            let sum = two_minus(at(a)) + two_minus(at(b)) + 3 * at(c) + five_minus(at(d));
            Ok(sum * 3 % 10)
        }
        [a, b, c, d, e] => {
            let sum = five_plus(at(a))
                + two_minus(at(b))
                + five_minus(at(c))
                + five_plus(at(d))
                + two_minus(at(e));
            // The verifier is the digit that, weighted 5-, fills the sum up to a multiple of ten.
            Ok((0..10)
                .find(|&digit| (sum + five_minus(digit)).is_multiple_of(10))
                .unwrap_or_default())
        }
        _ => Err(CodeError::WrongLength {
            text: quote(digits),
            given: digits.len(),
            kind: "a verified weight or price",
            expected: "4 or 5",
        }),
    }
}

/// Weight 2-: the units of twice the digit less its tens.
const fn two_minus(digit: u8) -> u8 {
    (digit * 2 - digit * 2 / 10) % 10
}

/// Weight 5-: the units of five times the digit less its tens.
const fn five_minus(digit: u8) -> u8 {
    (digit * 5 - digit * 5 / 10) % 10
}

/// Weight 5+: the units of five times the digit and its tens.
const fn five_plus(digit: u8) -> u8 {
    (digit * 5 + digit * 5 / 10) % 10
}

#[cfg(test)]
#[path = "instore_tests.rs"]
mod tests;
