//! Tenders as the store had set them up, what was handed over, and card slips.
//!
//! Shared by [`super::sale`], [`super::returns`] and [`super::payment`].

use super::BodyError;
use super::parts::{Amounts, Numbered, maybe_owned, maybe_text, numbered, owned, text};
use commerce::tender::{CardSlip, TenderKind, TenderType, Tendered};
use minicbor::{Decode, Encode};

numbered!(TenderKind, "a kind of tender", { Cash = 1, Card = 2, Voucher = 3, Coupon = 4 });

/// `[id, name, kind, opens the drawer, gives change, limit]`
#[derive(Encode, Decode)]
pub(crate) struct TenderTypeWire<'a> {
    #[b(0)]
    id: &'a str,
    #[b(1)]
    name: &'a str,
    #[n(2)]
    kind: u8,
    #[n(3)]
    opens_drawer: bool,
    #[n(4)]
    gives_change: bool,
    #[n(5)]
    limit: Option<i64>,
}

impl<'a> TenderTypeWire<'a> {
    pub(crate) fn of(tender: &'a TenderType) -> Result<Self, BodyError> {
        Ok(Self {
            id: text("a tender's id", &tender.id)?,
            name: text("a tender's name", &tender.name)?,
            kind: tender.kind.number(),
            opens_drawer: tender.opens_drawer,
            gives_change: tender.gives_change,
            limit: tender.limit,
        })
    }

    pub(crate) fn read(self) -> Result<TenderType, BodyError> {
        Ok(TenderType {
            id: owned("a tender's id", self.id)?,
            name: owned("a tender's name", self.name)?,
            kind: TenderKind::read(self.kind)?,
            opens_drawer: self.opens_drawer,
            gives_change: self.gives_change,
            limit: self.limit,
        })
    }
}

/// `[receipt number, trace, terminal, masked number, card's name, authorisation]`
#[derive(Encode, Decode)]
pub(crate) struct CardWire<'a> {
    #[n(0)]
    receipt_number: u32,
    #[n(1)]
    trace: u32,
    #[b(2)]
    terminal_id: &'a str,
    #[b(3)]
    masked_pan: &'a str,
    #[b(4)]
    card_name: &'a str,
    #[b(5)]
    authorisation: &'a str,
}

impl<'a> CardWire<'a> {
    pub(crate) fn of(card: &'a CardSlip) -> Result<Self, BodyError> {
        Ok(Self {
            receipt_number: card.receipt_number,
            trace: card.trace,
            terminal_id: text("a terminal's id", &card.terminal_id)?,
            masked_pan: text("a masked card number", &card.masked_pan)?,
            card_name: text("a card's name", &card.card_name)?,
            authorisation: text("an authorisation", &card.authorisation)?,
        })
    }

    pub(crate) fn read(self) -> Result<CardSlip, BodyError> {
        Ok(CardSlip {
            receipt_number: self.receipt_number,
            trace: self.trace,
            terminal_id: owned("a terminal's id", self.terminal_id)?,
            masked_pan: owned("a masked card number", self.masked_pan)?,
            card_name: owned("a card's name", self.card_name)?,
            authorisation: owned("an authorisation", self.authorisation)?,
        })
    }
}

/// `[tender, amount, reference, intent, card]`
#[derive(Encode, Decode)]
pub(crate) struct TenderedWire<'a> {
    #[b(0)]
    tender: TenderTypeWire<'a>,
    #[n(1)]
    amount: i64,
    #[b(2)]
    reference: Option<&'a str>,
    #[n(3)]
    intent: Option<u64>,
    #[b(4)]
    card: Option<CardWire<'a>>,
}

impl<'a> TenderedWire<'a> {
    pub(crate) fn of(amounts: Amounts, tendered: &'a Tendered) -> Result<Self, BodyError> {
        Ok(Self {
            tender: TenderTypeWire::of(&tendered.tender)?,
            amount: amounts.minor("an amount tendered", tendered.amount)?,
            reference: maybe_text("a tender's reference", tendered.reference.as_deref())?,
            intent: tendered.intent,
            card: tendered.card.as_ref().map(CardWire::of).transpose()?,
        })
    }

    pub(crate) fn read(self, amounts: Amounts) -> Result<Tendered, BodyError> {
        Ok(Tendered {
            tender: self.tender.read()?,
            amount: amounts.money(self.amount)?,
            reference: maybe_owned("a tender's reference", self.reference)?,
            intent: self.intent,
            card: self.card.map(CardWire::read).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(currency in strategy::currency(), kind in prop::sample::select(&TenderKind::ALL), minor in 1_i64..1_000_000) {
            let amounts = Amounts(currency);
            let tendered = strategy::tendered(kind, amounts.money(minor).unwrap());
            let bytes = minicbor::to_vec(TenderedWire::of(amounts, &tendered).unwrap()).unwrap();
            let read: TenderedWire<'_> = minicbor::decode(&bytes).unwrap();
            prop_assert_eq!(read.read(amounts).unwrap(), tendered);
        }
    }
}
