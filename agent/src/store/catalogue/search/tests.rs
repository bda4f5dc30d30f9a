//! Search against an oracle that reads every item, and the things people really type.

use super::super::tests::{fresh, gtin, new_item, plan, write};
use super::super::{Catalogue, NewItem};
use super::*;
use proptest::prelude::*;

fn shop(items: &[(&str, &str)]) -> (tempfile::TempDir, Catalogue) {
    let (folder, mut catalogue) = fresh();
    let items = items.iter().zip(2..).map(|((sku, name), line)| new_item(line, sku, name));
    assert_eq!(write(&mut catalogue, items.collect()), []);
    (folder, catalogue)
}

fn names(catalogue: &Catalogue, text: &str) -> Vec<String> {
    let found = catalogue.view().search(text, 20).unwrap();
    found.into_iter().map(|item| item.name).collect()
}

#[test]
fn finds_what_people_type() {
    let (_folder, catalogue) = shop(&[
        ("D-1", "Whole milk 1 l"),
        ("D-2", "Milk 1 l"),
        ("D-3", "Milkshake vanilla"),
        ("D-4", "Milk chocolate with nuts"),
        ("D-5", "Müsli, Schoko 500 g"),
        ("D-6", "Kellogg's corn flakes"),
        ("D-7", "Bread, whole grain"),
        ("D-8", "Crème brûlée"),
        ("D-9", "Milupa 1 l"),
    ]);
    for (text, expected) in [
        (
            "milk",
            &["Milk 1 l", "Milk chocolate with nuts", "Whole milk 1 l", "Milkshake vanilla"][..],
        ),
        ("MILK 1", &["Milk 1 l", "Whole milk 1 l"]),
        ("1 mil", &["Milk 1 l", "Milupa 1 l", "Whole milk 1 l"]),
        ("musli", &["Müsli, Schoko 500 g"]),
        ("schoko mü", &["Müsli, Schoko 500 g"]),
        ("muesli", &["Müsli, Schoko 500 g"]),
        ("kelloggs", &["Kellogg's corn flakes"]),
        ("kellogg\u{2019}s", &["Kellogg's corn flakes"]),
        ("creme brulee", &["Crème brûlée"]),
        ("braed", &["Bread, whole grain"]),
        ("bead", &["Bread, whole grain"]),
        ("breadd", &["Bread, whole grain"]),
        ("vread", &["Bread, whole grain"]),
        ("brad grian", &["Bread, whole grain"]),
        ("briad grian whule", &["Bread, whole grain"]),
        ("xyz", &[]),
        ("", &[]),
        ("  ,;\" * OR NOT ( ", &[]),
        ("milk\" OR \"bread", &[]),
    ] {
        assert_eq!(names(&catalogue, text), expected, "{text}");
    }
}

#[test]
fn finds_by_codes() {
    let (_folder, mut catalogue) = fresh();
    let items = vec![
        NewItem { barcodes: vec![gtin(400_638_133_393)], ..new_item(2, "ABC-1", "Pen") },
        NewItem { barcodes: vec![gtin(36_000_291_452)], ..new_item(3, "ABC-12", "Ink") },
        NewItem { short_code: Some(4011), ..new_item(4, "X", "Bananas") },
    ];
    assert_eq!(write(&mut catalogue, items), []);
    for (text, expected) in [
        ("ABC-1", &["Pen", "Ink"][..]),
        ("abc-12", &["Ink"]),
        ("ab", &["Pen", "Ink"]),
        ("4006381333931", &["Pen"]),
        ("40063", &["Pen"]),
        ("360002", &["Ink"]),
        ("036000", &["Ink"]),
        ("0036000", &["Ink"]),
        ("4011", &["Bananas"]),
        ("401", &[]),
        ("99999999999999999999999", &[]),
    ] {
        assert_eq!(names(&catalogue, text), expected, "{text}");
    }
}

#[test]
fn a_renamed_item_is_found_by_its_new_name_only() {
    let (_folder, mut catalogue) = shop(&[("A", "Butter"), ("B", "Bread")]);
    write(&mut catalogue, vec![new_item(2, "A", "Margarine")]);
    assert_eq!(names(&catalogue, "butter"), Vec::<String>::new());
    assert_eq!(names(&catalogue, "margarine"), ["Margarine"]);
    assert_eq!(names(&catalogue, "bread"), ["Bread"]);
}

