//! The catalogue as a whole: what is written is found by every code, and no look-up scans.

use super::*;
use commerce::code::{Gtin, check_digit};
use commerce::price::Layer;
use commerce::{Currency, Unit, UnitPrice};
use sync::settings::{Scope, Value};

pub fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A valid GTIN-13 for any number below 10^12.
pub fn gtin(number: u64) -> Gtin {
    let digits = format!("{number:012}");
    Gtin::parse(&format!("{digits}{}", check_digit(&digits).unwrap())).unwrap()
}

pub fn new_item(line: u64, sku: &str, name: &str) -> NewItem {
    NewItem {
        line,
        sku: sku.to_owned(),
        name: name.to_owned(),
        unit: Unit::Each,
        tax_class: "A".to_owned(),
        department: String::new(),
        barcodes: Vec::new(),
        short_code: None,
        in_store_item: None,
        minimum_age: 0,
    }
}

pub fn new_price(line: u64, sku: &str, price: Option<&str>, starts_ms: i64) -> NewPrice {
    NewPrice {
        line,
        sku: sku.to_owned(),
        layer: Layer::Headquarters,
        starts: at(starts_ms),
        ends: None,
        price: price.map(|text| UnitPrice::parse(text, eur()).unwrap()),
    }
}

/// A fresh catalogue in a folder of its own.
pub fn fresh() -> (tempfile::TempDir, Catalogue) {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::open(&OpenOptions::new(folder.path().join("catalogue.db"))).unwrap();
    (folder, catalogue)
}

/// Writes items in one load; what was refused undoes it.
pub fn write(catalogue: &mut Catalogue, items: Vec<NewItem>) -> Vec<BadRow> {
    let mut load = catalogue.load(at(0)).unwrap();
    let mut bad = load.items(items).unwrap();
    bad.extend(load.finish_items().unwrap());
    if bad.is_empty() {
        load.commit().unwrap();
    }
    bad
}

fn price_texts(catalogue: &Catalogue, sku: &str, at_ms: i64) -> Vec<String> {
    let view = catalogue.view();
    let item = view.item_by_sku(sku).unwrap().unwrap();
    let rows = view.price_rows(item.id, at(at_ms), eur()).unwrap();
    rows.iter().map(|row| row.price.map_or("none".to_owned(), UnitPrice::amount_text)).collect()
}

#[test]
fn every_code_leads_to_its_item() {
    let (_folder, mut catalogue) = fresh();
    let full = NewItem {
        barcodes: vec![gtin(400_230_111_178), gtin(5)],
        short_code: Some(4011),
        in_store_item: Some("00123".to_owned()),
        minimum_age: 18,
        department: "Drinks".to_owned(),
        ..new_item(2, "A-1", "Grappa 0.5 l")
    };
    let plain = NewItem { in_store_item: Some("123".to_owned()), ..new_item(3, "B-2", "Bread") };
    assert_eq!(write(&mut catalogue, vec![plain, full.clone()]), []);

    let view = catalogue.view();
    let item = view.item_by_sku("A-1").unwrap().unwrap();
    assert_eq!((item.name.as_str(), item.minimum_age), ("Grappa 0.5 l", 18));
    assert_eq!((item.department.as_str(), item.tax_class.as_str()), ("Drinks", "A"));
    for found in [
        view.item_by_gtin(gtin(400_230_111_178)),
        view.item_by_gtin(gtin(5)),
        view.item_by_short(4011),
        view.item_by_in_store("00123"),
        view.item_by_id(item.id),
    ] {
        assert_eq!(found.unwrap().as_ref(), Some(&item));
    }
    assert_eq!(view.item_by_in_store("123").unwrap().unwrap().sku, "B-2");
    assert_eq!(view.barcodes(item.id).unwrap(), [gtin(5), gtin(400_230_111_178)]);
    assert_eq!(view.item_count().unwrap(), 2);
    assert_eq!(view.priced_by_gtin(gtin(6), at(0), eur()).unwrap(), None);
    for missing in [
        view.item_by_gtin(gtin(6)),
        view.item_by_short(4012),
        view.item_by_in_store("0123"),
        view.item_by_in_store("x"),
        view.item_by_sku("a-1"),
    ] {
        assert_eq!(missing.unwrap(), None);
    }
}

