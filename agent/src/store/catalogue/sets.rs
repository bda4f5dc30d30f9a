//! The store's small sets: read whole at start, replaced whole by an import.
//!
//! [`View`] reads them, [`Load`](super::Load) replaces them; both sides of each table stand here
//! together. They are small (a shop has dozens of each), so nothing is cached or indexed.

use super::load::Load;
use super::lookup::{View, unreadable};
use super::records::{Reason, ReasonKind, Staff, Store, parse_rounding, rounding_name};
use crate::store::open::{StoreError, classify};
use commerce::Currency;
use commerce::code::Pattern;
use commerce::staff::{Role, StaffId};
use commerce::tax::{Rate, Tax, TaxClass};
use commerce::tender::{TenderKind, TenderType};
use jiff::tz::TimeZone;
use rusqlite::{Row, types::Type};
use sync::store::SettingsError;

impl View<'_> {
    /// Who the shop is; `None` before the first import.
    ///
    /// # Errors
    /// When the file cannot be read, here and below.
    pub fn store(&self) -> Result<Option<Store>, StoreError> {
        self.one(
            "SELECT code, name, address, postcode, city, country, phone, tax_number, currency, \
             time_zone, tax_rounding, day_starts, in_store_patterns, receipt_footer FROM store",
            [],
            store,
        )
    }

    /// The hub's settings.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hub_settings(&self) -> Result<sync::settings::Settings, StoreError> {
        sync::store::settings_kept(self.connection).map_err(|error| match error {
            SettingsError::Database(error) => classify(self.file, error),
            other => StoreError::Corrupt { file: self.file.to_owned(), detail: other.to_string() },
        })
    }

    /// The tax classes with their taxes, in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn taxes(&self) -> Result<Vec<TaxClass>, StoreError> {
        let classes = self.rows("SELECT id, name FROM tax_class ORDER BY position", [], |row| {
            Ok(TaxClass { id: row.get(0)?, name: row.get(1)?, taxes: Vec::new() })
        })?;
        classes
            .into_iter()
            .map(|class| {
                let taxes = self.rows(
                    "SELECT id, name, rate, inclusive FROM tax WHERE class = ?1 ORDER BY position",
                    [&class.id],
                    tax,
                )?;
                Ok(TaxClass { taxes, ..class })
            })
            .collect()
    }

    /// The ways to pay, in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tenders(&self) -> Result<Vec<TenderType>, StoreError> {
        self.rows(
            "SELECT id, name, kind, opens_drawer, gives_change, amount_limit FROM tender \
             ORDER BY position",
            [],
            |row| {
                Ok(TenderType {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    kind: named(row, 2, TenderKind::parse)?,
                    opens_drawer: row.get(3)?,
                    gives_change: row.get(4)?,
                    limit: row.get(5)?,
                })
            },
        )
    }

    /// The reasons, in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn reasons(&self) -> Result<Vec<Reason>, StoreError> {
        self.rows("SELECT id, kind, name FROM reason ORDER BY position", [], |row| {
            Ok(Reason {
                id: row.get(0)?,
                kind: named(row, 1, ReasonKind::parse)?,
                name: row.get(2)?,
            })
        })
    }

    /// The people, in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        self.rows(
            "SELECT id, name, role, discount_limit, override_limit, refund_limit FROM staff \
             ORDER BY position",
            [],
            |row| {
                Ok(Staff {
                    id: named(row, 0, |text| StaffId::parse(text).ok())?,
                    name: row.get(1)?,
                    role: named(row, 2, |text| Role::parse(text).ok())?,
                    discount_limit: limit(row, 3)?,
                    override_limit: limit(row, 4)?,
                    refund_limit_minor: row.get(5)?,
                })
            },
        )
    }
}

