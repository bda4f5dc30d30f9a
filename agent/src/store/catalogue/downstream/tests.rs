//! Runs of the hub's streams: whole pushes or none, at their instant, whatever comes when; what is
//! not believed is refused with its reason, and nothing of it is kept.

use super::super::tests::{at, eur, fresh, gtin, new_item, new_price, write};
use super::super::{Catalogue, NewItem};
use super::testing::{Hub, chunk, root};
use super::*;
use commerce::price::Layer;
use sync::log::{SealingKey, Seed};
use sync::trust::{Statement, issue};

const DAY: i64 = 86_400_000;

/// A catalogue of two items at 1.00 and 2.00, and the hub's writer beside it.
struct Shop {
    _folder: tempfile::TempDir,
    catalogue: Catalogue,
    downstream: Downstream,
    trust: Arc<Trust>,
}

impl Shop {
    fn new(hub: &Hub) -> Self {
        let (folder, mut catalogue) = fresh();
        let item =
            |line, sku: &str| NewItem { barcodes: vec![gtin(line)], ..new_item(line, sku, sku) };
        assert_eq!(write(&mut catalogue, vec![item(1, "A"), item(2, "B")]), []);
        let mut load = catalogue.load(at(0)).unwrap();
        let prices = vec![new_price(1, "A", Some("1"), 0), new_price(2, "B", Some("2"), 0)];
        assert_eq!(load.prices(prices, eur()).unwrap(), []);
        load.commit().unwrap();
        let downstream = Downstream::open(&OpenOptions::new(catalogue.file()), at(1)).unwrap();
        let trust = Arc::new(trust(&hub.papers()));
        Self { _folder: folder, catalogue, downstream, trust }
    }

    fn hear(&mut self, now_ms: i64, run: Batch) -> Delivered {
        let (sender, trust) = ("the hub".to_owned(), Arc::clone(&self.trust));
        self.downstream.hear(at(now_ms), Word::Run { sender, run, trust }).unwrap()
    }

    fn due(&mut self, now_ms: i64) -> Delivered {
        let trust = Arc::clone(&self.trust);
        self.downstream.hear(at(now_ms), Word::Due { trust }).unwrap()
    }

    /// What both items sell at, by barcode and by id.
    fn prices(&mut self, now_ms: i64) -> [i64; 2] {
        self.catalogue.refresh().unwrap();
        let view = self.catalogue.view();
        [1, 2].map(|code| {
            let (item, scanned) =
                view.priced_by_gtin(gtin(code), at(now_ms), eur()).unwrap().unwrap();
            assert_eq!(view.price_at(item.id, at(now_ms), eur()).unwrap(), scanned);
            scanned.unwrap().price.amount()
        })
    }

    fn rows(&self) -> i64 {
        let conn = self.downstream.connection();
        conn.query_row("SELECT count(*) FROM price", [], |row| row.get(0)).unwrap()
    }

    fn reopen(&mut self, now_ms: i64) {
        let options = OpenOptions::new(self.catalogue.file());
        self.downstream = Downstream::open(&options, at(now_ms)).unwrap();
        self.catalogue = Catalogue::open(&options).unwrap();
    }
}

fn trust(papers: &[Vec<u8>]) -> Trust {
    let mut trust = Trust::new(Some(root().public()));
    for paper in papers {
        trust.admit(paper).unwrap();
    }
    trust
}

fn two(layer: Layer, starts_ms: i64, a: i64, b: i64) -> Vec<sync::bulk::PriceChunk> {
    vec![chunk(layer, starts_ms, &[(1, Some(a))]), chunk(layer, starts_ms, &[(2, Some(b))])]
}