#[test]
fn a_known_sku_is_replaced_with_all_its_codes() {
    let (_folder, mut catalogue) = fresh();
    let old = NewItem {
        barcodes: vec![gtin(1), gtin(2)],
        short_code: Some(7),
        ..new_item(2, "A", "Old")
    };
    write(&mut catalogue, vec![old]);
    let id = catalogue.view().item_by_sku("A").unwrap().unwrap().id;
    let new = NewItem { barcodes: vec![gtin(2), gtin(3)], ..new_item(2, "A", "New") };
    assert_eq!(write(&mut catalogue, vec![new]), []);
    let view = catalogue.view();
    let item = view.item_by_sku("A").unwrap().unwrap();
    assert_eq!((item.id, item.name.as_str()), (id, "New"));
    assert_eq!(view.barcodes(id).unwrap(), [gtin(2), gtin(3)]);
    assert_eq!(view.item_by_short(7).unwrap(), None);
}

#[test]
fn a_code_may_move_between_items_of_one_file_only() {
    let with = |line, sku: &str, codes: &[u64]| NewItem {
        barcodes: codes.iter().map(|code| gtin(*code)).collect(),
        ..new_item(line, sku, sku)
    };
    let (_folder, mut catalogue) = fresh();
    assert_eq!(write(&mut catalogue, vec![with(2, "A", &[1]), with(3, "Z", &[9])]), []);
    // Swapped within one file, whichever row comes first.
    assert_eq!(write(&mut catalogue, vec![with(2, "A", &[9]), with(3, "Z", &[1])]), []);
    assert_eq!(catalogue.view().item_by_gtin(gtin(9)).unwrap().unwrap().sku, "A");
    // Taken from an item that the file says nothing about.
    let bad = write(&mut catalogue, vec![with(2, "B", &[9])]);
    assert_eq!((bad.len(), bad[0].line, bad[0].column), (1, 2, "barcodes"));
    assert!(bad[0].reason.contains("item `A`"), "{}", bad[0].reason);
    assert_eq!(catalogue.view().item_by_gtin(gtin(9)).unwrap().unwrap().sku, "A");
    // Twice in one file, and an item that states it twice.
    assert_eq!(write(&mut catalogue, vec![with(2, "C", &[50]), with(3, "D", &[50])]).len(), 1);
    assert_eq!(write(&mut catalogue, vec![with(2, "C", &[50, 50])]).len(), 1);
    // The same SKU twice names the first line.
    let bad = write(&mut catalogue, vec![with(2, "C", &[]), with(8, "C", &[])]);
    assert_eq!((bad[0].line, bad[0].column), (8, "sku"));
    assert!(bad[0].reason.contains("line 2"), "{}", bad[0].reason);
    assert_eq!(catalogue.view().item_count().unwrap(), 2);
}

