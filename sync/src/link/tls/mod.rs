//! TLS for links: who we are, whom we trust, and what both sides of a connection are configured
//! with.
//!
//! ring is the provider and is given by hand to every configuration, so that another one in the
//! process changes nothing. Which key belongs to which till is not decided here: links hand a
//! peer's [`TlsKey`] to their caller. Used by the direct and the MQTT link.

mod clock;
mod error;
mod explain;
mod peer;
mod pem;
#[cfg(test)]
mod tests;

pub use error::TlsError;
pub(super) use explain::{cause, closed, explain};
pub use peer::Peer;

pub(crate) use rustls::pki_types;

use super::TlsKey;
use clock::FlooredClock;
use jiff::Timestamp;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, RootCertStore, ServerConfig, version};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The files that a till's or hub's TLS is made from, all PEM.
#[derive(Debug, Clone, Copy)]
pub struct TlsFiles<'a> {
    /// Our certificate, then those between it and the root.
    pub chain: &'a Path,
    /// Our private key.
    pub key: &'a Path,
    /// The certificates that a peer's must lead to.
    pub roots: &'a Path,
}

/// The same as bytes.
#[derive(Clone, Copy)]
pub struct TlsBytes<'a> {
    /// Our certificate, then those between it and the root.
    pub chain: &'a [u8],
    /// Our private key; the caller wipes its copy.
    pub key: &'a [u8],
    /// The certificates that a peer's must lead to.
    pub roots: &'a [u8],
}

/// What a link needs for TLS. Cheap to clone; the private key is never printed.
#[derive(Clone)]
pub struct Tls {
    identity: Arc<CertifiedKey>,
    own: Peer,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    clock: Arc<FlooredClock>,
}

impl Tls {
    /// Reads the files. `floor` is an instant that has surely passed: a clock that stands before
    /// it, as one without a battery does, is taken to stand at it.
    ///
    /// An expired certificate is no error here, for a till starts all the same; [`Tls::check`]
    /// says so.
    ///
    /// # Errors
    /// When a file is missing or does not hold what it should, or key and certificate differ.
    pub fn load(files: TlsFiles<'_>, floor: Timestamp) -> Result<Self, TlsError> {
        let chain = pem::read(files.chain)?;
        let key = pem::read(files.key)?;
        let roots = pem::read(files.roots)?;
        Self::build(
            &pem::Named { bytes: &chain, name: &files.chain.display().to_string() },
            &pem::Named { bytes: &key, name: &files.key.display().to_string() },
            &pem::Named { bytes: &roots, name: &files.roots.display().to_string() },
            floor,
        )
    }

    /// The same from bytes.
    ///
    /// # Errors
    /// As [`Tls::load`], without the files.
    pub fn from_pem(pem: TlsBytes<'_>, floor: Timestamp) -> Result<Self, TlsError> {
        Self::build(
            &pem::Named { bytes: pem.chain, name: "the certificate" },
            &pem::Named { bytes: pem.key, name: "the private key" },
            &pem::Named { bytes: pem.roots, name: "the root certificates" },
            floor,
        )
    }

