//! The register: who may have which name and number, what is kept, what others may not read.

use super::*;
use crate::home::write_new;
use crate::upkeep::MANIFEST;
use std::os::unix::fs::PermissionsExt as _;
use sync::log::{ReplicaId, StreamKind};
use sync::trust::{Statement, read};

fn things(chain: &Chain) -> Vec<String> {
    chain.authority().list().unwrap().tills.into_iter().map(|till| till.thing).collect()
}

#[test]
fn an_authority_is_made_once_and_whole() {
    let chain = Chain::new();
    let folder = chain.path("authority");
    let again = AuthorityFolder::create(&folder, "Hansa Kaffee", NOW).unwrap_err();
    assert!(matches!(again, EnrolError::FolderThere(_)), "{again}");
    let nameless = AuthorityFolder::create(&chain.path("other"), " ", NOW).unwrap_err();
    assert!(matches!(nameless, EnrolError::Authority(_)), "{nameless}");
    assert!(!chain.path("other").exists());
    let nothing = AuthorityFolder::open(&chain.path("other")).unwrap_err();
    assert!(matches!(nothing, EnrolError::NoAuthority(_)), "{nothing}");
    let held = chain.authority();
    let second = AuthorityFolder::open(&folder).unwrap_err();
    assert!(matches!(second, EnrolError::InUse(_)), "{second}");
    drop(held);
    let root = chain.authority().list().unwrap().root;
    assert_eq!(chain.authority().list().unwrap().root, root);
}

#[test]
fn secrets_are_their_owners_alone() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let mode = |name: &str| {
        fs::metadata(chain.path("authority").join(name)).unwrap().permissions().mode() & 0o777
    };
    for name in ["root.key", "ca.key", "stores/HH01.key"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(mode(""), 0o700);
    let tls = chain.till("one").tls_key();
    assert_eq!(fs::metadata(tls).unwrap().permissions().mode() & 0o777, 0o600);
    let root = chain.path("authority/root.key");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = AuthorityFolder::open(&chain.path("authority")).unwrap_err();
    assert!(matches!(exposed, EnrolError::Exposed(_)), "{exposed}");
}

#[test]
fn a_store_has_one_key() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let key = fs::read(chain.path("authority/stores/HH01.key")).unwrap();
    chain.enrol("two", &who(2));
    assert_eq!(fs::read(chain.path("authority/stores/HH01.key")).unwrap(), key);
    assert_eq!(things(&chain), ["hh01-till-1", "hh01-till-2"]);
    // Cut off between the key and its paper.
    fs::remove_file(chain.path("authority/stores/HH01.paper")).unwrap();
    chain.enrol("three", &who(3));
    // A key that is not the paper's.
    fs::remove_file(chain.path("authority/stores/HH01.key")).unwrap();
    write_new(&chain.path("authority/stores/HH01.key"), &[5; 32]).unwrap();
    let refused = chain.grant(&chain.ask("four", &who(4)), false).unwrap_err();
    assert!(matches!(refused, EnrolError::BadRegister { .. }), "{refused}");
}

#[test]
fn a_name_number_or_key_that_another_has_is_refused_unless_it_is_replaced() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let check = |folder: &str, who: &Who, expected: &str| {
        let request = chain.ask(folder, who);
        match chain.grant(&request, false) {
            Err(EnrolError::Held { what, .. }) => assert_eq!(what, expected, "{who:?}"),
            other => panic!("{who:?}: {other:?}"),
        }
        assert_eq!(things(&chain), ["hh01-till-1"]);
        request
    };
    let renamed = Who { thing: "bakery".into(), ..who(1) };
    check("two", &who(1), "this name");
    check("two", &Who { number: 2, ..who(1) }, "this name");
    check("two", &Who { store: "HH02".into(), ..who(1) }, "this name");
    check("one", &Who { number: 2, ..renamed.clone() }, "this key");
    let request = check("two", &renamed, "this number");
    // The same number in another store is nobody's.
    let elsewhere = Who { store: "HH02".into(), thing: "hh02-till-1".into(), number: 1 };
    chain.enrol("three", &elsewhere);
    let report = chain.grant(&request, true).unwrap();
    assert_eq!(report.replaced, ["hh01-till-1"]);
    assert_eq!(things(&chain), ["bakery", "hh02-till-1"]);
    assert_eq!(fs::read_dir(chain.path("authority/former")).unwrap().count(), 1);
}

