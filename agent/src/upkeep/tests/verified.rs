//! Verifying: what holds, and each thing that does not.

use super::*;
use crate::upkeep::rebuild::rebuild;
use crate::upkeep::verify::{VerifyOptions, WitnessSays, verify};

const FULL: VerifyOptions = VerifyOptions { rebuild_check: true };

#[test]
fn a_running_and_a_stopped_till_verify_with_their_figures() {
    let mut shop = Shop::open();
    shop.sell();
    shop.sell();
    shop.close_shift();
    let running = verify(&shop.home, FULL, &mut quiet).unwrap();
    shop.stop();
    shop.witness();
    let stopped = verify(&shop.home, FULL, &mut quiet).unwrap();
    assert_eq!(running.journals, stopped.journals);
    let journal = &stopped.journals[0];
    // Series, shift, two sales, the Z.
    assert_eq!((journal.entries, journal.seals, journal.receipts, stopped.zs), (5, 5, 2, 1));
    assert_eq!(journal.last_receipt.as_deref(), Some("HH01-1-1-000002"));
    assert_eq!(stopped.witness, WitnessSays::Agrees(5));
    assert!(stopped.state_compared);
    assert!(stopped.to_string().contains("5 entries, 5 seals, 2 receipts"), "{stopped}");
    let json = serde_json::to_value(&stopped).unwrap();
    assert_eq!(json["journals"][0]["entries"], 5);
    assert_eq!(json["witness"]["agrees"], 5);
}

/// A shop of two sales and a Z, stopped, then tampered with: what is found.
fn check(tamper: &str, expected: &str) {
    let mut shop = Shop::open();
    shop.sell();
    shop.sell();
    shop.close_shift();
    shop.stop();
    shop.witness();
    shop.tamper(tamper);
    let error = verify(&shop.home, FULL, &mut quiet).unwrap_err().to_string();
    assert!(error.contains(expected), "{tamper}\n{error}");
}

#[test]
fn each_fault_is_named() {
    let last = "(SELECT max(position) FROM entry WHERE position >> 40 = 1)";
    for (tamper, expected) in [
        // One byte of the first sale's body.
        (
            format!(
                "UPDATE entry SET body = CAST(substr(body, 1, 20) || x'41' || substr(body, 22) AS BLOB) WHERE position = {last} - 2"
            ),
            "entry 3 of the journal",
        ),
        (format!("DELETE FROM entry WHERE position = {last} - 1"), "entry 5 where entry 4"),
        (format!("DELETE FROM entry WHERE position = {last}"), "the last entries were removed"),
        (
            format!("UPDATE entry SET clock = clock + 1 WHERE position = {last}"),
            "is not what was sealed",
        ),
        (
            format!(
                "DELETE FROM entry WHERE position = {last}; UPDATE stream SET head_seq = 4, head_hash = (SELECT hash FROM entry WHERE position >> 40 = 1 ORDER BY position DESC LIMIT 1), head_clock = (SELECT clock FROM entry WHERE position >> 40 = 1 ORDER BY position DESC LIMIT 1) WHERE kind = 1"
            ),
            "entry 5 was seen elsewhere",
        ),
        (
            "UPDATE receipt SET total = total + 1 WHERE number = 1".to_owned(),
            "2 rows of table receipt",
        ),
        (
            "DELETE FROM shift_total WHERE kind = 3 OR kind = 2".to_owned(),
            "1 rows of table shift_total",
        ),
    ] {
        check(&tamper, expected);
    }
}

/// A shop of two sales and a Z, stopped, then `fact` made of its facts and sealed: what is found.
fn check_sealed(fact: impl Fn(&[Fact]) -> Fact, expected: &str) {
    let mut shop = Shop::open();
    shop.sell();
    shop.sell();
    shop.close_shift();
    shop.stop();
    let facts = shop.facts();
    shop.seal(&sync::body::encode(&fact(&facts)).unwrap());
    let error = verify(&shop.home, VerifyOptions::default(), &mut quiet).unwrap_err().to_string();
    assert!(error.contains(expected), "{expected}: {error}");
}

