//! A run folded at once, held against its entries folded one by one.

use super::super::{FOLDED_CARTS, fold_workspace};
use super::*;
use crate::store::open::{OpenOptions, Synchronous};
use crate::store::till::{NewSeries, Opened, TillStore};
use commerce::cart::{Item, Line};
use commerce::customer::CustomerId;
use commerce::fact::SeriesReason;
use commerce::sale::ReceiptNumber;
use commerce::staff::StaffId;
use commerce::{Currency, Quantity, Unit, UnitPrice};
use proptest::prelude::*;
use rusqlite::types::Value;
use sync::clock::Hlc;
use sync::log::{ReplicaId, SealingKey, Seed, StreamKind};
use sync::space::{Dot, Held, Offered};
use sync::store::{declare_peer, open_stream};

/// Two siblings; the run is the first one's.
const SIBLINGS: [ReplicaId; 2] = [ReplicaId([1; 16]), ReplicaId([2; 16])];

fn key(number: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([number; 32])).unwrap()
}

/// A till that knows of two siblings, and which streams are theirs.
fn till(folder: &tempfile::TempDir) -> (TillStore, [i64; 2]) {
    let mut options = OpenOptions::new(folder.path().join("till.db"));
    options.synchronous = Synchronous::Off;
    let now = "2026-11-22T09:00:00Z".parse().unwrap();
    let (replica, reason) = (ReplicaId([9; 16]), SeriesReason::First);
    let new = NewSeries { replica, reason, store: "HH01".into(), till: 9, above: 0 };
    let till = Opened::open(&options).unwrap().begin(key(9), 0, now, Some(new)).unwrap();
    let holders = SIBLINGS.map(|replica| {
        let db = till.connection();
        declare_peer(db, replica, &key(replica.0[0]).public(), Hlc::default()).unwrap();
        open_stream(db, replica, StreamKind::Workspace).unwrap().local()
    });
    (till, holders)
}

fn line(number: u32) -> Line {
    let (sku, name, tax_class) = ("BAK-013".into(), "Roll".into(), "B".into());
    Line {
        number,
        item: Item { sku, gtin: None, name, tax_class },
        quantity: Quantity::one(Unit::Each),
        price: UnitPrice::parse("0.99", Currency::parse("EUR").unwrap()).unwrap(),
        label_amount: None,
        price_override: None,
        discounts: Vec::new(),
        void: None,
    }
}

fn held(cart: CartId, forced: bool) -> Operation {
    let by = StaffId::parse("101").unwrap();
    let (opened_by, forced_by) = (by.clone(), forced.then_some(by));
    let opened_at = "2026-11-22T09:00:00Z".parse().unwrap();
    Operation::Held(Held {
        cart,
        term: 0,
        opened_at,
        opened_by,
        label: None,
        forced_by,
        from: None,
    })
}

fn paid(cart: CartId) -> Operation {
    let receipt = ReceiptNumber { store: "HH01".into(), till: 1, series: 1, number: 1 };
    Operation::Ended { cart, end: End::Paid(receipt) }
}

fn offered(cart: CartId, dot: Option<Dot>) -> Operation {
    let (at, by) = ("2026-11-22T09:00:00Z".parse().unwrap(), StaffId::parse("101").unwrap());
    Operation::Offered(Offered { cart, at, by, line: line(0), dot })
}

/// Few carts, replicas and entries, so that operations often meet.
fn cart() -> impl Strategy<Value = CartId> {
    (1_u64..=4).prop_map(CartId)
}

fn replica() -> impl Strategy<Value = ReplicaId> {
    prop::sample::select(&SIBLINGS)
}

fn dot() -> impl Strategy<Value = Dot> {
    (replica(), 1_u64..6, 0_u32..2).prop_map(|(replica, seq, index)| Dot { replica, seq, index })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (cart(), prop::bool::weighted(0.2)).prop_map(|(cart, forced)| held(cart, forced)),
        6 => (cart(), 1_u32..4, prop::option::weighted(0.3, dot()))
            .prop_map(|(cart, number, dot)| Operation::Line { cart, line: line(number), dot }),
        2 => cart().prop_map(|cart| Operation::Labelled { cart, label: Some("Ada".into()) }),
        1 => cart().prop_map(|cart| Operation::TendersBack { cart }),
        1 => cart().prop_map(|cart| Operation::Attached { cart, customer: Some(CustomerId([7; 16])) }),
        4 => cart().prop_map(paid),
        2 => cart().prop_map(|cart| Operation::Ended { cart, end: End::Cancelled }),
        1 => (cart(), replica()).prop_map(|(cart, to)| {
            Operation::Ended { cart, end: End::Yielded { to, seq: 3 } }
        }),
        1 => (cart(), replica()).prop_map(|(cart, to)| Operation::Granted { cart, to }),
        1 => (cart(), prop::option::of(dot())).prop_map(|(cart, dot)| offered(cart, dot)),
        1 => dot().prop_map(|dot| Operation::Withdrawn { dot }),
        1 => (cart(), dot()).prop_map(|(cart, dot)| Operation::Answered { cart, dot }),
        1 => replica().prop_map(|replica| Operation::Succeeds { replica }),
    ]
}