#[test]
fn a_push_counts_whole_and_at_its_instant() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(DAY, two(Layer::Headquarters, DAY, 111, 222));
    for run in hub.runs(1) {
        assert_eq!(shop.prices(2 * DAY), [100, 200]);
        let delivered = shop.hear(5, run.clone());
        assert!(matches!(delivered.outcome, Some(Outcome::Appended(_))), "{delivered:?}");
        assert_eq!(shop.hear(5, run).outcome, Some(Outcome::Known));
    }
    assert_eq!(shop.due(DAY - 1).due_ms, Some(DAY));
    assert_eq!(shop.prices(DAY - 1), [100, 200]);
    // Then only rows that stopped counting are looked for.
    assert!(shop.due(DAY).due_ms > Some(DAY));
    assert_eq!(shop.prices(DAY), [111, 222]);
    // A clock that is put back takes the push back only as far as its rows say so themselves.
    assert_eq!(shop.prices(DAY - 1), [100, 200]);
}

#[test]
fn an_instant_that_passed_while_the_till_was_off_counts_when_it_starts() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(DAY, two(Layer::Headquarters, DAY, 111, 222));
    for run in hub.runs(1) {
        shop.hear(5, run);
    }
    shop.reopen(2 * DAY);
    assert_eq!(shop.prices(2 * DAY), [111, 222]);
}

#[test]
fn a_push_that_comes_late_counts_with_its_last_entry() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let mut runs = hub.runs(1);
    let last = runs.pop().unwrap();
    for run in runs {
        shop.hear(DAY, run);
        assert_eq!(shop.prices(DAY), [100, 200]);
    }
    shop.hear(DAY, last);
    assert_eq!(shop.prices(DAY), [111, 222]);
}

/// The till looked at what counts, and then a chunk came: its rows are seen by nobody.
#[test]
fn a_reader_that_has_not_looked_since_sees_what_it_saw() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    assert_eq!(shop.prices(DAY), [100, 200]);
    for run in hub.runs(1) {
        shop.hear(DAY, run);
        let view = shop.catalogue.view();
        let (_, price) = view.priced_by_gtin(gtin(1), at(DAY), eur()).unwrap().unwrap();
        assert_eq!(price.unwrap().price.amount(), 100);
    }
    assert_eq!(shop.prices(DAY), [111, 222]);
}

#[test]
fn layers_do_not_fight_and_a_withdrawal_gives_back_what_stood_before() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, vec![chunk(Layer::Zone, 20, &[(1, Some(90))])]);
    hub.push(30, two(Layer::Headquarters, 30, 111, 222));
    let store = hub.push(40, vec![chunk(Layer::Store, 40, &[(1, Some(80)), (2, None)])]);
    let mut seen = 1;
    let mut hear = |shop: &mut Shop, hub: &Hub| {
        for run in hub.runs(seen) {
            seen += 1;
            shop.hear(DAY, run);
        }
    };
    hear(&mut shop, &hub);
    assert_eq!(shop.prices(DAY), [80, 222]);
    hub.withdraw(store);
    hear(&mut shop, &hub);
    assert_eq!(shop.prices(DAY), [90, 222]);
    // Its rows go some time after, and nothing else with them.
    assert_eq!(shop.rows(), 7);
    let due = shop.due(DAY).due_ms.unwrap();
    shop.due(due - 1);
    assert_eq!(shop.rows(), 7);
    shop.due(due);
    assert_eq!(shop.rows(), 5);
    assert_eq!(shop.prices(DAY), [90, 222]);
}

/// A later writer's promotion that has ended hides an earlier writer's price of the same start.
#[test]
fn the_last_writer_of_a_start_stands_also_when_its_price_has_ended() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, vec![chunk(Layer::Headquarters, 20, &[(1, Some(150))])]);
    let ends = sync::bulk::PriceChunk {
        ends_ms: Some(30),
        ..chunk(Layer::Headquarters, 20, &[(1, Some(70))])
    };
    hub.push(20, vec![ends]);
    for run in hub.runs(1) {
        shop.hear(DAY, run);
    }
    assert_eq!(shop.prices(25), [70, 200]);
    assert_eq!(shop.prices(40), [100, 200]);
}

