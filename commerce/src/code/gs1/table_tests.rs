//! The table against GS1's own dictionary, and the laws that reading by it rests on.

use super::*;
use std::collections::BTreeMap;

const DICTIONARY: &str = include_str!("../../../tests-data/gs1-syntax-dictionary.txt");

/// The dictionary's rows by identifier, in the notation of the dictionary without its linters.
fn dictionary() -> BTreeMap<u16, (Ends, Vec<String>)> {
    let mut rows = BTreeMap::new();
    for line in DICTIONARY.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split('#').next().unwrap().split_whitespace().peekable();
        let Some(identifiers) = words.next() else {
            continue;
        };
        let flags = words.next_if(|word| word.chars().all(|c| "*?".contains(c))).unwrap_or("");
        let ends = if flags.contains('*') { Fixed } else { Open };
        let is_part = |word: &&str| {
            let word = word.trim_start_matches('[');
            word.starts_with(['N', 'X', 'Y', 'Z'])
        };
        let parts =
            words.take_while(is_part).map(|word| word.split(',').next().unwrap().to_owned());
        let parts: Vec<String> = parts.collect();
        let (first, last) = identifiers.split_once('-').unwrap_or((identifiers, identifiers));
        for ai in first.parse().unwrap()..=last.parse().unwrap() {
            rows.insert(ai, (ends, parts.clone()));
        }
    }
    rows
}

fn notation(part: Part) -> String {
    match part {
        N(length) => format!("N{length}"),
        NTo(most) => format!("N..{most}"),
        X(length) => format!("X{length}"),
        XTo(most) => format!("X..{most}"),
        YTo(most) => format!("Y..{most}"),
        ZTo(most) => format!("Z..{most}"),
        OptN(length) => format!("[N{length}]"),
        OptNTo(most) => format!("[N..{most}]"),
        OptX(length) => format!("[X{length}]"),
        OptXTo(most) => format!("[X..{most}]"),
    }
}

#[test]
fn agrees_with_gs1s_dictionary() {
    let expected = dictionary();
    assert!(expected.len() > 500, "the dictionary was read: {} identifiers", expected.len());
    for ai in 0..=9999 {
        let ours = find(ai)
            .map(|format| (format.ends, format.parts.iter().copied().map(notation).collect()));
        assert_eq!(ours.as_ref(), expected.get(&ai), "({ai:02})");
    }
}

#[test]
fn no_identifier_begins_another() {
    let texts: Vec<String> =
        (0..=9999).filter(|ai| find(*ai).is_some()).map(|ai| format!("{ai:02}")).collect();
    for text in &texts {
        let others = texts.iter().filter(|other| other.starts_with(text.as_str()));
        assert_eq!(others.count(), 1, "{text}");
        assert_eq!(split_identifier(text).map(|(ai, ..)| format!("{ai:02}")).as_ref(), Some(text));
    }
}

#[test]
fn a_fixed_end_means_a_fixed_length() {
    for (ai, format) in (0..=9999).filter_map(|ai| Some((ai, find(ai)?))) {
        let fixed = format.parts.iter().all(|part| matches!(part, N(_)));
        assert!(format.ends == Open || fixed, "({ai:02})");
    }
}

#[test]
fn data_fit_their_form() {
    for (ai, data, fits) in [
        (1, "04006381333931", true),
        (1, "0400638133393", false),
        (1, "0400638133393x", false),
        (10, "A", true),
        (10, "", false),
        (10, "ABCDEFGHIJKLMNOPQRST", true),
        (10, "ABCDEFGHIJKLMNOPQRSTU", false),
        (10, "A B", false),
        (10, "é", false),
        (253, "4006381333931", true),
        (253, "4006381333931X17", true),
        (253, "400638133393X", false),
        (423, "276056", true),
        (423, "27605", false),
        (3102, "000123", true),
        (7040, "1ABC", true),
        (7040, "AABC", false),
        (8010, "A#1", true),
        (8010, "a", false),
        (8030, "Zm9v_-=", true),
        (8030, "a+b", false),
    ] {
        assert_eq!(find(ai).unwrap().fits(data), fits, "({ai:02}) {data}");
    }
}
