//! What can be wrong with keys, requests, bundles and certificates, and what to do.

use crate::log::SealError;
use crate::trust::PaperError;
use jiff::Timestamp;

/// Why there is no key of connections.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The system gave no random bytes.
    #[error("the system's random generator failed: no key was made, try again")]
    NoRandomness,
    /// The text holds no such key.
    #[error("it is no private P-256 key in PEM ({0}): put the right file back")]
    Unusable(String),
}

/// Why bytes are not a till's request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not the bytes of a request.
    #[error(
        "this is no till's request ({0}): take the file that `till enrol request` wrote, unchanged"
    )]
    Malformed(String),
    /// A newer version's.
    #[error("the request has version {0}, which this version of Till does not know: update it")]
    Version(u64),
    /// Not signed by the log's key it names.
    #[error("the request is not signed by the till's own key: make it anew on the till")]
    Signature,
    /// A store's code that can't be one.
    #[error(
        "`{0}` can't be a store's code in a chain: 1 to 64 letters, digits, `-`, `_` or `.`; import the store with another code"
    )]
    Store(String),
    /// A thing's name that can't be one.
    #[error(
        "`{0}` can't be a till's name in a chain: 1 to 63 small letters, digits or `-`, no `-` at either end; set `thing` in [till]"
    )]
    Thing(String),
    /// A till's number that can't be one.
    #[error("a till's number is from 1 to 999, not {0}: set `number` in [till]")]
    Number(u16),
    /// The request for a certificate inside it is of no use.
    #[error(
        "the key for connections in the request can't be used ({0}): make the request anew on the till"
    )]
    Csr(String),
    /// The till's own key is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a certificate is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate.
    #[error("it is no certificate in PEM ({0})")]
    Malformed(String),
    /// It holds no DNS name.
    #[error("it holds no DNS name")]
    NoName,
    /// It has ended.
    #[error("it was valid until {0}: renew it, or set the clock")]
    Expired(Timestamp),
    /// It has not begun.
    #[error("it is valid from {0} only: set the clock")]
    NotYet(Timestamp),
    /// It leads elsewhere.
    #[error("it was not issued by this chain's authority")]
    WrongCa,
    /// It is of no use for another reason.
    #[error("it can't be used ({0})")]
    Unusable(String),
}

/// Why an authority can't do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// A chain's name that can't be one.
    #[error("`{0}` can't be a chain's name: 1 to 64 bytes, no spaces around it")]
    Chain(String),
    /// A certificate that would end before it begins, or before 1970.
    #[error("a certificate can't be valid from {from} until {until}: set the clock")]
    Term {
        /// From.
        from: Timestamp,
        /// Until.
        until: Timestamp,
    },
    /// The authority's key and certificate are two's.
    #[error("the authority's key is not that of its certificate: put the right files back")]
    KeyMismatch,
    /// Its certificate is of no use.
    #[error("the authority's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// Its key for certificates is of no use.
    #[error("the authority's key for certificates: {0}")]
    Key(#[from] KeyError),
    /// Its root key is of no use.
    #[error("the chain's root key: {0}")]
    Root(#[from] SealError),
    /// The request's own key is of no use.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What should be signed can't be.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The certificate could not be made.
    #[error("the certificate could not be made ({0})")]
    Issue(String),
    /// More papers than a bundle holds.
    #[error("{0} papers are more than a bundle holds: leave those of other stores out")]
    TooMany(usize),
}

/// Why a bundle is not believed. Nothing of it is taken up then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not the bytes of a bundle.
    #[error("this is no bundle of an authority ({0}): take the file that it wrote, unchanged")]
    Malformed(String),
    /// A newer version's.
    #[error("the bundle has version {0}, which this version of Till does not know: update it")]
    Version(u64),
    /// Changed, or signed by somebody else.
    #[error("the bundle is not signed by the key that it names: have it sent again")]
    Signature,
    /// Of another chain than the till is in.
    #[error(
        "the bundle is of another chain: this till is in the one whose root key is {known}, the bundle's is {found}"
    )]
    OtherChain {
        /// The root known here.
        known: String,
        /// The root in the bundle.
        found: String,
    },
    /// A paper in it is of no use.
    #[error("paper {number} of the bundle {why}: have the bundle made anew")]
    Paper {
        /// Which, from 1.
        number: usize,
        /// What is wrong.
        why: String,
    },
    /// No paper signs for this till's log.
    #[error(
        "the bundle is not for this till: it does not sign for the key of its journal. Take the one that answers this till's request"
    )]
    OtherTill,
    /// The till's key was revoked.
    #[error("this till's key was revoked: it can't be enrolled with it any more")]
    Revoked,
    /// The papers say something else of this till than it is.
    #[error(
        "the bundle enrols this till as {found}, and it is {own}: make a new request, and have that one granted"
    )]
    OtherName {
        /// As what.
        found: String,
        /// What the till is.
        own: String,
    },
    /// The papers name another key of connections.
    #[error(
        "the bundle is for another key of connections than tls.key: make a new request, and have that one granted"
    )]
    OtherKey,
    /// Whoever put it together did not sign for this till.
    #[error("the bundle is not put together by whoever signed for this till")]
    OtherSigner,
    /// The certificate is of no use.
    #[error("the certificate in the bundle: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate does not say what the papers say.
    #[error("the certificate in the bundle is for {found}, not for {own}")]
    OtherCertificate {
        /// Whom it is for.
        found: String,
        /// What the till is.
        own: String,
    },
}
