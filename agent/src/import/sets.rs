//! The small sets: store, taxes, tenders, reasons, staff. Each replaces what was there.

use super::MAX_SET_ROWS;
use super::error::{Faults, ImportError};
use super::field::digits;
use super::table::{Columns, Refused, Row, Table, may, must};
use crate::store::catalogue::{Load, Reason, ReasonKind, Staff, Store, parse_rounding};
use crate::till::MAX_FOOTER;
use commerce::code::Pattern;
use commerce::staff::{Role, StaffId};
use commerce::tax::{Rate, Tax, TaxClass};
use commerce::tender::{TenderKind, TenderType};
use commerce::{Currency, Money};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::fmt;

pub(super) const STORE: Columns = &[
    must("store"),
    must("name"),
    must("address"),
    must("postcode"),
    must("city"),
    must("country"),
    may("phone"),
    must("tax_number"),
    must("currency"),
    must("time_zone"),
    must("tax_rounding"),
    must("day_starts"),
    may("in_store_patterns"),
    may("receipt_footer"),
];
pub(super) const TAXES: Columns = &[
    must("class"),
    must("class_name"),
    may("tax"),
    may("tax_name"),
    may("rate_percent"),
    may("inclusive"),
];
pub(super) const TENDERS: Columns = &[
    must("tender"),
    must("name"),
    must("kind"),
    must("opens_drawer"),
    must("gives_change"),
    may("limit"),
];
pub(super) const REASONS: Columns = &[must("reason"), must("kind"), must("name")];
pub(super) const STAFF: Columns = &[
    must("staff"),
    must("name"),
    must("role"),
    may("pin"),
    may("discount_limit_percent"),
    may("override_limit_percent"),
    may("refund_limit"),
];

/// The most characters of a name, and of an id.
const NAME: usize = 60;
const ID: usize = 24;

/// A PIN as a file gave it: 4 to 8 digits. Never shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// Reads 4 to 8 digits.
    ///
    /// # Errors
    /// A reason that does not repeat the PIN.
    pub fn parse(text: &str) -> Result<Self, String> {
        digits(text, 4..=8)
            .map(|pin| Self(pin.to_owned()))
            .map_err(|_| "is not a PIN of 4 to 8 digits".to_owned())
    }

    /// The digits, to make a verifier of them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

pub(super) fn store(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let mut seen = false;
    for store in read_all(table, faults, |row| {
        if std::mem::replace(&mut seen, true) {
            return Err(row.refuse("store", "is a second store: a till belongs to one"));
        }
        store_row(row)
    })? {
        load.replace_store(&store)?;
    }
    Ok(())
}

pub(super) fn taxes(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let mut classes: Vec<TaxClass> = Vec::new();
    read_all(table, faults, |row| add_tax(row, &mut classes))?;
    Ok(load.replace_taxes(&classes)?)
}

pub(super) fn tenders(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let currency = currency.ok_or(ImportError::NeedsStore)?;
    let mut keys = BTreeSet::new();
    let tenders = read_all(table, faults, |row| {
        let id = key(row, "tender", &mut keys);
        let name = row.text("name", NAME);
        let kind = row.one_of("kind", TenderKind::parse, "cash, card, voucher, coupon");
        let opens_drawer = row.yes_no("opens_drawer");
        let gives_change = row.yes_no("gives_change");
        let limit = row.optional("limit", |text| limit(text, currency));
        let (kind, gives_change) = (kind?, gives_change?);
        if gives_change && kind != TenderKind::Cash {
            row.refuse("gives_change", "only cash gives change: write no");
        }
        Ok(TenderType {
            id: id?,
            name: name?,
            kind,
            opens_drawer: opens_drawer?,
            gives_change,
            limit: limit?,
        })
    })?;
    Ok(load.replace_tenders(&tenders)?)
}

pub(super) fn reasons(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let kinds = ReasonKind::ALL.map(ReasonKind::name).join(", ");
    let mut keys = BTreeSet::new();
    let reasons = read_all(table, faults, |row| {
        let id = key(row, "reason", &mut keys);
        let kind = row.one_of("kind", ReasonKind::parse, &kinds);
        let name = row.text("name", NAME);
        Ok(Reason { id: id?, kind: kind?, name: name? })
    })?;
    Ok(load.replace_reasons(&reasons)?)
}

pub(super) fn staff(
    table: &mut Table<'_>,
    load: &mut Load<'_>,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Result<Vec<(StaffId, Pin)>, ImportError> {
    let currency = currency.ok_or(ImportError::NeedsStore)?;
    let mut keys = BTreeSet::new();
    let mut pins = Vec::new();
    let staff = read_all(table, faults, |row| {
        let id = row.value("staff", StaffId::parse);
        let id = id.and_then(|id| key(row, "staff", &mut keys).map(|_| id));
        let name = row.text("name", NAME);
        let role = row.value("role", Role::parse);
        let pin = row.optional("pin", Pin::parse);
        let discount_limit = row.optional("discount_limit_percent", share);
        let override_limit = row.optional("override_limit_percent", share);
        let refund_limit = row.optional("refund_limit", |text| limit(text, currency));
        let (id, pin) = (id?, pin?);
        pins.extend(pin.map(|pin| (id.clone(), pin)));
        Ok(Staff {
            id,
            name: name?,
            role: role?,
            discount_limit: discount_limit?,
            override_limit: override_limit?,
            refund_limit_minor: refund_limit?,
        })
    })?;
    load.replace_staff(&staff)?;
    Ok(pins)
}

