//! Every Z again, from the sales in the journal alone and from its exports alone, summed by code
//! of these tests' own.

use super::exported::{self, Columns};
use super::*;
use crate::store::open::{OpenOptions, open};
use crate::store::till::MIGRATIONS;
use commerce::fact::Fact;
use commerce::tender::TenderKind;
use std::collections::BTreeMap;
use std::path::Path;
use sync::log::{Hash, StreamKind};

/// The hash of the last entry.
pub(super) fn head(file: &Path) -> Hash {
    let conn = open(&OpenOptions::new(file).read_only(), MIGRATIONS).unwrap();
    let streams = journals(&conn);
    sync::store::head(&conn, &streams[0]).unwrap().hash
}

fn journals(conn: &rusqlite::Connection) -> Vec<sync::store::Stream> {
    let streams = sync::store::streams(conn).unwrap().into_iter();
    streams.filter(|stream| stream.id().kind == StreamKind::Journal).collect()
}

/// All facts of a journal, in order.
fn facts(file: &Path) -> Vec<Fact> {
    let conn = open(&OpenOptions::new(file).read_only(), MIGRATIONS).unwrap();
    let streams = journals(&conn);
    assert_eq!(streams.len(), 1, "one till, one incarnation, one journal");
    let mut facts = Vec::new();
    let mut next = 1;
    loop {
        let portion = sync::store::read(&conn, &streams[0], next, 500).unwrap();
        let Some(last) = portion.last() else { return facts };
        next = last.entry.seq + 1;
        facts.extend(portion.iter().map(|stored| sync::body::decode(&stored.entry.body).unwrap()));
    }
}

/// The seven columns of each day, by the day that each sale counts for.
fn summed(facts: &[Fact]) -> Columns {
    let mut days = Columns::new();
    for fact in facts {
        let Fact::Sold(sale) = fact else { continue };
        let day = days.entry(sale.business_day.to_string()).or_default();
        day[0] += 1;
        for line in &sale.lines {
            day[1] += 1;
            day[2] += line.extended.minor();
            for discount in &line.discounts {
                let column = if discount.reason == "loyalty" { 3 } else { 4 };
                day[column] += discount.amount.minor();
            }
            day[5] += line.net.minor();
        }
        for tendered in sale.tenders.iter().filter(|t| t.tender.kind == TenderKind::Coupon) {
            day[6] += tendered.amount.minor();
        }
        let paid: i64 = sale.tenders.iter().map(|tendered| tendered.amount.minor()).sum();
        let net: i64 = sale.lines.iter().map(|line| line.net.minor()).sum();
        assert_eq!(paid - sale.change.minor(), net, "{}", sale.receipt);
    }
    days
}

#[test]
fn every_z_can_be_summed_again_from_the_journal_alone_and_from_its_exports_alone() {
    let kept = temporary().unwrap();
    let options =
        ReplayOptions { keep: Some(kept.path().to_owned()), ..ReplayOptions::new(sample()) };
    let summary = run(&options, &mut quiet).unwrap();
    let facts = facts(&kept.path().join("till.db"));
    let days = fs::read_to_string(sample().join("days.csv")).unwrap();
    let stated: Columns = days
        .lines()
        .skip(1)
        .map(|line| {
            let (day, columns) = line.split_once(',').unwrap();
            let columns: Vec<i64> = columns.split(',').map(|text| text.parse().unwrap()).collect();
            (day.to_owned(), columns.try_into().unwrap())
        })
        .collect();
    assert_eq!(stated.len(), 86);
    assert_eq!(summed(&facts), stated);
    let [csv, json_lines] = exported::summed(kept.path());
    assert_eq!(csv, stated);
    assert_eq!(json_lines, stated);
    let shown = summary.days.iter().map(|day| {
        let columns = day.got.columns().map(|(_, amount)| amount);
        (day.day.to_string(), columns)
    });
    assert_eq!(shown.collect::<BTreeMap<_, _>>(), stated);

    // One shift a day, each closed with nothing missing, numbered without a gap; no sale outside.
    let mut open = None;
    let (mut z, mut receipt) = (0, 0);
    for fact in &facts {
        match fact {
            Fact::ShiftOpened(opened) => {
                assert_eq!(open.replace(opened.stamp.shift), None);
            }
            Fact::Sold(sale) => {
                receipt += 1;
                assert_eq!((open, sale.receipt.number), (Some(sale.stamp.shift), receipt));
            }
            Fact::ShiftClosed(closed) => {
                z += 1;
                assert_eq!((open.take(), closed.z), (Some(closed.stamp.shift), z));
                assert!(closed.counted.iter().all(|row| row.expected == row.counted));
                assert_eq!(closed.counted.len(), 2);
            }
            _ => {}
        }
    }
    assert_eq!((open, z, receipt), (None, 86, 686));
}
