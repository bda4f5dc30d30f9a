//! The settings as serde's deserializer, with faults that know the value they are about.
//!
//! What type a variable of the environment is read as, the type that asks for it says. Called by
//! [`super::read`], which puts the faults into words.

use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::{Entry, Kind, Node};

/// What went wrong, and at which node.
#[derive(Debug)]
pub(super) struct Fault {
    pub culprit: Option<usize>,
    pub what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// The known ones.
    UnknownKey(&'static [&'static str]),
    /// One or more; serde tells of the first.
    MissingKey,
    /// What stands there, and what would be right.
    Wrong(String),
}

impl Fault {
    fn wrong(message: String) -> Self {
        Self { culprit: None, what: What::Wrong(message) }
    }

    /// Blames `node`, unless one inside it is blamed already.
    fn at(mut self, node: &Node) -> Self {
        self.culprit.get_or_insert(node.id);
        self
    }
}

impl std::error::Error for Fault {}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::wrong(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(format!("{} stands here: write {}", kind(&found), wanted(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Signed(number) => number.to_string(),
            other => kind(&other),
        };
        Self::wrong(format!("{found} is out of range: write {}", wanted(expected)))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::wrong(format!("`{found}` is not known here: write {}", expected.join(" or ")))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self { culprit: None, what: What::UnknownKey(known) }
    }

    fn missing_field(_: &'static str) -> Self {
        Self { culprit: None, what: What::MissingKey }
    }
}

/// A kind of value in words. The value itself may be a secret that stands at the wrong key.
fn kind(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(_) => "text".to_owned(),
        Unexpected::Signed(_) => "a bare number".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Other(words) => (*words).to_owned(),
        other => other.to_string(),
    }
}

fn wanted(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "a string" => "text in double quotes".to_owned(),
        other => other.to_owned(),
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Text(text) | Kind::Variable(text) => visitor.visit_str(text),
            Kind::Integer(number) => visitor.visit_i64(*number),
            Kind::Other(words) => Err(Fault::invalid_type(Unexpected::Other(words), &visitor)),
            Kind::List(nodes) => visitor.visit_seq(Items(nodes.iter())),
            Kind::Table(entries) => visitor.visit_map(Keys { rest: entries.iter(), last: None }),
        }
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Variable(text) => match text.trim().parse() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_str(text),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Text(text) | Kind::Variable(text) => {
                let text: StrDeserializer<'_, Fault> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            _ => Err(Fault::wrong(format!(
                "something other than text stands here: write \"{}\"",
                known.join("\" or \"")
            ))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Table(_) => self.deserialize_any(visitor),
            Kind::List(_) => Err(Fault::wrong(
                "this section stands once: write it with single brackets".to_owned(),
            )),
            _ => Err(Fault::wrong(
                "this is a section: write its name in brackets, and its keys below".to_owned(),
            )),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::List(_) => self.deserialize_any(visitor),
            _ => Err(Fault::wrong(
                "there can be several: write the section with double brackets".to_owned(),
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.0
            .find(|node| !node.spoiled)
            .map(|node| seed.deserialize(node).map_err(|fault| fault.at(node)))
            .transpose()
    }
}

struct Keys<'de> {
    rest: std::slice::Iter<'de, Entry>,
    last: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Keys<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.rest.find(|entry| !entry.value.spoiled) else {
            return Ok(None);
        };
        self.last = Some(&entry.value);
        let name: StrDeserializer<'_, Fault> = entry.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|fault| fault.at(&entry.value))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let node = self.last.take().ok_or_else(|| Fault::custom("a value without its key"))?;
        seed.deserialize(node).map_err(|fault| fault.at(node))
    }
}