/// Reads a whole set into memory.
fn read_all<T>(
    table: &mut Table<'_>,
    faults: &mut Faults,
    mut read: impl FnMut(&mut Row) -> Result<T, Refused>,
) -> Result<Vec<T>, ImportError> {
    let mut records = Vec::new();
    let file = table.file().to_owned();
    while let Some(row) = table.next()? {
        match row.read(&mut read) {
            Ok(record) => records.push(record),
            Err(bad) => faults.extend(bad),
        }
        if records.len() > MAX_SET_ROWS {
            let reason = format!("has more than {MAX_SET_ROWS} rows: is it the right file?");
            let line = u64::try_from(records.len()).unwrap_or(u64::MAX);
            return Err(ImportError::BadFile { file, line, reason });
        }
    }
    Ok(records)
}

/// An id that no row before has.
fn key(
    row: &mut Row,
    column: &'static str,
    keys: &mut BTreeSet<String>,
) -> Result<String, Refused> {
    let id = row.text(column, ID)?;
    if keys.insert(id.clone()) {
        Ok(id)
    } else {
        Err(row.refuse(column, format!("`{id}` stands there twice")))
    }
}

fn store_row(row: &mut Row) -> Result<Store, Refused> {
    let code = row.value("store", store_code);
    let name = row.text("name", NAME);
    let address = row.text("address", 100);
    let postcode = row.text("postcode", 20);
    let city = row.text("city", NAME);
    let country = row.value("country", |text| {
        let sound = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        sound.then(|| text.to_owned()).ok_or(format!("`{text}` is not a country such as DE"))
    });
    let phone = row.optional_text("phone", 40);
    let tax_number = row.text("tax_number", 40);
    let currency = row.value("currency", Currency::parse);
    let time_zone = row.value("time_zone", time_zone);
    let tax_rounding = row.one_of("tax_rounding", parse_rounding, "line, receipt");
    let day_starts = row.value("day_starts", minute_of_day);
    let pattern_text = row.optional_text("in_store_patterns", 400);
    let patterns = row.optional("in_store_patterns", |text| {
        text.split_whitespace().map(Pattern::parse).collect::<Result<Vec<_>, _>>()
    });
    let receipt_footer = row.optional_lines("receipt_footer", MAX_FOOTER);
    Ok(Store {
        code: code?,
        name: name?,
        address: address?,
        postcode: postcode?,
        city: city?,
        country: country?,
        phone: phone?,
        tax_number: tax_number?,
        currency: currency?,
        time_zone: time_zone?,
        tax_rounding: tax_rounding?,
        day_starts_minute: day_starts?,
        in_store_patterns: patterns?.unwrap_or_default(),
        in_store_pattern_text: pattern_text?,
        receipt_footer: receipt_footer?,
    })
}

fn store_code(text: &str) -> Result<String, String> {
    let sound = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if (1..=12).contains(&text.len()) && text.bytes().all(sound) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not 1 to 12 of A-Z and 0-9"))
    }
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .ok()
        // A zone without a name could not be read back.
        .filter(|zone| zone.iana_name().is_some())
        .ok_or_else(|| format!("`{text}` is not a time zone such as Europe/Berlin"))
}

fn minute_of_day(text: &str) -> Result<u16, String> {
    let number = |part: &str| -> Option<u16> { digits(part, 2..=2).ok()?.parse().ok() };
    text.split_once(':')
        .and_then(|(hour, minute)| Some((number(hour)?, number(minute)?)))
        .filter(|(hour, minute)| *hour < 24 && *minute < 60)
        .map(|(hour, minute)| hour * 60 + minute)
        .ok_or_else(|| format!("`{text}` is not a time of day such as 04:00"))
}

fn limit(text: &str, currency: Currency) -> Result<i64, String> {
    match Money::parse(text, currency) {
        Ok(money) if money.minor() >= 0 => Ok(money.minor()),
        Ok(_) => Err("a limit cannot be negative".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A share between nothing and all of it.
fn share(text: &str) -> Result<Rate, String> {
    let rate = Rate::parse_percent(text).map_err(|error| error.to_string())?;
    if rate <= Rate::WHOLE { Ok(rate) } else { Err(format!("`{text}` is more than 100 percent")) }
}

/// Adds one row to the class it names.
fn add_tax(row: &mut Row, classes: &mut Vec<TaxClass>) -> Result<(), Refused> {
    let (id, name) = (row.text("class", 8), row.text("class_name", NAME));
    let tax = tax(row);
    let (id, name) = (id?, name?);
    let Some(class) = classes.iter_mut().find(|class| class.id == id) else {
        classes.push(TaxClass { id, name, taxes: tax?.into_iter().collect() });
        return Ok(());
    };
    if class.name != name {
        let reason = format!("class `{id}` is called `{}` in a row before", class.name);
        row.refuse("class_name", reason);
    }
    match tax? {
        // A class without tax has one row; so has each tax.
        Some(tax) if !class.taxes.is_empty() && class.taxes.iter().all(|t| t.id != tax.id) => {
            class.taxes.push(tax);
            Ok(())
        }
        _ => {
            let reason = format!("class `{id}` already has a row for this tax, or for none");
            Err(row.refuse("tax", reason))
        }
    }
}

fn tax(row: &mut Row) -> Result<Option<Tax>, Refused> {
    let id = row.optional_text("tax", ID)?;
    if id.is_empty() {
        let given = |column: &&str| !row.get(column).is_empty();
        return match ["tax_name", "rate_percent", "inclusive"].into_iter().find(given) {
            Some(column) => Err(row.refuse("tax", format!("is missing, but `{column}` is given"))),
            None => Ok(None),
        };
    }
    let name = row.text("tax_name", NAME);
    let rate = row.value("rate_percent", Rate::parse_percent);
    let inclusive = row.yes_no("inclusive");
    Ok(Some(Tax { id, name: name?, rate: rate?, inclusive: inclusive? }))
}
