//! From a code to something that can be sold: the item, how much of it, its price now.

use super::refusal::Refusal;
use super::settings::Settings;
use crate::store::catalogue::{Item, View};
use commerce::cart::CartError;
use commerce::code::{Code, Gs1Item, Gtin, InStore, Measure, Scan, read};
use commerce::price::Resolved;
use commerce::rounding::div_half_away;
use commerce::sale::ReceiptNumber;
use commerce::{Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;

/// What a code stands for, as far as the code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The item.
    pub item: Item,
    /// The barcode, where one was read.
    pub gtin: Option<Gtin>,
    /// The price in force, where there is one.
    pub price: Option<Resolved>,
    /// What the code itself measures.
    pub measure: Option<Measure>,
}

/// Something ready to be put on a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sellable {
    pub item: commerce::cart::Item,
    pub quantity: Quantity,
    pub price: UnitPrice,
    pub label_amount: Option<Money>,
}

/// What a scan is for: an item, or a receipt that someone brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scanned {
    Item(Box<Found>),
    Receipt(ReceiptNumber),
}

impl Scanned {
    fn item(
        item: Item,
        gtin: Option<Gtin>,
        price: Option<Resolved>,
        measure: Option<Measure>,
    ) -> Self {
        Self::Item(Box::new(Found { item, gtin, price, measure }))
    }
}

/// Looks up what `scan` means, at its price of the instant `at`; where it had none then and the
/// till was further on before, at the price of that instant, `floor`.
pub(super) fn look_up(
    view: &View<'_>,
    settings: &Settings,
    scan: &Scan,
    (at, floor): (Timestamp, Timestamp),
) -> Result<Scanned, Refusal> {
    let code = match read(scan, &settings.store.in_store_patterns) {
        Ok(code) => code,
        // Keyed digits that are no code may be a number of the shop's own.
        Err(_) if scan.symbology.is_none() && view.item_by_sku(&scan.text)?.is_some() => {
            Code::Other(scan.text.clone())
        }
        Err(error) => return Err(error.into()),
    };
    let unknown = || Refusal::UnknownCode(code.to_string());
    let currency = settings.store.currency;
    let (item, gtin, measure) = match &code {
        // The way of nearly every scan: item and price in one statement.
        Code::Gtin(gtin) => match view.priced_by_gtin(*gtin, at, currency)? {
            Some((item, price @ Some(_))) => {
                return Ok(Scanned::item(item, Some(*gtin), price, None));
            }
            Some((item, None)) => (Some(item), Some(*gtin), None),
            // Digits that happen to check may still be a number of the shop's own.
            None => (view.item_by_sku(&scan.text)?, None, None),
        },
        Code::Short(number) => match view.item_by_short(*number)? {
            None => (view.item_by_sku(&scan.text)?, None, None),
            item => (item, None, None),
        },
        Code::InStore(InStore { item, measure }) => {
            (view.item_by_in_store(item)?, None, Some(*measure))
        }
        Code::Gs1(gs1) => {
            let item = view.item_by_gtin(gs1.gtin)?;
            let measure =
                item.as_ref().map(|item| gs1_measure(gs1, item, settings)).transpose()?.flatten();
            (item, Some(gs1.gtin), measure)
        }
        Code::Other(text) => (view.item_by_sku(text)?, None, None),
        Code::Receipt(text) => return receipt_of(text).map(Scanned::Receipt).ok_or_else(unknown),
    };
    let item = item.ok_or_else(unknown)?;
    let price = match view.price_at(item.id, at, currency)? {
        // A clock that was set back, to 1970 perhaps, must not stop the shop.
        None if at < floor => view.price_at(item.id, floor, currency)?,
        price => price,
    };
    Ok(Scanned::item(item, gtin, price, measure))
}

/// Looks up an item by any of its codes, for a price check.
///
/// # Errors
/// When the code is wrong, unknown, or a receipt's.
pub fn find_item(
    view: &View<'_>,
    settings: &Settings,
    code: &str,
    at: Timestamp,
) -> Result<Found, Refusal> {
    match look_up(view, settings, &Scan::parse(code)?, (at, at))? {
        Scanned::Item(found) => Ok(*found),
        Scanned::Receipt(_) => Err(Refusal::UnknownCode(code.to_owned())),
    }
}