/// Entries of some operations each.
fn entries() -> impl Strategy<Value = Vec<Vec<Operation>>> {
    let whole = (cart(), 1_u32..4).prop_map(|(cart, lines)| {
        let lines =
            (1..=lines).map(|number| Operation::Line { cart, line: line(number), dot: None });
        std::iter::once(held(cart, false)).chain(lines).chain([paid(cart)]).collect()
    });
    let any = prop::collection::vec(operation(), 1..4);
    prop::collection::vec(prop_oneof![2 => any, 1 => whole], 0..8)
}

/// All rows that folding writes.
fn rows(db: &Connection) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for table in FOLDED_CARTS.into_iter().chain(["contested", "settlement"]) {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
        };
        all.push(vec![Value::Text(table.to_owned())]);
        all.extend(statement.query_map([], read).unwrap().map(Result::unwrap));
    }
    all
}

fn numbered(first: u64, entries: Vec<Vec<Operation>>) -> Vec<Said> {
    (first..).zip(entries).map(|(seq, operations)| Said { seq, operations }).collect()
}

fn one_by_one(db: &Connection, place: Place, run: &[Said]) {
    for said in run {
        fold_workspace(db, Place { seq: said.seq, ..place }, &said.operations).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn comes_to_what_its_entries_do(
        others in entries(),
        before in entries(),
        run in entries(),
        again in prop::bool::weighted(0.1),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (till, holders) = till(&folder);
        let db = till.connection();
        let now_ms = (!again).then_some(1);
        let places = [0, 1].map(|at| {
            Place { holder: holders[at], replica: SIBLINGS[at], seq: 0, own: false, now_ms }
        });
        let first = before.len() as u64 + 1;
        let run = numbered(first, run);
        one_by_one(db, places[1], &numbered(1, others));
        one_by_one(db, places[0], &numbered(1, before));
        let tx = db.unchecked_transaction().unwrap();
        one_by_one(&tx, places[0], &run);
        let expected = rows(&tx);
        tx.rollback().unwrap();
        fold_run(db, places[0], &run).unwrap();
        prop_assert_eq!(rows(db), expected);
    }
}

/// That carts are taken for brief at all, and which are not.
#[test]
fn knows_a_brief_cart() {
    let folder = tempfile::tempdir().unwrap();
    let (till, [holder, _]) = till(&folder);
    let db = till.connection();
    let place = Place { holder, replica: SIBLINGS[0], seq: 0, own: false, now_ms: Some(1) };
    let (cart, elsewhere) = (CartId(7), Dot { replica: SIBLINGS[1], seq: 1, index: 0 });
    let filled = |dot| Operation::Line { cart, line: line(1), dot };
    let check = |operations: &[Operation], expected: bool, what: &str| {
        let found = brief_carts(db, place, operations.iter()).unwrap();
        assert_eq!(found.contains(&cart), expected, "{what}");
    };
    check(&[held(cart, false), filled(None), paid(cart)], true, "a whole life");
    check(&[held(cart, false), filled(None)], false, "not ended");
    check(&[filled(None), paid(cart)], false, "begun before");
    check(&[held(cart, true), filled(None), paid(cart)], false, "taken by force");
    check(&[held(cart, false), filled(Some(elsewhere)), paid(cart)], false, "another's line");
    check(&[held(cart, false), paid(cart), held(cart, false)], false, "begun again");
    let open = [held(cart, false), offered(CartId(8), None), paid(cart)];
    check(&open, false, "something is offered");
    let granted = Operation::Granted { cart, to: SIBLINGS[1] };
    check(&[held(cart, false), granted, paid(cart)], false, "handed over");
    one_by_one(db, place, &numbered(1, vec![vec![held(cart, false)]]));
    check(&[held(cart, false), filled(None), paid(cart)], false, "claimed already");
}
