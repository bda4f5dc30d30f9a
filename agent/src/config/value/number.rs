//! Whole numbers within a range, and the drawer's pin. Used by [`super::super::sections`].

use std::borrow::Cow;
use std::fmt;

use drivers::printer::profile;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const MIN: u16, const MAX: u16>(u16);

impl<const MIN: u16, const MAX: u16> Within<MIN, MAX> {
    /// `VALUE`; one outside the range does not compile.
    #[must_use]
    pub const fn of<const VALUE: u16>() -> Self {
        const { assert!(MIN <= VALUE && VALUE <= MAX, "outside the range") };
        Self(VALUE)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl<const MIN: u16, const MAX: u16> Serialize for Within<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

impl<'de, const MIN: u16, const MAX: u16> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u16(Number {
            expected: format!("a whole number from {MIN} to {MAX}"),
            accept: |number| (MIN..=MAX).contains(&number).then_some(Self(number)),
        })
    }
}

impl<const MIN: u16, const MAX: u16> JsonSchema for Within<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Within_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// Reads a whole number that `accept` takes.
struct Number<F> {
    expected: String,
    accept: F,
}

impl<T, F: Fn(u16) -> Option<T>> Visitor<'_> for Number<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expected)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        u16::try_from(number)
            .ok()
            .and_then(&self.accept)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }
}

/// Which of the printer's two drawers is opened: 2 or 5, the pin of its connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawerPin(pub profile::DrawerPin);

impl Serialize for DrawerPin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(match self.0 {
            profile::DrawerPin::Two => 2,
            profile::DrawerPin::Five => 5,
        })
    }
}

impl<'de> Deserialize<'de> for DrawerPin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u16(Number {
            expected: "2 (the first drawer) or 5 (the second)".to_owned(),
            accept: |number| match number {
                2 => Some(Self(profile::DrawerPin::Two)),
                5 => Some(Self(profile::DrawerPin::Five)),
                _ => None,
            },
        })
    }
}

impl JsonSchema for DrawerPin {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DrawerPin".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [2, 5] })
    }
}
