//! Reading fields by their position in arrays, each named in its error.
//!
//! Expects bytes that [`super::scan`] has passed. New fields stand at the end of their array, so
//! whatever is there beyond the known ones is skipped.

use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

/// A field that is not what its place asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadField {
    /// Which field.
    pub field: &'static str,
    /// Offset in the bytes.
    pub at: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads one field after another.
pub(crate) struct Reader<'b> {
    decoder: Decoder<'b>,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { decoder: Decoder::new(bytes) }
    }

    /// The decoder behind it, for a part that reads by itself.
    pub(crate) fn decoder(&mut self) -> &mut Decoder<'b> {
        &mut self.decoder
    }

    /// Reads an array of which `read` takes the first `known` fields; passes over the rest.
    pub(crate) fn fields<T>(
        &mut self,
        what: &'static str,
        known: u64,
        read: impl FnOnce(&mut Self) -> Result<T, BadField>,
    ) -> Result<T, BadField> {
        let newer = self.open(what, known)?;
        let value = read(self)?;
        self.skip(newer)?;
        Ok(value)
    }

    /// Begins an array of at least `known` fields; returns how many stand behind those.
    pub(crate) fn open(&mut self, what: &'static str, known: u64) -> Result<u64, BadField> {
        let at = self.decoder.position();
        let found = self.count(what)?;
        found.checked_sub(known).ok_or_else(|| {
            let why = format!("{found} fields where {known} or more belong");
            BadField { field: what, at, why }
        })
    }

    /// Passes over `count` items.
    pub(crate) fn skip(&mut self, count: u64) -> Result<(), BadField> {
        (0..count).try_for_each(|_| self.read("a field of a newer version", Decoder::skip))
    }

    /// Reads an array of at most `most` items.
    pub(crate) fn list<T>(
        &mut self,
        what: &'static str,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, BadField>,
    ) -> Result<Vec<T>, BadField> {
        let at = self.decoder.position();
        let count = self.count(what)?;
        if count > most as u64 {
            let why = format!("{count} where at most {most} are taken");
            return Err(BadField { field: what, at, why });
        }
        (0..count).map(|_| item(self)).collect()
    }

    /// Reads null as none, anything else with `read`.
    pub(crate) fn maybe<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, BadField>,
    ) -> Result<Option<T>, BadField> {
        if self.read(what, |decoder| decoder.datatype())? == Type::Null {
            return self.read(what, Decoder::null).map(|()| None);
        }
        read(self).map(Some)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, BadField> {
        self.read(what, Decoder::u64)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, BadField> {
        self.read(what, Decoder::u32)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, BadField> {
        self.read(what, Decoder::u16)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, BadField> {
        self.read(what, Decoder::u8)
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64, BadField> {
        self.read(what, Decoder::i64)
    }

    pub(crate) fn bool(&mut self, what: &'static str) -> Result<bool, BadField> {
        self.read(what, Decoder::bool)
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<&'b str, BadField> {
        self.read(what, Decoder::str)
    }

    /// Bytes, at most `most`.
    pub(crate) fn bytes(&mut self, what: &'static str, most: usize) -> Result<&'b [u8], BadField> {
        let at = self.decoder.position();
        let bytes = self.read(what, Decoder::bytes)?;
        if bytes.len() > most {
            let why = format!("{} bytes where at most {most} are taken", bytes.len());
            return Err(BadField { field: what, at, why });
        }
        Ok(bytes)
    }

    /// Exactly `N` bytes.
    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], BadField> {
        let at = self.decoder.position();
        let bytes = self.read(what, Decoder::bytes)?;
        bytes.try_into().map_err(|_| {
            let why = format!("{} bytes where {N} belong", bytes.len());
            BadField { field: what, at, why }
        })
    }

    fn count(&mut self, what: &'static str) -> Result<u64, BadField> {
        self.read(what, |decoder| {
            decoder.array()?.ok_or_else(|| Error::message("an array without a length"))
        })
    }

    fn read<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, Error>,
    ) -> Result<T, BadField> {
        let at = self.decoder.position();
        read(&mut self.decoder).map_err(|error| BadField { field, at, why: error.to_string() })
    }
}
