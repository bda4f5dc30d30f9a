//! Documents read from a till's own journal, by the number on the paper and in its code.

use super::baskets::{five_lines, german_day};
use super::shop::{Basket, hamburg, hash, return_of};
use crate::receipt::parts::qr_text;
use crate::receipt::{ReceiptError, document_for, report_for, returned, sale};
use crate::store::open::OpenOptions;
use crate::store::till::{NewSeries, Opened, Recorded, TillStore};
use commerce::Money;
use commerce::code::{Code, Scan, read};
use commerce::fact::{Fact, SeriesReason, ShiftOpened};
use commerce::returns::{ReturnKind, ReturnedSoFar};
use commerce::sale::ReceiptNumber;
use drivers::printer::document::{Document, Element, MAX_QR};
use jiff::Timestamp;
use sync::log::{ReplicaId, SealingKey, Seed};

fn now() -> Timestamp {
    "2026-03-14T09:20:00Z".parse().unwrap()
}

fn store(folder: &tempfile::TempDir) -> TillStore {
    let options = OpenOptions::new(folder.path().join("till.db"));
    let new = NewSeries {
        replica: ReplicaId([7; 16]),
        reason: SeriesReason::First,
        store: "HH01".into(),
        till: 2,
        above: 0,
    };
    let key = SealingKey::from_seed(&Seed::new([9; 32])).unwrap();
    Opened::open(&options).unwrap().begin(key, 0, now(), Some(new)).unwrap()
}

fn record(store: &mut TillStore, fact: &Fact) -> Recorded {
    store.act(now(), |act| act.record(fact)).unwrap()
}

fn qr(document: &Document) -> &str {
    let found = document.elements.iter().find_map(|element| match element {
        Element::Qr(text) => Some(text.as_str()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn receipts_and_reports_come_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(&folder);
    let day = german_day();
    let (settings, fact) = five_lines();
    let float = Money::zero(settings.store.currency);
    let opened = ShiftOpened {
        stamp: commerce::sale::Stamp {
            at: day.shift.opened_at,
            by: day.shift.opened_by.clone(),
            ..fact.stamp.clone()
        },
        business_day: fact.business_day,
        float,
    };
    record(&mut store, &Fact::ShiftOpened(opened));
    let sold = record(&mut store, &Fact::Sold(fact.clone()));
    let plan = fact.plan_post_void(&ReturnedSoFar::default()).unwrap();
    let void = return_of(&fact, plan, ReturnKind::PostVoid, 2);
    let back = record(&mut store, &Fact::Returned(void.clone()));
    let conn = store.connection();

    for duplicate in [false, true] {
        let document = document_for(conn, &settings, 1, 1, duplicate).unwrap();
        assert_eq!(document, sale(&fact, &settings, &sold.hash, duplicate));
        assert_eq!(qr(&document), qr_text(&fact.receipt, &sold.hash));
        let document = document_for(conn, &settings, 1, 2, duplicate).unwrap();
        assert_eq!(document, returned(&void, &settings, &back.hash, duplicate));
    }
    for (series, number) in [(1, 3), (2, 1), (0, 0)] {
        let missing = document_for(conn, &settings, series, number, false);
        assert!(matches!(missing, Err(ReceiptError::NoReceipt { .. })), "{series} {number}");
    }

    assert!(matches!(report_for(conn, &settings, 2, 8, now()), Err(ReceiptError::NoShift(8))));
    let x = report_for(conn, &settings, 2, 7, now()).unwrap();
    assert!(format!("{x:?}").contains("X-BERICHT"), "{x:?}");
    record(&mut store, &Fact::ShiftClosed(day.closed.clone()));
    let conn = store.connection();
    // The Z is the closing fact's, at the till that closed it, whatever this one is called now.
    let z = report_for(conn, &day.settings, 9, 7, now()).unwrap();
    assert_eq!(z, super::printed_day(&day, true));
}

#[test]
fn a_receipts_code_names_it_and_its_entry() {
    let settings = hamburg();
    let mut basket = Basket::new(&settings);
    basket.add("Franzbrötchen", "1", "1.60", "B");
    basket.pay("cash", None, None);
    let mut fact = basket.settle(123);
    for store in ["HH01", "ABCDEFGHIJKL"] {
        fact.receipt.store = store.into();
        let document = sale(&fact, &settings, &hash(), false);
        let text = qr(&document);
        assert!(
            text.len() <= MAX_QR && !text.contains(|letter: char| letter.is_lowercase()),
            "{text}"
        );
        let Code::Receipt(read) = read(&Scan::parse(text).unwrap(), &[]).unwrap() else {
            panic!("{text} is read as something else");
        };
        let mut parts = read.split(':').skip(1);
        assert_eq!(parts.next().and_then(ReceiptNumber::parse).as_ref(), Some(&fact.receipt));
        assert_eq!(parts.next().map(str::to_lowercase), Some(hash().to_string()));
    }
}
