//! The key of a till's connections: P-256, for that is what AWS IoT Core and every TLS library
//! takes. It is made on the till and never leaves it.

use super::KeyError;
use crate::link::TlsKey;
use crate::link::tls::key_hash;
use crate::link::tls::pki_types::PrivatePkcs8KeyDer;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use std::fmt;
use zeroize::Zeroizing;

/// A key of connections. Never printed.
pub struct ConnectionKey(KeyPair);

impl ConnectionKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`] when `rng` fails.
    pub fn generate(rng: &dyn SecureRandom) -> Result<Self, KeyError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, rng)
            .map_err(|_| KeyError::NoRandomness)?;
        let der = PrivatePkcs8KeyDer::from(pkcs8.as_ref());
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256);
        pair.map(Self).map_err(|error| KeyError::Unusable(error.to_string()))
    }

    /// The key in a PEM file's text.
    ///
    /// # Errors
    /// When it is no private P-256 key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_ECDSA_P256_SHA256)
            .map(Self)
            .map_err(|error| KeyError::Unusable(error.to_string()))
    }

    /// The text to keep in a file that nobody else can read.
    #[must_use]
    pub fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    /// The hash that papers name the key by.
    #[must_use]
    pub fn hash(&self) -> TlsKey {
        key_hash(&self.0.subject_public_key_info())
    }

    /// Its PKCS#10 request (DER). It names nothing: what the certificate says is the issuer's.
    pub(super) fn csr(&self) -> Result<Vec<u8>, KeyError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let csr = params.serialize_request(&self.0);
        csr.map(|csr| csr.der().to_vec()).map_err(|error| KeyError::Unusable(error.to_string()))
    }

    pub(super) const fn pair(&self) -> &KeyPair {
        &self.0
    }

    pub(super) fn into_pair(self) -> KeyPair {
        self.0
    }
}

impl fmt::Debug for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    #[test]
    fn a_key_comes_back_from_its_pem_and_is_never_printed() {
        let key = ConnectionKey::generate(&SystemRandom::new()).unwrap();
        let again = ConnectionKey::from_pem(&key.pem()).unwrap();
        assert_eq!(again.hash(), key.hash());
        assert_eq!(format!("{key:?}"), "ConnectionKey(hidden)");
        let other = ConnectionKey::generate(&SystemRandom::new()).unwrap();
        assert_ne!(other.hash(), key.hash());
    }

    #[test]
    fn other_texts_are_no_keys() {
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
        for text in ["", "hello", &ed25519] {
            let refused = ConnectionKey::from_pem(text);
            assert!(matches!(refused, Err(KeyError::Unusable(_))), "{text}");
        }
    }
}