impl Load<'_> {
    /// Replaces who the shop is.
    ///
    /// # Errors
    /// When the file cannot be written, here and below.
    pub fn replace_store(&mut self, store: &Store) -> Result<(), StoreError> {
        self.execute("DELETE FROM store", [])?;
        self.execute(
            "INSERT INTO store(one, code, name, address, postcode, city, country, phone, \
             tax_number, currency, time_zone, tax_rounding, day_starts, in_store_patterns, \
             receipt_footer) VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rusqlite::params![
                store.code,
                store.name,
                store.address,
                store.postcode,
                store.city,
                store.country,
                store.phone,
                store.tax_number,
                store.currency.code(),
                store.time_zone.iana_name().unwrap_or("UTC"),
                rounding_name(store.tax_rounding),
                store.day_starts_minute,
                store.in_store_pattern_text,
                store.receipt_footer,
            ],
        )
    }

    /// Replaces the tax classes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_taxes(&mut self, classes: &[TaxClass]) -> Result<(), StoreError> {
        self.execute("DELETE FROM tax", [])?;
        self.execute("DELETE FROM tax_class", [])?;
        for (at, class) in classes.iter().enumerate() {
            self.execute(
                "INSERT INTO tax_class(id, position, name) VALUES(?, ?, ?)",
                (&class.id, position(at), &class.name),
            )?;
            for (at, tax) in class.taxes.iter().enumerate() {
                self.execute(
                    "INSERT INTO tax(class, position, id, name, rate, inclusive) \
                     VALUES(?, ?, ?, ?, ?, ?)",
                    (
                        &class.id,
                        position(at),
                        &tax.id,
                        &tax.name,
                        tax.rate.millionths(),
                        tax.inclusive,
                    ),
                )?;
            }
        }
        Ok(())
    }

    /// Replaces the ways to pay.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_tenders(&mut self, tenders: &[TenderType]) -> Result<(), StoreError> {
        self.execute("DELETE FROM tender", [])?;
        for (at, tender) in tenders.iter().enumerate() {
            self.execute(
                "INSERT INTO tender(id, position, name, kind, opens_drawer, gives_change, \
                 amount_limit) VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    &tender.id,
                    position(at),
                    &tender.name,
                    tender.kind.name(),
                    tender.opens_drawer,
                    tender.gives_change,
                    tender.limit,
                ),
            )?;
        }
        Ok(())
    }

    /// Replaces the reasons.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_reasons(&mut self, reasons: &[Reason]) -> Result<(), StoreError> {
        self.execute("DELETE FROM reason", [])?;
        for (at, reason) in reasons.iter().enumerate() {
            self.execute(
                "INSERT INTO reason(id, position, kind, name) VALUES(?, ?, ?, ?)",
                (&reason.id, position(at), reason.kind.name(), &reason.name),
            )?;
        }
        Ok(())
    }

    /// Replaces the people.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_staff(&mut self, staff: &[Staff]) -> Result<(), StoreError> {
        self.execute("DELETE FROM staff", [])?;
        for (at, person) in staff.iter().enumerate() {
            self.execute(
                "INSERT INTO staff(id, position, name, role, discount_limit, override_limit, \
                 refund_limit) VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    person.id.as_str(),
                    position(at),
                    &person.name,
                    person.role.name(),
                    person.discount_limit.map(Rate::millionths),
                    person.override_limit.map(Rate::millionths),
                    person.refund_limit_minor,
                ),
            )?;
        }
        Ok(())
    }
}

fn store(row: &Row<'_>) -> rusqlite::Result<Store> {
    let patterns: String = row.get(12)?;
    Ok(Store {
        code: row.get(0)?,
        name: row.get(1)?,
        address: row.get(2)?,
        postcode: row.get(3)?,
        city: row.get(4)?,
        country: row.get(5)?,
        phone: row.get(6)?,
        tax_number: row.get(7)?,
        currency: named(row, 8, |code| Currency::parse(code).ok())?,
        time_zone: named(row, 9, |name| TimeZone::get(name).ok())?,
        tax_rounding: named(row, 10, parse_rounding)?,
        day_starts_minute: row.get(11)?,
        in_store_patterns: patterns
            .split_whitespace()
            .map(Pattern::parse)
            .collect::<Result<_, _>>()
            .map_err(|e| unreadable(12, Type::Text, e))?,
        in_store_pattern_text: patterns,
        receipt_footer: row.get(13)?,
    })
}

fn tax(row: &Row<'_>) -> rusqlite::Result<Tax> {
    let rate = Rate::from_millionths(row.get(2)?).map_err(|e| unreadable(2, Type::Integer, e))?;
    Ok(Tax { id: row.get(0)?, name: row.get(1)?, rate, inclusive: row.get(3)? })
}

fn limit(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Rate>> {
    row.get::<_, Option<i64>>(column)?
        .map(Rate::from_millionths)
        .transpose()
        .map_err(|e| unreadable(column, Type::Integer, e))
}

/// Reads a text that stands for one of a closed set.
fn named<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        let name = row.as_ref().column_name(column).unwrap_or_default().to_owned();
        rusqlite::Error::InvalidColumnType(column, format!("{name} `{text}`"), Type::Text)
    })
}

fn position(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}