#[test]
fn runs_that_cannot_be_believed_are_refused_and_leave_nothing() {
    let mut hub = Hub::new(9, 10);
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let runs = hub.runs(1);
    let till = SealingKey::from_seed(&Seed::new([50; 32])).unwrap();
    let issued = |statement| issue(&statement, &till).unwrap();
    let replica = hub.stream.id().replica;
    let stranger = vec![issued(Statement::Incarnation { replica, opened: Default::default() })];
    let mut other = runs[0].clone();
    other.entries[0].body.push(0);
    let check = |what: &str, papers: &[Vec<u8>], run: &Batch, kind: AlarmKind| {
        let mut shop = Shop::new(&hub);
        shop.trust = Arc::new(trust(papers));
        let delivered = shop.hear(DAY, run.clone());
        assert_eq!(delivered.outcome, Some(Outcome::Disbelieved), "{what}");
        let kinds: Vec<_> = delivered.suspicions.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [kind], "{what}");
        assert!(!delivered.suspicions[0].frame.is_empty(), "{what}: no evidence");
        let conn = shop.downstream.connection();
        for table in ["entry", "stream", "replica", "price_chunk"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows: i64 = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(rows, 0, "{what}: {table}");
        }
    };
    check("no paper", &[], &runs[0], AlarmKind::Stranger);
    check("a key that nobody signed for", &stranger, &runs[0], AlarmKind::Stranger);
    check("a changed byte", &hub.papers(), &other, AlarmKind::Disbelieved);
}

#[test]
fn gaps_and_other_branches_are_told() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let runs = hub.runs(1);
    assert_eq!(shop.hear(DAY, runs[1].clone()).outcome, Some(Outcome::Gap));
    for run in runs {
        shop.hear(DAY, run);
    }
    // The same hub put back from a backup writes something else.
    let mut twin = Hub::new(9, 10);
    twin.push(20, two(Layer::Headquarters, 20, 5, 6));
    let delivered = shop.hear(DAY, twin.runs(1).swap_remove(0));
    assert_eq!(delivered.outcome, Some(Outcome::Forked { at: Some(1), to: 1 }));
    assert_eq!(delivered.suspicions[0].kind, AlarmKind::Fork);
    assert_eq!(shop.prices(DAY), [111, 222]);
}

#[test]
fn entries_of_a_newer_version_and_broken_ones_stop_nothing() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.write_body(&[0x82, 0x18, 99, 0x80]);
    hub.write_body(b"nonsense");
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let heard: Vec<_> = hub.runs(1).into_iter().map(|run| shop.hear(DAY, run)).collect();
    assert!(heard[0].suspicions[0].why.contains("update Till"), "{:?}", heard[0]);
    assert_eq!(heard[1].suspicions[0].kind, AlarmKind::Disbelieved);
    assert!(heard[2..].iter().all(|delivered| delivered.suspicions.is_empty()));
    assert_eq!(shop.prices(DAY), [111, 222]);
    let unread = |shop: &Shop| -> i64 {
        let conn = shop.downstream.connection();
        conn.query_row("SELECT count(*) FROM unread", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(unread(&shop), 1);
    // A version that can't read it either keeps it for the next.
    shop.reopen(DAY);
    assert_eq!(unread(&shop), 1);
}

#[test]
fn a_contradiction_is_told_once_and_never_counts() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let twice = sync::bulk::PriceChunk { push: 1, ..two(Layer::Headquarters, 20, 1, 1).remove(0) };
    hub.write_body(&sync::bulk::encode(&sync::bulk::Bulk::Prices(twice)).unwrap());
    let told: usize = hub.runs(1).into_iter().map(|run| shop.hear(5, run).suspicions.len()).sum();
    assert_eq!(told, 1);
    assert_eq!(shop.prices(DAY), [100, 200]);
}

#[test]
fn a_push_in_another_currency_never_counts_and_is_told_once() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    let conn = shop.downstream.connection();
    let sql = "INSERT INTO store(one, code, name, address, postcode, city, country, tax_number,
        currency, time_zone, tax_rounding, day_starts)
        VALUES(1, '', '', '', '', '', 'DE', '', ?1, '', '', 0)";
    conn.execute(sql, ["USD"]).unwrap();
    hub.push(20, two(Layer::Headquarters, 20, 111, 222));
    let told: Vec<_> =
        hub.runs(1).into_iter().flat_map(|run| shop.hear(DAY, run).suspicions).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].why.contains("in EUR, this store sells in USD"), "{told:?}");
    assert_eq!(shop.prices(DAY), [100, 200]);
}

