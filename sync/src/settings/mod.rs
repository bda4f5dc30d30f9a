//! The hub's settings: what stands in the entries of its settings stream, and which value counts.
//!
//! A setting has a key, a scope (the chain, a store, a till) and a value; of two that were written
//! the later one counts, and of several scopes the narrowest. [`encode`] writes an entry, [`decode`]
//! reads one, and [`Settings`] is what they come to. What a setting does is its reader's affair, and
//! where it is kept the agent's store's; keys that nobody here knows are kept like any other.
//!
//! # For a reader in ten years
//!
//! An entry is one item of CBOR, plain as [`crate::body`] has it: `[112, [setting…]]`. A setting is an
//! array with its fields by position; newer versions add fields at its end, scopes and types of
//! values, and an older one passes over them and keeps the bytes.
//!
//! | field | is |
//! | --- | --- |
//! | 0 | scope: `[1]` the chain, `[2, store]`, `[3, store, till]` |
//! | 1 | key: 1 to 64 of `a-z`, `0-9`, `_`, `.` |
//! | 2 | value: `[1, text]`, `[2, whole number]`, `[3, true or false]`, or null to take it away |

mod state;

#[cfg(test)]
mod tests;

pub use crate::register::Marker;
pub use state::{Kept, Settings};

use crate::body::BodyError;
use crate::body::parts::{length, text, value};
use crate::cbor::{Reader, scan};
use crate::log::MAX_BODY_BYTES;
use minicbor::Encoder;
use std::convert::Infallible;

/// The kind of an entry that holds settings.
const SETTINGS: u64 = 112;

/// The most settings in one entry; a chain of a thousand stores sets one for each of them at once.
pub const MAX_SETTINGS: usize = 4_096;

/// The longest key.
pub const MAX_KEY_BYTES: usize = 64;

/// The longest text in bytes: a receipt's footer of a dozen lines.
pub const MAX_VALUE_BYTES: usize = 1_000;

const CHAIN: u8 = 1;
const STORE: u8 = 2;
const TILL: u8 = 3;

const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const FLAG: u8 = 3;

/// Where a setting counts: of two the narrower, which is the greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In every store.
    Chain,
    /// In a store, by its code.
    Store(String),
    /// At a till of a store, by its number.
    Till(String, u16),
}

impl Scope {
    /// Whether it covers a till of a store.
    #[must_use]
    pub fn covers(&self, store: &str, till: u16) -> bool {
        match self {
            Self::Chain => true,
            Self::Store(code) => code == store,
            Self::Till(code, number) => code == store && *number == till,
        }
    }
}

/// What a setting is set to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// One setting, set or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Where it counts.
    pub scope: Scope,
    /// Its name.
    pub key: String,
    /// Its value; `None` takes it away, so that a wider scope's counts.
    pub value: Option<Value>,
}

/// What an entry's body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The settings that this version can read.
    pub settings: Vec<Setting>,
    /// Whether a newer version wrote something that was passed over: fold the entry again once this
    /// one is updated.
    pub newer: bool,
}

/// The body of an entry of these settings. Equal lists have equal bodies.
///
/// # Errors
/// When a key, text or the list is beyond its bound, or a key stands twice in one scope.
pub fn encode(settings: &[Setting]) -> Result<Vec<u8>, BodyError> {
    length("an entry's settings", settings.len(), MAX_SETTINGS)?;
    check_set_once(settings)?;
    let mut to = Encoder::new(Vec::new());
    ok(to.array(2).and_then(|to| to.u64(SETTINGS)))?;
    ok(to.array(settings.len() as u64))?;
    settings.iter().try_for_each(|setting| write(&mut to, setting))?;
    let body = to.into_writer();
    if body.len() > MAX_BODY_BYTES {
        return Err(BodyError::TooLarge(body.len()));
    }
    Ok(body)
}

/// What an entry's body says.
///
/// # Errors
/// [`BodyError::UnknownKind`] when the whole entry is of a newer kind. Any other error means that
/// no version of Till wrote this.
pub fn decode(body: &[u8]) -> Result<Decoded, BodyError> {
    scan::check(body, MAX_BODY_BYTES)?;
    let mut from = Reader::new(body);
    let beside = from.open("an entry of settings", 2)?;
    match from.u64("an entry's kind")? {
        SETTINGS => {}
        kind => return Err(BodyError::UnknownKind(kind)),
    }
    let (mut settings, mut newer) = (Vec::new(), beside > 0);
    let count = from.open("settings", 0)?;
    length("an entry's settings", usize::try_from(count).unwrap_or(usize::MAX), MAX_SETTINGS)?;
    for _ in 0..count {
        let more = from.open("a setting", 3)?;
        let scope = read_scope(&mut from)?;
        let key = key(from.text("a setting's key")?)?.to_owned();
        let value = read_value(&mut from)?;
        from.skip(more)?;
        newer |= more > 0;
        match (scope, value) {
            (Some(scope), Read::Known(value)) => settings.push(Setting { scope, key, value }),
            _ => newer = true,
        }
    }
    check_set_once(&settings)?;
    Ok(Decoded { settings, newer })
}

