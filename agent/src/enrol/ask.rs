//! `till enrol request`: a till's wish to be one of the chain. Works while it sells.

use super::{EnrolError, Who};
use crate::home::{Home, replace_file};
use std::path::Path;
use sync::enrol::Request;

/// Writes the till's request to `out`. The key of its connections is made at the first call and
/// stays the same, so that a request can be made again.
///
/// # Errors
/// When a key can't be read or made, or who the till is can't be in a chain.
pub fn request(home: &Home, who: &Who, out: &Path) -> Result<(), EnrolError> {
    let log = home.sealing_key()?;
    let connections = home.make_connection_key()?;
    let bytes = Request::make(&who.store, &who.thing, who.number, &log, &connections)?;
    Ok(replace_file(out, &bytes)?)
}
