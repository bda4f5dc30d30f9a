//! Snapshots taken up while a till sells, imports, or is killed.

use super::*;
use crate::store::catalogue::snapshot::swap::STEPS;

#[test]
fn the_names_follow_behind() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    headquarters.take(&till.options(), &headquarters.snapshot("all", true)).unwrap();
    let mut catalogue = till.catalogue();
    let behind = catalogue.view().behind().unwrap().unwrap();
    assert_eq!((behind.indexed, behind.items), (0, u64::from(ITEMS)));
    assert_eq!(catalogue.view().search("musli 12", 9).unwrap(), []);
    assert_eq!(catalogue.view().search("A-012", 1).unwrap().len(), 1, "codes need no index");
    // An import meanwhile leaves names to the index, and forgets none that is not in it.
    let mut load = catalogue.load(at(50)).unwrap();
    let renamed = NewItem {
        line: 2,
        sku: sku(12),
        name: "Brot".to_owned(),
        unit: Unit::Each,
        tax_class: "A".to_owned(),
        department: String::new(),
        barcodes: Vec::new(),
        short_code: None,
        in_store_item: None,
        minimum_age: 0,
    };
    assert_eq!(load.items(vec![renamed]).unwrap(), []);
    load.commit().unwrap();
    let mut indexer = Indexer::open(&till.options()).unwrap();
    while indexer.step().unwrap() {}
    assert_eq!(catalogue.view().behind().unwrap(), None);
    assert_eq!(catalogue.view().search("brot", 9).unwrap().len(), 1);
    assert_eq!(catalogue.view().search("musli 13", 9).unwrap()[0].name, "Müsli 13");
    catalogue
        .connection
        .execute("INSERT INTO search(search) VALUES('integrity-check')", [])
        .unwrap();
}

#[test]
fn whoever_reads_meanwhile_goes_over_to_the_new_one() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let mut catalogue = till.catalogue();
    import_sets(&mut catalogue);
    let readers = Readers::open(&till.options(), MIGRATIONS, 2).unwrap();
    let mut downstream = Downstream::open(&till.options(), at(30)).unwrap();
    let reading = readers.get().unwrap();
    let before = catalogue.edition();
    headquarters.take(&till.options(), &headquarters.snapshot("all", true)).unwrap();
    let items = "SELECT count(*) FROM item";
    let count = |conn: &Connection| conn.query_row(items, [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!(count(&reading), 0, "what was begun ends on the old one");
    drop(reading);
    assert_eq!(count(&readers.get().unwrap()), ITEMS);
    catalogue.refresh().unwrap();
    assert_ne!(catalogue.edition(), before, "settings are to be loaded anew");
    assert_eq!(price(&catalogue, 7).as_deref(), Some("7.77"));
    // A writer that was open before writes to the new one.
    for run in headquarters.hub.runs(1) {
        let (sender, trust) = ("the hub".to_owned(), Arc::clone(&headquarters.trust));
        let word = Word::Run { sender, run, trust };
        let outcome = downstream.hear(at(30), word).unwrap().outcome;
        assert_eq!(outcome, Some(sync::session::Outcome::Known));
    }
    drop((readers, downstream));
    catalogue.refresh().unwrap();
    catalogue.load(at(60)).unwrap().commit().unwrap();
    drop(catalogue);
    let catalogue = till.catalogue();
    check_integrity(&catalogue.connection, catalogue.file()).unwrap();
    assert_eq!(catalogue.view().item_count().unwrap(), u64::from(ITEMS));
}

#[test]
fn an_import_that_came_between_is_never_lost() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let mut catalogue = till.catalogue();
    let (sealed, content) = look(&headquarters.snapshot("all", true)).unwrap();
    let staged = StagedFile::begin(catalogue.file()).unwrap();
    let mut live = open(&till.options(), MIGRATIONS).unwrap();
    let state = State::of(&live).unwrap();
    Staged::fill(&sealed, &headquarters.trust, content, staged.path(), &mut |_, _| {})
        .and_then(Staged::finish)
        .unwrap();
    import_sets(&mut catalogue);
    let swapped =
        swap::swap(&mut live, catalogue.file(), staged.path(), |tx| Ok(State::of(tx)? == state));
    assert!(matches!(swapped, Err(TakeError::Busy(_))), "{swapped:?}");
    drop(catalogue);
    assert!(till.catalogue().view().store().unwrap().is_some());
}

/// Copies of a folder are what a kill leaves: files as they are, connections gone.
#[test]
fn a_kill_at_any_step_leaves_the_old_one_or_the_new_one() {
    let headquarters = Headquarters::new();
    let snapshot = headquarters.snapshot("all", true);
    let mut seen = std::collections::BTreeSet::new();
    for done in 0..=STEPS.len() {
        let till = Till::new();
        let mut old = till.catalogue();
        import_sets(&mut old);
        let (sealed, content) = look(&snapshot).unwrap();
        let staged = StagedFile::begin(old.file()).unwrap();
        let trust = &headquarters.trust;
        Staged::fill(&sealed, trust, content, staged.path(), &mut |_, _| {})
            .and_then(Staged::finish)
            .unwrap();
        old.write_back().unwrap();
        for step in STEPS.iter().take(done) {
            step(old.file(), staged.path()).unwrap();
        }
        let killed = Till::new();
        for name in files(&till) {
            fs::copy(till.folder.path().join(&name), killed.folder.path().join(&name)).unwrap();
        }
        let catalogue = killed.catalogue();
        check_integrity(&catalogue.connection, catalogue.file()).unwrap();
        let items = catalogue.view().item_count().unwrap();
        assert!(items == 0 || items == u64::from(ITEMS), "{items} after {done} steps");
        assert!(catalogue.view().store().unwrap().is_some());
        seen.insert(items);
        drop(catalogue);
        // The next attempt clears up behind it.
        headquarters.take(&killed.options(), &snapshot).unwrap();
        assert_eq!(killed.catalogue().view().item_count().unwrap(), u64::from(ITEMS));
        assert!(!files(&killed).contains(&"catalogue.db.next".to_owned()));
    }
    assert_eq!(seen.len(), 2, "some steps leave the old one, some the new one");
}
