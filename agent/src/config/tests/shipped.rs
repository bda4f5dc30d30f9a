//! What is shipped beside the code says what the code says: `config/agent.toml` and
//! `docs/configuration.md`, key by key.

use serde_json::Value;

use super::*;

const FILE: &str = include_str!("../../../../config/agent.toml");
const DOCS: &str = include_str!("../../../../docs/configuration.md");

/// Every key with its section and schema.
fn keys() -> Vec<(String, String, Value)> {
    let schema = schema();
    let of = |section: &String, key: &String| {
        let section = &schema["properties"][section];
        let section = section.get("items").unwrap_or(section);
        section["properties"][key].clone()
    };
    schema::keys()
        .into_iter()
        .map(|(section, key)| {
            let form = of(&section, &key);
            (section, key, form)
        })
        .collect()
}

/// The part of `text` from the heading of `section` to the next heading.
fn section_of<'t>(text: &'t str, section: &str, heading: impl Fn(&str) -> bool) -> Vec<&'t str> {
    let name = format!("[{section}]");
    let lines = text.lines().skip_while(|line| !(heading(line) && line.contains(&name)));
    let mut lines = lines.peekable();
    let first = lines.next();
    assert!(first.is_some(), "no section {name}");
    lines.take_while(|line| !heading(line)).collect()
}

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(load(FILE, &[]), Ok(Config::default()));
    assert_eq!(load("", &[]), Ok(Config::default()));
    assert_eq!(Config::load(None, []), Ok(Config::default()));
}

#[test]
fn the_shipped_examples_are_right_once_taken_into_use() {
    let in_use = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    let config = load(&FILE.lines().map(in_use).collect::<String>(), &[]).unwrap();
    let bare = "[[scanner]]\nname = \"counter\"\nendpoint = \"serial:///dev/ttyACM0\"\n\
        [printer]\nendpoint = \"tcp://192.168.1.50:9100\"\n\
        [terminal]\nendpoint = \"tcp://192.168.1.60:20007\"\n\
        [link]\nlisten = \"0.0.0.0:8421\"\n\
        [[sibling]]\nthing = \"hh01-till-2\"\naddress = \"192.168.1.12:8421\"\n\
        [hub]\nhost = \"mqtt.hansa.example\"\n";
    assert_eq!(Ok(config), load(bare, &[]), "the examples show the defaults");
}

#[test]
fn every_key_stands_in_the_shipped_file_with_its_range_and_default() {
    for (section, key, form) in keys() {
        let heading = |line: &str| line.starts_with('[') || line.starts_with("#[");
        let lines = section_of(FILE, &section, heading);
        let setting = |line: &str| line.trim_start_matches('#').starts_with(&format!("{key} = "));
        let at = lines.iter().position(|line| setting(line));
        let at = at.unwrap_or_else(|| panic!("{section}.{key}"));
        let comment: Vec<_> = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("# "))
            .map(|line| line.trim_start_matches("# "))
            .collect();
        let comment: Vec<_> = comment.into_iter().rev().collect();
        agrees(&comment.join(" "), &section, &key, &form, |default| format!("Default: {default}"));
    }
}

#[test]
fn every_key_stands_in_the_documentation_with_its_range_and_default() {
    for (section, key, form) in keys() {
        let rows = section_of(DOCS, &section, |line| line.starts_with("### "));
        let row = rows.iter().find(|line| line.starts_with(&format!("| `{key}` |")));
        let row = row.unwrap_or_else(|| panic!("{section}.{key}"));
        agrees(row, &section, &key, &form, |default| format!("| `{default}` |"));
    }
    let tables = DOCS.split_once("## Keys").unwrap().1;
    let of_files = section_of(DOCS, "store", |line| line.starts_with("### "))
        .iter()
        .filter(|line| line.starts_with("| `"))
        .count()
        - 2;
    let rows = tables.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows - of_files, keys().len(), "a key that is gone still has its row");
}

#[test]
fn the_documented_problems_are_said_like_that() {
    let text = "[till]\nnumber = 1000\n\n[http]\nprot = 8080\n";
    let said: Vec<_> = findings(text, &[("TILL_HTTP__PORT", "eighty")])
        .into_iter()
        .map(|finding| match finding.starts_with("environment") {
            true => finding,
            false => format!("/etc/till/agent.toml:{finding}"),
        })
        .collect();
    let block = DOCS.split("```text\n").nth(1).unwrap();
    let block: Vec<_> = block.split("```").next().unwrap().lines().collect();
    assert_eq!(said, block);
}

/// `text` has the key's range, and its default or that it is required.
fn agrees(text: &str, section: &str, key: &str, form: &Value, default: impl Fn(&str) -> String) {
    let mut expected = Vec::new();
    match form.get("default") {
        Some(value) => expected.push(default(&value.to_string())),
        None => expected.push("equired".to_owned()),
    }
    if let (Some(least), Some(most)) = (form.get("minimum"), form.get("maximum")) {
        expected.push(format!("{least} to {most}"));
    }
    for word in form.get("enum").and_then(Value::as_array).into_iter().flatten() {
        expected.push(word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    }
    for part in expected {
        assert!(text.contains(&part), "{section}.{key} lacks {part:?}: {text:?}");
    }
}
