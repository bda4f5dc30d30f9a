//! What screens need of the store's settings.

use super::money::MoneyView;
use crate::http::problem::Problem;
use crate::till::Settings;
use serde::Serialize;
use utoipa::ToSchema;

/// The store's settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(in crate::http) struct SettingsShown {
    /// The shop.
    store: StoreShown,
    /// What it takes, in the order of screens.
    tenders: Vec<TenderShown>,
    /// The reasons that staff can give, in the order of screens.
    reasons: Vec<ReasonShown>,
    /// The tax classes.
    taxes: Vec<TaxClassShown>,
}

/// The shop.
#[derive(Debug, Serialize, ToSchema)]
struct StoreShown {
    /// Part of every receipt number.
    code: String,
    /// The shop's name.
    name: String,
    /// ISO 4217.
    currency: &'static str,
    /// Decimals of the currency.
    decimals: u32,
    /// IANA name of the store's clock.
    time_zone: Option<String>,
}

/// A tender.
#[derive(Debug, Serialize, ToSchema)]
struct TenderShown {
    /// Its id.
    tender: String,
    /// Its name.
    name: String,
    /// `cash`, `card`, `voucher` or `coupon`.
    kind: &'static str,
    /// Whether it gives change.
    gives_change: bool,
    /// The most that is taken at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<MoneyView>,
}

/// A reason.
#[derive(Debug, Serialize, ToSchema)]
struct ReasonShown {
    /// Its id.
    reason: String,
    /// The act it is for.
    kind: &'static str,
    /// In words.
    name: String,
}

/// A tax class.
#[derive(Debug, Serialize, ToSchema)]
struct TaxClassShown {
    /// Its id.
    class: String,
    /// Its name.
    name: String,
    /// Its taxes.
    taxes: Vec<TaxShown>,
}

/// A tax of a class.
#[derive(Debug, Serialize, ToSchema)]
struct TaxShown {
    /// Its id.
    tax: String,
    /// Its name.
    name: String,
    /// Such as `19 %`.
    rate: String,
    /// Whether prices include it.
    inclusive: bool,
}

impl SettingsShown {
    /// The settings as screens need them.
    pub fn new(settings: &Settings) -> Result<Self, Problem> {
        let store = &settings.store;
        let tender = |tender: &commerce::tender::TenderType| {
            Ok::<_, Problem>(TenderShown {
                tender: tender.id.clone(),
                name: tender.name.clone(),
                kind: tender.kind.name(),
                gives_change: tender.gives_change,
                limit: tender
                    .limit
                    .map(|limit| MoneyView::of(limit, store.currency))
                    .transpose()?,
            })
        };
        let reason = |reason: &crate::store::catalogue::Reason| ReasonShown {
            reason: reason.id.clone(),
            kind: reason.kind.name(),
            name: reason.name.clone(),
        };
        Ok(Self {
            store: StoreShown {
                code: store.code.clone(),
                name: store.name.clone(),
                currency: store.currency.code(),
                decimals: store.currency.exponent(),
                time_zone: store.time_zone.iana_name().map(ToOwned::to_owned),
            },
            tenders: settings.tenders.iter().map(tender).collect::<Result<_, _>>()?,
            reasons: settings.reasons.iter().map(reason).collect(),
            taxes: settings.taxes.classes.values().map(tax_class).collect(),
        })
    }
}

fn tax_class(class: &commerce::tax::TaxClass) -> TaxClassShown {
    let tax = |tax: &commerce::tax::Tax| TaxShown {
        tax: tax.id.clone(),
        name: tax.name.clone(),
        rate: tax.rate.to_string(),
        inclusive: tax.inclusive,
    };
    TaxClassShown {
        class: class.id.clone(),
        name: class.name.clone(),
        taxes: class.taxes.iter().map(tax).collect(),
    }
}
