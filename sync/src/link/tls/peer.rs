//! What a verified certificate says of whoever holds it.

use super::key_hash;
use crate::link::TlsKey;
use rustls::pki_types::CertificateDer;

/// Who stands at the other end, by its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The hash of its key.
    pub key: TlsKey,
    /// The first DNS name in its certificate, in lower case: a till's thing.
    pub name: String,
}

impl Peer {
    /// Reads the first certificate of a chain that TLS has verified. `None` where there is none,
    /// or where it holds no DNS name.
    pub(in crate::link) fn of(certificate: Option<&CertificateDer<'_>>) -> Option<Self> {
        let parsed = webpki::EndEntityCert::try_from(certificate?).ok()?;
        let name = parsed.valid_dns_names().next()?.to_ascii_lowercase();
        Some(Self { key: key_hash(parsed.subject_public_key_info().as_ref()), name })
    }
}
