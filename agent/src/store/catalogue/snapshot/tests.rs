//! Snapshots taken up: by tills that are new, and that lack much.

mod meanwhile;
mod refused;

use super::*;
use crate::import::{self, Input, Kind};
use crate::store::catalogue::downstream::testing::{Hub, chunk, root};
use crate::store::catalogue::downstream::{Downstream, Word};
use crate::store::catalogue::{Catalogue, Indexer, NewItem, NewPrice};
use crate::store::open::{Readers, check_integrity};
use commerce::code::{Gtin, check_digit};
use commerce::price::Layer;
use commerce::{Currency, Unit, UnitPrice};
use jiff::Timestamp;
use std::io::Write as _;
use std::sync::Arc;
use sync::log::{SealingKey, Seed};
use sync::snapshot::Form;
use sync::store::catalogue::{CATALOGUE_VERSION, Plan, StageError, make_file, make_pages};
use sync::trust::{Statement, issue};

/// Items of the hub's catalogue.
const ITEMS: u32 = 300;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn sku(number: u32) -> String {
    format!("A-{number:03}")
}

/// The code of an item: eight digits, the last of which is the check digit.
fn code(number: u32) -> Gtin {
    let body = format!("{:07}", 4_000_000 + number);
    Gtin::parse(&format!("{body}{}", check_digit(&body).unwrap())).unwrap()
}

/// A hub with a catalogue of its own, at some push.
struct Headquarters {
    folder: tempfile::TempDir,
    hub: Hub,
    trust: Arc<Trust>,
    source: Catalogue,
}

impl Headquarters {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut source = Catalogue::open(&OpenOptions::new(folder.path().join("hub.db"))).unwrap();
        import_sets(&mut source);
        let mut load = source.load(at(1)).unwrap();
        let item = |number: u32| NewItem {
            line: u64::from(number),
            sku: sku(number),
            name: format!("Müsli {number}"),
            unit: Unit::Each,
            tax_class: "A".to_owned(),
            department: String::new(),
            barcodes: vec![code(number)],
            short_code: Some(number),
            in_store_item: None,
            minimum_age: 0,
        };
        assert_eq!(load.items((1..=ITEMS).map(item).collect()).unwrap(), []);
        let price = |number: u32| NewPrice {
            line: u64::from(number),
            sku: sku(number),
            layer: Layer::Headquarters,
            starts: at(1),
            ends: None,
            price: Some(UnitPrice::parse("1.00", eur()).unwrap()),
        };
        assert_eq!(load.prices((1..=ITEMS).map(price).collect(), eur()).unwrap(), []);
        load.commit().unwrap();
        let hub = Hub::new(9, 10);
        let trust = Arc::new(trust(&hub));
        let mut headquarters = Self { folder, hub, trust, source };
        headquarters.push(&[(7, Some(777))]);
        headquarters
    }

    /// Pushes prices, which count at once.
    fn push(&mut self, prices: &[(u32, Option<i64>)]) {
        self.hub.push(5, vec![chunk(Layer::Headquarters, 5, prices)]);
        hear(&OpenOptions::new(self.source.file()), &self.hub, &self.trust);
        self.source.refresh().unwrap();
    }

    /// Writes a snapshot into a file and gives its path.
    fn snapshot(&self, name: &str, for_store: bool) -> PathBuf {
        self.sealed_by(&self.hub.key, name, for_store)
    }

    fn sealed_by(&self, key: &SealingKey, name: &str, for_store: bool) -> PathBuf {
        let file = self.folder.path().join(name);
        let (papers, scratch) = (self.hub.papers(), self.folder.path());
        let plan = Plan { key, papers: &papers, made_ms: 20, currency: eur(), for_store, scratch };
        let out = File::create(&file).unwrap();
        make_file(&self.source.connection, &plan, out).unwrap();
        file
    }

    /// The same as pages.
    fn pages(&self, name: &str, for_store: bool) -> PathBuf {
        let file = self.folder.path().join(name);
        let (key, papers, scratch) = (&self.hub.key, self.hub.papers(), self.folder.path());
        let plan = Plan { key, papers: &papers, made_ms: 20, currency: eur(), for_store, scratch };
        make_pages(&self.source.connection, &plan, File::create(&file).unwrap()).unwrap();
        file
    }

    /// A good snapshot under another manifest of the hub's.
    fn resealed(&self, good: &Path, change: impl FnOnce(&mut Manifest)) -> PathBuf {
        let (sealed, mut content) = look(good).unwrap();
        let mut manifest = sealed.manifest().clone();
        change(&mut manifest);
        let sealed = manifest.seal(&self.hub.key).unwrap();
        let changed = self.folder.path().join("changed");
        let mut out = File::create(&changed).unwrap();
        sync::snapshot::write_head(&sealed, &mut out).unwrap();
        std::io::copy(&mut content, &mut out).unwrap();
        changed
    }

    fn take(&self, till: &OpenOptions, snapshot: &Path) -> Result<Taken, TakeError> {
        take(till, snapshot, &self.trust, &mut |_, _| {})
    }
}

