//! Shops and baskets for the golden receipts: facts come out of commerce's own acts.

use crate::store::catalogue::{Reason, ReasonKind, Staff, Store};
use crate::till::Settings;
use commerce::cart::{Cart, CartId, Item};
use commerce::discount::DiscountValue;
use commerce::returns::{Payout, Return, ReturnKind, ReturnPlan};
use commerce::sale::{ReceiptNumber, Sale, Stamp};
use commerce::staff::{Authority, Role, StaffId};
use commerce::tax::{Rate, Tax, TaxClass, TaxRounding, TaxRules};
use commerce::tender::{CardSlip, TenderKind, TenderType, Tendered};
use commerce::{Currency, Money, Quantity, Unit, UnitPrice};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sync::log::Hash;

/// A hash that stands for an entry's.
pub fn hash() -> Hash {
    Hash(std::array::from_fn(|place| u8::try_from(place * 7 + 1).unwrap()))
}

/// A class and its taxes: id, name, then id, name, percent, inclusive.
type Class<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str, &'a str, bool)]);

fn rules(rounding: TaxRounding, classes: &[Class<'_>]) -> TaxRules {
    let class = |&(id, name, taxes): &Class<'_>| {
        let taxes = taxes.iter().map(|&(id, name, rate, inclusive)| Tax {
            id: id.into(),
            name: name.into(),
            rate: Rate::parse_percent(rate).unwrap(),
            inclusive,
        });
        (id.to_owned(), TaxClass { id: id.into(), name: name.into(), taxes: taxes.collect() })
    };
    TaxRules { classes: classes.iter().map(class).collect(), rounding }
}

fn tender(id: &str, name: &str, kind: TenderKind) -> TenderType {
    let cash = kind == TenderKind::Cash;
    TenderType {
        id: id.into(),
        name: name.into(),
        kind,
        opens_drawer: cash,
        gives_change: cash,
        limit: None,
    }
}

fn person(id: &str, name: &str, role: Role) -> Staff {
    Staff {
        id: StaffId::parse(id).unwrap(),
        name: name.into(),
        role,
        discount_limit: None,
        override_limit: None,
        refund_limit_minor: None,
    }
}

fn store(code: &str, name: &str, place: [&str; 4], tax_number: &str, money: [&str; 2]) -> Store {
    let [address, postcode, city, country] = place.map(str::to_owned);
    let [currency, zone] = money;
    Store {
        code: code.into(),
        name: name.into(),
        address,
        postcode,
        city,
        country,
        phone: String::new(),
        tax_number: tax_number.into(),
        currency: Currency::parse(currency).unwrap(),
        time_zone: TimeZone::get(zone).unwrap(),
        tax_rounding: TaxRounding::Receipt,
        day_starts_minute: 240,
        in_store_patterns: Vec::new(),
        in_store_pattern_text: String::new(),
        receipt_footer: "Thank you, and come again!".into(),
    }
}

