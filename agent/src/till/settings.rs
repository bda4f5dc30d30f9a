//! What the till loop knows of its shop: loaded whole at start, after an import, and when the hub
//! sets something.

use crate::store::catalogue::{Catalogue, Reason, ReasonKind, Staff, Store};
use crate::store::open::StoreError;
use commerce::staff::{Authority, StaffId};
use commerce::tax::{Rate, TaxRules};
use commerce::tender::{TenderKind, TenderType};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use sync::settings::Value;

/// The receipt's last lines, as the hub sets them; else the store's own file says them.
const RECEIPT_FOOTER: &str = "receipt.footer";

/// The longest footer in characters, as in the store's file.
pub(crate) const MAX_FOOTER: usize = 500;

fn is_footer(text: &str) -> bool {
    let line = |letter: char| letter == '\n' || !letter.is_control();
    text.chars().count() <= MAX_FOOTER && text.chars().all(line)
}

/// The shop's own settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who the shop is.
    pub store: Store,
    /// How it taxes.
    pub taxes: TaxRules,
    /// What it takes, in the order of screens.
    pub tenders: Vec<TenderType>,
    /// The reasons it knows, in the order of screens.
    pub reasons: Vec<Reason>,
    /// Who works there.
    pub staff: Vec<Staff>,
}

/// Why a till cannot begin with what was imported.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file has not been imported yet.
    #[error("nothing was imported as {0} yet: run `till import {0} FILE` first")]
    Missing(&'static str),
    /// No cash tender.
    #[error("the tenders have no cash among them: import tenders with one of kind cash")]
    NoCash,
}

impl Settings {
    /// Loads the settings.
    ///
    /// # Errors
    /// When something a till cannot sell without is missing, or the file cannot be read.
    pub fn load(catalogue: &Catalogue) -> Result<Self, SettingsError> {
        let view = catalogue.view();
        let store = view.store()?.ok_or(SettingsError::Missing("store"))?;
        let classes = view.taxes()?;
        if classes.is_empty() {
            return Err(SettingsError::Missing("taxes"));
        }
        let tenders = view.tenders()?;
        if !tenders.iter().any(|tender| tender.kind == TenderKind::Cash) {
            return Err(if tenders.is_empty() {
                SettingsError::Missing("tenders")
            } else {
                SettingsError::NoCash
            });
        }
        let classes = classes.into_iter().map(|class| (class.id.clone(), class)).collect();
        let taxes = TaxRules { classes, rounding: store.tax_rounding };
        Ok(Self { taxes, tenders, reasons: view.reasons()?, staff: view.staff()?, store })
    }

    /// The same for a till of the shop: what the hub has set for it, for its store or for the chain
    /// takes the place of what was imported.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn of_till(catalogue: &Catalogue, till: u16) -> Result<Self, SettingsError> {
        let mut settings = Self::load(catalogue)?;
        let hubs = catalogue.view().hub_settings()?;
        match hubs.at(&settings.store.code, till).get(RECEIPT_FOOTER) {
            Some(Value::Text(footer)) if is_footer(footer) => {
                settings.store.receipt_footer = footer.trim_end().to_owned();
            }
            // A till goes on with what it has rather than with what nobody can print.
            Some(other) => tracing::warn!(?other, "the hub's {RECEIPT_FOOTER} cannot be printed"),
            None => {}
        }
        Ok(settings)
    }

    /// The tender with this id.
    #[must_use]
    pub fn tender(&self, id: &str) -> Option<&TenderType> {
        self.tenders.iter().find(|tender| tender.id == id)
    }

    /// The reason with this id, if it is one for `kind`.
    #[must_use]
    pub fn reason(&self, id: &str, kind: ReasonKind) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.id == id && reason.kind == kind)
    }

    /// The person with this number.
    #[must_use]
    pub fn person(&self, id: &StaffId) -> Option<&Staff> {
        self.staff.iter().find(|person| person.id == *id)
    }

    /// What the person with this number may do; limits not stated are the role's.
    #[must_use]
    pub fn authority(&self, id: &StaffId) -> Option<Authority> {
        let person = self.person(id)?;
        let defaults = person.role.default_limits();
        let percent = |percent: i64| Rate::from_millionths(percent * 10_000).unwrap_or(Rate::ZERO);
        let major = self.store.currency.minor_per_major();
        Some(Authority {
            staff: person.id.clone(),
            role: person.role,
            discount_limit: person
                .discount_limit
                .unwrap_or_else(|| percent(defaults.discount_percent)),
            override_limit: person
                .override_limit
                .unwrap_or_else(|| percent(defaults.override_percent)),
            refund_limit: person
                .refund_limit_minor
                .or(defaults.refund_major.map(|limit| limit * major)),
        })
    }

    /// The trading day of an instant.
    #[must_use]
    pub fn business_day(&self, at: Timestamp) -> Date {
        let minute = self.store.day_starts_minute;
        let hour = i8::try_from(minute / 60).unwrap_or(0);
        let past = i8::try_from(minute % 60).unwrap_or(0);
        let starts = Time::new(hour, past, 0, 0).unwrap_or(Time::midnight());
        commerce::shift::business_day(at, &self.store.time_zone, starts)
    }
}