fn trust(hub: &Hub) -> Trust {
    let mut trust = Trust::new(Some(root().public()));
    for paper in hub.papers() {
        trust.admit(&paper).unwrap();
    }
    trust
}

/// Lets a catalogue hear everything that the hub wrote.
fn hear(catalogue: &OpenOptions, hub: &Hub, trust: &Arc<Trust>) {
    let mut downstream = Downstream::open(catalogue, at(30)).unwrap();
    for run in hub.runs(1) {
        let (sender, trust) = ("the hub".to_owned(), Arc::clone(trust));
        downstream.hear(at(30), Word::Run { sender, run, trust }).unwrap();
    }
}

fn import_sets(catalogue: &mut Catalogue) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    for kind in [Kind::Store, Kind::Taxes, Kind::Tenders, Kind::Reasons, Kind::Staff] {
        let path = demo.join(format!("{}.csv", kind.name()));
        let input = Input { path: &path, format: None, progress: &mut |_| {} };
        import::import(kind, input, catalogue, at(1)).unwrap();
    }
}

struct Till {
    folder: tempfile::TempDir,
}

impl Till {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn options(&self) -> OpenOptions {
        OpenOptions::new(self.folder.path().join("catalogue.db"))
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue::open(&self.options()).unwrap()
    }
}

/// What an item costs.
fn price(catalogue: &Catalogue, number: u32) -> Option<String> {
    let view = catalogue.view();
    let item = view.item_by_sku(&sku(number)).unwrap()?;
    let price = view.price_at(item.id, at(100), eur()).unwrap();
    price.map(|resolved| resolved.price.amount_text())
}

#[test]
fn a_new_till_has_all_that_the_hub_has() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let snapshot = headquarters.snapshot("all", true);
    let taken = headquarters.take(&till.options(), &snapshot).unwrap();
    assert_eq!(taken, Taken::Replaced { entries: 2 });
    let catalogue = till.catalogue();
    check_integrity(&catalogue.connection, catalogue.file()).unwrap();
    assert_eq!(price(&catalogue, 7).as_deref(), Some("7.77"));
    assert_eq!(price(&catalogue, 8).as_deref(), Some("1.00"));
    let (view, theirs) = (catalogue.view(), headquarters.source.view());
    assert_eq!(view.store().unwrap(), theirs.store().unwrap());
    assert_eq!(view.tenders().unwrap(), theirs.tenders().unwrap());
    assert_eq!(view.item_by_short(9).unwrap(), theirs.item_by_short(9).unwrap());
    assert_eq!(headquarters.take(&till.options(), &snapshot).unwrap(), Taken::Known);
    assert_eq!(files(&till), ["catalogue.db", "catalogue.db-shm", "catalogue.db-wal"]);
}

#[test]
fn entries_go_on_where_a_snapshot_ended() {
    let (mut headquarters, till) = (Headquarters::new(), Till::new());
    headquarters.take(&till.options(), &headquarters.snapshot("all", true)).unwrap();
    headquarters.push(&[(7, Some(555)), (8, None)]);
    hear(&till.options(), &headquarters.hub, &headquarters.trust);
    let catalogue = till.catalogue();
    assert_eq!(price(&catalogue, 7).as_deref(), Some("5.55"));
    assert_eq!(price(&catalogue, 8), None);
    let held = Downstream::open(&till.options(), at(30)).unwrap().books().held().unwrap();
    assert_eq!((held.len(), held[0].first, held[0].head), (1, 3, 4));
    assert!(held[0].base.is_some(), "a sibling learns where it begins");
}

#[test]
fn a_shop_keeps_its_own_sets_where_the_snapshot_is_for_all() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    import_sets(&mut till.catalogue());
    headquarters.take(&till.options(), &headquarters.snapshot("all", false)).unwrap();
    let catalogue = till.catalogue();
    let (view, theirs) = (catalogue.view(), headquarters.source.view());
    assert_eq!(view.store().unwrap(), theirs.store().unwrap());
    assert_eq!(view.staff().unwrap(), theirs.staff().unwrap());
    assert_eq!(price(&catalogue, 7).as_deref(), Some("7.77"));
}

/// The names of a till's files.
fn files(till: &Till) -> Vec<String> {
    let names = fs::read_dir(till.folder.path()).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A till that knows nothing but the chain's root takes the papers that come with a snapshot.
#[test]
fn a_till_that_never_met_the_hub_believes_it_by_the_papers_that_come_along() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    let snapshot = headquarters.snapshot("all", true);
    let knows = Trust::new(Some(root().public()));
    let taken = take(&till.options(), &snapshot, &knows, &mut |_, _| {}).unwrap();
    assert_eq!(taken, Taken::Replaced { entries: 2 });
}

