//! Why TLS can't be had from what was given, in words that say what to do.

use jiff::Timestamp;
use rustls::server::VerifierBuilderError;

/// Why a certificate, key or root is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{path} can't be read ({error}): put the PEM file there, readable by Till")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A file is far too long.
    #[error("{name} has more than {max} bytes: it is not a PEM file of certificates or a key")]
    TooLong {
        /// Which.
        name: String,
        /// What is read at most.
        max: usize,
    },
    /// Something is not PEM.
    #[error("{name} is not PEM ({why}): give the text with the BEGIN and END lines")]
    NotPem {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// No certificate stands in it.
    #[error("{name} holds no certificate: it needs at least one BEGIN CERTIFICATE")]
    NoCertificate {
        /// Which.
        name: String,
    },
    /// No private key stands in it.
    #[error("{name} holds no private key: it needs a BEGIN PRIVATE KEY, not encrypted")]
    NoKey {
        /// Which.
        name: String,
    },
    /// The key is of a kind that can't be used.
    #[error("the key in {name} can't be used ({why}): make a P-256 or RSA key")]
    Key {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// Key and certificate are of two identities.
    #[error("{key} is not the key of {chain}: give the pair that was made together")]
    KeyMismatch {
        /// The certificate's file.
        chain: String,
        /// The key's file.
        key: String,
    },
    /// The certificate has no DNS name.
    #[error("{name} has no DNS name in it: issue it with the thing's name as subjectAltName")]
    NoName {
        /// Which.
        name: String,
    },
    /// The certificate is of no use for another reason.
    #[error("{name} can't be used: {why}")]
    Certificate {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// A certificate has expired.
    #[error("the certificate of {name} was valid until {until}: renew it, or set the clock")]
    Expired {
        /// Whose.
        name: String,
        /// When it ended.
        until: Timestamp,
    },
    /// A certificate is not yet valid.
    #[error("the certificate of {name} is valid from {from} only: set the clock")]
    NotYet {
        /// Whose.
        name: String,
        /// When it begins.
        from: Timestamp,
    },
    /// A certificate does not lead to the roots.
    #[error("the certificate of {name} was not issued by the chain's own authority")]
    WrongCa {
        /// Whose.
        name: String,
    },
    /// The roots can't be used.
    #[error("the root certificates can't be used ({0}): give the chain's own")]
    Roots(VerifierBuilderError),
    /// No time is known.
    #[error("the system says no time: set the clock")]
    NoTime,
    /// The TLS library refused a configuration.
    #[error("TLS can't be set up ({0})")]
    Library(rustls::Error),
}
