//! The chain's X.509 authority: it turns a till's request into a certificate that TLS takes.
//!
//! A certificate only says who connects; whether they count is for papers to say. Held by an
//! [`super::Authority`] on one machine, or by a hub.

use super::{AuthorityError, Certificate, ConnectionKey, Request, Term, is_chain};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use ring::rand::SecureRandom;
use std::fmt;
use std::time::Duration;

/// A chain's authority for certificates.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    chain: String,
    pem: String,
}

impl Ca {
    /// A new one under the chain's name, with a key of its own.
    ///
    /// # Errors
    /// When the name or the term can't be.
    pub fn create(
        chain: &str,
        key: ConnectionKey,
        term: Term,
        rng: &dyn SecureRandom,
    ) -> Result<Self, AuthorityError> {
        if !is_chain(chain) {
            return Err(AuthorityError::Chain(
                chain.chars().take(super::MAX_CHAIN_BYTES).collect(),
            ));
        }
        let mut params = params(term, rng)?;
        params.distinguished_name.push(DnType::CommonName, chain);
        // It signs for tills itself; nobody below it signs for others.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(key.pair()).map_err(failed)?.pem();
        Ok(Self { issuer: Issuer::new(params, key.into_pair()), chain: chain.to_owned(), pem })
    }

    /// The one of a key and a certificate, PEM.
    ///
    /// # Errors
    /// When they are not each other's.
    pub fn load(key: ConnectionKey, pem: &str) -> Result<Self, AuthorityError> {
        let read = Certificate::read(pem.as_bytes())?;
        if read.key != key.hash() {
            return Err(AuthorityError::KeyMismatch);
        }
        if !is_chain(&read.common_name) {
            return Err(AuthorityError::Chain(read.common_name));
        }
        let issuer = Issuer::from_ca_cert_pem(pem, key.into_pair()).map_err(failed)?;
        Ok(Self { issuer, chain: read.common_name, pem: pem.to_owned() })
    }

    /// The chain's name.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// Its own certificate, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for the key of a request, to call with and to be called; PEM.
    ///
    /// # Errors
    /// When the term can't be, or the request's key.
    pub fn issue(
        &self,
        request: &Request,
        term: Term,
        rng: &dyn SecureRandom,
    ) -> Result<String, AuthorityError> {
        let key = request.public_key()?;
        let mut params = params(term, rng)?;
        let name = request.thing.as_str().try_into().map_err(failed)?;
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        params.distinguished_name.push(DnType::CommonName, request.thing.as_str());
        params.distinguished_name.push(DnType::OrganizationalUnitName, request.store.as_str());
        params.distinguished_name.push(DnType::OrganizationName, self.chain.as_str());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(&key, &self.issuer).map_err(failed)?.pem())
    }
}

/// What every certificate has: a term, and a serial number that no other has.
fn params(term: Term, rng: &dyn SecureRandom) -> Result<CertificateParams, AuthorityError> {
    let since_1970 = |at: Timestamp| u64::try_from(at.as_second()).ok().map(Duration::from_secs);
    let ((Some(from), Some(until)), true) =
        ((since_1970(term.from), since_1970(term.until)), term.from < term.until)
    else {
        return Err(AuthorityError::Term { from: term.from, until: term.until });
    };
    let mut serial = [0; 16];
    rng.fill(&mut serial).map_err(|_| super::KeyError::NoRandomness)?;
    // RFC 5280: positive, and not zero.
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from;
    params.not_after = epoch + until;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = DistinguishedName::new();
    Ok(params)
}

fn failed(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Issue(error.to_string())
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ca(of {})", self.chain)
    }
}