/// A value as tables keep it.
///
/// # Errors
/// When a text is beyond its bound.
pub fn encode_value(value: &Value) -> Result<Vec<u8>, BodyError> {
    let mut to = Encoder::new(Vec::new());
    write_value(&mut to, Some(value))?;
    Ok(to.into_writer())
}

/// The value that [`encode_value`] wrote.
///
/// # Errors
/// When no version of Till wrote it.
pub fn decode_value(bytes: &[u8]) -> Result<Value, BodyError> {
    scan::check(bytes, MAX_BODY_BYTES)?;
    match read_value(&mut Reader::new(bytes))? {
        Read::Known(Some(value)) => Ok(value),
        Read::Known(None) | Read::Newer => Err(value("a setting's value", &"there is none")),
    }
}

fn ok<T>(written: Result<T, minicbor::encode::Error<Infallible>>) -> Result<(), BodyError> {
    written.map(|_| ()).map_err(|error| BodyError::Fields(error.to_string()))
}

fn write(to: &mut Encoder<Vec<u8>>, setting: &Setting) -> Result<(), BodyError> {
    ok(to.array(3))?;
    match &setting.scope {
        Scope::Chain => ok(to.array(1).and_then(|to| to.u8(CHAIN)))?,
        Scope::Store(store) => {
            ok(to.array(2).and_then(|to| to.u8(STORE)))?;
            ok(to.str(text("a setting's store", store)?))?;
        }
        Scope::Till(store, till) => {
            ok(to.array(3).and_then(|to| to.u8(TILL)))?;
            ok(to.str(text("a setting's store", store)?).and_then(|to| to.u16(*till)))?;
        }
    }
    ok(to.str(key(&setting.key)?))?;
    write_value(to, setting.value.as_ref())
}

fn write_value(to: &mut Encoder<Vec<u8>>, value: Option<&Value>) -> Result<(), BodyError> {
    ok(match value {
        None => to.null(),
        Some(Value::Text(text)) => {
            length("a setting's text", text.len(), MAX_VALUE_BYTES)?;
            to.array(2).and_then(|to| to.u8(TEXT)).and_then(|to| to.str(text))
        }
        Some(Value::Number(number)) => {
            to.array(2).and_then(|to| to.u8(NUMBER)).and_then(|to| to.i64(*number))
        }
        Some(Value::Flag(flag)) => {
            to.array(2).and_then(|to| to.u8(FLAG)).and_then(|to| to.bool(*flag))
        }
    })
}

/// `None` for a scope that a newer version has.
fn read_scope(from: &mut Reader<'_>) -> Result<Option<Scope>, BodyError> {
    let fields = from.open("a setting's scope", 1)?;
    let needed = |fields: u64, known: u64| {
        let why = || value("a setting's scope", &"it does not say where");
        fields.checked_sub(known).ok_or_else(why)
    };
    let (scope, more) = match from.u8("a setting's scope")? {
        CHAIN => (Some(Scope::Chain), fields),
        STORE => {
            let more = needed(fields, 1)?;
            (Some(Scope::Store(store(from)?)), more)
        }
        TILL => {
            let more = needed(fields, 2)?;
            let store = store(from)?;
            (Some(Scope::Till(store, from.u16("a setting's till")?)), more)
        }
        _ => (None, fields),
    };
    from.skip(more)?;
    // What more a known scope says narrows it in a way that this version can't follow.
    Ok(scope.filter(|_| more == 0))
}

fn store(from: &mut Reader<'_>) -> Result<String, BodyError> {
    Ok(text("a setting's store", from.text("a setting's store")?)?.to_owned())
}

/// A value that was read.
enum Read {
    Known(Option<Value>),
    Newer,
}

fn read_value(from: &mut Reader<'_>) -> Result<Read, BodyError> {
    let read = from.maybe("a setting's value", |from| {
        let more = from.open("a setting's value", 2)?;
        let known = match from.u8("the type of a setting's value")? {
            TEXT => Some(Value::Text(from.text("a setting's text")?.to_owned())),
            NUMBER => Some(Value::Number(from.i64("a setting's number")?)),
            FLAG => Some(Value::Flag(from.bool("a setting's flag")?)),
            _ => {
                from.skip(1)?;
                None
            }
        };
        from.skip(more)?;
        Ok(known.filter(|_| more == 0))
    })?;
    Ok(match read {
        None => Read::Known(None),
        Some(None) => Read::Newer,
        Some(Some(known)) => {
            if let Value::Text(text) = &known {
                length("a setting's text", text.len(), MAX_VALUE_BYTES)?;
            }
            Read::Known(Some(known))
        }
    })
}

fn key(key: &str) -> Result<&str, BodyError> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(plain) {
        return Ok(key);
    }
    let shown: String = key.chars().take(MAX_KEY_BYTES).collect();
    Err(value("a setting's key", &format!("`{shown}` is not 1 to 64 of a-z, 0-9, _ and .")))
}

/// Two values of one setting under one clock would have no order.
fn check_set_once(settings: &[Setting]) -> Result<(), BodyError> {
    let mut set = std::collections::BTreeSet::new();
    match settings.iter().find(|setting| !set.insert((&setting.scope, &setting.key))) {
        None => Ok(()),
        Some(Setting { key, .. }) => {
            Err(value("a setting", &format!("`{key}` is set twice in one entry")))
        }
    }
}