    fn build(
        chain: &pem::Named<'_>,
        key: &pem::Named<'_>,
        roots: &pem::Named<'_>,
        floor: Timestamp,
    ) -> Result<Self, TlsError> {
        let identity = CertifiedKey::new(pem::certificates(chain)?, pem::signing_key(key)?);
        identity.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::KeyMismatch { chain: chain.name.to_owned(), key: key.name.to_owned() }
            }
            other => TlsError::Certificate { name: chain.name.to_owned(), why: explain(&other) },
        })?;
        let own = Peer::of(identity.end_entity_cert().ok())
            .ok_or_else(|| TlsError::NoName { name: chain.name.to_owned() })?;
        Ok(Self {
            identity: Arc::new(identity),
            own,
            roots: Arc::new(pem::roots(roots)?),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            clock: Arc::new(FlooredClock::new(floor)),
        })
    }

    /// The hash of our own key, and the name in our certificate.
    #[must_use]
    pub const fn own(&self) -> &Peer {
        &self.own
    }

    /// Whether our own certificate would be taken now by a peer with the same roots.
    ///
    /// # Errors
    /// [`TlsError::Expired`], [`TlsError::NotYet`], or [`TlsError::WrongCa`], which is in order
    /// towards a broker whose roots are not those that issue our certificates.
    pub fn check(&self) -> Result<(), TlsError> {
        let now = self.clock.current_time().ok_or(TlsError::NoTime)?;
        let (own, between) = self.identity.cert.split_first().ok_or(TlsError::NoTime)?;
        let name = || self.own.name.clone();
        match self.client_verifier()?.verify_client_cert(own, between, now) {
            Ok(_) => Ok(()),
            Err(rustls::Error::InvalidCertificate(why)) => Err(match why {
                CertificateError::ExpiredContext { not_after, .. } => {
                    TlsError::Expired { name: name(), until: clock::timestamp(not_after) }
                }
                CertificateError::NotValidYetContext { not_before, .. } => {
                    TlsError::NotYet { name: name(), from: clock::timestamp(not_before) }
                }
                CertificateError::UnknownIssuer => TlsError::WrongCa { name: name() },
                other => TlsError::Certificate { name: name(), why: other.to_string() },
            }),
            Err(other) => Err(TlsError::Certificate { name: name(), why: explain(&other) }),
        }
    }

    /// What a side that dials a till is configured with.
    pub(super) fn till_client(&self, alpn: &[u8]) -> Result<Arc<ClientConfig>, TlsError> {
        self.client(&[&version::TLS13], Some(alpn))
    }

    /// What a side that dials a broker is configured with; brokers in the field know TLS 1.2.
    pub(super) fn broker_client(&self, alpn: Option<&[u8]>) -> Result<Arc<ClientConfig>, TlsError> {
        self.client(&[&version::TLS13, &version::TLS12], alpn)
    }

    fn client(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        alpn: Option<&[u8]>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let mut config =
            ClientConfig::builder_with_details(self.provider.clone(), self.clock.clone())
                .with_protocol_versions(versions)
                .map_err(TlsError::Library)?
                .with_webpki_verifier(self.server_verifier()?)
                .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(self.identity.clone())));
        // A resumed connection skips the check of the certificate, and with it of its expiry.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = alpn.into_iter().map(<[u8]>::to_vec).collect();
        Ok(Arc::new(config))
    }

    /// What a side that tills dial is configured with: no certificate, no connection.
    pub(super) fn till_server(&self, alpn: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config =
            ServerConfig::builder_with_details(self.provider.clone(), self.clock.clone())
                .with_protocol_versions(&[&version::TLS13])
                .map_err(TlsError::Library)?
                .with_client_cert_verifier(self.client_verifier()?)
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.identity.clone())));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![alpn.to_vec()];
        Ok(Arc::new(config))
    }

    fn client_verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        WebPkiClientVerifier::builder_with_provider(self.roots.clone(), self.provider.clone())
            .build()
            .map_err(TlsError::Roots)
    }

    fn server_verifier(&self) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
        WebPkiServerVerifier::builder_with_provider(self.roots.clone(), self.provider.clone())
            .build()
            .map_err(TlsError::Roots)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls(of {})", self.own.name)
    }
}

/// The signatures of certificates that are believed, here and by whoever judges one without a
/// connection.
pub(crate) fn algorithms() -> &'static [&'static dyn pki_types::SignatureVerificationAlgorithm] {
    rustls::crypto::ring::default_provider().signature_verification_algorithms.all
}

/// The hash that stands for a public key.
pub(crate) fn key_hash(subject_public_key_info: &[u8]) -> TlsKey {
    let digest = ring::digest::digest(&ring::digest::SHA256, subject_public_key_info);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    TlsKey(hash)
}
