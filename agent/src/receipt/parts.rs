//! What receipts and reports share: the legal header, who sold when, card slips, the end.

use super::writer::Writer;
use commerce::code::RECEIPT_PREFIX;
use commerce::sale::{ReceiptNumber, Stamp};
use commerce::tender::CardSlip;
use drivers::printer::document::{Align, Document, Element, Style};
use sync::log::Hash;

/// The narrowest paper in columns. What fits it fits every paper.
pub(super) const NARROWEST: usize = 32;

/// Normal text, flush right.
pub(super) const RIGHT: Style = Style { align: Align::Right, ..Style::PLAIN };

/// Who the shop is, as the law wants it on every receipt.
pub(super) fn header(document: Document, writer: &Writer<'_>) -> Document {
    let store = &writer.settings.store;
    let words = writer.words;
    let place = match store.country.as_str() {
        "AU" | "CA" | "GB" | "IE" | "NZ" | "US" => format!("{} {}", store.city, store.postcode),
        _ => format!("{} {}", store.postcode, store.city),
    };
    let mut lines = vec![store.address.clone(), place];
    if !store.phone.is_empty() {
        lines.push(format!("{} {}", words.phone, store.phone));
    }
    if !store.tax_number.is_empty() {
        lines.push(format!("{} {}", words.tax_number, store.tax_number));
    }
    document
        .text(Style::TITLE, &store.name)
        .text(Style::CENTERED, lines.join("\n"))
        .with(Element::Feed(1))
}

/// Says at the top and at the end that this is a second copy.
pub(super) fn duplicate_banner(
    document: Document,
    writer: &Writer<'_>,
    duplicate: bool,
) -> Document {
    if duplicate {
        document.text(Style::TITLE, format!("* {} *", writer.words.duplicate))
    } else {
        document
    }
}

/// Number, time, till and person.
pub(super) fn about(
    document: Document,
    writer: &Writer<'_>,
    receipt: &ReceiptNumber,
    stamp: &Stamp,
) -> Document {
    let words = writer.words;
    document
        .pair(Style::PLAIN, words.receipt, receipt.to_string())
        .pair(Style::PLAIN, format!("{} {}", words.till, receipt.till), writer.time(stamp.at))
        .text(RIGHT, writer.person(&stamp.by))
}

/// The one figure that matters, as large as fits every paper without breaking the line.
pub(super) fn total(document: Document, label: &str, amount: &str) -> Document {
    let fits = label.chars().count() + 1 + amount.chars().count() <= NARROWEST / 2;
    document.pair(Style { wide: fits, ..Style::TOTAL }, label, amount)
}

/// A line below a line, indented also where it wraps.
pub(super) fn detail(document: Document, text: &str) -> Document {
    document.pair(Style::PLAIN, format!("  {text}"), "")
}

/// What the card terminal said, below its tender.
pub(super) fn slip(mut document: Document, writer: &Writer<'_>, card: &CardSlip) -> Document {
    let words = writer.words;
    let named = format!("{} {}", card.card_name, last_digits(&card.masked_pan));
    if !named.trim().is_empty() {
        document = detail(document, named.trim());
    }
    if !card.terminal_id.is_empty() {
        document = detail(document, &format!("{} {}", words.terminal, card.terminal_id));
    }
    // A payment that a manager ended by hand has none, or the slip's alone.
    let trace = (card.trace > 0).then(|| format!("{} {:06}", words.trace, card.trace));
    let number =
        (card.receipt_number > 0).then(|| format!("{} {:04}", words.slip, card.receipt_number));
    let numbers: Vec<String> = trace.into_iter().chain(number).collect();
    if !numbers.is_empty() {
        document = detail(document, &numbers.join("  "));
    }
    if card.authorisation.is_empty() {
        document
    } else {
        detail(document, &format!("{} {}", words.authorisation, card.authorisation))
    }
}

/// The last four digits alone: some countries' law forbids more on a customer's receipt, and the
/// terminal's mask may leave six at the front.
pub(super) fn last_digits(masked_pan: &str) -> String {
    let start = masked_pan.len().saturating_sub(4);
    match masked_pan.get(start..) {
        Some(last) if last.len() == 4 && last.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("**** {last}")
        }
        _ => String::new(),
    }
}

/// The code by which a receipt is found again and compared with the journal, the shop's last
/// words, and the cut.
pub(super) fn end(
    document: Document,
    writer: &Writer<'_>,
    receipt: &ReceiptNumber,
    hash: &Hash,
    duplicate: bool,
) -> Document {
    let mut document = document.with(Element::Feed(1)).with(Element::Qr(qr_text(receipt, hash)));
    let footer = &writer.settings.store.receipt_footer;
    if !footer.is_empty() {
        document = document.text(Style::CENTERED, footer);
    }
    duplicate_banner(document, writer, duplicate).with(Element::Cut)
}

/// `TILL1:HH01-1-1-000123:9F86D0…`: the receipt's number and the whole hash of its entry.
///
/// Only capitals and digits, which a QR code packs tightest: with the whole hash it is still no
/// larger than 33 modules a side.
pub(super) fn qr_text(receipt: &ReceiptNumber, hash: &Hash) -> String {
    let hash = hash.to_string().to_ascii_uppercase();
    format!("{RECEIPT_PREFIX}{receipt}:{hash}")
}