/// The receipt number in a receipt's QR code: `TILL1:<number>:<hash>`.
fn receipt_of(text: &str) -> Option<ReceiptNumber> {
    text.split(':').nth(1).and_then(ReceiptNumber::parse)
}

/// What a GS1 code measures: its weight in the item's unit, else its price.
fn gs1_measure(
    gs1: &Gs1Item,
    item: &Item,
    settings: &Settings,
) -> Result<Option<Measure>, Refusal> {
    if item.unit != Unit::Each
        && let Some(quantity) = gs1.measure(item.unit)
    {
        return Ok(Some(Measure::Weight { thousandths: quantity.thousandths() }));
    }
    let price = gs1.price.map(|price| price.money(settings.store.currency)).transpose()?;
    Ok(price.map(|price| Measure::Price { minor: price.minor() }))
}

/// Makes what was found sellable: a price, a quantity, a tax class that exists.
pub(super) fn sellable(
    found: &Found,
    settings: &Settings,
    asked: Option<&str>,
) -> Result<Sellable, Refusal> {
    let Found { item, gtin, price, measure } = found;
    settings.taxes.class(&item.tax_class).map_err(CartError::from)?;
    let label_amount = match measure {
        Some(Measure::Price { minor }) => Some(Money::new(*minor, settings.store.currency)?),
        _ => None,
    };
    let listed = price.as_ref().map(|resolved| resolved.price);
    let price = match (listed, label_amount) {
        (Some(price), _) => price,
        // A price label speaks for itself, also where the list says nothing.
        (None, Some(label)) => UnitPrice::from_money(label).map_err(CartError::from)?,
        (None, None) => {
            return Err(Refusal::NoPrice { sku: item.sku.clone(), name: item.name.clone() });
        }
    };
    if measure.is_some() && asked.is_some() {
        return Err(Refusal::LabelMeasures(item.name.clone()));
    }
    let quantity = match label_amount {
        Some(label) => labelled_quantity(item, label, listed),
        None => quantity(item, *measure, asked)?,
    };
    let item = commerce::cart::Item {
        sku: item.sku.clone(),
        gtin: *gtin,
        name: item.name.clone(),
        tax_class: item.tax_class.clone(),
    };
    Ok(Sellable { item, quantity, price, label_amount })
}

/// What a price-coded label holds: of weighed goods what its price buys, so that stock moves by
/// what left the shop; else, and where the list cannot tell, one.
fn labelled_quantity(item: &Item, label: Money, listed: Option<UnitPrice>) -> Quantity {
    let one = Quantity::one(item.unit);
    if item.unit == Unit::Each {
        return one;
    }
    let of_one = listed.and_then(|price| price.extend(one).ok()).map_or(0, Money::minor);
    let thousandths = div_half_away(i128::from(label.minor()) * 1000, i128::from(of_one));
    thousandths.and_then(|thousandths| Quantity::new(thousandths, item.unit).ok()).unwrap_or(one)
}

fn quantity(
    item: &Item,
    measure: Option<Measure>,
    asked: Option<&str>,
) -> Result<Quantity, Refusal> {
    let refused = CartError::from;
    match (measure, asked) {
        (Some(Measure::Weight { .. }), _) if item.unit == Unit::Each => {
            Err(Refusal::WeightNotExpected(item.name.clone()))
        }
        (Some(Measure::Weight { thousandths }), _) => {
            Ok(Quantity::new(thousandths, item.unit).map_err(refused)?)
        }
        (_, Some(text)) => Ok(Quantity::parse(text, item.unit).map_err(refused)?),
        (_, None) if item.unit == Unit::Each => Ok(Quantity::one(Unit::Each)),
        (_, None) => Err(Refusal::WeightNeeded { name: item.name.clone(), unit: item.unit.code() }),
    }
}