/// How a shop calls its reasons and tenders.
struct Names {
    /// By the order of [`REASONS`].
    reasons: [&'static str; 10],
    /// By the order of [`TENDERS`].
    tenders: [&'static str; 4],
}

const REASONS: [(ReasonKind, &str); 10] = [
    (ReasonKind::Discount, "loyalty"),
    (ReasonKind::Discount, "damaged"),
    (ReasonKind::Discount, "goodwill"),
    (ReasonKind::Override, "shelf-price"),
    (ReasonKind::PaidIn, "change-float"),
    (ReasonKind::PaidOut, "postage"),
    (ReasonKind::PaidOut, "safe-drop"),
    (ReasonKind::NoSale, "give-change"),
    (ReasonKind::Refund, "spoiled"),
    (ReasonKind::Cancel, "staff-mistake"),
];

const TENDERS: [(&str, TenderKind); 4] = [
    ("cash", TenderKind::Cash),
    ("card", TenderKind::Card),
    ("voucher", TenderKind::Voucher),
    ("coupon", TenderKind::Coupon),
];

const ENGLISH: Names = Names {
    reasons: [
        "Loyalty card",
        "Damaged packaging",
        "Goodwill after a complaint",
        "Shelf label shows another price",
        "Change delivered",
        "Postage and stamps bought",
        "Cash taken to the safe",
        "Change given for a note",
        "Spoiled or past its date",
        "Staff mistake",
    ],
    tenders: ["Cash", "Card", "Gift card or voucher", "Manufacturer coupon"],
};

const GERMAN: Names = Names {
    reasons: [
        "Kundenkarte",
        "Verpackung beschädigt",
        "Kulanz",
        "Anderer Preis am Regal",
        "Wechselgeld geliefert",
        "Porto und Briefmarken",
        "In den Tresor gelegt",
        "Geldschein gewechselt",
        "Verdorben oder abgelaufen",
        "Irrtum des Personals",
    ],
    tenders: ["Bar", "Karte", "Gutschein", "Herstellercoupon"],
};

fn settings(store: Store, taxes: TaxRules, names: &Names) -> Settings {
    let reasons = REASONS.into_iter().zip(names.reasons);
    let tenders = TENDERS.into_iter().zip(names.tenders);
    Settings {
        store,
        taxes,
        tenders: tenders.map(|((id, kind), name)| tender(id, name, kind)).collect(),
        reasons: reasons
            .map(|((kind, id), name)| Reason { id: id.into(), kind, name: name.into() })
            .collect(),
        staff: vec![
            person("101", "Jonas Petersen", Role::Cashier),
            person("102", "Ayşe Yıldız", Role::Cashier),
            person("301", "Moritz Lüdemann", Role::Manager),
        ],
    }
}

/// The demo store's kind: German, prices with VAT.
pub fn hamburg() -> Settings {
    let place = ["Speicherzeile 12", "20457", "Hamburg", "DE"];
    let mut store = store("HH01", "Hafenmarkt", place, "DE999999999", ["EUR", "Europe/Berlin"]);
    store.phone = "+49 40 66969 123".into();
    store.receipt_footer =
        "Vielen Dank und gute Fahrt!\nUmtausch binnen 14 Tagen mit Beleg.".into();
    let taxes: [Class<'_>; 3] = [
        ("A", "Normal", &[("vat-standard", "MwSt", "19", true)]),
        ("B", "Ermäßigt", &[("vat-reduced", "MwSt", "7", true)]),
        ("C", "Nullsatz", &[("vat-zero", "MwSt", "0", true)]),
    ];
    settings(store, rules(TaxRounding::Receipt, &taxes), &GERMAN)
}

/// The same goods in English, for a shop without a phone.
pub fn dublin() -> Settings {
    let place = ["4 Ha'penny Steps", "D01 X4X0", "Dublin", "IE"];
    let store = store("DUB1", "Liffey Larder", place, "IE 9999999ZZ", ["EUR", "Europe/Dublin"]);
    let taxes: [Class<'_>; 3] = [
        ("A", "Standard", &[("vat", "VAT", "23", true)]),
        ("B", "Reduced", &[("vat", "VAT", "13.5", true)]),
        ("C", "No tax", &[]),
    ];
    settings(store, rules(TaxRounding::Line, &taxes), &ENGLISH)
}

/// Taxes on top of prices, several on one class.
pub fn new_york() -> Settings {
    let place = ["1180 Larch Avenue", "NY 10040", "New York", "US"];
    let money = ["USD", "America/New_York"];
    let store = store("NYC7", "Larch Avenue Grocery", place, "EIN 99-9999999", money);
    let taxes: [Class<'_>; 2] = [
        (
            "T",
            "Taxable",
            &[
                ("state", "NY State sales tax", "4", false),
                ("city", "NYC sales tax", "4.5", false),
                ("mctd", "MCTD surcharge", "0.375", false),
            ],
        ),
        ("X", "Exempt", &[]),
    ];
    settings(store, rules(TaxRounding::Receipt, &taxes), &ENGLISH)
}

/// No decimals.
pub fn tokyo() -> Settings {
    let place = ["Aoba-dori 3-1-8", "154-0004", "Tokyo", "JP"];
    let store = store("TYO3", "Aoba Mart", place, "T9999999999999", ["JPY", "Asia/Tokyo"]);
    let taxes: [Class<'_>; 2] = [
        ("10", "Standard", &[("ct10", "Consumption tax", "10", true)]),
        ("8", "Food", &[("ct8", "Consumption tax", "8", true)]),
    ];
    settings(store, rules(TaxRounding::Receipt, &taxes), &ENGLISH)
}

/// Three decimals.
pub fn kuwait() -> Settings {
    let place = ["Gulf Street 40", "13001", "Kuwait City", "KW"];
    let store = store("KWI1", "Dhow Stores", place, "", ["KWD", "Asia/Kuwait"]);
    settings(store, rules(TaxRounding::Line, &[("Z", "No tax", &[])]), &ENGLISH)
}

/// The terminal's word on a payment.
pub fn slip() -> CardSlip {
    CardSlip {
        receipt_number: 42,
        trace: 1234,
        terminal_id: "52500041".into(),
        masked_pan: "541333******0019".into(),
        card_name: "Mastercard Debit".into(),
        authorisation: "A7X310".into(),
    }
}

/// A cart at a shop's till.
pub struct Basket<'a> {
    pub settings: &'a Settings,
    pub cart: Cart,
}

impl<'a> Basket<'a> {
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings, cart: Cart::new(CartId(1), settings.store.currency) }
    }

    pub fn money(&self, text: &str) -> Money {
        Money::parse(text, self.settings.store.currency).unwrap()
    }

    /// Adds a line: name, quantity with its unit (`2`, `0.482 kg`), price, class.
    pub fn add(&mut self, name: &str, quantity: &str, price: &str, class: &str) -> u32 {
        self.add_labelled(name, quantity, price, class, None)
    }

    pub fn add_labelled(
        &mut self,
        name: &str,
        quantity: &str,
        price: &str,
        class: &str,
        label: Option<&str>,
    ) -> u32 {
        let (number, unit) = quantity.split_once(' ').unwrap_or((quantity, "each"));
        let quantity = Quantity::parse(number, Unit::parse(unit).unwrap()).unwrap();
        let price = UnitPrice::parse(price, self.settings.store.currency).unwrap();
        let item = Item {
            sku: name.chars().filter(char::is_ascii_alphanumeric).take(8).collect(),
            gtin: None,
            name: name.into(),
            tax_class: class.into(),
        };
        let label = label.map(|text| self.money(text));
        self.cart.add(item, quantity, price, label).unwrap()
    }

    fn manager(&self) -> Authority {
        self.settings.authority(&StaffId::parse("301").unwrap()).unwrap()
    }

    pub fn override_price(&mut self, line: u32, price: &str, reason: &str) {
        let price = UnitPrice::parse(price, self.settings.store.currency).unwrap();
        let manager = self.manager();
        self.cart.override_price(line, price, reason.into(), &manager, None).unwrap();
    }

    pub fn discount(&mut self, line: Option<u32>, value: &str, reason: &str) {
        let value = match value.strip_suffix('%') {
            Some(percent) => DiscountValue::Percent(Rate::parse_percent(percent).unwrap()),
            None => DiscountValue::Amount(self.money(value)),
        };
        let (manager, reason) = (self.manager(), reason.to_owned());
        match line {
            Some(line) => self.cart.discount_line(line, value, reason, &manager, None),
            None => self.cart.discount_basket(value, reason, &manager, None),
        }
        .unwrap();
    }

    pub fn void(&mut self, line: u32) {
        let manager = self.manager();
        self.cart.void_line(line, &manager, None).unwrap();
    }

    /// Takes `amount`, or all that is due.
    pub fn pay(&mut self, id: &str, amount: Option<&str>, reference: Option<&str>) {
        let tender = self.settings.tender(id).unwrap().clone();
        let card = (tender.kind == TenderKind::Card).then(slip);
        let amount = match amount {
            Some(text) => self.money(text),
            None => self.cart.totals(&self.settings.taxes).unwrap().due,
        };
        let intent = card.as_ref().map(|_| 7);
        let reference = reference.map(str::to_owned);
        let tendered = Tendered { tender, amount, reference, intent, card };
        self.cart.tender(tendered, &self.settings.taxes).unwrap();
    }

    pub fn settle(&self, number: u32) -> Sale {
        let stamp = stamp(number);
        let day = self.settings.business_day(stamp.at);
        self.cart.settle(&self.settings.taxes, receipt(self.settings, number), stamp, day).unwrap()
    }
}

