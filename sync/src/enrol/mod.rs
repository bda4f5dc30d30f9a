//! Becoming one of the chain: what a till asks for, who may grant it, what it gets back.
//!
//! A till makes two keys that never leave it, one for its log and one for its connections, and
//! sends a [`Request`] that both have signed. Whoever signs for tills, a store's key or a hub's,
//! answers with a [`Bundle`]: papers, a certificate, the chain's authority. [`Bundle::check`]
//! holds it against the till's own keys before any of it is believed.
//!
//! | file | holds |
//! | --- | --- |
//! | `authority` | the chain's root key: papers for stores and hubs, revocations |
//! | `ca` | the chain's X.509 authority: a certificate for a request |
//! | `desk` | whoever signs for tills: a request in, a bundle out |
//! | `request`, `bundle` | what goes to and fro, as bytes |
//! | `certificate` | what a certificate says, and whether it leads to an authority |
//! | `key` | the P-256 key of connections |
//! | `signed` | bytes signed by a key of the log's kind |
//!
//! Without files and clocks: `till enrol`, `till authority` and the hub bring both.

mod authority;
mod bundle;
mod ca;
mod certificate;
mod desk;
mod error;
mod key;
mod request;
mod signed;
#[cfg(test)]
mod testing;

pub use authority::{Authority, Secrets};
pub use bundle::{Bundle, MAX_BUNDLE_BYTES, MAX_BUNDLE_PAPERS, Own};
pub use ca::Ca;
pub use certificate::Certificate;
pub use desk::{Desk, Granted};
pub use error::{AuthorityError, BundleError, CertificateError, KeyError, RequestError};
pub use key::ConnectionKey;
pub use request::{MAX_REQUEST_BYTES, Request};

use jiff::Timestamp;

/// The longest name of a chain in bytes: X.520's bound for a common name.
pub const MAX_CHAIN_BYTES: usize = 64;

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its first instant; some time back, so that a clock that is slow takes it too.
    pub from: Timestamp,
    /// Its last instant.
    pub until: Timestamp,
}

/// Whether a text can be a thing's name: one label of a DNS name in lower case, since it stands in
/// certificates, which compare names without case.
#[must_use]
pub fn is_thing(text: &str) -> bool {
    // RFC 1035: a label has at most 63 bytes and neither begins nor ends with a hyphen.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text can be a chain's name.
#[must_use]
pub fn is_chain(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= MAX_CHAIN_BYTES
        && text.trim() == text
        && !text.contains(char::is_control)
}

/// The name of a till that was given none.
#[must_use]
pub fn default_thing(store: &str, number: u16) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let store: String = store.chars().map(plain).collect();
    format!("{}-till-{number}", store.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_labels_of_dns_names() {
        for good in ["a", "hh01-till-3", "3", &"x".repeat(63)] {
            assert!(is_thing(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a b", &"x".repeat(64)] {
            assert!(!is_thing(bad), "{bad}");
        }
        assert_eq!(default_thing("HH01", 3), "hh01-till-3");
        assert_eq!(default_thing("_H.1", 12), "h-1-till-12");
        assert!(is_thing(&default_thing("HH01", 999)));
    }

    #[test]
    fn chains_have_plain_names() {
        for good in ["Hansa Kaffee", "Käse & Söhne", &"x".repeat(64)] {
            assert!(is_chain(good), "{good}");
        }
        for bad in ["", "  ", " a", "a\nb", "a\0", &"x".repeat(65)] {
            assert!(!is_chain(bad), "{bad:?}");
        }
    }
}
