//! GS1 element strings: what GS1-128, DataBar, GS1 DataMatrix and GS1 QR say about one item.
//!
//! Whether a text is an element string at all is decided by the symbology, in the parent module:
//! the digits of a plain EAN must never be read as one. Digital Link addresses carry the same
//! elements and end in the same [`Gs1Item`].

mod date;
mod link;
mod table;

pub use date::ShortDate;
pub use link::read_link;

use super::error::{CodeError, quote};
use super::gtin::{Gtin, is_digits, number};
use super::symbology::{MAX_SCAN_BYTES, SEPARATOR};
use crate::money::{Currency, Money, MoneyError};
use crate::quantity::{Quantity, Unit};

/// The application identifier of a trade item.
const GTIN: u16 = 1;

/// What selling needs of a GS1 code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gs1Item {
    /// The trade item (01).
    pub gtin: Gtin,
    /// Net weight (310n kg, 320n lb), length (311n m), volume (315n l, 361n gal) and count (30),
    /// as stated; at most one of each unit.
    pub measures: Vec<Quantity>,
    /// The price of this piece (392n, 393n).
    pub price: Option<Gs1Price>,
    /// Batch or lot (10).
    pub batch: Option<String>,
    /// Serial number (21).
    pub serial: Option<String>,
    /// Use by (17): not to be sold after it.
    pub expiry: Option<ShortDate>,
    /// Best before (15).
    pub best_before: Option<ShortDate>,
}

impl Gs1Item {
    /// How much of the item this is in the unit that it is sold by, when the code says so.
    #[must_use]
    pub fn measure(&self, unit: Unit) -> Option<Quantity> {
        self.measures.iter().copied().find(|measure| measure.unit() == unit)
    }
}

/// A price in a GS1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gs1Price {
    amount: i64,
    decimals: u32,
    currency: Option<Currency>,
}

impl Gs1Price {
    /// The price in the store's currency, which a code without a currency means.
    ///
    /// # Errors
    /// When the code names another currency, or states more decimals than the currency has.
    pub fn money(self, store: Currency) -> Result<Money, MoneyError> {
        if let Some(stated) = self.currency.filter(|stated| *stated != store) {
            return Err(MoneyError::Mismatch(stated, store));
        }
        Money::parse(&rust_decimal::Decimal::new(self.amount, self.decimals).to_string(), store)
    }
}

/// One element: an application identifier and its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier as a number: 1 for (01), 3103 for (3103).
    pub ai: u16,
    /// Its data, of the form that GS1's table gives them.
    pub data: &'a str,
}

/// Splits an element string of at most [`MAX_SCAN_BYTES`], with [`SEPARATOR`] for FNC1.
///
/// # Errors
/// When an identifier is not in GS1's table, or its data are not of its form. Nothing is passed
/// over on a guess: the element behind could be a weight or a price.
pub fn elements(text: &str) -> Result<Vec<Element<'_>>, CodeError> {
    if text.len() > MAX_SCAN_BYTES {
        return Err(CodeError::TooLong { bytes: text.len(), limit: MAX_SCAN_BYTES });
    }
    let mut elements = Vec::new();
    // Some scanners pass the FNC1 on that only marks the symbol as GS1's.
    let mut rest = text.strip_prefix(SEPARATOR).unwrap_or(text);
    while !rest.is_empty() {
        let (ai, format, behind) = table::split_identifier(rest).ok_or_else(|| {
            let place = text.len() - rest.len() + 1;
            CodeError::UnknownIdentifier { text: quote(rest), place }
        })?;
        let (data, after) = match format.fixed_length() {
            Some(length) => {
                let (data, after) = behind.split_at_checked(length).unwrap_or((behind, ""));
                (data, after.strip_prefix(SEPARATOR).unwrap_or(after))
            }
            None => behind.split_once(SEPARATOR).unwrap_or((behind, "")),
        };
        if !format.fits(data) {
            let reason = "its length or characters are not what GS1 lays down; scan it again";
            return Err(CodeError::ElementData { ai, data: quote(data), reason });
        }
        elements.push(Element { ai, data });
        rest = after;
    }
    Ok(elements)
}

/// Reads an element string as one trade item.
///
/// # Errors
/// As [`elements`]; when no (01) is there (a case or pallet label), its check digit is wrong, two
/// elements contradict each other, or a weight, count, price or date is not possible.
pub fn read_elements(text: &str) -> Result<Gs1Item, CodeError> {
    let mut draft = Draft::default();
    for Element { ai, data } in elements(text)? {
        draft.take(ai, data)?;
    }
    draft.finish()
}

