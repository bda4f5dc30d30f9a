//! What a till gets back: papers, a certificate, the chain's authority; all signed by whoever
//! signed for the till.
//!
//! `[content, signature]` in CBOR; the content is `[version, chain, root key, papers, certificate,
//! authority, signer]`, an array by position, certificates in PEM. It holds no secret. A till that
//! is in no chain yet believes the root key in it, for whoever runs the till put the file in; one
//! that is holds the root against its own.

use super::signed::{self, Tag};
use super::{AuthorityError, BundleError, Certificate, is_chain};
use crate::link::TlsKey;
use crate::log::{SealKey, SealingKey};
use crate::trust::{Admitted, Statement, TillPaper, Trust, read};
use crate::wire::MAX_PAPER_BYTES;
use jiff::Timestamp;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// The most papers in a bundle: its signer's, and those of a large shop's tills.
pub const MAX_BUNDLE_PAPERS: usize = 256;

/// The longest certificate with those between it and the authority, PEM, in bytes.
const MAX_PEM_BYTES: usize = 16 * 1024;

/// The longest bundle in bytes: all papers at their longest, two PEM texts, and names.
pub const MAX_BUNDLE_BYTES: usize =
    MAX_BUNDLE_PAPERS * (MAX_PAPER_BYTES + 3) + 2 * MAX_PEM_BYTES + 1_024;

/// The version that this one writes.
const VERSION: u64 = 1;

const TAG: Tag = *b"till/enrol/give\x01";

/// What a till gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The chain's name.
    pub chain: String,
    /// The public key that all papers lead to.
    pub root: SealKey,
    /// Papers, issuers before those they sign for.
    pub papers: Vec<Vec<u8>>,
    /// The till's certificate, then those between it and the authority; PEM.
    pub certificate_pem: String,
    /// The chain's X.509 authority; PEM.
    pub ca_pem: String,
    signer: SealKey,
    bytes: Vec<u8>,
}

/// What a till knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own<'a> {
    /// Its store's code.
    pub store: &'a str,
    /// Its name among the chain's things.
    pub thing: &'a str,
    /// Its number in the store.
    pub number: u16,
    /// The public key of its log.
    pub key: SealKey,
    /// The hash of its key of connections.
    pub tls: TlsKey,
    /// The root of the chain it is in, where it is in one.
    pub root: Option<SealKey>,
}

/// What is signed.
pub(super) struct Content {
    pub chain: String,
    pub root: SealKey,
    pub papers: Vec<Vec<u8>>,
    pub certificate_pem: String,
    pub ca_pem: String,
}

impl Bundle {
    pub(super) fn sign(content: Content, signer: &SealingKey) -> Result<Self, AuthorityError> {
        let Content { chain, root, papers, certificate_pem, ca_pem } = content;
        if papers.len() > MAX_BUNDLE_PAPERS {
            return Err(AuthorityError::TooMany(papers.len()));
        }
        let wire = Wire {
            version: VERSION,
            chain: &chain,
            root: root.0,
            papers: papers.iter().cloned().map(ByteVec::from).collect(),
            certificate: &certificate_pem,
            ca: &ca_pem,
            signer: signer.public().0,
        };
        let content = minicbor::to_vec(&wire).expect("writing to a Vec cannot fail");
        let bytes = signed::sign(TAG, &content, signer);
        Ok(Self { chain, root, papers, certificate_pem, ca_pem, signer: signer.public(), bytes })
    }

