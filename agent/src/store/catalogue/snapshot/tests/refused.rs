//! Snapshots that are spoilt, forged, older, or another store's: each is refused, and nothing changes.

use super::*;

/// One refusal: what was done to a good snapshot, and what is said of it.
#[track_caller]
fn refused(spoil: impl FnOnce(Vec<u8>) -> Vec<u8>, says: &str) {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    import_sets(&mut till.catalogue());
    let file = headquarters.snapshot("spoilt", true);
    let bytes = spoil(fs::read(&file).unwrap());
    File::create(&file).unwrap().write_all(&bytes).unwrap();
    check(&headquarters, &till, &file, says);
}

#[track_caller]
fn check(headquarters: &Headquarters, till: &Till, snapshot: &Path, says: &str) {
    let before = till.catalogue().edition();
    let error = headquarters.take(&till.options(), snapshot).unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(till.catalogue().edition(), before, "the catalogue is as it was");
    assert!(!files(till).contains(&"catalogue.db.next".to_owned()), "nothing is left behind");
}

#[test]
fn spoilt_files_are_refused() {
    refused(|bytes| b"SQLite format 3\0".iter().chain(&bytes).copied().collect(), "no snapshot");
    refused(|_| Vec::new(), "no snapshot");
    refused(|bytes| bytes[..10].to_vec(), "failed to fill");
    refused(|bytes| bytes[..bytes.len() - 1].to_vec(), "can't be read to its end");
    refused(|bytes| [bytes, vec![0]].concat(), "changed after");
    refused(
        |mut bytes| {
            bytes[40] ^= 1;
            bytes
        },
        "not sealed by",
    );
    refused(
        |mut bytes| {
            bytes[8] = 0xff;
            bytes
        },
        "at most 65536 bytes",
    );
    let flip = |mut bytes: Vec<u8>| {
        let last = bytes.len() - 9;
        bytes[last] ^= 1;
        bytes
    };
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let file = headquarters.snapshot("flipped", true);
    fs::write(&file, flip(fs::read(&file).unwrap())).unwrap();
    let error = headquarters.take(&till.options(), &file).unwrap_err();
    // zstd may notice before the hash does.
    assert!(
        matches!(
            error,
            TakeError::Stage { source: StageError::Changed | StageError::Content(_), .. }
        ),
        "{error}"
    );
}

#[test]
fn only_a_hub_of_the_chain_is_believed() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let stranger = SealingKey::from_seed(&Seed::new([77; 32])).unwrap();
    // A sibling till's own key, or anyone's: the heads are the hub's, and it does not help.
    let file = headquarters.sealed_by(&stranger, "strange", true);
    check(&headquarters, &till, &file, "no hub of this chain");
    let file = headquarters.snapshot("good", true);
    let nobody = take(&till.options(), &file, &Trust::new(None), &mut |_, _| {}).unwrap_err();
    assert!(nobody.to_string().contains("no hub of this chain"), "{nobody}");
    let revoked = Statement::Revoked(sync::trust::Revocation {
        key: headquarters.hub.key.public(),
        why: "stolen".into(),
        serial: 2,
        ends: Vec::new(),
    });
    let mut trust = (*headquarters.trust).clone();
    trust.admit(&issue(&revoked, &root()).unwrap()).unwrap();
    let revoked = take(&till.options(), &file, &trust, &mut |_, _| {}).unwrap_err();
    assert!(revoked.to_string().contains("was revoked"), "{revoked}");
}

#[test]
fn what_is_older_or_of_another_branch_is_refused() {
    let (mut headquarters, till) = (Headquarters::new(), Till::new());
    let early = headquarters.snapshot("early", true);
    headquarters.push(&[(9, Some(1))]);
    headquarters.take(&till.options(), &headquarters.snapshot("late", true)).unwrap();
    check(&headquarters, &till, &early, "older than what is here");
    // Another hub wrote entries that this till has and the snapshot does not name.
    let second = Hub::new(8, 10);
    let other = Headquarters::new();
    let mut both = (*other.trust).clone();
    for paper in second.papers() {
        both.admit(&paper).unwrap();
    }
    let (mut second, both) = (second, Arc::new(both));
    second.push(5, vec![chunk(Layer::Headquarters, 5, &[(7, Some(1))])]);
    hear(&till.options(), &second, &both);
    check(&headquarters, &till, &headquarters.snapshot("again", true), "older than what is here");
}

#[test]
fn newer_schemas_other_stores_and_currencies_are_refused() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    import_sets(&mut till.catalogue());
    let good = headquarters.snapshot("good", true);
    let reseal = |change: &dyn Fn(&mut Manifest)| headquarters.resealed(&good, change);
    let newer = reseal(&|it| it.schema = CATALOGUE_VERSION + 1);
    check(&headquarters, &till, &newer, "update Till");
    let older = reseal(&|it| it.schema = CATALOGUE_VERSION - 1);
    check(&headquarters, &till, &older, "no catalogue");
    let store = reseal(&|it| it.store = Some("HH99".into()));
    check(&headquarters, &till, &store, "the snapshot is of store HH99");
    let dollars = reseal(&|it| it.currency = Currency::parse("USD").unwrap());
    check(&headquarters, &till, &dollars, "sells in EUR");
    let bomb = reseal(&|it| {
        let Form::File { plain, .. } = &mut it.form else { panic!() };
        *plain = 4_096;
    });
    check(&headquarters, &till, &bomb, "holds others");
    let short = reseal(&|it| {
        let Form::File { plain, .. } = &mut it.form else { panic!() };
        *plain += 4_096;
    });
    check(&headquarters, &till, &short, "holds others");
}

/// What is wrong with pages is found by their hashes; what the hub itself did wrong, by their rows.
#[test]
fn spoilt_pages_are_refused() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    import_sets(&mut till.catalogue());
    let good = headquarters.pages("good", true);
    let (sealed, _) = look(&good).unwrap();
    let Form::Pages { pages, .. } = sealed.manifest().form.clone() else { panic!() };
    assert!(pages.len() > 4);
    let bytes = fs::read(&good).unwrap();
    let begin = bytes.len() - usize::try_from(sealed.manifest().content_bytes()).unwrap();
    let first = usize::try_from(pages[0].bytes).unwrap();
    let spoil = |name: &str, bytes: Vec<u8>| {
        let file = headquarters.folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    };
    let mut flipped = bytes.clone();
    flipped[begin + 9] ^= 1;
    check(&headquarters, &till, &spoil("flipped", flipped), "changed after");
    let cut = spoil("cut", bytes[..bytes.len() - 1].to_vec());
    check(&headquarters, &till, &cut, "can't be read to its end");
    // Two pages exchanged, one doubled, one of another snapshot in its place.
    let mut swapped = bytes.clone();
    swapped[begin..].rotate_left(first);
    check(&headquarters, &till, &spoil("swapped", swapped), "changed after");
    let mut doubled = bytes.clone();
    let page = bytes[begin..begin + first].to_vec();
    doubled.splice(begin + first..begin + first, page);
    check(&headquarters, &till, &spoil("doubled", doubled), "changed after");
    // The hub names them in another order, or leaves one out.
    let turned = headquarters.resealed(&good, |it| {
        let Form::Pages { pages, .. } = &mut it.form else { panic!() };
        pages.truncate(1);
    });
    check(&headquarters, &till, &turned, "holds others");
    let fewer = headquarters.resealed(&good, |it| {
        let Form::Pages { plain, .. } = &mut it.form else { panic!() };
        *plain += 1;
    });
    check(&headquarters, &till, &fewer, "holds others");
}
