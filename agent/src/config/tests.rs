//! Broken configurations with what is said of them, and whole ones with what is read.

mod shipped;
mod values;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use drivers::terminal::exchange::Timing;
use proptest::prelude::*;

use super::*;

type Variables<'a> = &'a [(&'a str, &'a str)];

fn load(text: &str, variables: Variables<'_>) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::load(Some(file.path()), env(variables))
}

fn env(variables: Variables<'_>) -> Vec<(OsString, OsString)> {
    let own = |(name, value): &(&str, &str)| (name.into(), value.into());
    variables.iter().map(own).collect()
}

/// Findings as `line:column: key: message`, the file's name left out.
fn findings(text: &str, variables: Variables<'_>) -> Vec<String> {
    let error = load(text, variables).unwrap_err();
    let show = |finding: &Finding| match &finding.place {
        Place::Line { file, .. } => {
            let prefix = format!("{}:", file.display());
            finding.to_string().strip_prefix(&prefix).unwrap().to_owned()
        }
        _ => finding.to_string(),
    };
    error.findings.iter().map(show).collect()
}

#[track_caller]
fn check(text: &str, variables: Variables<'_>, expected: &[&str]) {
    assert_eq!(findings(text, variables), expected, "{text} {variables:?}");
}

#[test]
fn unknown_names_are_named_with_the_nearest_known() {
    for (text, expected) in [
        ("[http]\nprot = 1\n", "2:1: http.prot: there is no `prot` here: did you mean `port`?"),
        (
            "[http]\nsession_idle = 1\n",
            "2:1: http.session_idle: there is no `session_idle` here: take it out, known are \
             address, port, session_idle_minutes",
        ),
        ("[htpp]\nport = 1\n", "1:2: htpp: there is no `htpp` here: did you mean `http`?"),
        (
            "\"http.port\" = 1\n",
            "1:1: http.port: there is no `http.port` here: take it out, known are till, store, \
             http, log, scanner, printer, terminal, link, sibling, hub",
        ),
        ("port = 1\n", "1:1: port: there is no `port` here: it belongs to [http] or [hub]"),
        (
            "[http]\n  endpoint = \"x\"\n",
            "2:3: http.endpoint: there is no `endpoint` here: it belongs to [printer] or \
             [scanner] or [terminal]",
        ),
        (
            "[[scanner]]\nname = \"a\"\nendpiont = \"tcp://a:1\"\nendpoint = \"tcp://a:1\"",
            "3:1: scanner 1, endpiont: there is no `endpiont` here: did you mean `endpoint`?",
        ),
        (
            "\u{feff}# é\r\n\r\ntill = { machine_id_file = \"é/ü\", nunber = 2 }\r\n",
            "3:35: till.nunber: there is no `nunber` here: did you mean `number`?",
        ),
    ] {
        check(text, &[], &[expected]);
    }
}

#[test]
fn text_that_is_not_toml_is_named() {
    let remedy = "write KEY = VALUE, each key once, text in double quotes, numbers bare";
    for (text, problem) in [
        ("[http]\nport = 1\nport = 2\n", "3:1: duplicate key"),
        ("[http]\n\n[http]\n", "3:2: duplicate key"),
        ("[http]\naddress = 127.0.0.1\n", "2:16: invalid float, expected nothing"),
        ("[http\nport = 1\n", "1:6: unclosed table, expected `]`"),
        ("[http]\nport 1\n", "2:6: key with no value, expected `=`"),
    ] {
        check(text, &[], &[&format!("{problem}: {remedy}")]);
    }
}

