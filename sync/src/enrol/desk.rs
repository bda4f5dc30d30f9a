//! Where tills are signed for: a request in, a bundle out.
//!
//! Whether the request is to be granted, whose thing and number it is, is decided before: by
//! `till authority` from its register, by a hub from its own.

use super::bundle::Content;
use super::{AuthorityError, Bundle, Ca, Request, Term};
use crate::log::{SealKey, SealingKey};
use crate::trust::{Statement, TillPaper, issue};
use ring::rand::SecureRandom;

/// Whoever signs for tills: a store's key, or a hub's.
pub struct Desk<'a> {
    /// The chain's root.
    pub root: SealKey,
    /// The chain's X.509 authority.
    pub ca: &'a Ca,
    /// The key that signs.
    pub signer: &'a SealingKey,
    /// What goes along, issuers first: the papers from the root to the signer's key, and those of
    /// the shop's other tills.
    pub papers: &'a [Vec<u8>],
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The till's paper, for a register.
    pub paper: Vec<u8>,
    /// What the till gets.
    pub bundle: Bundle,
}

impl Desk<'_> {
    /// Grants a request. `serial` is higher than that of any earlier paper of the same thing.
    ///
    /// # Errors
    /// When the request's keys or the term are of no use, or the papers are too many.
    pub fn grant(
        &self,
        request: &Request,
        term: Term,
        serial: u64,
        rng: &dyn SecureRandom,
    ) -> Result<Granted, AuthorityError> {
        let certificate_pem = self.ca.issue(request, term, rng)?;
        let till = TillPaper {
            store: request.store.clone(),
            thing: request.thing.clone(),
            number: request.number,
            key: request.key,
            tls: request.tls()?,
            serial,
        };
        let paper = issue(&Statement::Till(till), self.signer)?;
        let mut papers = self.papers.to_vec();
        papers.push(paper.clone());
        let content = Content {
            chain: self.ca.chain().to_owned(),
            root: self.root,
            papers,
            certificate_pem,
            ca_pem: self.ca.pem().to_owned(),
        };
        Ok(Granted { paper, bundle: Bundle::sign(content, self.signer)? })
    }
}
