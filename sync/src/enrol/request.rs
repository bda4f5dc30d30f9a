//! What a till sends to become one of the chain: who it says it is, and its two public keys.
//!
//! `[content, signature]` in CBOR; the content is `[version, store, thing, number, log key,
//! PKCS#10]`, an array by position. The log's key signs it and the PKCS#10 inside is signed by the
//! key of connections, so neither can be put beside another. It holds no secret.

use super::signed::{self, Tag};
use super::{ConnectionKey, RequestError, is_thing};
use crate::link::TlsKey;
use crate::link::tls::key_hash;
use crate::log::{SealKey, SealingKey};
use crate::trust::is_name;
use minicbor::{Decode, Encode};
use rcgen::{CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey, PublicKeyData};

/// The longest request in bytes: two names, two keys, two signatures come to some 600.
pub const MAX_REQUEST_BYTES: usize = 4_096;

/// The version that this one writes.
const VERSION: u64 = 1;

const TAG: Tag = *b"till/enrol/ask\x01\0";

/// A till's number is part of receipts, three digits.
const MAX_NUMBER: u16 = 999;

/// A till's wish to be one of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The store's code.
    pub store: String,
    /// The till's name among the chain's things.
    pub thing: String,
    /// Its number in the store.
    pub number: u16,
    /// The public key of its log.
    pub key: SealKey,
    /// The PKCS#10 request of its key of connections, DER.
    pub csr: Vec<u8>,
}

impl Request {
    /// Makes a request; the bytes are for whoever signs for tills.
    ///
    /// # Errors
    /// When a name or the number can't be, or the key of connections is of no use.
    pub fn make(
        store: &str,
        thing: &str,
        number: u16,
        log: &SealingKey,
        connections: &ConnectionKey,
    ) -> Result<Vec<u8>, RequestError> {
        let csr = connections.csr()?;
        let (store, thing, key) = (store.to_owned(), thing.to_owned(), log.public());
        let request = Self { store, thing, number, key, csr };
        request.check()?;
        Ok(request.encode(log))
    }

    fn encode(&self, log: &SealingKey) -> Vec<u8> {
        let wire = Wire {
            version: VERSION,
            store: &self.store,
            thing: &self.thing,
            number: self.number,
            key: self.key.0,
            csr: &self.csr,
        };
        let content = minicbor::to_vec(&wire).expect("writing to a Vec cannot fail");
        signed::sign(TAG, &content, log)
    }

    /// Reads a request and verifies both signatures.
    ///
    /// # Errors
    /// When it is none, was changed, or names what can't be.
    pub fn decode(bytes: &[u8]) -> Result<Self, RequestError> {
        let sealed = signed::open(bytes, MAX_REQUEST_BYTES).map_err(RequestError::Malformed)?;
        let malformed = |error: minicbor::decode::Error| RequestError::Malformed(error.to_string());
        let mut decoder = minicbor::Decoder::new(sealed.content);
        decoder.array().map_err(malformed)?;
        match decoder.u64().map_err(malformed)? {
            VERSION => {}
            other => return Err(RequestError::Version(other)),
        }
        let wire: Wire<'_> = minicbor::decode(sealed.content).map_err(malformed)?;
        let request = Self {
            store: wire.store.to_owned(),
            thing: wire.thing.to_owned(),
            number: wire.number,
            key: SealKey(wire.key),
            csr: wire.csr.to_vec(),
        };
        if !sealed.is_by(TAG, &request.key) {
            return Err(RequestError::Signature);
        }
        request.check()?;
        Ok(request)
    }

    /// The hash that papers name the key of connections by.
    ///
    /// # Errors
    /// When there is no such key in the request.
    pub fn tls(&self) -> Result<TlsKey, RequestError> {
        Ok(key_hash(&self.public_key()?.subject_public_key_info()))
    }

    /// The key of connections, which has signed for itself. Whatever else the PKCS#10 asks for is
    /// passed over.
    pub(super) fn public_key(&self) -> Result<PublicKey, RequestError> {
        let csr = CertificateSigningRequestParams::from_der(&self.csr.as_slice().into())
            .map_err(|error| RequestError::Csr(error.to_string()))?;
        if csr.public_key.algorithm() != &PKCS_ECDSA_P256_SHA256 {
            return Err(RequestError::Csr("it is not of P-256".to_owned()));
        }
        Ok(csr.public_key)
    }

    fn check(&self) -> Result<(), RequestError> {
        // A name that is no name may hold anything: it is shown cut.
        let shown = |text: &str| text.chars().take(64).collect();
        if !is_name(&self.store) {
            return Err(RequestError::Store(shown(&self.store)));
        }
        if !is_thing(&self.thing) {
            return Err(RequestError::Thing(shown(&self.thing)));
        }
        if !(1..=MAX_NUMBER).contains(&self.number) {
            return Err(RequestError::Number(self.number));
        }
        self.public_key().map(|_| ())
    }
}

