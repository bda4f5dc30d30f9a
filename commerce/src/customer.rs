//! A customer's name in carts and sales: random, so that it says nothing about the person.
//!
//! What is known of them is kept elsewhere, can be erased, and never stands in the journal.

use std::fmt;
use std::str::FromStr;

/// How many hexadecimal digits an id has.
const DIGITS: usize = 32;

/// A customer: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(pub [u8; 16]);

/// A text that is no customer's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a customer's id (32 hexadecimal digits)")]
pub struct NotACustomer(String);

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CustomerId {
    type Err = NotACustomer;
    fn from_str(text: &str) -> Result<Self, NotACustomer> {
        let digits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        let number = number.ok_or_else(|| NotACustomer(text.chars().take(2 * DIGITS).collect()))?;
        Ok(Self(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_as_hexadecimal_digits() {
        let id = CustomerId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
    }

    #[test]
    fn refuses_other_texts() {
        let hex = "000102030405060708090a0b0c0d0eff";
        for text in ["", "00", &format!("{hex}0"), &format!("+{}", &hex[1..]), "ééééééééééééééééé"]
        {
            let error = text.parse::<CustomerId>().unwrap_err().to_string();
            assert!(error.contains("32 hexadecimal digits"), "{text}: {error}");
        }
    }
}
