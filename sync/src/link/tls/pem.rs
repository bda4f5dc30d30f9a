//! PEM to certificates, keys and roots. Bytes of private keys are wiped as soon as they are read.

use super::TlsError;
use rustls::RootCertStore;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// The longest file that is read: a bundle of every public root has some 230 KB.
const MAX_FILE_BYTES: usize = 1 << 20;

/// The most certificates in a chain: ours, and some between it and the root.
const MAX_CHAIN: usize = 8;

/// The most roots: a bundle of every public one has some 150.
const MAX_ROOTS: usize = 512;

/// Bytes with a name for errors.
pub(super) struct Named<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) name: &'a str,
}

impl Named<'_> {
    fn not_pem(&self, why: &rustls::pki_types::pem::Error) -> TlsError {
        TlsError::NotPem { name: self.name.to_owned(), why: why.to_string() }
    }
}

/// A file's bytes; wiped, for they may be a key's.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let refused = |error| TlsError::File { path: path.display().to_string(), error };
    let file = File::open(path).map_err(refused)?;
    // Allocated once: a buffer that grows would leave parts of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1));
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(TlsError::TooLong { name: path.display().to_string(), max: MAX_FILE_BYTES });
    }
    Ok(bytes)
}

/// The certificates in the order they stand.
pub(super) fn certificates(pem: &Named<'_>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    several(pem, MAX_CHAIN)
}

fn several(pem: &Named<'_>, most: usize) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.bytes).take(most) {
        found.push(certificate.map_err(|why| pem.not_pem(&why))?);
    }
    if found.is_empty() {
        return Err(TlsError::NoCertificate { name: pem.name.to_owned() });
    }
    Ok(found)
}

/// The one private key.
pub(super) fn signing_key(pem: &Named<'_>) -> Result<Arc<dyn SigningKey>, TlsError> {
    let mut der = PrivateKeyDer::from_pem_slice(pem.bytes).map_err(|why| match why {
        rustls::pki_types::pem::Error::NoItemsFound => {
            TlsError::NoKey { name: pem.name.to_owned() }
        }
        why => pem.not_pem(&why),
    })?;
    let key = any_supported_type(&der)
        .map_err(|why| TlsError::Key { name: pem.name.to_owned(), why: why.to_string() });
    der.zeroize();
    key
}

/// The roots.
pub(super) fn roots(pem: &Named<'_>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in several(pem, MAX_ROOTS)? {
        roots.add(certificate).map_err(|why| TlsError::Certificate {
            name: pem.name.to_owned(),
            why: why.to_string(),
        })?;
    }
    Ok(roots)
}
