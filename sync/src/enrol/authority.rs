//! A chain's own authority: its root key, which papers lead to, and its X.509 authority.
//!
//! The root signs for stores, hubs and revocations; a till is signed for at a [`Desk`]. Where the
//! secrets are kept is the caller's affair: `till authority` keeps them in a folder.

use super::{AuthorityError, Ca, ConnectionKey, Desk, Term};
use crate::log::{SealKey, SealingKey, Seed};
use crate::trust::{PaperError, Revocation, Statement, issue};
use ring::rand::SecureRandom;
use std::fmt;
use zeroize::Zeroizing;

/// A chain's authority.
pub struct Authority {
    root: SealingKey,
    ca: Ca,
}

/// What a new authority must keep, where nobody else can read it.
pub struct Secrets {
    /// The seed of the root key.
    pub root: Seed,
    /// The private key of the X.509 authority, PEM.
    pub ca_key: Zeroizing<String>,
}

impl Authority {
    /// A new one, and what to keep of it besides [`Ca::pem`].
    ///
    /// # Errors
    /// When the chain's name or the term can't be, or `rng` fails.
    pub fn create(
        chain: &str,
        term: Term,
        rng: &dyn SecureRandom,
    ) -> Result<(Self, Secrets), AuthorityError> {
        let key = ConnectionKey::generate(rng)?;
        let ca_key = key.pem();
        let ca = Ca::create(chain, key, term, rng)?;
        let (root, seed) = SealingKey::generate(rng)?;
        Ok((Self { root, ca }, Secrets { root: seed, ca_key }))
    }

    /// The one that was kept.
    ///
    /// # Errors
    /// When its parts are of no use or not each other's.
    pub fn load(root: &Seed, ca_key: &str, ca_pem: &str) -> Result<Self, AuthorityError> {
        let root = SealingKey::from_seed(root)?;
        Ok(Self { root, ca: Ca::load(ConnectionKey::from_pem(ca_key)?, ca_pem)? })
    }

    /// The public key that all papers of the chain lead to.
    #[must_use]
    pub const fn root(&self) -> SealKey {
        self.root.public()
    }

    /// The X.509 authority.
    #[must_use]
    pub const fn ca(&self) -> &Ca {
        &self.ca
    }

    /// Says that a key is a store's.
    ///
    /// # Errors
    /// When the store's code can't be one.
    pub fn store_paper(
        &self,
        store: &str,
        key: SealKey,
        serial: u64,
    ) -> Result<Vec<u8>, PaperError> {
        issue(&Statement::Store { store: store.to_owned(), key, serial }, &self.root)
    }

    /// Says that a key is a hub's.
    ///
    /// # Errors
    /// When the paper can't be issued.
    pub fn hub_paper(&self, key: SealKey, serial: u64) -> Result<Vec<u8>, PaperError> {
        issue(&Statement::Hub { key, serial }, &self.root)
    }

    /// Says that a key counts no longer.
    ///
    /// # Errors
    /// When it is too long.
    pub fn revocation(&self, revoked: Revocation) -> Result<Vec<u8>, PaperError> {
        issue(&Statement::Revoked(revoked), &self.root)
    }

    /// Where tills are signed for with a store's or hub's key; `papers` lead from the root to it.
    #[must_use]
    pub const fn desk<'a>(&'a self, signer: &'a SealingKey, papers: &'a [Vec<u8>]) -> Desk<'a> {
        Desk { root: self.root(), ca: &self.ca, signer, papers }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority(of {}, root {})", self.ca.chain(), self.root())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrol::testing::{FROM, TERM, UNTIL};
    use ring::rand::SystemRandom;

    #[test]
    fn an_authority_comes_back_from_what_was_kept() {
        let rng = SystemRandom::new();
        let (made, kept) = Authority::create("Hansa Kaffee", TERM, &rng).unwrap();
        let loaded = Authority::load(&kept.root, &kept.ca_key, made.ca().pem()).unwrap();
        assert_eq!(loaded.root(), made.root());
        assert_eq!(loaded.ca().chain(), "Hansa Kaffee");
        assert_eq!(
            format!("{loaded:?}"),
            format!("Authority(of Hansa Kaffee, root {})", made.root())
        );
        let (other, _) = Authority::create("Hansa Kaffee", TERM, &rng).unwrap();
        let mixed = Authority::load(&kept.root, &kept.ca_key, other.ca().pem());
        assert_eq!(mixed.unwrap_err(), AuthorityError::KeyMismatch);
    }

    #[test]
    fn names_and_terms_that_can_not_be_are_refused() {
        let rng = SystemRandom::new();
        for chain in ["", " a", &"x".repeat(65)] {
            let refused = Authority::create(chain, TERM, &rng).unwrap_err();
            assert!(matches!(refused, AuthorityError::Chain(_)), "{chain:?}");
        }
        let before_1970 = "1969-12-31T00:00:00Z".parse().unwrap();
        for (from, until) in [(UNTIL, FROM), (FROM, FROM), (before_1970, UNTIL)] {
            let refused = Authority::create("a", Term { from, until }, &rng).unwrap_err();
            assert_eq!(refused, AuthorityError::Term { from, until });
        }
    }
}