#[test]
fn pages_come_to_the_same_catalogue_as_a_file() {
    let headquarters = Headquarters::new();
    let (by_file, by_pages) = (Till::new(), Till::new());
    headquarters.take(&by_file.options(), &headquarters.snapshot("file", true)).unwrap();
    headquarters.take(&by_pages.options(), &headquarters.pages("pages", true)).unwrap();
    let (one, other) = (by_file.catalogue(), by_pages.catalogue());
    check_integrity(&other.connection, other.file()).unwrap();
    let index = "SELECT count(*) FROM sqlite_schema WHERE name = 'barcode_item'";
    let indexes = |it: &Catalogue| it.connection.query_row(index, [], |row| row.get::<_, u32>(0));
    assert_eq!((indexes(&one), indexes(&other)), (Ok(1), Ok(0)), "it follows behind");
    let mut indexer = Indexer::open(&by_pages.options()).unwrap();
    while indexer.step().unwrap() {}
    for table in
        ["item", "barcode", "short_code", "price", "price_push", "price_chunk", "staff", "stream"]
    {
        let rows = |catalogue: &Catalogue| {
            let mut statement =
                catalogue.connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let row = |row: &rusqlite::Row<'_>| {
                (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect()
            };
            let rows: rusqlite::Result<Vec<Vec<_>>> =
                statement.query_map([], row).unwrap().collect();
            rows.unwrap()
        };
        assert!(!rows(&one).is_empty(), "{table}");
        assert_eq!(rows(&one), rows(&other), "{table}");
    }
    let schema = |catalogue: &Catalogue| {
        let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
        let mut statement = catalogue.connection.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)));
        rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap()
    };
    assert_eq!(schema(&one), schema(&other));
    assert_eq!(price(&other, 7).as_deref(), Some("7.77"));
}

/// What the hub has set stands in a snapshot; one of a version before settings leaves their stream to
/// be fetched.
#[test]
fn settings_come_with_a_snapshot_or_by_their_stream() {
    use sync::settings::{Scope, Value};
    let mut headquarters = Headquarters::new();
    let value = Some(Value::Text("Come again".to_owned()));
    let run = headquarters.hub.set(Scope::Chain, "receipt.footer", value.clone());
    let stream = run.stream;
    let source = OpenOptions::new(headquarters.source.file());
    let mut downstream = Downstream::open(&source, at(30)).unwrap();
    let (sender, trust) = ("the hub".to_owned(), Arc::clone(&headquarters.trust));
    downstream.hear(at(30), Word::Run { sender, run, trust }).unwrap();
    let good = headquarters.pages("pages", true);
    let before = headquarters.resealed(&good, |it| it.schema = 6);
    let file = headquarters.snapshot("file", true);
    for (name, snapshot, held) in [("a", file, 1), ("b", good, 1), ("c", before, 0)] {
        let till = OpenOptions::new(headquarters.folder.path().join(format!("{name}.db")));
        Catalogue::open(&till).unwrap();
        headquarters.take(&till, &snapshot).unwrap();
        let catalogue = Catalogue::open(&till).unwrap();
        let conn = &catalogue.connection;
        let found = sync::store::find_stream(conn, stream.replica, stream.kind).unwrap();
        let seq = found.map_or(0, |found| sync::store::head(conn, &found).unwrap().seq);
        assert_eq!(seq, held, "{name}");
        if held > 0 {
            let settings = catalogue.view().hub_settings().unwrap();
            assert_eq!(settings.at("HH01", 1).get("receipt.footer").copied(), value.as_ref());
        }
    }
}

#[test]
fn codes_are_whole_before_their_index_follows() {
    let (headquarters, till) = (Headquarters::new(), Till::new());
    headquarters.take(&till.options(), &headquarters.pages("pages", true)).unwrap();
    let mut catalogue = till.catalogue();
    let codes = |catalogue: &Catalogue, number: u32| {
        let view = catalogue.view();
        view.barcodes(view.item_by_sku(&sku(number)).unwrap().unwrap().id).unwrap()
    };
    let scanned = |catalogue: &Catalogue, gtin: Gtin| {
        catalogue.view().item_by_gtin(gtin).unwrap().map(|item| item.sku)
    };
    assert_eq!(codes(&catalogue, 12), [code(12)]);
    assert_eq!(scanned(&catalogue, code(12)), Some(sku(12)));
    // An import meanwhile takes codes from items, and does not read all codes for each of them.
    let mut load = catalogue.load(at(50)).unwrap();
    let moved = NewItem {
        line: 2,
        sku: sku(12),
        name: "Roll".to_owned(),
        unit: Unit::Each,
        tax_class: "A".to_owned(),
        department: String::new(),
        barcodes: vec![code(900)],
        short_code: None,
        in_store_item: None,
        minimum_age: 0,
    };
    assert_eq!(load.items(vec![moved]).unwrap(), []);
    load.commit().unwrap();
    let plan = "EXPLAIN QUERY PLAN SELECT gtin FROM barcode WHERE item = 1";
    let plan = catalogue.connection.query_row(plan, [], |row| row.get::<_, String>(3)).unwrap();
    assert!(plan.contains("barcode_item"), "{plan}");
    assert_eq!(codes(&catalogue, 12), [code(900)]);
    assert_eq!(scanned(&catalogue, code(12)), None);
}