#[derive(Encode, Decode)]
struct Wire<'a> {
    #[n(0)]
    version: u64,
    #[b(1)]
    store: &'a str,
    #[b(2)]
    thing: &'a str,
    #[n(3)]
    number: u16,
    #[cbor(n(4), with = "minicbor::bytes")]
    key: [u8; 32],
    #[cbor(b(5), with = "minicbor::bytes")]
    csr: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrol::testing::{Shop, log_key};
    use crate::trust::MAX_NAME_BYTES;
    use proptest::prelude::*;

    fn shop() -> &'static Shop {
        static SHOP: std::sync::LazyLock<Shop> = std::sync::LazyLock::new(Shop::new);
        &SHOP
    }

    fn request() -> Request {
        Request::decode(&shop().request).unwrap()
    }

    #[test]
    fn a_request_names_both_keys() {
        let request = request();
        assert_eq!((request.store.as_str(), request.number), ("HH01", 3));
        assert_eq!(request.thing, "hh01-till-3");
        assert_eq!(request.key, log_key().public());
        assert_eq!(request.tls(), Ok(shop().connection.hash()));
    }

    /// What another implementation reads: the parts, in plain CBOR.
    #[test]
    fn is_plain_cbor() {
        use serde_cbor::Value;
        let Value::Array(parts) = serde_cbor::from_slice(&shop().request).unwrap() else {
            panic!()
        };
        let Value::Bytes(content) = &parts[0] else { panic!() };
        let Value::Array(fields) = serde_cbor::from_slice(content).unwrap() else { panic!() };
        assert_eq!(
            fields[..4],
            [
                Value::Integer(1),
                Value::Text("HH01".into()),
                Value::Text("hh01-till-3".into()),
                Value::Integer(3),
            ]
        );
        assert_eq!(fields[4], Value::Bytes(log_key().public().0.to_vec()));
        assert!(matches!(&parts[1], Value::Bytes(signature) if signature.len() == 64));
    }

    #[test]
    fn names_that_can_not_be_are_refused_on_both_sides() {
        let make = |store: &str, thing: &str, number| {
            Request::make(store, thing, number, &log_key(), &shop().connection)
        };
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for (store, thing, number, expected) in [
            ("", "a", 1, RequestError::Store(String::new())),
            ("HH/01", "a", 1, RequestError::Store("HH/01".into())),
            (&long, "a", 1, RequestError::Store("x".repeat(64))),
            ("HH01", "", 1, RequestError::Thing(String::new())),
            ("HH01", "Till", 1, RequestError::Thing("Till".into())),
            ("HH01", &long, 1, RequestError::Thing("x".repeat(64))),
            ("HH01", "a", 0, RequestError::Number(0)),
            ("HH01", "a", 1_000, RequestError::Number(1_000)),
        ] {
            assert_eq!(make(store, thing, number), Err(expected.clone()));
            // A till that signs it all the same.
            let (store, thing) = (store.to_owned(), thing.to_owned());
            let bytes = Request { store, thing, number, ..request() }.encode(&log_key());
            assert_eq!(Request::decode(&bytes), Err(expected));
        }
    }

    #[test]
    fn keys_that_are_not_bound_are_refused() {
        let other = crate::enrol::testing::key(77);
        let by_another = request().encode(&other);
        assert_eq!(Request::decode(&by_another), Err(RequestError::Signature));
        let csr = |csr: Vec<u8>| Request::decode(&Request { csr, ..request() }.encode(&log_key()));
        let mut changed = request().csr;
        *changed.last_mut().unwrap() ^= 1;
        assert!(matches!(csr(changed), Err(RequestError::Csr(_))));
        assert!(matches!(csr(vec![]), Err(RequestError::Csr(_))));
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let foreign = rcgen::CertificateParams::default().serialize_request(&ed25519).unwrap();
        let refused = csr(foreign.der().to_vec());
        assert_eq!(refused, Err(RequestError::Csr("it is not of P-256".into())));
    }

    #[test]
    fn other_bytes_are_no_request() {
        let newer = Wire {
            version: 2,
            store: "HH01",
            thing: "a",
            number: 1,
            key: log_key().public().0,
            csr: &[],
        };
        let newer = signed::sign(TAG, &minicbor::to_vec(&newer).unwrap(), &log_key());
        assert_eq!(Request::decode(&newer), Err(RequestError::Version(2)));
        for bytes in [&b""[..], &[0x80], &[0x82, 0x40, 0x40], &[0; MAX_REQUEST_BYTES + 1]] {
            assert!(matches!(Request::decode(bytes), Err(RequestError::Malformed(_))));
        }
        let bundle = shop().bundle().encode();
        assert!(Request::decode(&bundle).is_err(), "what goes the other way");
    }

    proptest! {
        #[test]
        fn comes_back_as_made(
            store in "[A-Za-z0-9._-]{1,64}",
            thing in "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
            number in 1_u16..=999,
        ) {
            let bytes =
                Request::make(&store, &thing, number, &log_key(), &shop().connection).unwrap();
            let read = Request::decode(&bytes).unwrap();
            prop_assert_eq!((&read.store, &read.thing, read.number), (&store, &thing, number));
            prop_assert_eq!(read.encode(&log_key()), bytes);
        }

        #[test]
        fn any_changed_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let mut bytes = shop().request.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(Request::decode(&bytes).is_err());
        }
    }
}
