//! What a certificate says, and whether it leads to an authority now.
//!
//! TLS itself judges a peer's certificate (`link::tls`); this is for the till's own, before it is
//! taken up, shown, and while it runs out.

use super::CertificateError;
use crate::link::TlsKey;
use crate::link::tls::pki_types::pem::PemObject;
use crate::link::tls::pki_types::{CertificateDer, UnixTime};
use crate::link::tls::{algorithms, key_hash};
use jiff::Timestamp;
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{AttributeTypeAndValue, FromDer, GeneralName, X509Certificate};

/// The most certificates in a chain: the till's, and some between it and the authority.
const MAX_CHAIN: usize = 8;

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The common name: a thing's, or for an authority the chain's.
    pub common_name: String,
    /// The DNS names; for a till its thing's.
    pub names: Vec<String>,
    /// The organisational unit: a store's code.
    pub store: Option<String>,
    /// The organisation: a chain's name.
    pub chain: Option<String>,
    /// The hash of its key.
    pub key: TlsKey,
    /// Its first instant.
    pub from: Timestamp,
    /// Its last instant.
    pub until: Timestamp,
}

impl Certificate {
    /// Reads the first certificate in a PEM text.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(pem: &[u8]) -> Result<Self, CertificateError> {
        let chain = parse(pem)?;
        let der = chain.first().ok_or_else(|| malformed("it is empty"))?;
        let (_, parsed) = X509Certificate::from_der(der).map_err(malformed)?;
        let instant = |seconds: i64| Timestamp::from_second(seconds).map_err(malformed);
        let names = match parsed.subject_alternative_name().map_err(malformed)? {
            Some(names) => names.value.general_names.iter().filter_map(dns_name).collect(),
            None => Vec::new(),
        };
        let subject = parsed.subject();
        Ok(Self {
            common_name: only(subject.iter_common_name()).unwrap_or_default(),
            names,
            store: only(subject.iter_organizational_unit()),
            chain: only(subject.iter_organization()),
            key: key_hash(parsed.public_key().raw),
            from: instant(parsed.validity().not_before.timestamp())?,
            until: instant(parsed.validity().not_after.timestamp())?,
        })
    }

    /// Whether the certificate in `chain` leads to the authority `ca` at `now`, to call with and
    /// to be called.
    ///
    /// # Errors
    /// Why it does not.
    pub fn verify(chain: &[u8], ca: &[u8], now: Timestamp) -> Result<(), CertificateError> {
        let (chain, ca) = (parse(chain)?, parse(ca)?);
        let (own, between) = chain.split_first().ok_or_else(|| malformed("it is empty"))?;
        let ca = ca.first().ok_or_else(|| malformed("it is empty"))?;
        let anchor = anchor_from_trusted_cert(ca).map_err(unusable)?;
        let own = EndEntityCert::try_from(own).map_err(unusable)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for usage in [KeyUsage::client_auth(), KeyUsage::server_auth()] {
            own.verify_for_usage(
                algorithms(),
                std::slice::from_ref(&anchor),
                between,
                time,
                usage,
                None,
                None,
            )
            .map_err(in_words)?;
        }
        Ok(())
    }
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(MAX_CHAIN).collect();
    let found = found.map_err(malformed)?;
    if found.is_empty() { Err(malformed("no BEGIN CERTIFICATE stands in it")) } else { Ok(found) }
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}

/// The one value of a kind in a name; where there are several, none is believed.
fn only<'a, 'x: 'a>(
    mut values: impl Iterator<Item = &'a AttributeTypeAndValue<'x>>,
) -> Option<String> {
    let first = values.next()?.as_str().ok()?.to_owned();
    values.next().is_none().then_some(first)
}

fn malformed(error: impl ToString) -> CertificateError {
    CertificateError::Malformed(error.to_string())
}

fn unusable(error: impl ToString) -> CertificateError {
    CertificateError::Unusable(error.to_string())
}

fn in_words(error: webpki::Error) -> CertificateError {
    let instant = |time: UnixTime| {
        let seconds = i64::try_from(time.as_secs()).ok();
        seconds.and_then(|it| Timestamp::from_second(it).ok()).unwrap_or(Timestamp::MAX)
    };
    match error {
        webpki::Error::CertExpired { not_after, .. } => {
            CertificateError::Expired(instant(not_after))
        }
        webpki::Error::CertNotValidYet { not_before, .. } => {
            CertificateError::NotYet(instant(not_before))
        }
        // A certificate of a namesake's comes out as a bad signature.
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            CertificateError::WrongCa
        }
        other => unusable(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrol::testing::{FROM, Shop, UNTIL};

    #[test]
    fn a_certificate_says_who_and_until_when() {
        let shop = Shop::new();
        let bundle = shop.bundle();
        let read = Certificate::read(bundle.certificate_pem.as_bytes()).unwrap();
        assert_eq!(read.common_name, "hh01-till-3");
        assert_eq!(read.names, ["hh01-till-3"]);
        assert_eq!(read.store.as_deref(), Some("HH01"));
        assert_eq!(read.chain.as_deref(), Some("Hansa Kaffee"));
        assert_eq!(read.key, shop.connection.hash());
        assert_eq!((read.from, read.until), (FROM, UNTIL));
        let ca = Certificate::read(bundle.ca_pem.as_bytes()).unwrap();
        assert_eq!((ca.common_name.as_str(), ca.names.len()), ("Hansa Kaffee", 0));
    }

    #[test]
    fn it_leads_to_its_authority_while_it_lasts() {
        let (shop, other) = (Shop::new(), Shop::new());
        let chain = shop.bundle().certificate_pem;
        let check = |ca: &str, now: Timestamp, expected: Result<(), CertificateError>| {
            let verified = Certificate::verify(chain.as_bytes(), ca.as_bytes(), now);
            assert_eq!(verified, expected, "{now}");
        };
        let second = jiff::SignedDuration::from_secs(1);
        let (ours, theirs) = (shop.authority.ca().pem(), other.authority.ca().pem());
        check(ours, FROM, Ok(()));
        check(ours, UNTIL, Ok(()));
        check(ours, FROM - second, Err(CertificateError::NotYet(FROM)));
        check(ours, UNTIL + second, Err(CertificateError::Expired(UNTIL)));
        check(theirs, FROM, Err(CertificateError::WrongCa));
        // An authority calls nobody.
        let wrong = Certificate::verify(ours.as_bytes(), ours.as_bytes(), FROM);
        assert!(matches!(wrong, Err(CertificateError::Unusable(_))), "{wrong:?}");
    }

    #[test]
    fn other_texts_are_no_certificates() {
        let key = Shop::new().connection.pem();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "hello", key.as_str(), broken] {
            let refused = Certificate::read(text.as_bytes());
            assert!(matches!(refused, Err(CertificateError::Malformed(_))), "{text}");
        }
    }
}
