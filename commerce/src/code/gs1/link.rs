//! GS1 Digital Link: the web address in a QR code that names a trade item, such as
//! `https://example.com/01/09506000134352/10/ABC?3103=000195&17=271231`.
//!
//! The address is never opened; only what it states is read.

use super::table::{find, parse_identifier};
use super::{Draft, GTIN, Gs1Item, is_digits};
use crate::code::error::{CodeError, quote};
use crate::code::gtin::Gtin;

/// Reads the trade item that a web address names; `None` when `text` is no Digital Link.
///
/// # Errors
/// When the GTIN's check digit is wrong, or an element behind it is not of its form.
#[must_use]
pub fn read_link(text: &str) -> Option<Result<Gs1Item, CodeError>> {
    let address = strip_scheme(text)?;
    let address = address.split_once('#').map_or(address, |(address, _)| address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut segments = path.split('/').skip(1).skip_while(|segment| *segment != "01").skip(1);
    let gtin = segments.next()?;
    let is_gtin = is_digits(gtin) && matches!(gtin.len(), 8 | 12 | 13 | 14);
    is_gtin.then(|| read_parts(gtin, segments, query))
}

fn read_parts<'a>(
    gtin: &str,
    mut segments: impl Iterator<Item = &'a str>,
    query: &'a str,
) -> Result<Gs1Item, CodeError> {
    let mut draft = Draft::default();
    draft.gtin(Gtin::parse(gtin)?)?;
    while let (Some(key), Some(data)) = (segments.next(), segments.next()) {
        take(&mut draft, key, data)?;
    }
    for pair in query.split(['&', ';']) {
        let (key, data) = pair.split_once('=').unwrap_or((pair, ""));
        take(&mut draft, key, data)?;
    }
    draft.finish()
}

/// Passes over what is no application identifier: links carry other keys too.
fn take(draft: &mut Draft, key: &str, data: &str) -> Result<(), CodeError> {
    let Some((ai, format)) = parse_identifier(key).and_then(|ai| Some((ai, find(ai)?))) else {
        return Ok(());
    };
    let refused = || CodeError::ElementData {
        ai,
        data: quote(data),
        reason: "the link is damaged; scan the other code on the pack",
    };
    let data = decode_percent(data).ok_or_else(refused)?;
    let well_formed = format.fits(&data);
    match ai {
        GTIN => draft.gtin(Gtin::parse(&data)?),
        _ if well_formed => draft.take(ai, &data),
        _ => Err(refused()),
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (head, address) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(address)
    })
}

/// `%2F` to `/`; `None` when an escape is cut short or the result is no text.
fn decode_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('%') {
        let (digits, after) = escaped.split_at_checked(2)?;
        bytes.extend_from_slice(before.as_bytes());
        // A sign is read too, but gives a control character, which no element takes.
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}
