//! The body of a receipt series' opening.

use super::parts::{Numbered, numbered, owned, text};
use super::stamp::{ReceiptWire, instant, millis};
use super::{Body, BodyError};
use commerce::fact::{SeriesOpened, SeriesReason};
use minicbor::{Decode, Encode};

numbered!(SeriesReason, "a reason for a series", {
    First = 1, Restored = 2, Copied = 3, Forked = 4, Renumbered = 5,
});

#[derive(Encode, Decode)]
pub(super) struct SeriesWire<'a> {
    #[n(0)]
    at: i64,
    #[b(1)]
    store: &'a str,
    #[n(2)]
    till: u16,
    #[n(3)]
    series: u32,
    #[n(4)]
    reason: u8,
    #[b(5)]
    previous_last: Option<ReceiptWire<'a>>,
}

impl Body for SeriesOpened {
    type Wire<'a> = SeriesWire<'a>;

    fn to_wire(&self) -> Result<SeriesWire<'_>, BodyError> {
        Ok(SeriesWire {
            at: millis(self.at)?,
            store: text("the store's id", &self.store)?,
            till: self.till,
            series: self.series,
            reason: self.reason.number(),
            previous_last: self.previous_last.as_ref().map(ReceiptWire::of).transpose()?,
        })
    }

    fn from_wire(wire: SeriesWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            at: instant(wire.at)?,
            store: owned("the store's id", wire.store)?,
            till: wire.till,
            series: wire.series,
            reason: SeriesReason::read(wire.reason)?,
            previous_last: wire.previous_last.map(ReceiptWire::read).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::body::strategy;
    use commerce::fact::Fact;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(opened in strategy::series_opened()) {
            strategy::assert_round_trip(&Fact::SeriesOpened(opened))?;
        }
    }
}
