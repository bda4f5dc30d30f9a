//! Bundles that fit, and everything that does not: each is refused with its own word.

use super::*;
use crate::enrol::testing::{FROM, NOW, Shop, TERM, UNTIL, key, log_key};
use crate::enrol::{Authority, CertificateError, ConnectionKey, Request};
use crate::trust::{Revocation, issue};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use std::sync::LazyLock;

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::new);
static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| SHOP.bundle());

fn content() -> Content {
    let Bundle { chain, root, papers, certificate_pem, ca_pem, .. } = BUNDLE.clone();
    Content { chain, root, papers, certificate_pem, ca_pem }
}

/// What becomes of a bundle that the store signed over other content.
fn changed(change: impl FnOnce(&mut Content)) -> Result<Certificate, BundleError> {
    let mut content = content();
    change(&mut content);
    let bytes = Bundle::sign(content, &SHOP.store).unwrap().encode();
    Bundle::decode(&bytes)?.check(&SHOP.own(), NOW)
}

#[test]
fn a_bundle_comes_back_as_signed_and_fits_its_till() {
    let read = Bundle::decode(&BUNDLE.encode()).unwrap();
    assert_eq!(read, *BUNDLE);
    let certificate = read.check(&SHOP.own(), NOW).unwrap();
    assert_eq!((certificate.names[0].as_str(), certificate.until), ("hh01-till-3", UNTIL));
    let again = Own { root: Some(SHOP.authority.root()), ..SHOP.own() };
    assert!(read.check(&again, NOW).is_ok(), "a renewal");
}

#[test]
fn its_papers_enrol_the_till_in_any_replica_of_the_chain() {
    let mut trust = Trust::new(Some(SHOP.authority.root()));
    for paper in &BUNDLE.papers {
        assert_eq!(trust.admit(paper), Ok(Admitted::New));
    }
    let paper = trust.till_by_tls(SHOP.connection.hash()).unwrap();
    assert_eq!((paper.thing.as_str(), paper.serial), ("hh01-till-3", 7));
}

#[test]
fn a_hub_grants_as_a_store_does() {
    let hub = key(30);
    let papers = [SHOP.authority.hub_paper(hub.public(), 1).unwrap()];
    let request = Request::decode(&SHOP.request).unwrap();
    let desk = SHOP.authority.desk(&hub, &papers);
    let granted = desk.grant(&request, TERM, 1, &SystemRandom::new()).unwrap();
    assert_eq!(granted.bundle.papers.last(), Some(&granted.paper));
    assert!(granted.bundle.check(&SHOP.own(), NOW).is_ok());
}

#[test]
fn a_bundle_for_another_till_is_refused() {
    fn check(own: Own<'_>, expected: &BundleError) {
        assert_eq!(BUNDLE.check(&own, NOW).as_ref(), Err(expected), "{own:?}");
    }
    let other = key(11).public();
    check(Own { key: other, ..SHOP.own() }, &BundleError::OtherTill);
    check(Own { tls: TlsKey([0; 32]), ..SHOP.own() }, &BundleError::OtherKey);
    let found = "`hh01-till-3`, till 3 of store HH01".to_owned();
    for (own, named) in [
        (Own { store: "HH02", ..SHOP.own() }, "`hh01-till-3`, till 3 of store HH02"),
        (Own { thing: "kasse", ..SHOP.own() }, "`kasse`, till 3 of store HH01"),
        (Own { number: 4, ..SHOP.own() }, "`hh01-till-3`, till 4 of store HH01"),
    ] {
        let (found, own_name) = (found.clone(), named.to_owned());
        check(own, &BundleError::OtherName { found, own: own_name });
    }
    let (known, found) = (other.to_string(), SHOP.authority.root().to_string());
    let expected = BundleError::OtherChain { known, found };
    check(Own { root: Some(other), ..SHOP.own() }, &expected);
}

#[test]
fn papers_that_do_not_lead_to_the_root_are_refused() {
    fn check(change: impl FnOnce(&mut Content), number: usize, says: &str) {
        match changed(change) {
            Err(BundleError::Paper { number: found, why }) if why.contains(says) => {
                assert_eq!(found, number, "{why}");
            }
            other => panic!("{says}: {other:?}"),
        }
    }
    check(|content| content.root = key(99).public(), 1, "may not say");
    check(|content| content.papers.swap(0, 1), 1, "may not say");
    check(|content| drop(content.papers.remove(0)), 1, "may not say");
    check(|content| content.papers[1][40] ^= 1, 2, "can't be used");
    assert_eq!(changed(|content| drop(content.papers.pop())), Err(BundleError::OtherTill));
    let key = log_key().public();
    let revoked = Revocation { key, why: "stolen".into(), serial: 1, ends: vec![] };
    let paper = SHOP.authority.revocation(revoked).unwrap();
    assert_eq!(changed(|content| content.papers.push(paper)), Err(BundleError::Revoked));
}