#[test]
fn prices_of_an_instant_come_nearest_layer_and_latest_first() {
    let (_folder, mut catalogue) = fresh();
    let priced = NewItem { barcodes: vec![gtin(1)], ..new_item(2, "A", "A") };
    write(&mut catalogue, vec![priced]);
    let mut load = catalogue.load(at(1_000)).unwrap();
    let promotion = NewPrice {
        layer: Layer::Store,
        ends: Some(at(300)),
        ..new_price(4, "A", Some("3/1.00"), 200)
    };
    let bad = load
        .prices(
            vec![new_price(2, "A", Some("2"), 100), new_price(3, "A", None, 150), promotion],
            eur(),
        )
        .unwrap();
    assert_eq!(bad, []);
    load.commit().unwrap();
    assert_eq!(price_texts(&catalogue, "A", 99), Vec::<String>::new());
    assert_eq!(price_texts(&catalogue, "A", 100), ["2.00"]);
    assert_eq!(price_texts(&catalogue, "A", 299), ["3/1.00", "none", "2.00"]);
    assert_eq!(price_texts(&catalogue, "A", 300), ["none", "2.00"]);
    let view = catalogue.view();
    let id = view.item_by_sku("A").unwrap().unwrap().id;
    for (ms, expected) in [(99, None), (100, Some("2.00")), (299, Some("3/1.00")), (300, None)] {
        let resolved = view.price_at(id, at(ms), eur()).unwrap();
        assert_eq!(resolved.map(|found| found.price.amount_text()).as_deref(), expected, "{ms}");
    }
}

#[test]
fn later_imports_replace_the_key_and_drop_what_is_long_superseded() {
    const DAY: i64 = 86_400_000;
    let (_folder, mut catalogue) = fresh();
    write(&mut catalogue, vec![new_item(2, "A", "A")]);
    for (day, text) in [(0, "1"), (0, "2"), (30, "3"), (60, "4")] {
        let mut load = catalogue.load(at(day * DAY)).unwrap();
        load.prices(vec![new_price(2, "A", Some(text), day * DAY)], eur()).unwrap();
        load.commit().unwrap();
    }
    // The same key was replaced; a clock put back to day 31 still finds a price.
    assert_eq!(price_texts(&catalogue, "A", 0), ["2.00"]);
    assert_eq!(price_texts(&catalogue, "A", 31 * DAY), ["3.00", "2.00"]);
    let mut load = catalogue.load(at(70 * DAY)).unwrap();
    load.prices(vec![new_price(2, "A", Some("5"), 70 * DAY)], eur()).unwrap();
    load.commit().unwrap();
    assert_eq!(price_texts(&catalogue, "A", 70 * DAY), ["5.00", "4.00", "3.00"]);

    let mut load = catalogue.load(at(0)).unwrap();
    let twice =
        vec![new_price(2, "A", None, 9), new_price(3, "A", None, 9), new_price(4, "?", None, 9)];
    let bad = load.prices(twice, eur()).unwrap();
    assert_eq!(
        bad.iter().map(|row| (row.line, row.column)).collect::<Vec<_>>(),
        [(3, "starts"), (4, "sku")]
    );
}

#[test]
fn the_larger_cache_goes_back_however_a_load_ends() {
    let (_folder, mut catalogue) = fresh();
    let cache = |catalogue: &Catalogue| -> i64 {
        catalogue.connection.query_row("PRAGMA cache_size", [], |row| row.get(0)).unwrap()
    };
    let before = cache(&catalogue);
    drop(catalogue.load(at(0)).unwrap());
    assert_eq!(cache(&catalogue), before);
    catalogue.load(at(0)).unwrap().commit().unwrap();
    assert_eq!(cache(&catalogue), before);
}

