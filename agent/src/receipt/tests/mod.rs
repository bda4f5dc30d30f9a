//! Golden receipts and reports as text for three papers and as pictures, and that they add up.
//!
//! `UPDATE_GOLDEN=1 cargo test -p agent receipt` writes the files anew; look at them then.

mod adds_up;
mod baskets;
mod figures;
mod shop;
mod stored;

use super::{Reported, report, returned, sale};
use crate::till::Settings;
use baskets::Day;
use commerce::returns::Return;
use commerce::sale::Sale;
use drivers::printer::document::Document;
use drivers::printer::layout::lay_out;
use drivers::printer::profile::Profile;
use drivers::printer::{svg, text};
use shop::hash;
use std::path::{Path, PathBuf};

/// A picture for each width, where one is enough to show the narrow paper as well.
const BOTH: [Profile; 2] = [Profile::ROLL_58, Profile::ROLL_80];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/receipts").join(name)
}

/// The golden file's bytes, written first when asked for.
fn expected(name: &str, actual: &[u8]) -> Vec<u8> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden(name), actual).unwrap();
    }
    std::fs::read(golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn check(name: &str, document: &Document) {
    check_pictured(name, document, &[Profile::ROLL_80]);
}

fn check_pictured(name: &str, document: &Document, pictured: &[Profile]) {
    for profile in Profile::ALL {
        let paper = lay_out(document, &profile);
        let shown = text::render(&paper);
        let file = format!("{name}-{}.txt", profile.name);
        let known = String::from_utf8(expected(&file, shown.as_bytes())).unwrap();
        assert_eq!(shown, known, "{file}");
    }
    for profile in pictured {
        let picture = svg::png(&lay_out(document, profile)).unwrap();
        let file = format!("{name}-{}.png", profile.name);
        assert!(picture == expected(&file, &picture), "{file} changed");
    }
}

fn printed((settings, fact): (Settings, Sale)) -> Document {
    sale(&fact, &settings, &hash(), false)
}

fn printed_back((settings, fact): (Settings, Return)) -> Document {
    returned(&fact, &settings, &hash(), false)
}

fn printed_day(day: &Day, z: bool) -> Document {
    let mut shift = day.shift.clone();
    if !z {
        shift.closed = None;
    }
    let reported = Reported {
        shift: &shift,
        till: 2,
        totals: &day.totals,
        closed: z.then_some(&day.closed),
        now: "2026-03-14T15:30:00Z".parse().unwrap(),
    };
    report(&reported, &day.settings)
}

#[test]
fn golden_sales() {
    check_pictured("five-lines", &printed(baskets::five_lines()), &BOTH);
    check("discounts", &printed(baskets::discounts()));
    check("card-split", &printed(baskets::card_split()));
    check("voucher-coupon", &printed(baskets::voucher_and_coupon()));
    check("taxes-on-top", &printed(baskets::taxes_on_top()));
    check("no-decimals", &printed(baskets::no_decimals()));
    check("three-decimals", &printed(baskets::three_decimals()));
    check("huge", &printed(baskets::huge()));
}

#[test]
fn golden_returns() {
    check("refund", &printed_back(baskets::refund()));
    check("post-void", &printed_back(baskets::post_void()));
    check("refund-on-top", &printed_back(baskets::refund_on_top()));
}

#[test]
fn golden_duplicate() {
    let (settings, fact) = baskets::five_lines();
    check("duplicate", &sale(&fact, &settings, &hash(), true));
}

#[test]
fn golden_reports() {
    check("z-german", &printed_day(&baskets::german_day(), true));
    check_pictured("z-english", &printed_day(&baskets::irish_day(), true), &BOTH);
    check("x-on-top", &printed_day(&baskets::american_day(), false));
}

#[test]
fn names_that_are_gone_are_written_as_ids() {
    let (mut settings, fact) = baskets::discounts();
    settings.staff.clear();
    settings.reasons.clear();
    let paper = lay_out(&sale(&fact, &settings, &hash(), false), &Profile::ROLL_80);
    let shown = text::render(&paper);
    for id in
        ["\n                                             101\n", "  damaged  ", ": shelf-price\n"]
    {
        assert!(shown.contains(id), "{id} in\n{shown}");
    }
}
