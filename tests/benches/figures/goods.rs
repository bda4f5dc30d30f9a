//! The goods of a shop with a million of them: each row follows from its number alone, so that
//! every run measures the same catalogue. Called when the data is built, and to know what to scan.

use anyhow::{Context, Result};
use commerce::code::{Gtin, Scan, check_digit};

/// Items of the whole catalogue.
pub const ITEMS: u64 = 1_000_000;

const BRANDS: u64 = 3_000;
const KINDS: u64 = 9_000;

/// One item as its file states it.
pub struct Good {
    pub sku: String,
    pub name: String,
    pub tax_class: &'static str,
    pub department: String,
    pub gtin: String,
    /// In cents.
    pub price: u64,
}

/// The item of a number below [`ITEMS`].
pub fn good(number: u64) -> Result<Good> {
    let mut dice = Dice::new(number);
    let name = format!(
        "{} {} {} {} {}",
        word(dice.below(BRANDS)),
        word(BRANDS + dice.below(KINDS)),
        ["classic", "organic", "mild", "strong", "family", "light", "fresh", "special"]
            .get(usize::try_from(dice.below(8))?)
            .context("eight flavours")?,
        1 + dice.below(20) * 25,
        ["g", "ml", "cm", "pcs"].get(usize::try_from(dice.below(4))?).context("four units")?,
    );
    Ok(Good {
        sku: format!("S{number:07}"),
        name,
        tax_class: if dice.below(4) == 0 { "A" } else { "B" },
        department: format!("Department {}", dice.below(24)),
        gtin: gtin(number)?,
        price: 29 + dice.below(1_500),
    })
}

/// The barcode of an item: a German prefix, digits in no order of the items, the check digit.
pub fn gtin(number: u64) -> Result<String> {
    // A step prime to 10^9 visits each number once, so barcodes are as scattered as real ones.
    let body = format!("400{:09}", number.wrapping_mul(382_654_391) % 1_000_000_000);
    Ok(format!("{body}{}", check_digit(&body)?))
}

/// The same barcode, ready for a look-up.
pub fn parsed(number: u64) -> Result<Gtin> {
    Ok(Gtin::parse(&gtin(number)?)?)
}

/// The same barcode, as a scanner reports it.
pub fn scan(number: u64) -> Result<Scan> {
    Ok(Scan::parse(&gtin(number)?)?)
}

/// A pronounceable word of two to four syllables; different numbers give different words.
fn word(mut number: u64) -> String {
    const SYLLABLES: [&str; 32] = [
        "ba", "ro", "ti", "nel", "ku", "so", "ma", "vi", "der", "lo", "pan", "ge", "hu", "fa",
        "mir", "zo", "ke", "ta", "bri", "ol", "sche", "wa", "en", "du", "li", "per", "na", "go",
        "ret", "um", "ja", "cis",
    ];
    let mut word = String::new();
    for _ in 0..4 {
        let at = usize::try_from(number % 32).unwrap_or_default();
        word.push_str(SYLLABLES.get(at).copied().unwrap_or_default());
        number /= 32;
        if number == 0 && word.len() > 3 {
            break;
        }
    }
    word
}

/// Random enough to fill baskets, and the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        dice.below(2);
        dice
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    /// Any item as likely as any other: the worst that a cache can meet.
    pub fn any_item(&mut self) -> u64 {
        self.below(ITEMS)
    }

    /// An item as baskets have them: the share of the n-th best seller falls with n.
    pub fn sold_item(&mut self) -> u64 {
        // A number of uniform length in bits, up to the whole catalogue.
        let span = 1 << (5 + self.below(16));
        self.below(span).min(ITEMS - 1)
    }
}