    /// The bytes, as they were signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Reads a bundle and verifies that the signer it names has signed it. Whether that one may is
    /// [`Bundle::check`]'s.
    ///
    /// # Errors
    /// When it is none, or was changed.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        let sealed = signed::open(bytes, MAX_BUNDLE_BYTES).map_err(BundleError::Malformed)?;
        let malformed = |error: minicbor::decode::Error| BundleError::Malformed(error.to_string());
        let mut decoder = minicbor::Decoder::new(sealed.content);
        decoder.array().map_err(malformed)?;
        match decoder.u64().map_err(malformed)? {
            VERSION => {}
            other => return Err(BundleError::Version(other)),
        }
        let wire: Wire<'_> = minicbor::decode(sealed.content).map_err(malformed)?;
        let signer = SealKey(wire.signer);
        if !sealed.is_by(TAG, &signer) {
            return Err(BundleError::Signature);
        }
        let too = |what: &str| Err(BundleError::Malformed(format!("{what} too long")));
        if wire.papers.len() > MAX_BUNDLE_PAPERS {
            return too("its list of papers is");
        }
        if wire.certificate.len() > MAX_PEM_BYTES || wire.ca.len() > MAX_PEM_BYTES {
            return too("a certificate in it is");
        }
        if !is_chain(wire.chain) {
            return Err(BundleError::Malformed("its chain has no name".to_owned()));
        }
        Ok(Self {
            chain: wire.chain.to_owned(),
            root: SealKey(wire.root),
            papers: wire.papers.into_iter().map(Vec::from).collect(),
            certificate_pem: wire.certificate.to_owned(),
            ca_pem: wire.ca.to_owned(),
            signer,
            bytes: bytes.to_vec(),
        })
    }

    /// Holds everything in it against what the till is: before anything is written.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, own: &Own<'_>, now: Timestamp) -> Result<Certificate, BundleError> {
        if let Some(known) = own.root.filter(|known| *known != self.root) {
            let (known, found) = (known.to_string(), self.root.to_string());
            return Err(BundleError::OtherChain { known, found });
        }
        let trust = self.trust()?;
        let paper =
            trust.enrolled().find(|paper| paper.key == own.key).ok_or(BundleError::OtherTill)?;
        if trust.is_revoked(&own.key) {
            return Err(BundleError::Revoked);
        }
        let own_name = named(own.store, own.thing, own.number);
        let found = named(&paper.store, &paper.thing, paper.number);
        if found != own_name {
            return Err(BundleError::OtherName { found, own: own_name });
        }
        if paper.tls != own.tls {
            return Err(BundleError::OtherKey);
        }
        if !self.is_signed_for_by(&self.signer, paper) {
            return Err(BundleError::OtherSigner);
        }
        self.check_certificate(own, now)
    }

    /// What the papers come to; every one of them must be new and by whoever may say so.
    fn trust(&self) -> Result<Trust, BundleError> {
        let mut trust = Trust::new(Some(self.root));
        for (number, paper) in (1..).zip(&self.papers) {
            let why = match trust.admit(paper) {
                Ok(Admitted::New | Admitted::Known) => continue,
                Ok(Admitted::NotTheirs { issuer }) => {
                    format!("is by {issuer}, who may not say such a thing in this chain")
                }
                Ok(Admitted::Unbound { replica, .. } | Admitted::Contested { replica, .. }) => {
                    format!("claims the replica {replica}, which is another's")
                }
                Ok(Admitted::Full) => "is one too many".to_owned(),
                Err(error) => format!("can't be used ({error})"),
            };
            return Err(BundleError::Paper { number, why });
        }
        Ok(trust)
    }

    fn is_signed_for_by(&self, signer: &SealKey, till: &TillPaper) -> bool {
        self.papers.iter().filter_map(|bytes| read(bytes).ok()).any(|paper| {
            paper.issuer == *signer
                && matches!(&paper.statement, Statement::Till(found) if found == till)
        })
    }

    fn check_certificate(&self, own: &Own<'_>, now: Timestamp) -> Result<Certificate, BundleError> {
        let certificate = Certificate::read(self.certificate_pem.as_bytes())?;
        let expected = Certificate {
            common_name: own.thing.to_owned(),
            names: vec![own.thing.to_owned()],
            store: Some(own.store.to_owned()),
            chain: Some(self.chain.clone()),
            ..certificate.clone()
        };
        if certificate != expected {
            let found = words(&certificate);
            return Err(BundleError::OtherCertificate { found, own: words(&expected) });
        }
        if certificate.key != own.tls {
            return Err(BundleError::OtherKey);
        }
        Certificate::verify(self.certificate_pem.as_bytes(), self.ca_pem.as_bytes(), now)?;
        Ok(certificate)
    }
}

fn named(store: &str, thing: &str, number: u16) -> String {
    format!("`{thing}`, till {number} of store {store}")
}

fn words(certificate: &Certificate) -> String {
    let Certificate { names, store, chain, .. } = certificate;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    format!("{} of store {} of {}", names.join(", "), or_none(store), or_none(chain))
}

#[derive(Encode, Decode)]
struct Wire<'a> {
    #[n(0)]
    version: u64,
    #[b(1)]
    chain: &'a str,
    #[cbor(n(2), with = "minicbor::bytes")]
    root: [u8; 32],
    #[n(3)]
    papers: Vec<ByteVec>,
    #[b(4)]
    certificate: &'a str,
    #[b(5)]
    ca: &'a str,
    #[cbor(n(6), with = "minicbor::bytes")]
    signer: [u8; 32],
}

#[cfg(test)]
mod tests;