#[test]
fn devices_that_clash_are_named() {
    let scanner = |name: &str, endpoint: &str| {
        format!("[[scanner]]\nname = \"{name}\"\nendpoint = \"{endpoint}\"\n")
    };
    check(
        &(scanner("a", "tcp://h:1") + &scanner("b", "tcp://h:2") + &scanner("a", "tcp://h:3")),
        &[],
        &["8:8: scanner 3, name: scanner 1 has this name too: give each its own"],
    );
    let trouble = "is at this address too, and only one of them would be served: correct one";
    for (one, other, clash) in [
        ("serial:///dev/ttyS0", "serial:///dev/ttyS0?baud=19200", true),
        ("listen://127.0.0.1:4001", "listen://0.0.0.0:4001", true),
        ("listen://127.0.0.1:0", "listen://127.0.0.1:0", false),
        ("tcp://h:1", "tcp://h:1", true),
        ("tcp://h:1", "listen://h:1", false),
    ] {
        let text = scanner("a", one) + &format!("[printer]\nendpoint = \"{other}\"\n");
        if clash {
            check(&text, &[], &[&format!("5:12: printer, endpoint: scanner 1 {trouble}")]);
        } else {
            assert_eq!(load(&text, &[]).map(|_| ()), Ok(()), "{one} {other}");
        }
    }
    let many: String = (1..=MAX_SCANNERS + 1)
        .map(|at| scanner(&format!("s{at}"), &format!("tcp://h:{at}")))
        .collect();
    check(&many, &[], &["49:1: scanner 17: a till has at most 16 scanners: take it out"]);
    let sibling = |thing: &str, address: &str| {
        format!("[[sibling]]\nthing = \"{thing}\"\naddress = \"{address}\"\n")
    };
    let same = sibling("a-1", "h:1") + &sibling("a-1", "h:2") + &sibling("a-3", "h:1");
    check(
        &same,
        &[],
        &[
            "5:9: sibling 2, thing: sibling 1 has this too: give each till its own",
            "9:11: sibling 3, address: sibling 1 has this too: give each till its own",
        ],
    );
    let many: String =
        (0..=MAX_SIBLINGS).map(|at| sibling(&format!("t-{at}"), &format!("h{at}:1"))).collect();
    check(&many, &[], &["193:1: sibling 65: a till has at most 64 siblings: take it out"]);
}

#[test]
fn overrides_that_are_wrong_are_named() {
    for (name, value, expected) in [
        (
            "TILL_HTTP__PORT",
            "eighty",
            "TILL_HTTP__PORT: http.port: text stands here: write a whole number from 0 to 65535",
        ),
        (
            "TILL_HTTP__PORT",
            "65536",
            "TILL_HTTP__PORT: http.port: 65536 is out of range: write a whole number from 0 to \
             65535",
        ),
        (
            "TILL_HTTP__PROT",
            "1",
            "TILL_HTTP__PROT: http.prot: there is no `prot` here: did you mean `TILL_HTTP__PORT`?",
        ),
        (
            "TILL_HTPP__PORT",
            "1",
            "TILL_HTPP__PORT: htpp: there is no `htpp` here: did you mean `HTTP`?",
        ),
        (
            "TILL_HTTP_PORT",
            "1",
            "TILL_HTTP_PORT: it sets nothing, one underscore is missing: write TILL_HTTP__PORT",
        ),
        (
            "TILL_SCANNER__ENDPOINT",
            "tcp://a:1",
            "TILL_SCANNER__ENDPOINT: scanners stand in the file only: write a [[scanner]] there",
        ),
        (
            "TILL_SIBLING__THING",
            "a",
            "TILL_SIBLING__THING: siblings stand in the file only: write a [[sibling]] there",
        ),
        (
            "TILL_PRINTER__PROFILE",
            "58mm",
            "TILL_PRINTER__PROFILE: printer: `endpoint` is missing: add a line endpoint = …",
        ),
    ] {
        check("", &[(name, value)], &[&format!("environment variable {expected}")]);
    }
    let garbled = [(OsString::from("TILL_LOG__LEVEL"), OsString::from_vec(vec![0xff]))];
    assert_eq!(
        Config::load(None, garbled).unwrap_err().to_string(),
        "environment variable TILL_LOG__LEVEL: it is not UTF-8: write it in UTF-8"
    );
}