/// An item being put together from its elements.
#[derive(Default)]
struct Draft {
    gtin: Option<Gtin>,
    measures: Vec<Quantity>,
    price: Option<Gs1Price>,
    batch: Option<String>,
    serial: Option<String>,
    expiry: Option<ShortDate>,
    best_before: Option<ShortDate>,
}

impl Draft {
    fn gtin(&mut self, gtin: Gtin) -> Result<(), CodeError> {
        set(&mut self.gtin, gtin, GTIN)
    }

    /// Takes one element whose data are of its form; passes over what selling does not need.
    fn take(&mut self, ai: u16, data: &str) -> Result<(), CodeError> {
        match ai {
            GTIN => self.gtin(Gtin::parse(data)?),
            10 => set(&mut self.batch, data.to_owned(), ai),
            15 => set(&mut self.best_before, short_date(ai, data)?, ai),
            17 => set(&mut self.expiry, short_date(ai, data)?, ai),
            21 => set(&mut self.serial, data.to_owned(), ai),
            30 => self.measure(ai, data, 0, Unit::Each),
            3100..=3105 => self.measure(ai, data, ai % 10, Unit::Kilogram),
            3110..=3115 => self.measure(ai, data, ai % 10, Unit::Metre),
            3150..=3155 => self.measure(ai, data, ai % 10, Unit::Litre),
            3200..=3205 => self.measure(ai, data, ai % 10, Unit::Pound),
            3610..=3615 => self.measure(ai, data, ai % 10, Unit::Gallon),
            3920..=3929 => self.price(ai, data, None),
            3930..=3939 => {
                let (currency, amount) = data.split_at_checked(3).unwrap_or_default();
                self.price(ai, amount, Some(currency_of(currency)?))
            }
            _ => Ok(()),
        }
    }

    fn measure(&mut self, ai: u16, data: &str, decimals: u16, unit: Unit) -> Result<(), CodeError> {
        // At most eight digits times a thousand.
        let scaled = i64::try_from(number(data)?).unwrap_or(i64::MAX).saturating_mul(1000);
        let divisor = 10_i64.pow(u32::from(decimals));
        if scaled % divisor != 0 {
            let reason = "it states more than three decimals; weigh the goods or key the quantity";
            return Err(CodeError::ElementData { ai, data: quote(data), reason });
        }
        let quantity = Quantity::new(scaled / divisor, unit)?;
        match self.measures.iter().find(|measure| measure.unit() == unit) {
            Some(stated) if *stated != quantity => return Err(CodeError::Contradiction(ai)),
            Some(_) => {}
            None => self.measures.push(quantity),
        }
        Ok(())
    }

    fn price(&mut self, ai: u16, data: &str, currency: Option<Currency>) -> Result<(), CodeError> {
        let amount = i64::try_from(number(data)?).unwrap_or(i64::MAX);
        if amount == 0 {
            return Err(CodeError::NothingMeasured(format!("({ai}){data}")));
        }
        set(&mut self.price, Gs1Price { amount, decimals: u32::from(ai % 10), currency }, ai)
    }

    fn finish(self) -> Result<Gs1Item, CodeError> {
        let Self { gtin, measures, price, batch, serial, expiry, best_before } = self;
        let gtin = gtin.ok_or(CodeError::NoItem)?;
        Ok(Gs1Item { gtin, measures, price, batch, serial, expiry, best_before })
    }
}

/// Stating a thing twice is allowed, contradicting oneself is not.
fn set<T: PartialEq>(place: &mut Option<T>, value: T, ai: u16) -> Result<(), CodeError> {
    match place {
        Some(stated) if *stated != value => Err(CodeError::Contradiction(ai)),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn short_date(ai: u16, data: &str) -> Result<ShortDate, CodeError> {
    let reason = "there is no such day; key the item and check the date on the pack";
    ShortDate::parse(data).ok_or_else(|| CodeError::ElementData { ai, data: quote(data), reason })
}

/// A currency by its ISO 4217 number.
fn currency_of(number: &str) -> Result<Currency, MoneyError> {
    let unknown = || MoneyError::UnknownCurrency(number.to_owned());
    let code = number.parse().ok().and_then(iso_currency::Currency::from_numeric);
    Currency::parse(code.ok_or_else(unknown)?.code())
}

#[cfg(test)]
mod tests;