#[test]
fn granting_again_renews_with_a_later_paper() {
    let chain = Chain::new();
    let request = chain.ask("one", &who(1));
    let serial = || {
        chain.grant(&request, false).unwrap();
        let bytes = fs::read(chain.path("authority/tills/hh01-till-1.paper")).unwrap();
        let Statement::Till(paper) = read(&bytes).unwrap().statement else { panic!() };
        paper.serial
    };
    let first = serial();
    // The clock stands still, or was set back.
    assert_eq!(serial(), first + 1);
    chain.accept("one", &who(1)).unwrap();
}

#[test]
fn a_bundle_names_the_shops_other_tills() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    chain.enrol("far", &Who { store: "HH02".into(), thing: "hh02-till-1".into(), number: 1 });
    chain.enrol("two", &who(2));
    let bundle = sync::enrol::Bundle::decode(&chain.bundle()).unwrap();
    let tills = bundle.papers.iter().filter_map(|paper| match read(paper).unwrap().statement {
        Statement::Till(till) => Some(till.thing),
        _ => None,
    });
    assert_eq!(tills.collect::<Vec<_>>(), ["hh01-till-1", "hh01-till-2"]);
}

#[test]
fn a_revoked_till_is_gone_and_its_key_never_comes_back() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let out = chain.path("revoked");
    let revoke = |thing: &str| chain.authority().revoke(thing, "stolen", None, &out, NOW);
    let unknown = revoke("hh01-till-9").unwrap_err();
    assert!(matches!(unknown, EnrolError::NoSuchTill(_)), "{unknown}");
    assert_eq!(revoke("hh01-till-1").unwrap().ends, 0);
    assert!(things(&chain).is_empty());
    assert_eq!(chain.authority().list().unwrap().revoked[0].1, "stolen");
    let refused = chain.grant(&chain.ask("one", &who(1)), true).unwrap_err();
    assert!(matches!(refused, EnrolError::RevokedKey), "{refused}");
    // Another till takes its name and number; its bundle tells it of the thief.
    chain.enrol("two", &who(1));
    let shown = super::super::show::show(&chain.till("two")).unwrap();
    assert!(shown.papers.iter().any(|paper| paper.contains("revoked (stolen)")), "{shown}");
}

#[test]
fn a_revocation_ends_where_the_tills_backup_does() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let backup = chain.path("backup");
    fs::create_dir(&backup).unwrap();
    let manifest = |till: u16| {
        let replica = "00112233445566778899aabbccddeeff";
        let text = format!(
            "{{\"format\":1,\"till_version\":\"0\",\"made_at\":\"\",\"store\":\"HH01\",\
             \"till\":{till},\"series\":1,\"last_receipt\":null,\"files\":[],\"journals\":\
             [{{\"replica\":\"{replica}\",\"series\":1,\"seq\":41,\"hash\":\"\"}}]}}"
        );
        fs::write(backup.join(MANIFEST), text).unwrap();
    };
    let out = chain.path("revoked");
    let revoke =
        || chain.authority().revoke("hh01-till-1", &"é".repeat(200), Some(&backup), &out, NOW);
    manifest(2);
    assert!(matches!(revoke(), Err(EnrolError::OtherBackup { .. })));
    manifest(1);
    assert_eq!(revoke().unwrap().ends, 1);
    let Statement::Revoked(paper) = read(&fs::read(&out).unwrap()).unwrap().statement else {
        panic!()
    };
    let replica: ReplicaId = "00112233445566778899aabbccddeeff".parse().unwrap();
    assert_eq!(paper.ends, [(replica, StreamKind::Journal, 41)]);
    assert_eq!(paper.why, "é".repeat(100), "cut to what a paper holds");
}

#[test]
fn a_register_that_was_tampered_with_is_named() {
    let chain = Chain::new();
    chain.enrol("one", &who(1));
    let file = chain.path("authority/tills/hh01-till-1.paper");
    let store = fs::read(chain.path("authority/stores/HH01.paper")).unwrap();
    for bytes in [&b"hello"[..], &store] {
        fs::write(&file, bytes).unwrap();
        let refused = chain.authority().list().unwrap_err();
        assert!(matches!(refused, EnrolError::BadRegister { .. }), "{refused}");
    }
    fs::write(&file, [0; 2_000]).unwrap();
    let refused = chain.authority().list().unwrap_err();
    assert!(matches!(refused, EnrolError::TooLong { .. }), "{refused}");
}