#[test]
fn well_sealed_facts_that_cannot_be_are_found() {
    let sale = |number: u32| {
        move |facts: &[Fact]| {
            let Fact::Sold(mut sale) = facts[3].clone() else { panic!() };
            sale.receipt.number = number;
            Fact::Sold(sale)
        }
    };
    check_sealed(sale(2), "entry 6 has the receipt HH01-1-1-000002, where HH01-1-1-000003");
    check_sealed(sale(4), "has the receipt HH01-1-1-000004, where HH01-1-1-000003");
    let z = |number: u32, more: i64| {
        move |facts: &[Fact]| {
            let Fact::ShiftClosed(mut closed) = facts[4].clone() else { panic!() };
            closed.z = number;
            closed.totals.retain(|total| total.kind == commerce::shift::TotalKind::Sales);
            closed.totals[0].amount = more;
            closed.totals[0].count = 0;
            Fact::ShiftClosed(closed)
        }
    };
    check_sealed(z(3, 0), "the Z 3 of shift 1 (entry 6) is wrong: the Z before it is 1");
    check_sealed(z(2, 5), "Sales `` states 5 minor units in 0, its facts come to 0 minor units");
}

#[test]
fn what_a_newer_till_wrote_is_counted_and_exported_as_bytes() {
    let mut shop = Shop::open();
    shop.sell();
    shop.stop();
    // Kind 99 without fields.
    shop.seal(&[0x82, 0x18, 0x63, 0x80]);
    let report = verify(&shop.home, VerifyOptions::default(), &mut quiet).unwrap();
    assert_eq!((report.unknown, report.journals[0].entries), (1, 4));
    let into = shop.folder.path().join("lines");
    let format = crate::upkeep::export::ExportFormat::Jsonl;
    let report = crate::upkeep::export::export(
        &shop.home,
        &into,
        format,
        crate::upkeep::export::Selection::All,
        &mut quiet,
    )
    .unwrap();
    assert_eq!((report.facts, report.unknown), (3, 1));
    let text = std::fs::read_to_string(into.join("journal.jsonl")).unwrap();
    assert!(text.lines().last().unwrap().starts_with(r#"{"body":"82186380","clock_ms":"#));
}

#[test]
fn a_witness_of_another_journal_is_a_fault() {
    let mut shop = Shop::open();
    shop.stop();
    let elsewhere =
        Head { replica: sync::log::ReplicaId([9; 16]), seq: 4, hash: sync::log::Hash([0; 32]) };
    shop.home.write_witness(MACHINE, elsewhere, 0).unwrap();
    let error = verify(&shop.home, VerifyOptions::default(), &mut quiet).unwrap_err();
    assert!(matches!(error, UpkeepError::Elsewhere { seq: 4, .. }), "{error}");
    std::fs::remove_file(shop.home.file("till.witness")).unwrap();
    let report = verify(&shop.home, VerifyOptions::default(), &mut quiet).unwrap();
    assert_eq!(report.witness, WitnessSays::Missing);
}

#[test]
fn a_rebuild_mends_the_state_and_needs_the_till_stopped() {
    let mut shop = Shop::open();
    shop.sell();
    assert!(matches!(shop.home.lock(), Err(crate::home::HomeError::InUse(_))));
    shop.stop();
    shop.tamper("UPDATE stock SET on_hand = 7; DELETE FROM receipt; UPDATE counter SET value = 0");
    assert!(verify(&shop.home, FULL, &mut quiet).is_err());
    let lock = shop.home.lock().unwrap();
    let mut heard = Vec::new();
    let report = rebuild(&shop.home, &lock, &mut |progress| heard.push(progress)).unwrap();
    assert_eq!(report.entries, 3);
    assert_eq!(heard.last().map(|last| (last.done, last.total)), Some((3, 3)));
    verify(&shop.home, FULL, &mut quiet).unwrap();
}
