//! The one-time code with which the first administrator sets a PIN.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Letters and digits that nobody mistakes for each other: 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Characters of a code: 50 bits.
const LENGTH: usize = 10;

/// Wrong codes after which the code is void until the next start.
const ATTEMPTS: u32 = 10;

/// A code that is good for one set-up of this start.
#[derive(Debug)]
pub struct Setup {
    hash: Option<[u8; 32]>,
    wrong: u32,
}

impl Setup {
    /// Makes a code; `None` when the system's random source fails.
    #[must_use]
    pub fn new() -> Option<(Self, String)> {
        let mut random = [0; LENGTH];
        SystemRandom::new().fill(&mut random).ok()?;
        let letter =
            |byte: &u8| ALPHABET.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
        let code: String = random.iter().filter_map(letter).collect();
        Some((Self { hash: Some(sha256(code.as_bytes())), wrong: 0 }, code))
    }

    /// A code that nothing matches: PINs are set already.
    #[must_use]
    pub const fn used() -> Self {
        Self { hash: None, wrong: 0 }
    }

    /// Whether `code` is the one; case and blanks around it do not count.
    pub fn matches(&mut self, code: &str) -> bool {
        let same = self.hash == Some(sha256(code.trim().to_ascii_uppercase().as_bytes()));
        if !same {
            self.wrong += 1;
            if self.wrong >= ATTEMPTS {
                self.hash = None;
            }
        }
        same
    }

    /// Ends it: a PIN was set.
    pub const fn spend(&mut self) {
        self.hash = None;
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_and_not_for_guessing() {
        let (mut setup, code) = Setup::new().unwrap();
        assert_eq!(code.len(), LENGTH);
        assert!(!setup.matches("AAAAAAAAAA"));
        assert!(setup.matches(&format!(" {} ", code.to_lowercase())));
        setup.spend();
        assert!(!setup.matches(&code));

        let (mut setup, code) = Setup::new().unwrap();
        for _ in 0..ATTEMPTS {
            assert!(!setup.matches("wrong"));
        }
        assert!(!setup.matches(&code), "void after so many wrong ones");
        assert!(!Setup::used().matches(""));
    }
}