/// A receipt number of the shop's second till.
pub fn receipt(settings: &Settings, number: u32) -> ReceiptNumber {
    ReceiptNumber { store: settings.store.code.clone(), till: 2, series: 1, number }
}

/// A quarter of an hour after the receipt before.
pub fn stamp(number: u32) -> Stamp {
    let minutes = i64::from(number % 40) * 15;
    let at: Timestamp = "2026-03-14T09:05:00Z".parse().unwrap();
    Stamp {
        at: at + jiff::SignedDuration::from_mins(minutes),
        shift: 7,
        by: StaffId::parse("101").unwrap(),
    }
}

/// The return of a plan, paid back as planned.
pub fn return_of(sale: &Sale, plan: ReturnPlan, kind: ReturnKind, number: u32) -> Return {
    let ReturnPlan { lines, taxes, total, payouts } = plan;
    let payouts = payouts.into_iter().map(|payout| Payout {
        card: (payout.tender.kind == TenderKind::Card).then(slip),
        intent: (payout.tender.kind == TenderKind::Card).then_some(8),
        ..payout
    });
    Return {
        receipt: ReceiptNumber { number, ..sale.receipt.clone() },
        of: sale.receipt.clone(),
        kind,
        stamp: stamp(number),
        business_day: sale.business_day,
        approved_by: Some(StaffId::parse("301").unwrap()),
        reason: match kind {
            ReturnKind::Refund => "spoiled".into(),
            ReturnKind::PostVoid => "staff-mistake".into(),
        },
        currency: sale.currency,
        lines,
        taxes,
        payouts: payouts.collect(),
        total,
    }
}
