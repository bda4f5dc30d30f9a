//! What everything written as CBOR shares: the scan before it is believed, and fields by position.
//!
//! Knows no body and no frame: [`crate::body`], [`crate::bulk`] and [`crate::wire`] say what stands
//! where. Bodies of facts are read by minicbor's derive instead of [`Reader`].

mod reader;
pub(crate) mod scan;

pub(crate) use reader::{BadField, Reader};
