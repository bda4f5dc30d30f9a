//! Certificates that exist for the length of a test: chains of their own, tills, hubs, brokers,
//! expired ones. Shared with the workspace's `tests` crate, which compiles this file too.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

/// A chain's authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub pem: String,
}

/// A certificate with its key, both PEM.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// What stands in a certificate.
pub struct Subject<'a> {
    /// The common name, which mosquitto takes as user name, and the DNS name.
    pub thing: &'a str,
    /// The organisational unit.
    pub store: &'a str,
    /// The organisation.
    pub chain: &'a str,
}

impl Authority {
    /// Makes one; each has a key of its own, whatever its name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is no wrong name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("the system gives random bytes");
        let pem = params.self_signed(&key).expect("a new key signs").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A till's, hub's or broker's certificate; the latter is reached at 127.0.0.1.
    pub fn issue(&self, subject: &Subject<'_>) -> Issued {
        self.issue_between(subject, 1975, 2190)
    }

    /// One that ended with the year 2020.
    pub fn issue_expired(&self, subject: &Subject<'_>) -> Issued {
        self.issue_between(subject, 2019, 2021)
    }

    fn issue_between(&self, subject: &Subject<'_>, from_year: i32, to_year: i32) -> Issued {
        let mut params =
            CertificateParams::new(vec![subject.thing.to_owned()]).expect("a thing is a DNS name");
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.distinguished_name.push(DnType::CommonName, subject.thing);
        params.distinguished_name.push(DnType::OrganizationalUnitName, subject.store);
        params.distinguished_name.push(DnType::OrganizationName, subject.chain);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(from_year, 1, 1);
        params.not_after = date_time_ymd(to_year, 1, 1);
        let key = KeyPair::generate().expect("the system gives random bytes");
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority signs");
        Issued { chain: certificate.pem(), key: key.serialize_pem() }
    }
}