#[test]
fn all_problems_are_named_at_once_in_the_order_of_the_file() {
    check(
        "[till]\nnumber = 0\n[[scanner]]\n[[scanner]]\nname = \"?\"\n[http]\nport = true\nx = 1\n",
        &[("TILL_LOG__FORMAT", "xml")],
        &[
            "2:10: till.number: 0 is out of range: write a whole number from 1 to 999",
            "3:1: scanner 1: `name` is missing: add a line name = …",
            "3:1: scanner 1: `endpoint` is missing: add a line endpoint = …",
            "4:1: scanner 2: `endpoint` is missing: add a line endpoint = …",
            "5:8: scanner 2, name: `?` is not a name: write 1 to 32 letters, digits, `-` or `_`",
            "7:8: http.port: true or false stands here: write a whole number from 0 to 65535",
            "8:1: http.x: there is no `x` here: take it out, known are address, port, \
             session_idle_minutes",
            "environment variable TILL_LOG__FORMAT: log.format: `xml` is not known here: write \
             auto or human or json",
        ],
    );
    let many: String = (0..300).map(|at| format!("k{at} = 1\n")).collect();
    assert_eq!(findings(&many, &[]).len(), MAX_FINDINGS);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let message = |path: &Path| Config::load(Some(path), []).unwrap_err().to_string();
    let name = path.display();
    assert_eq!(
        message(&path),
        format!(
            "{name}: cannot be read (No such file or directory (os error 2)): give the path of a \
             file the till may read"
        )
    );
    std::fs::write(&path, b"[http]\n# \xc3\xa9 \xff\n").unwrap();
    assert_eq!(message(&path), format!("{name}:2:5: is not UTF-8: save the file in UTF-8"));
    std::fs::write(&path, " ".repeat(1024 * 1024 + 1)).unwrap();
    assert_eq!(
        message(&path),
        format!("{name}: is longer than 1048576 bytes: is it the right file?")
    );
}

#[test]
fn settings_are_read_and_the_environment_wins() {
    let text = "[http]\nport = 9000\naddress = \"::1\"\n\
        [terminal]\nendpoint = \"tcp://t:20007\"\npassword = \"012345\"\n";
    let variables = [
        ("TILL_HTTP__PORT", " 0 "),
        ("TILL_STORE__FOLDER", "data"),
        ("TILL_PRINTER__ENDPOINT", "tcp://p:9100"),
        ("TILL_PRINTER__DRAWER_PIN", "5"),
        ("TILL_CONFIG", "not a setting"),
        ("PATH", "/bin"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.http.socket_address().to_string(), "[::1]:0");
    assert_eq!(*config.store.folder, *Path::new("data"));
    assert_eq!(config.store.disk_watermark_bytes(), 67_108_864);
    assert_eq!(config.log.level.filter().to_string(), "info");
    let printer = config.printer.as_ref().unwrap();
    assert_eq!(printer.endpoint.to_string(), "tcp://p:9100");
    assert_eq!(printer.drawer_pin.0, drivers::printer::profile::DrawerPin::Five);
    let terminal = config.terminal.as_ref().unwrap();
    let driver = terminal.driver(commerce::Currency::parse("EUR").unwrap(), true);
    assert_eq!(driver.timing, Timing::default(), "defaults are the driver's");
    assert_eq!(Some(driver.password), drivers::terminal::protocol::Password::new(12_345));
    let written = serde_json::to_string(&config).unwrap() + &format!("{config:?}");
    assert!(!written.contains("12345") && !written.contains("74565"), "{written}");
}

#[test]
fn a_till_has_the_name_it_was_given_or_one_of_store_and_number() {
    let named = |text: &str| load(text, &[]).unwrap().till.thing_in("HH01");
    assert_eq!(named(""), "hh01-till-1");
    assert_eq!(named("[till]\nnumber = 12\nthing = \"\""), "hh01-till-12");
    assert_eq!(named("[till]\nthing = \"bakery\""), "bakery");
}

#[test]
fn a_wrong_value_does_not_matter_once_it_is_overridden() {
    let config = load("[http]\nport = \"x\"\n", &[("TILL_HTTP__PORT", "1")]).unwrap();
    assert_eq!(config.http.port.get(), 1);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([\\[\\]a-z_.=\"#0-9 {},\n]|http|scanner|port|é){0,80}") {
        let file = Path::new("agent.toml");
        if let Ok(mut tree) = Tree::parse(file, text) {
            let mut findings = Vec::new();
            let config = read::read(&mut tree, &mut findings);
            prop_assert!(config.is_some() || !findings.is_empty());
        }
    }
}
