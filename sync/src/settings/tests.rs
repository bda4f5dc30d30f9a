//! Golden vectors (appended to, never changed), bytes that no version wrote, and the laws.

use super::*;
use crate::clock::Hlc;
use crate::log::ReplicaId;
use proptest::prelude::*;
use serde_cbor::Value as Cbor;

fn setting(scope: Scope, key: &str, value: Option<Value>) -> Setting {
    Setting { scope, key: key.into(), value }
}

fn store() -> Scope {
    Scope::Store("HH01".into())
}

fn vectors() -> Vec<(&'static str, Vec<Setting>, &'static str)> {
    let footer = Some(Value::Text("Thank you".into()));
    let till = Scope::Till("HH01".into(), 3);
    vec![
        ("nothing", vec![], HEX[0]),
        ("text", vec![setting(Scope::Chain, "receipt.footer", footer)], HEX[1]),
        ("number", vec![setting(store(), "carts.parked", Some(Value::Number(-40)))], HEX[2]),
        ("flag", vec![setting(till.clone(), "sale.ask_age", Some(Value::Flag(true)))], HEX[3]),
        (
            "taken away, and another",
            vec![
                setting(till, "sale.ask_age", None),
                setting(Scope::Chain, "x", Some(Value::Flag(false))),
            ],
            HEX[4],
        ),
    ]
}

