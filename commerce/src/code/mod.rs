//! Codes that identify items: from what was scanned or keyed to what it means.
//!
//! Pure: a scanner driver hands over text, [`Scan::parse`] takes it apart, [`read`] decides what
//! it is, and the till looks the result up in its catalogue. What the text is depends first on
//! the symbology that the scanner names; [`read`] tries, in this order:
//!
//! | the scanner says | the text is |
//! | --- | --- |
//! | GS1-128, DataBar, GS1 DataMatrix, GS1 QR, GS1 DotCode | a GS1 element string, nothing else |
//! | EAN-13, UPC-A, UPC-E (`]E0`) | 12 to 14 digits: an in-store pattern, then a GTIN; 6, 7, or 8 digits that begin with 0 or 1: UPC-E; other 8 digits: a GTIN |
//! | the same with an add-on (`]E3`) | the same without its last 2 or 5 digits |
//! | EAN-8 | a GTIN |
//! | Interleaved 2 of 5 | 14 digits: a GTIN; else as the row below |
//! | QR, Data Matrix, Code 128, Code 39, any other | a receipt (`TILL1:`); a GS1 Digital Link; 12 to 14 digits whose check digit is right: a GTIN; else other text |
//! | nothing, or it was keyed | a receipt; a Digital Link; 12 to 14 digits: an in-store pattern, then a GTIN; 8 digits: a GTIN, then UPC-E if they begin with 0 or 1; 1 to 6 digits: a short code; else other text |
//!
//! A wrong check digit is an error wherever the text can be nothing but a GTIN, and never
//! repaired. A symbology that carries free text may hold a shop's own number, so there a wrong
//! check digit only means that it is other text; 8 digits stay text, for one number in ten would
//! pass as a GTIN-8.
//!
//! Every decoder here is a pure function on `&str` and takes any text without a panic:
//! [`Scan::parse`], [`Gtin::parse`], [`upce::expand`], [`Pattern::parse`], [`gs1::elements`],
//! [`gs1::read_elements`], [`gs1::read_link`].

mod error;
pub mod gs1;
mod gtin;
mod instore;
mod symbology;
pub mod upce;

pub use error::CodeError;
pub use gs1::Gs1Item;
pub use gtin::{Gtin, check_digit};
pub use instore::{InStore, Measure, Pattern, verifier_digit};
pub use symbology::{MAX_SCAN_BYTES, SEPARATOR, Scan, Symbology};

use gtin::is_digits;
use std::fmt;

/// How the text in a receipt's own QR code begins.
pub const RECEIPT_PREFIX: &str = "TILL1:";

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A trade item.
    Gtin(Gtin),
    /// A label of the shop's own scale or printer, with a weight or a price.
    InStore(InStore),
    /// A trade item with what its GS1 code states besides.
    Gs1(Gs1Item),
    /// A short code, keyed: 0 to 999,999.
    Short(u32),
    /// The whole text of a receipt's QR code, beginning with [`RECEIPT_PREFIX`].
    Receipt(String),
    /// Any other text: perhaps a code of the shop's own.
    Other(String),
}

/// What a person would call the code: the number to search for, or the text.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gtin(gtin) => gtin.fmt(f),
            Self::InStore(code) => f.write_str(&code.item),
            Self::Gs1(item) => item.gtin.fmt(f),
            Self::Short(number) => number.fmt(f),
            Self::Receipt(text) | Self::Other(text) => f.write_str(text),
        }
    }
}

/// Decides what a scan means, in the order of the table above. Of several patterns that match,
/// the first counts.
///
/// # Errors
/// When the text can only be one kind of code and is not a valid one.
pub fn read(scan: &Scan, patterns: &[Pattern]) -> Result<Code, CodeError> {
    let text = scan.text.as_str();
    match scan.symbology {
        Some(symbology) if symbology.is_gs1() => gs1::read_elements(text).map(Code::Gs1),
        Some(Symbology::Ean) => read_ean(text, patterns),
        Some(Symbology::EanWithAddOn) => read_ean(without_add_on(text), patterns),
        Some(Symbology::Ean8) => Gtin::parse(text).map(Code::Gtin),
        Some(Symbology::Interleaved) if text.len() == 14 && is_digits(text) => {
            Gtin::parse(text).map(Code::Gtin)
        }
        Some(_) => read_free_text(text),
        None => read_keyed(text, patterns),
    }
}

/// EAN-13, UPC-A and UPC-E share an identifier; the length tells them apart.
fn read_ean(digits: &str, patterns: &[Pattern]) -> Result<Code, CodeError> {
    match digits.len() {
        6 | 7 => upce::expand(digits).map(Code::Gtin),
        8 if digits.starts_with(['0', '1']) => upce::expand(digits).map(Code::Gtin),
        _ => read_item_number(digits, patterns),
    }
}

fn read_free_text(text: &str) -> Result<Code, CodeError> {
    if let Some(marked) = read_marked(text) {
        return marked;
    }
    let gtin = matches!(text.len(), 12..=14).then(|| Gtin::parse(text).ok()).flatten();
    Ok(gtin.map_or_else(|| Code::Other(text.to_owned()), Code::Gtin))
}

fn read_keyed(text: &str, patterns: &[Pattern]) -> Result<Code, CodeError> {
    if let Some(marked) = read_marked(text) {
        return marked;
    }
    match text.len() {
        _ if !is_digits(text) => Ok(Code::Other(text.to_owned())),
        12..=14 => read_item_number(text, patterns),
        8 => Gtin::parse(text)
            .or_else(|refused| upce::expand(text).map_err(|_| refused))
            .map(Code::Gtin),
        1..=6 => text.parse().map(Code::Short).map_err(|_| CodeError::NotDigits(text.to_owned())),
        _ => Ok(Code::Other(text.to_owned())),
    }
}

/// A receipt or a Digital Link: texts that say themselves what they are.
fn read_marked(text: &str) -> Option<Result<Code, CodeError>> {
    if text.starts_with(RECEIPT_PREFIX) {
        return Some(Ok(Code::Receipt(text.to_owned())));
    }
    gs1::read_link(text).map(|item| item.map(Code::Gs1))
}

/// The first in-store pattern that matches, else a GTIN. UPC-A is the EAN-13 with a zero in
/// front, and some scanners pad to fourteen.
fn read_item_number(digits: &str, patterns: &[Pattern]) -> Result<Code, CodeError> {
    let padded;
    let thirteen = match digits.len() {
        12 => {
            padded = format!("0{digits}");
            padded.as_str()
        }
        14 => digits.strip_prefix('0').unwrap_or_default(),
        _ => digits,
    };
    match patterns.iter().find_map(|pattern| pattern.match_code(thirteen)) {
        Some(code) => code.map(Code::InStore),
        None => Gtin::parse(digits).map(Code::Gtin),
    }
}

/// Cuts a two- or five-digit add-on off an EAN-13 or UPC-A.
fn without_add_on(digits: &str) -> &str {
    let main = match digits.len() {
        15 | 18 => 13,
        14 | 17 => 12,
        all => all,
    };
    digits.get(..main).unwrap_or(digits)
}

#[cfg(test)]
mod tests;
