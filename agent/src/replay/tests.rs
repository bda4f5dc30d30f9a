//! The shipped quarter agrees; what was altered is named; a journal is a function of its seed.

mod bad_input;
mod exported;
mod journal;
mod prices;

use super::shop::temporary;
use super::*;
use std::fs;
use tempfile::TempDir;

/// The quarter that ships with the tests.
fn sample() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/complete-journey")
}

fn quiet(_: ReplayEvent<'_>) {}

/// A folder of three files.
struct Input {
    folder: TempDir,
}

impl Input {
    fn new(catalog: &str, baskets: &str, days: &str) -> Self {
        let folder = temporary().unwrap();
        let input = Self { folder };
        input.write("catalog.csv", catalog);
        input.write("baskets.csv", baskets);
        input.write("days.csv", days);
        input
    }

    /// The sample up to `last`, a day.
    fn sample_until(last: &str) -> Self {
        let read = |name| fs::read_to_string(sample().join(name)).unwrap();
        let (baskets, days) = (read("baskets.csv"), read("days.csv"));
        let kept = |text: &str, column: usize| -> String {
            let wanted = |line: &&str| {
                let day = line.split(',').nth(column).unwrap().get(..10);
                day.is_none_or(|day| day <= last || !day.starts_with("20"))
            };
            text.lines().filter(wanted).flat_map(|line| [line, "\n"]).collect()
        };
        Self::new(&read("catalog.csv"), &kept(&baskets, 1), &kept(&days, 0))
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn alter(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.path().join(name)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {name}");
        self.write(name, &text.replace(from, to));
    }

    fn options(&self) -> ReplayOptions {
        ReplayOptions::new(self.folder.path())
    }

    fn run(&self) -> Result<ReplaySummary, ReplayError> {
        run(&self.options(), &mut quiet)
    }
}

/// Day, column, expected, got of all that differs.
fn differences(summary: &ReplaySummary) -> Vec<(String, &str, Option<i64>, i64)> {
    let days = summary.days.iter();
    days.flat_map(|day| {
        day.differences.iter().map(|found| {
            let Difference { column, expected, got } = found;
            (day.day.to_string(), column.as_str(), *expected, *got)
        })
    })
    .collect()
}

#[test]
fn the_shipped_quarter_agrees() {
    let (mut paid, mut closed, mut expected) = (0, 0, None);
    let summary = run(&ReplayOptions::new(sample()), &mut |event| match event {
        ReplayEvent::Checked { days, baskets } => expected = Some((days, baskets)),
        ReplayEvent::Basket { done, total } => {
            paid += 1;
            assert_eq!((done, total), (paid, 686));
        }
        ReplayEvent::Day(day) => {
            closed += 1;
            assert_eq!((day.z, &day.differences), (closed, &Vec::new()), "{}", day.day);
        }
    })
    .unwrap();
    assert_eq!((paid, closed, expected), (686, 86, Some((86, 686))));
    assert_eq!((summary.baskets, summary.lines, summary.days.len()), (686, 7_691, 86));
    assert!(summary.agrees());
}

#[test]
fn an_altered_day_is_named_with_its_column() {
    let input = Input::sample_until("2017-01-03");
    let second = "2017-01-02,14,125,52322,6215,25,46082,75";
    for (altered, column, expected, got) in [
        ("2017-01-02,15,125,52322,6215,25,46082,75", "baskets", 15, 14),
        ("2017-01-02,14,124,52322,6215,25,46082,75", "lines", 124, 125),
        ("2017-01-02,14,125,52323,6215,25,46082,75", "regular_cents", 52_323, 52_322),
        ("2017-01-02,14,125,52322,6216,25,46082,75", "loyalty_discount_cents", 6_216, 6_215),
        ("2017-01-02,14,125,52322,6215,24,46082,75", "coupon_match_cents", 24, 25),
        ("2017-01-02,14,125,52322,6215,25,46081,75", "net_sales_cents", 46_081, 46_082),
        ("2017-01-02,14,125,52322,6215,25,46082,0", "manufacturer_coupon_cents", 0, 75),
    ] {
        input.alter("days.csv", second, altered);
        let summary = input.run().unwrap();
        let wanted = vec![("2017-01-02".to_owned(), column, Some(expected), got)];
        assert_eq!(differences(&summary), wanted);
        assert!(!summary.agrees());
        input.alter("days.csv", altered, second);
    }
    assert!(input.run().unwrap().agrees());
}

#[test]
fn an_altered_basket_shows_in_the_sums_of_its_day() {
    let input = Input::sample_until("2017-01-02");
    input.alter(
        "baskets.csv",
        "31198655051,2017-01-01 12:26:30,1228,1041453,1,158,15,0,0,143",
        "31198655051,2017-01-01 12:26:30,1228,1041453,1,168,15,0,0,153",
    );
    let day = || "2017-01-01".to_owned();
    assert_eq!(
        differences(&input.run().unwrap()),
        [
            (day(), "regular_cents", Some(4_276), 4_286),
            (day(), "net_sales_cents", Some(4_212), 4_222),
        ]
    );
}

#[test]
fn a_day_in_one_file_only_is_compared_all_the_same() {
    let input = Input::sample_until("2017-01-02");
    let first = "2017-01-01,3,10,4276,64,0,4212,0\n";
    input.alter("days.csv", first, "2016-12-30,0,0,0,0,0,0,0\n2017-01-05,0,0,1,0,0,0,0\n");
    let summary = input.run().unwrap();
    let days: Vec<_> = summary.days.iter().map(|day| day.day.to_string()).collect();
    assert_eq!(days, ["2016-12-30", "2017-01-01", "2017-01-02", "2017-01-05"]);
    assert_eq!(
        differences(&summary),
        [
            ("2017-01-01".to_owned(), "baskets", None, 3),
            ("2017-01-05".to_owned(), "regular_cents", Some(1), 0),
        ]
    );
}

#[test]
fn one_seed_makes_one_journal() {
    let input = Input::sample_until("2017-01-02");
    let head = |seed| {
        let kept = temporary().unwrap();
        let keep = Some(kept.path().join("scratch"));
        let options = ReplayOptions { seed, keep, ..input.options() };
        assert!(run(&options, &mut quiet).unwrap().agrees());
        let file = kept.path().join("scratch/till.db");
        journal::head(&file)
    };
    assert_eq!(head(7), head(7));
    assert_ne!(head(7), head(8));
}

#[test]
fn a_day_keeps_its_clock_where_the_hour_changes() {
    let input = Input::sample_until("2017-01-01");
    for day in ["2017-03-12", "2017-11-05"] {
        for name in ["baskets.csv", "days.csv"] {
            let text = fs::read_to_string(sample().join(name)).unwrap();
            let first =
                text.lines().filter(|line| line.contains("2017-01-01") || line.contains("_"));
            let moved: String = first.flat_map(|line| [line, "\n"]).collect();
            // 02:30 is skipped on the one day; 01:30 comes twice on the other.
            let moved = moved.replace("2017-01-01", day).replace(" 12:26:30", " 01:30:00");
            input.write(name, &moved.replace(" 21:29:09", " 02:30:00"));
        }
        let time_zone = TimeZone::get("America/New_York").unwrap();
        let options = ReplayOptions { time_zone, ..input.options() };
        assert_eq!(differences(&run(&options, &mut quiet).unwrap()), [], "{day}");
    }
}

#[test]
fn the_report_names_what_differs() {
    let input = Input::sample_until("2017-01-01");
    input.alter("days.csv", ",4212,0", ",4213,0");
    let summary = input.run().unwrap();
    let line = report::day(&summary.days[0]);
    assert!(line.contains("42.12") && line.contains("DIFFERS"), "{line}");
    assert!(line.ends_with("\n  net_sales_cents: 4213 expected, the Z says 4212"), "{line}");
    let mut out = Vec::new();
    report::print(&summary, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().ends_with("1 of 1 days differ\n"));
    let mut out = Vec::new();
    report::print_json(&summary, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["agrees"], false);
    assert_eq!(json["days"][0]["day"], "2017-01-01");
    assert_eq!(json["days"][0]["got"]["net_sales_cents"], 4_212);
    assert_eq!(json["days"][0]["differences"][0]["expected"], 4_213);
}

#[test]
fn the_help_names_every_column() {
    for name in ["catalog.csv", "baskets.csv", "days.csv"] {
        let text = fs::read_to_string(sample().join(name)).unwrap();
        // Neither is read: the customer is nobody's business, the brand nobody's question.
        let unread = |column: &&str| !["customer", "brand"].contains(column);
        for column in text.lines().next().unwrap().split(',').filter(unread) {
            assert!(report::HELP.contains(column), "{column} of {name}");
        }
    }
}
