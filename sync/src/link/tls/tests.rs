//! Files that are missing, are not what they should be, or have run out: each says so.

use super::*;
use crate::link::testing::{Authority, Issued, Subject};
use std::fs;

const FLOOR: Timestamp = Timestamp::UNIX_EPOCH;

fn till(thing: &str) -> Subject<'_> {
    Subject { thing, store: "HH01", chain: "acme" }
}

fn build(issued: &Issued, roots: &str, floor: Timestamp) -> Result<Tls, TlsError> {
    let pem = TlsBytes {
        chain: issued.chain.as_bytes(),
        key: issued.key.as_bytes(),
        roots: roots.as_bytes(),
    };
    Tls::from_pem(pem, floor)
}

#[test]
fn an_identity_knows_its_name_and_key() {
    let ca = Authority::new("acme");
    let tls = build(&ca.issue(&till("till-1")), &ca.pem, FLOOR).unwrap();
    assert_eq!(tls.own().name, "till-1");
    tls.check().unwrap();
    // The hash that the certificate gives is the one that the key itself gives.
    let key = tls.identity.key.public_key().unwrap();
    assert_eq!(tls.own().key, key_hash(key.as_ref()));
    assert_eq!(format!("{tls:?}"), "Tls(of till-1)");
}

#[test]
fn what_can_not_be_used_is_named() {
    fn check(pem: TlsBytes<'_>, says: &str) {
        let error = Tls::from_pem(pem, FLOOR).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let ca = Authority::new("acme");
    let (one, other) = (ca.issue(&till("till-1")), ca.issue(&till("till-2")));
    let (chain, key, roots) = (one.chain.as_bytes(), one.key.as_bytes(), ca.pem.as_bytes());
    let good = TlsBytes { chain, key, roots };
    let cut = &one.chain.as_bytes()[..one.chain.len() / 2];
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(TlsBytes { chain: b"", ..good }, "the certificate holds no certificate");
    check(TlsBytes { chain: cut, ..good }, "the certificate is not PEM");
    check(TlsBytes { chain: key, ..good }, "the certificate holds no certificate");
    check(TlsBytes { chain: broken, ..good }, "the certificate can't be used");
    check(TlsBytes { key: b"nothing", ..good }, "the private key holds no private key");
    check(TlsBytes { key: chain, ..good }, "the private key holds no private key");
    check(TlsBytes { key: other.key.as_bytes(), ..good }, "is not the key of");
    check(TlsBytes { roots: b"", ..good }, "the root certificates holds no certificate");
    check(TlsBytes { roots: broken, ..good }, "the root certificates can't be used");
    let nameless = TlsBytes { chain: roots, key, roots };
    check(nameless, "is not the key of");
}

#[test]
fn files_are_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let ca = Authority::new("acme");
    let one = ca.issue(&till("till-1"));
    fs::write(at("chain.pem"), &one.chain).unwrap();
    fs::write(at("roots.pem"), &ca.pem).unwrap();
    fs::write(at("long.pem"), vec![b'x'; (1 << 20) + 1]).unwrap();
    let (chain, key, roots) = (at("chain.pem"), at("key.pem"), at("roots.pem"));
    let files = TlsFiles { chain: &chain, key: &key, roots: &roots };
    let missing = Tls::load(files, FLOOR).unwrap_err();
    assert!(matches!(missing, TlsError::File { .. }), "{missing}");
    assert!(missing.to_string().contains("key.pem"), "{missing}");
    fs::write(&key, &one.key).unwrap();
    assert_eq!(Tls::load(files, FLOOR).unwrap().own().name, "till-1");
    let long = at("long.pem");
    let refused = Tls::load(TlsFiles { chain: &long, ..files }, FLOOR).unwrap_err();
    assert!(matches!(refused, TlsError::TooLong { .. }), "{refused}");
}

#[test]
fn a_certificate_that_has_run_out_says_until_when() {
    let (ca, other) = (Authority::new("acme"), Authority::new("acme"));
    let expired = build(&ca.issue_expired(&till("till-1")), &ca.pem, FLOOR).unwrap();
    let error = expired.check().unwrap_err().to_string();
    assert!(error.contains("till-1 was valid until 2021-01-01T00:00:00Z"), "{error}");
    let foreign = build(&other.issue(&till("till-1")), &ca.pem, FLOOR).unwrap();
    assert!(matches!(
        foreign.check(),
        Err(TlsError::Certificate { .. } | TlsError::WrongCa { .. })
    ));
}

#[test]
fn the_floor_is_the_time_that_certificates_are_judged_by() {
    let ca = Authority::new("acme");
    let issued = ca.issue(&till("till-1"));
    let late = "2195-01-01T00:00:00Z".parse().unwrap();
    let error = build(&issued, &ca.pem, late).unwrap().check().unwrap_err();
    assert!(matches!(error, TlsError::Expired { .. }), "{error}");
}
