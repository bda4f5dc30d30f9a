//! The body of a stock count.

use super::parts::{list, owned, staff, text};
use super::stamp::{instant, millis};
use super::{Body, BodyError};
use commerce::fact::StockCounted;
use minicbor::{Decode, Encode};

/// The most items in one count: so many of the longest SKU fit a body. A larger count is cut into
/// several facts.
pub const MAX_COUNTED_ITEMS: usize = 4_000;

#[derive(Encode, Decode)]
pub(super) struct CountedWire<'a> {
    #[n(0)]
    at: i64,
    #[b(1)]
    by: &'a str,
    #[b(2)]
    place: &'a str,
    #[b(3)]
    items: Vec<ItemWire<'a>>,
    #[n(4)]
    round: Option<u32>,
}

#[derive(Encode, Decode)]
struct ItemWire<'a> {
    #[b(0)]
    sku: &'a str,
    #[n(1)]
    thousandths: i64,
}

impl Body for StockCounted {
    type Wire<'a> = CountedWire<'a>;

    fn to_wire(&self) -> Result<CountedWire<'_>, BodyError> {
        Ok(CountedWire {
            at: millis(self.at)?,
            by: self.by.as_str(),
            place: text("a place of stock", &self.place)?,
            items: list("a stock count", MAX_COUNTED_ITEMS, &self.items, |(sku, thousandths)| {
                let (sku, thousandths) = (text("a counted SKU", sku)?, *thousandths);
                Ok(ItemWire { sku, thousandths })
            })?,
            round: (self.round > 0).then_some(self.round),
        })
    }

    fn from_wire(wire: CountedWire<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            at: instant(wire.at)?,
            by: staff(wire.by)?,
            place: owned("a place of stock", wire.place)?,
            items: list("a stock count", MAX_COUNTED_ITEMS, wire.items, |item| {
                Ok((owned("a counted SKU", item.sku)?, item.thousandths))
            })?,
            round: wire.round.unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::parts::MAX_TEXT_BYTES;
    use crate::body::{encode, golden, strategy};
    use commerce::fact::Fact;
    use proptest::prelude::*;

    #[test]
    fn the_longest_count_fits_and_one_more_is_refused() {
        let mut counted = golden::stock_counted();
        counted.items = vec![("x".repeat(MAX_TEXT_BYTES), i64::MIN); MAX_COUNTED_ITEMS];
        strategy::assert_round_trip(&Fact::StockCounted(counted.clone())).unwrap();
        counted.items.push(("x".into(), 0));
        let (what, length) = ("a stock count", MAX_COUNTED_ITEMS + 1);
        assert_eq!(
            encode(&Fact::StockCounted(counted)),
            Err(BodyError::TooLong { what, length, most: MAX_COUNTED_ITEMS })
        );
    }

    proptest! {
        #[test]
        fn round_trip(counted in strategy::stock_counted()) {
            strategy::assert_round_trip(&Fact::StockCounted(counted))?;
        }
    }
}
