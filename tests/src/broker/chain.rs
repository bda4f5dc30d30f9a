//! The certificates of a chain, and links' TLS from them.

use super::certificates::{Authority, Issued, Subject};
use jiff::Timestamp;
use sync::link::mqtt::Broker;
use sync::link::tls::{Tls, TlsBytes, TlsError};

/// The name that hubs connect with, and that the broker's rules know.
pub const HUB: &str = "hub-1";

/// A chain with its own authority.
pub struct Chain {
    /// Its name, which stands in topics.
    pub name: String,
    authority: Authority,
}

impl Chain {
    /// A chain; two of one name trust each other no more than strangers do.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), authority: Authority::new(name) }
    }

    /// A till's certificate.
    #[must_use]
    pub fn till(&self, store: &str, thing: &str) -> Issued {
        self.authority.issue(&Subject { thing, store, chain: &self.name })
    }

    /// A till's certificate that has expired.
    #[must_use]
    pub fn expired_till(&self, store: &str, thing: &str) -> Issued {
        self.authority.issue_expired(&Subject { thing, store, chain: &self.name })
    }

    /// The hub's certificate.
    #[must_use]
    pub fn hub(&self) -> Issued {
        self.till("head-office", HUB)
    }

    /// The broker's certificate, for 127.0.0.1.
    #[must_use]
    pub fn broker(&self) -> Issued {
        self.till("head-office", "broker")
    }

    /// The authority's own certificate, PEM.
    #[must_use]
    pub fn roots(&self) -> &str {
        &self.authority.pem
    }

    /// TLS with a certificate, ours or a stranger's, that trusts this chain.
    ///
    /// # Errors
    /// When the certificate can't be used.
    pub fn tls(&self, issued: &Issued) -> Result<Tls, TlsError> {
        let pem = TlsBytes {
            chain: issued.chain.as_bytes(),
            key: issued.key.as_bytes(),
            roots: self.roots().as_bytes(),
        };
        Tls::from_pem(pem, Timestamp::UNIX_EPOCH)
    }

    /// How links reach a broker of the chain at a port of this machine.
    #[must_use]
    pub fn at(&self, port: u16) -> Broker {
        Broker {
            host: "127.0.0.1".to_owned(),
            port,
            aws_alpn: false,
            keep_alive_s: 30,
            chain: self.name.clone(),
            ingest_rule: None,
            paced: true,
        }
    }
}