const HEX: [&str; 5] = [
    "82187080",
    "821870818381016e726563656970742e666f6f7465728201695468616e6b20796f75",
    "8218708183820264484830316c63617274732e7061726b656482023827",
    "821870818383036448483031036c73616c652e61736b5f6167658203f5",
    "821870828383036448483031036c73616c652e61736b5f616765f683810161788203f4",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn golden() {
    for (name, settings, expected) in vectors() {
        let body = encode(&settings).unwrap();
        assert_eq!(hex(&body), expected, "{name}");
        assert_eq!(decode(&body).unwrap(), Decoded { settings, newer: false }, "{name}");
    }
}

fn list(value: &mut Cbor) -> &mut Vec<Cbor> {
    match value {
        Cbor::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

/// The body of one setting, changed by hand.
fn changed(change: impl FnOnce(&mut Vec<Cbor>)) -> Vec<u8> {
    let body = encode(&[setting(store(), "receipt.footer", Some(Value::Number(1)))]).unwrap();
    let mut body: Cbor = serde_cbor::from_slice(&body).unwrap();
    change(list(&mut list(&mut list(&mut body)[1])[0]));
    serde_cbor::to_vec(&body).unwrap()
}

#[test]
fn what_a_newer_version_adds_is_passed_over_and_noticed() {
    let new = || Cbor::Text("new".into());
    let array = |items: Vec<Cbor>| Cbor::Array(items);
    let known = setting(store(), "receipt.footer", Some(Value::Number(1)));
    for (what, body, expected) in [
        ("a field", changed(|fields| fields.push(new())), Some(&known)),
        ("a scope", changed(|fields| fields[0] = array(vec![Cbor::Integer(9), new()])), None),
        ("a narrower scope", changed(|fields| list(&mut fields[0]).push(new())), None),
        ("a type", changed(|fields| fields[2] = array(vec![Cbor::Integer(9), new()])), None),
        ("a part of a value", changed(|fields| list(&mut fields[2]).push(new())), None),
    ] {
        let read = decode(&body).unwrap();
        assert!(read.newer, "{what}");
        assert_eq!(read.settings.first(), expected, "{what}");
    }
    assert_eq!(decode(&[0x82, 0x18, 0x71, 0x80]), Err(BodyError::UnknownKind(113)));
}

#[test]
fn what_no_version_writes_is_refused() {
    let check = |body: &[u8], expected: &str| {
        let error = decode(body).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let key = |key: &str| changed(|fields| fields[1] = Cbor::Text(key.into()));
    check(&key(""), "a setting's key");
    check(&key("Footer"), "a setting's key");
    check(&key(&"x".repeat(65)), "a setting's key");
    check(&changed(|fields| fields[0] = Cbor::Array(vec![])), "a setting's scope");
    check(&changed(|fields| fields[0] = Cbor::Array(vec![Cbor::Integer(2)])), "say where");
    let nobody = [Cbor::Integer(3), Cbor::Text("HH01".into())];
    check(&changed(|fields| fields[0] = Cbor::Array(nobody.into())), "say where");
    let long = || Cbor::Array(vec![Cbor::Integer(1), Cbor::Text("x".repeat(1_001))]);
    check(&changed(|fields| fields[2] = long()), "a setting's text");
    check(&changed(|fields| list(&mut fields[2])[1] = Cbor::Null), "a setting's number");
    check(&changed(|fields| fields.truncate(2)), "a setting");
    check(&[0x80], "an entry of settings");
    check(&[0x82, 0x18, 0x70, 0x81, 0x01], "a setting");
    let twice = vec![setting(store(), "a", None); 2];
    assert!(encode(&twice).unwrap_err().to_string().contains("set twice"));
    let mut body: Cbor = serde_cbor::from_slice(&encode(&twice[..1]).unwrap()).unwrap();
    let settings = list(&mut list(&mut body)[1]);
    settings.push(settings[0].clone());
    check(&serde_cbor::to_vec(&body).unwrap(), "set twice");
    let many = vec![setting(store(), "a", None); MAX_SETTINGS + 1];
    assert!(encode(&many).unwrap_err().to_string().contains("4097"));
    let mut many = vec![0x82, 0x18, 0x70, 0x99, 0x10, 0x01];
    many.resize(many.len() + MAX_SETTINGS + 1, 0x80);
    check(&many, "4097");
}

#[test]
fn the_narrowest_scope_that_covers_a_till_counts() {
    let text = |text: &str| Some(Value::Text(text.into()));
    let till = |number| Scope::Till("HH01".into(), number);
    let mut settings = Settings::default();
    let marker = |ms| Marker { clock: Hlc::from_ms(ms), replica: ReplicaId([1; 16]) };
    // The chain's is written last and still is the widest.
    settings.apply(marker(1), &[setting(till(3), "a", text("till"))]);
    settings.apply(marker(2), &[setting(store(), "a", text("store"))]);
    settings.apply(marker(3), &[setting(Scope::Chain, "a", text("chain"))]);
    let at = |settings: &Settings, store: &str, till| match settings.at(store, till).get("a") {
        Some(Value::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(at(&settings, "HH01", 3), "till");
    assert_eq!(at(&settings, "HH01", 4), "store");
    assert_eq!(at(&settings, "HH02", 3), "chain");
    settings.apply(marker(4), &[setting(till(3), "a", None)]);
    assert_eq!(at(&settings, "HH01", 3), "store", "taken away");
    settings.apply(marker(0), &[setting(store(), "a", text("late"))]);
    assert_eq!(at(&settings, "HH01", 3), "store", "written before");
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Chain),
        "[A-B]".prop_map(Scope::Store),
        ("[A-B]", 1_u16..3).prop_map(|(store, till)| Scope::Till(store, till)),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,8}".prop_map(Value::Text),
        any::<i64>().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Flag),
    ]
}

fn entry() -> impl Strategy<Value = Vec<Setting>> {
    let one = (scope(), "[a-c]", prop::option::of(any_value()));
    prop::collection::vec(one, 0..4).prop_map(|settings| {
        let by_name: std::collections::BTreeMap<_, _> =
            settings.into_iter().map(|(scope, key, value)| ((scope, key), value)).collect();
        let setting = |((scope, key), value)| Setting { scope, key, value };
        by_name.into_iter().map(setting).collect()
    })
}

proptest! {
    #[test]
    fn round_trip(settings in entry()) {
        let body = encode(&settings).unwrap();
        prop_assert_eq!(decode(&body).unwrap(), Decoded { settings: settings.clone(), newer: false });
        for setting in settings {
            let Some(value) = setting.value else { continue };
            prop_assert_eq!(decode_value(&encode_value(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn no_changed_byte_panics_and_no_prefix_reads(
        settings in entry(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = encode(&settings).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decode(&body);
        prop_assert!(decode(&body[..at]).is_err());
    }

    /// Two incarnations of a hub write; their entries come in any order, late, twice. What tables
    /// kept of them reads back as the same.
    #[test]
    fn the_order_in_which_entries_come_means_nothing(
        entries in prop::collection::vec((entry(), 0_u64..3, 0_u8..2), 0..8),
        order in prop::collection::vec(any::<prop::sample::Index>(), 16),
    ) {
        let said: Vec<(Marker, Vec<Setting>)> = (0_u64..).zip(&entries).map(|(n, (entry, ms, who))| {
            let clock = Hlc::from_ms(ms * 10 + n);
            (Marker { clock, replica: ReplicaId([*who; 16]) }, entry.clone())
        }).collect();
        let mut straight = Settings::default();
        let mut kept = std::collections::BTreeMap::new();
        for (marker, entry) in &said {
            for it in straight.apply(*marker, entry) {
                kept.insert((it.setting.scope.clone(), it.setting.key.clone()), it);
            }
        }
        let mut other = Settings::default();
        if !said.is_empty() {
            for at in &order {
                let (marker, entry) = at.get(&said);
                other.apply(*marker, entry);
            }
        }
        for (marker, entry) in said.iter().rev() {
            other.apply(*marker, entry);
        }
        prop_assert_eq!(&other, &straight);
        prop_assert_eq!(kept.into_values().collect::<Settings>(), straight);
    }
}