/// What came before its writer's key was revoked counts; what came after waits, and counts once a
/// later paper says so.
#[test]
fn entries_after_a_revocation_wait() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    hub.push(20, vec![chunk(Layer::Headquarters, 20, &[(1, Some(111))])]);
    hub.push(20, vec![chunk(Layer::Headquarters, 20, &[(2, Some(222))])]);
    let id = hub.stream.id();
    let revoked = |last, serial| {
        let ends = vec![(id.replica, id.kind, last)];
        let paper =
            sync::trust::Revocation { key: hub.key.public(), why: "stolen".into(), ends, serial };
        issue(&Statement::Revoked(paper), &root()).unwrap()
    };
    let papers = |last, serial| [hub.papers(), vec![revoked(last, serial)]].concat();
    shop.trust = Arc::new(trust(&papers(2, 1)));
    let told: Vec<_> =
        hub.runs(1).into_iter().flat_map(|run| shop.hear(DAY, run).suspicions).collect();
    assert!(told.iter().all(|it| it.kind == AlarmKind::Held), "{told:?}");
    assert_eq!(told.len(), 2);
    assert_eq!(shop.prices(DAY), [111, 200]);
    shop.trust = Arc::new(trust(&papers(4, 2)));
    shop.due(DAY);
    assert_eq!(shop.prices(DAY), [111, 222]);
}

/// Ten years ahead by its own clock: what the hub may still take back stays all the same.
#[test]
fn a_clock_that_is_far_ahead_makes_no_row_go() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    let pushes: Vec<u64> = (1..=3)
        .map(|day| hub.push(day * DAY, two(Layer::Headquarters, day * DAY, day, 1_000 + day)))
        .collect();
    for run in hub.runs(1) {
        shop.hear(3 * DAY, run);
    }
    let mut due = shop.due(3_650 * DAY).due_ms.unwrap();
    for _ in 0..3 {
        due = shop.due(due).due_ms.unwrap();
    }
    let seen = hub.runs(1).len() as u64 + 1;
    pushes.iter().for_each(|push| hub.withdraw(*push));
    for run in hub.runs(seen) {
        shop.hear(3_650 * DAY, run);
    }
    assert_eq!(shop.prices(3_650 * DAY), [100, 200]);
}

/// A push a day for a hundred days: what stopped counting long ago goes, but for the one that the
/// last would give back.
#[test]
fn rows_that_stopped_counting_long_ago_go() {
    let mut hub = Hub::new(9, 10);
    let mut shop = Shop::new(&hub);
    let pushes: Vec<u64> = (1..=100_i64)
        .map(|day| {
            hub.ms = (day * DAY).cast_unsigned();
            hub.push(day * DAY, two(Layer::Headquarters, day * DAY, day, 1_000 + day))
        })
        .collect();
    for run in hub.runs(1) {
        shop.hear(100 * DAY, run);
    }
    assert_eq!(shop.rows(), 202);
    let mut due = shop.due(100 * DAY).due_ms.unwrap();
    for _ in 0..3 {
        due = shop.due(due).due_ms.unwrap();
    }
    // Days 64 to 100: 65 began 35 days ago, 64 stands behind it.
    assert_eq!(shop.rows(), 2 * 37);
    for day in [64, 65, 80, 100] {
        assert_eq!(shop.prices(day * DAY), [day, 1_000 + day], "day {day}");
    }
    let mut seen = hub.runs(1).len() as u64 + 1;
    for (push, day) in pushes[64..].iter().rev().zip((65..=100).rev()) {
        hub.withdraw(*push);
        for run in hub.runs(seen) {
            shop.hear(100 * DAY, run);
            seen += 1;
        }
        assert_eq!(shop.prices(100 * DAY), [day - 1, 1_000 + day - 1]);
    }
}