#[test]
fn only_the_signer_of_the_till_puts_a_bundle_together() {
    let stranger = Bundle::sign(content(), &key(99)).unwrap();
    assert_eq!(stranger.check(&SHOP.own(), NOW), Err(BundleError::OtherSigner));
    // Nor the key of a till of the same shop.
    let mut content = content();
    let mate = TillPaper {
        store: "HH01".into(),
        thing: "hh01-till-4".into(),
        number: 4,
        key: key(40).public(),
        tls: TlsKey([4; 32]),
        serial: 1,
    };
    content.papers.push(issue(&Statement::Till(mate), &SHOP.store).unwrap());
    let mate = Bundle::sign(content, &key(40)).unwrap();
    assert_eq!(mate.check(&SHOP.own(), NOW), Err(BundleError::OtherSigner));
}

#[test]
fn a_certificate_that_does_not_fit_is_refused() {
    let (other, _) = Authority::create("Hansa Kaffee", TERM, &SystemRandom::new()).unwrap();
    let issue = |authority: &Authority, store: &str, thing: &str, connection: &ConnectionKey| {
        let bytes = Request::make(store, thing, 3, &log_key(), connection).unwrap();
        let request = Request::decode(&bytes).unwrap();
        authority.ca().issue(&request, TERM, &SystemRandom::new()).unwrap()
    };
    let ours = |store, thing| issue(&SHOP.authority, store, thing, &SHOP.connection);
    let stranger = ConnectionKey::generate(&SystemRandom::new()).unwrap();
    let own = "hh01-till-3 of store HH01 of Hansa Kaffee";
    for (certificate, found) in [
        (ours("HH01", "hh01-till-4"), "hh01-till-4 of store HH01 of Hansa Kaffee"),
        (ours("HH02", "hh01-till-3"), "hh01-till-3 of store HH02 of Hansa Kaffee"),
        (SHOP.authority.ca().pem().to_owned(), " of store none of none"),
    ] {
        let expected = BundleError::OtherCertificate { found: found.into(), own: own.into() };
        assert_eq!(changed(|content| content.certificate_pem = certificate), Err(expected));
    }
    let wrong_key = issue(&SHOP.authority, "HH01", "hh01-till-3", &stranger);
    let refused = changed(|content| content.certificate_pem = wrong_key);
    assert_eq!(refused, Err(BundleError::OtherKey));
    let foreign = issue(&other, "HH01", "hh01-till-3", &SHOP.connection);
    let refused = changed(|content| content.certificate_pem = foreign);
    assert_eq!(refused, Err(CertificateError::WrongCa.into()));
    let refused = changed(|content| content.ca_pem = other.ca().pem().to_owned());
    assert_eq!(refused, Err(CertificateError::WrongCa.into()));
    let refused = changed(|content| content.certificate_pem = String::new());
    assert!(matches!(refused, Err(BundleError::Certificate(CertificateError::Malformed(_)))));
}

#[test]
fn a_certificate_out_of_its_time_is_refused() {
    let second = jiff::SignedDuration::from_secs(1);
    for (now, expected) in [
        (UNTIL + second, CertificateError::Expired(UNTIL)),
        (FROM - second, CertificateError::NotYet(FROM)),
    ] {
        assert_eq!(BUNDLE.check(&SHOP.own(), now), Err(expected.into()));
    }
}

#[test]
fn other_bytes_are_no_bundle() {
    let long = vec![0x41; MAX_BUNDLE_BYTES + 1];
    for bytes in [&b""[..], &[0x80], &[0x82, 0x40, 0x40], &long, &SHOP.request] {
        assert!(Bundle::decode(bytes).is_err());
    }
    let malformed = |change: &dyn Fn(&mut Content)| {
        let refused = changed(change);
        assert!(matches!(refused, Err(BundleError::Malformed(_))), "{refused:?}");
    };
    malformed(&|content| content.ca_pem = "x".repeat(MAX_PEM_BYTES + 1));
    malformed(&|content| content.certificate_pem = "x".repeat(MAX_PEM_BYTES + 1));
    malformed(&|content| content.chain = String::new());
    let mut many = content();
    many.papers = vec![vec![]; MAX_BUNDLE_PAPERS + 1];
    let refused = Bundle::sign(many, &SHOP.store).unwrap_err();
    assert_eq!(refused, AuthorityError::TooMany(MAX_BUNDLE_PAPERS + 1));
}

#[test]
fn a_newer_bundle_says_so() {
    let content = minicbor::to_vec((2_u64, "a")).unwrap();
    let newer = signed::sign(TAG, &content, &SHOP.store);
    assert_eq!(Bundle::decode(&newer), Err(BundleError::Version(2)));
}

proptest! {
    #[test]
    fn any_changed_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut bytes = BUNDLE.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Bundle::decode(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Bundle::decode(&bytes).is_err());
    }
}
