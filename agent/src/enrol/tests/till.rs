//! The till's side: what is taken up, and that what is refused leaves nothing behind.

use super::*;
use crate::enrol::accept::admit_paper;
use crate::enrol::show::show;
use std::collections::BTreeMap;
use sync::enrol::BundleError;
use sync::link::tls::{Tls, TlsFiles};
use sync::log::StreamKind;
use sync::trust::{Standing, Trust};

#[test]
fn an_enrolled_till_has_an_identity_that_tls_takes() {
    let chain = Chain::new();
    assert_eq!(chain.till("one").identity().unwrap(), None);
    chain.enrol("one", &who(1));
    let identity = chain.till("one").identity().unwrap().unwrap();
    assert_eq!((identity.store.as_str(), identity.thing.as_str()), ("HH01", "hh01-till-1"));
    assert_eq!(identity.root, chain.authority().authority().root());
    let files = TlsFiles {
        chain: &identity.certificate_pem,
        key: &identity.key_pem,
        roots: &identity.ca_pem,
    };
    let tls = Tls::load(files, NOW).unwrap();
    assert_eq!(tls.own().name, "hh01-till-1");
    // Its papers admit the connection, and its journal counts.
    let home = chain.till("one");
    let lock = home.lock().unwrap();
    let mut store = home.till_store(Some(&lock), MACHINE, "HH01", 1, NOW).unwrap();
    let mut trust = Trust::new(Some(identity.root));
    store.load_trust(&mut trust).unwrap();
    assert_eq!(trust.till_by_tls(tls.own().key).unwrap().thing, "hh01-till-1");
    assert!(store.declare_self(&mut trust).unwrap().is_empty(), "it was declared");
    let replica = store.head().unwrap().replica;
    let journal = sync::log::StreamId { replica, kind: StreamKind::Journal };
    assert!(matches!(trust.standing(journal), Standing::Enrolled(_)));
}

#[test]
fn a_renewal_keeps_keys_and_journal() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let home = chain.till("one");
    let before = (home.sealing_key().unwrap().public(), fs::read(home.tls_key()).unwrap());
    chain.enrol("one", &who(1));
    assert_eq!((home.sealing_key().unwrap().public(), fs::read(home.tls_key()).unwrap()), before);
    let shown = show(&home).unwrap();
    assert_eq!(shown.incarnations, 1);
    assert!(shown.enrolled.unwrap().certificate.starts_with("valid from"));
}

/// Every file of a till's folder that enrolment writes.
fn files(home: &Home) -> BTreeMap<String, Option<Vec<u8>>> {
    let names = ["tls.key", "tls.pem", "chain.pem", "chain.root"];
    names.iter().map(|name| (name.to_string(), fs::read(home.file(name)).ok())).collect()
}

#[test]
fn a_bundle_that_is_refused_leaves_everything_as_it_was() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let (good, other) = (chain.bundle(), Chain::new());
    let home = chain.till("one");
    let before = (files(&home), show(&home).unwrap());
    let check = |bundle: &[u8], says: &str| {
        fs::write(chain.path("bundle"), bundle).unwrap();
        let error = chain.accept("one", &who(1)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!((files(&home), show(&home).unwrap()), before);
    };
    check(b"hello", "no bundle");
    let mut changed = good.clone();
    changed[100] ^= 1;
    check(&changed, "");
    chain.grant(&chain.ask("two", &who(2)), false).unwrap();
    check(&chain.bundle(), "is for hh01-till-2 of store HH01");
    other.grant(&chain.ask("one", &who(1)), false).unwrap();
    check(&other.bundle(), "another chain");
}

#[test]
fn a_bundle_for_other_settings_or_keys_is_refused() {
    let chain = Chain::new();
    chain.grant(&chain.ask("one", &who(1)), false).unwrap();
    let refused = chain.accept("one", &who(2)).unwrap_err();
    assert!(matches!(refused, EnrolError::Bundle(BundleError::OtherName { .. })), "{refused}");
    let home = chain.till("one");
    fs::remove_file(home.tls_key()).unwrap();
    let refused = chain.accept("one", &who(1)).unwrap_err();
    assert!(matches!(refused, EnrolError::NoRequest), "{refused}");
    home.make_connection_key().unwrap();
    let refused = chain.accept("one", &who(1)).unwrap_err();
    assert!(matches!(refused, EnrolError::Bundle(BundleError::OtherKey)), "{refused}");
    assert_eq!(home.identity().unwrap(), None);
}

#[test]
fn a_till_that_was_cut_off_takes_the_same_bundle_again() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let home = chain.till("one");
    home.clear_enrolment().unwrap();
    fs::write(home.tls_pem(), "").unwrap();
    let accepted = chain.accept("one", &who(1)).unwrap();
    assert_eq!(accepted.new_papers, 0);
    assert!(home.identity().unwrap().is_some());
    // A `chain.root` that was damaged is written anew.
    fs::write(home.file("chain.root"), "{").unwrap();
    assert!(home.identity().is_err());
    chain.accept("one", &who(1)).unwrap();
    assert!(home.identity().unwrap().is_some());
}

#[test]
fn a_revocation_put_in_by_hand_is_kept_and_stops_an_old_bundle() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let bundle = chain.bundle();
    chain.enrol("two", &who(2));
    let out = chain.path("revoked");
    chain.authority().revoke("hh01-till-1", "stolen", None, &out, NOW).unwrap();
    let paper = fs::read(&out).unwrap();
    let admit = |folder: &str, number: u16, paper: &[u8]| {
        let home = chain.till(folder);
        let lock = home.lock().unwrap();
        admit_paper(&home, &lock, &who(number), MACHINE, paper, NOW)
    };
    assert!(admit("two", 2, &paper).unwrap().ends_with("is revoked (stolen)"));
    assert!(admit("two", 2, &paper).unwrap().ends_with("known here already"));
    assert!(matches!(admit("two", 2, b"hello"), Err(EnrolError::Paper(_))));
    assert!(matches!(admit("three", 3, &paper), Err(EnrolError::NotEnrolled)));
    let other = Chain::new();
    other.enrol("five", &who(5));
    other.authority().revoke("hh01-till-5", "x", None, &out, NOW).unwrap();
    let foreign = fs::read(&out).unwrap();
    assert!(matches!(admit("two", 2, &foreign), Err(EnrolError::NotTheirs(_))));
    // The till itself hears of it, and its old bundle is of no use any more.
    admit("one", 1, &paper).unwrap();
    fs::write(chain.path("bundle"), bundle).unwrap();
    let refused = chain.accept("one", &who(1)).unwrap_err();
    assert!(matches!(refused, EnrolError::Outdated), "{refused}");
}
