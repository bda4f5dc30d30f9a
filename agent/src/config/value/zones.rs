//! The price zones that a store takes. Used by [`super::super::sections`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use sync::log::Zone;

use super::Within;

/// The most zones of one store: headquarters', its own and some between; each is a subscription.
pub const MAX_ZONES: usize = 8;

/// The number of the zone that headquarters writes for every store.
const HEADQUARTERS: u16 = 0;

type Number = Within<0, { Zone::MAX }>;

/// Numbers of price zones, each once, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones(Cow<'static, [u16]>);

impl Zones {
    /// Headquarters' alone.
    pub const HEADQUARTERS: Self = Self(Cow::Borrowed(&[HEADQUARTERS]));

    /// The zones.
    #[must_use]
    pub fn zones(&self) -> BTreeSet<Zone> {
        self.0.iter().copied().filter_map(Zone::new).collect()
    }

    fn of<E: de::Error>(numbers: Vec<u16>) -> Result<Self, E> {
        let sorted: BTreeSet<u16> = numbers.iter().copied().collect();
        if sorted.len() < numbers.len() {
            return Err(E::custom("a zone stands here twice: name each once"));
        }
        if sorted.len() > MAX_ZONES {
            return Err(E::custom(format!(
                "a till takes at most {MAX_ZONES} zones: take some out"
            )));
        }
        Ok(Self(Cow::Owned(sorted.into_iter().collect())))
    }
}

impl Serialize for Zones {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Zones {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Zones {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Zones".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": Number::json_schema(generator),
            "maxItems": MAX_ZONES,
            "uniqueItems": true,
        })
    }
}

/// A list of the file, or text of the environment with commas.
struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Zones;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "whole numbers from 0 to {} in brackets, such as [0, 7]", Zone::MAX)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Zones, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element::<Number>()? {
            numbers.push(number.get());
        }
        Zones::of(numbers)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Zones, E> {
        let number = |text: &str| text.trim().parse().ok().filter(|number| *number <= Zone::MAX);
        let listed = text.split(',').filter(|_| !text.trim().is_empty());
        let numbers: Option<Vec<u16>> = listed.map(number).collect();
        let wrong = || {
            let most = Zone::MAX;
            E::custom(format!(
                "`{text}` is no list of zones: write whole numbers from 0 to {most} with commas"
            ))
        };
        Zones::of(numbers.ok_or_else(wrong)?)
    }
}