/// The tables and indexes of a file, as SQL.
fn schema(catalogue: &Catalogue) -> Vec<(String, String)> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = catalogue.connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Each fixture was written by the version whose number it bears and is never written again: every
/// later version opens it, ends with the schema of a fresh file, and finds what was in it.
#[test]
fn a_file_of_an_earlier_version_becomes_a_fresh_one() {
    let (folder, fresh) = fresh();
    for version in [1, 5, 6, 7] {
        let name = format!("catalogue-v{version}.db");
        let path = folder.path().join(&name);
        let fixtures =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/migrations");
        std::fs::copy(fixtures.join(&name), &path).unwrap();
        let mut old = Catalogue::open(&OpenOptions::new(&path)).unwrap();
        assert_eq!(schema(&old), schema(&fresh), "{name}");
        let view = old.view();
        let found = view.priced_by_gtin(gtin(400_638_133_393), at(1), eur()).unwrap().unwrap();
        let (item, price) = found;
        assert_eq!((item.sku.as_str(), item.name.as_str(), item.minimum_age), ("A-1", "Müsli", 16));
        assert_eq!(price.map(|price| price.price.amount_text()).as_deref(), Some("3/1.00"));
        assert_eq!(view.item_by_short(4011).unwrap().map(|item| item.id), Some(item.id));
        assert_eq!(view.item_by_in_store("0123").unwrap().map(|item| item.id), Some(item.id));
        assert_eq!(view.search("musli", 9).unwrap(), std::slice::from_ref(&item));
        if version >= 5 {
            // A push of the hub's waited for its instant, which has come.
            Downstream::open(&OpenOptions::new(&path), at(100)).unwrap();
            old.refresh().unwrap();
            let price = old.view().price_at(item.id, at(100), eur()).unwrap();
            assert_eq!(price.map(|price| price.price.amount_text()).as_deref(), Some("0.95"));
        }
        if version >= 7 {
            let settings = old.view().hub_settings().unwrap();
            let footer = settings.at("HH01", 1).get("receipt.footer").copied().cloned();
            assert_eq!(footer, Some(Value::Text("Come again".to_owned())));
        }
    }
}

/// Writes the fixture of the present version, once, under its own name.
#[test]
#[ignore = "writes a fixture"]
fn write_fixture() {
    use downstream::testing::{Hub, chunk, root};
    let (_folder, mut catalogue) = fresh();
    let item = NewItem {
        barcodes: vec![gtin(400_638_133_393)],
        short_code: Some(4011),
        in_store_item: Some("0123".to_owned()),
        minimum_age: 16,
        ..new_item(2, "A-1", "Müsli")
    };
    assert_eq!(write(&mut catalogue, vec![item]), []);
    let mut load = catalogue.load(at(0)).unwrap();
    assert_eq!(load.prices(vec![new_price(2, "A-1", Some("3/1.00"), 0)], eur()).unwrap(), []);
    load.commit().unwrap();
    let mut hub = Hub::new(9, 10);
    hub.push(100, vec![chunk(Layer::Headquarters, 100, &[(1, Some(95))])]);
    let mut trust = sync::trust::Trust::new(Some(root().public()));
    for paper in hub.papers() {
        trust.admit(&paper).unwrap();
    }
    let trust = std::sync::Arc::new(trust);
    let mut downstream = Downstream::open(&OpenOptions::new(catalogue.file()), at(1)).unwrap();
    let footer = Some(Value::Text("Come again".to_owned()));
    let set = hub.set(Scope::Store("HH01".to_owned()), "receipt.footer", footer);
    for run in hub.runs(1).into_iter().chain([set]) {
        let (sender, trust) = ("the hub".to_owned(), trust.clone());
        downstream.hear(at(1), downstream::Word::Run { sender, run, trust }).unwrap();
    }
    let into = std::env::temp_dir().join(format!("catalogue-v{}.db", MIGRATIONS.len()));
    catalogue.connection.execute("VACUUM INTO ?1", [into.to_str().unwrap()]).unwrap();
}

#[test]
fn hot_queries_search_and_never_scan() {
    let (_folder, catalogue) = fresh();
    for sql in [
        lookup::BY_GTIN,
        lookup::BY_SHORT_CODE,
        lookup::BY_IN_STORE,
        lookup::BY_SKU,
        lookup::BY_ID,
        lookup::BARCODES,
        lookup::PRICES,
        lookup::PRICED_BY_GTIN,
    ] {
        let plan = plan(&catalogue, sql);
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}\n{plan:#?}");
    }
}

/// The steps SQLite takes for a statement.
pub fn plan(catalogue: &Catalogue, sql: &str) -> Vec<String> {
    let mut statement = catalogue.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for at in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(at, 1).unwrap();
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>(3).unwrap());
    }
    steps
}