#[test]
fn a_prefix_of_very_many_words_is_still_complete() {
    let many: Vec<_> = (0..200).map(|n| (format!("S{n}"), format!("Screw{n:03}"))).collect();
    let many: Vec<_> = many.iter().map(|(sku, name)| (sku.as_str(), name.as_str())).collect();
    let (_folder, catalogue) = shop(&many);
    assert_eq!(catalogue.view().search("screw", 500).unwrap().len(), MAX_RESULTS);
    assert_eq!(names(&catalogue, "screw199"), ["Screw199"]);
}

#[test]
fn searches_use_their_indexes() {
    let (_folder, catalogue) = fresh();
    for sql in [WORDS_FROM, SKUS_FROM, BARCODES_FROM] {
        let plan = plan(&catalogue, sql);
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}\n{plan:#?}");
    }
    let plan = plan(&catalogue, MATCHES);
    assert!(plan.len() == 1 && plan[0].contains("VIRTUAL TABLE INDEX"), "{plan:#?}");
}

/// The same search by reading every name.
fn oracle(items: &[(String, String)], text: &str) -> Vec<String> {
    let query: Vec<String> = words(text).into_iter().take(MAX_QUERY_WORDS).collect();
    let mut fits: Vec<_> = items
        .iter()
        .filter_map(|(sku, name)| {
            let name_words = words(name);
            let holds = |q: &String| name_words.iter().any(|w| w.starts_with(q));
            if query.is_empty() || !query.iter().all(holds) {
                return None;
            }
            let whole = query.iter().filter(|q| name_words.contains(q)).count();
            let leads = name_words[0].starts_with(&query[0]);
            let letters: usize = name_words.iter().map(String::len).sum();
            Some((Reverse(whole), !leads, letters, name_words, sku.clone()))
        })
        .collect();
    fits.sort();
    fits.into_iter().map(|(.., sku)| sku).collect()
}

/// Whether one mistake turns `query` into the start of `word`.
fn similar_start(query: &str, word: &str) -> bool {
    word.char_indices()
        .map(|(at, _)| at)
        .chain([word.len()])
        .any(|end| fuzzy::is_similar(query, &word[..end]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn finds_what_reading_everything_finds(
        // Capital letters keep SKUs out of the way of the words, which hold no x.
        names in prop::collection::vec("[abc]{1,5}( [abc]{1,4}){0,3}", 1..30),
        queries in prop::collection::vec("[abc]{1,5}( [abc]{1,3}){0,2}", 1..20),
    ) {
        let items: Vec<_> =
            names.into_iter().enumerate().map(|(n, name)| (format!("X{n:03}"), name)).collect();
        let refs: Vec<_> = items.iter().map(|(s, n)| (s.as_str(), n.as_str())).collect();
        let (_folder, catalogue) = shop(&refs);
        for query in &queries {
            let expected = oracle(&items, query);
            let found: Vec<_> =
                catalogue.view().search(query, MAX_RESULTS).unwrap().into_iter().map(|i| i.sku).collect();
            prop_assert_eq!(&found[..expected.len()], &expected[..], "{}", query);
            // What comes after needs forgiving, and nothing that fits so is left out.
            let fits = |name: &str| words(query).iter().all(|q| {
                let forgiven = |w: &String| q.len() >= 3 && similar_start(q, w);
                words(name).iter().any(|w| w.starts_with(q) || forgiven(w))
            });
            let forgiven: BTreeSet<_> =
                items.iter().filter(|(_, name)| fits(name)).map(|(sku, _)| sku.clone()).collect();
            let all: BTreeSet<_> = found.iter().cloned().collect();
            let whole = |name: &str| words(query).iter().all(|q| words(name).contains(q));
            if expected.len() < FEW && !items.iter().any(|(_, name)| whole(name)) {
                prop_assert_eq!(all, forgiven, "{}", query);
            } else {
                prop_assert_eq!(found.len(), expected.len());
            }
        }
    }
}
