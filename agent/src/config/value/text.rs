//! Values written as text: paths, addresses, names. [`Text`] reads and describes them all.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::PathBuf;

use drivers::endpoint::{Endpoint, EndpointError};
use drivers::printer::profile::Profile;
use drivers::terminal::protocol::Password;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use sync::enrol::is_thing;
use tracing_subscriber::EnvFilter;

use super::error::{ValueError, profile_names};

/// The longest name of a device: it stands in logs and on screens.
const MAX_NAME: usize = 32;

/// What a text must be to stand in the configuration.
pub trait TextValue: Sized {
    /// What is wrong with a text, and what would be right.
    type Error: Display;

    /// Reads it.
    ///
    /// # Errors
    /// Names the text and the remedy.
    fn parse(text: &str) -> Result<Self, Self::Error>;

    /// Writes it as [`TextValue::parse`] reads it.
    fn show(&self) -> String;

    /// Its form as JSON schema.
    fn schema() -> Schema;
}

/// A value that was read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<T>(T);

impl<T> Text<T> {
    /// A built-in default.
    pub(in crate::config) const fn built_in(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: TextValue> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.show())
    }
}

impl<'de, T: TextValue> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::parse(&text).map(Self).map_err(de::Error::custom)
    }
}

impl<T: TextValue> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

/// A file or folder, absolute or relative to the working folder; nothing in it is expanded.
impl TextValue for PathBuf {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        if text.is_empty() || text.starts_with('~') || text.contains(['\0', '$']) {
            return Err(ValueError::Path(text.to_owned()));
        }
        Ok(text.into())
    }

    fn show(&self) -> String {
        self.display().to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[^~$][^$]*$" })
    }
}

/// A local address that only this machine can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loopback(IpAddr);

impl Loopback {
    /// 127.0.0.1.
    pub const V4: Self = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));

    /// The address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}

impl TextValue for Loopback {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        let address: IpAddr = text.parse().map_err(|_| ValueError::Address(text.to_owned()))?;
        if address.is_loopback() {
            Ok(Self(address))
        } else {
            Err(ValueError::NotLoopback(address))
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(127\\.|::1$)" })
    }
}

/// What is logged: a level, or levels by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(Cow<'static, str>);

impl LogFilter {
    /// The level info.
    pub const INFO: Self = Self(Cow::Borrowed("info"));

    /// The filter for the subscriber.
    #[must_use]
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl TextValue for LogFilter {
    type Error = ValueError;

    /// A bare word that is no level is refused though the syntax has it: it would be taken for
    /// a module's name, so that `inof` silences the till.
    fn parse(text: &str) -> Result<Self, ValueError> {
        let is_level = |word: &str| {
            ["off", "error", "warn", "info", "debug", "trace"]
                .iter()
                .any(|level| level.eq_ignore_ascii_case(word))
        };
        let clear = |directive: &str| directive.contains(['=', '[']) || is_level(directive);
        let parses = EnvFilter::builder().parse(text).is_ok();
        if parses && text.split(',').all(|directive| clear(directive.trim())) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(ValueError::LogFilter(text.to_owned()))
        }
    }

    fn show(&self) -> String {
        self.0.clone().into_owned()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 3 })
    }
}

/// A device's name in logs and on screens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for DeviceName {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::Name(text.to_owned()))
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": format!("^[A-Za-z0-9_-]{{1,{MAX_NAME}}}$") })
    }
}

/// A till's name among the chain's things; empty where it is made of the store's code and the
/// till's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnThing(Cow<'static, str>);

impl OwnThing {
    /// No name given.
    pub const NONE: Self = Self(Cow::Borrowed(""));

    /// The name, where one was given.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }
}

impl TextValue for OwnThing {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        if text.is_empty() || is_thing(text) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(ValueError::OwnThing(text.to_owned()))
        }
    }

    fn show(&self) -> String {
        self.0.clone().into_owned()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$" })
    }
}

/// A value that may be left empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T>(Option<T>);

impl<T> Given<T> {
    /// The value, where one was given.
    #[must_use]
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Text<Given<T>> {
    /// Nothing given.
    pub(in crate::config) const fn none() -> Self {
        Self(Given(None))
    }
}

impl<T: TextValue> TextValue for Given<T> {
    type Error = T::Error;

    fn parse(text: &str) -> Result<Self, T::Error> {
        match text {
            "" => Ok(Self(None)),
            text => T::parse(text).map(Some).map(Self),
        }
    }

    fn show(&self) -> String {
        self.0.as_ref().map(T::show).unwrap_or_default()
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [{ "const": "" }, T::schema()] })
    }
}

impl TextValue for Endpoint {
    type Error = EndpointError;

    fn parse(text: &str) -> Result<Self, EndpointError> {
        text.parse()
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(tcp|listen|serial)://" })
    }
}

impl TextValue for Profile {
    type Error = ValueError;

    fn parse(name: &str) -> Result<Self, ValueError> {
        Self::named(name).ok_or_else(|| ValueError::Profile(name.to_owned()))
    }

    fn show(&self) -> String {
        self.name.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "enum": profile_names() })
    }
}

impl TextValue for Password {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ValueError::Password);
        }
        text.parse().ok().and_then(Self::new).ok_or(ValueError::Password)
    }

    /// Hidden: it is never written out again.
    fn show(&self) -> String {
        "******".to_owned()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{6}$" })
    }
}
