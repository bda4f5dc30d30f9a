//! One receipt in every rendering against its golden file, and any document through the emulator.
//!
//! `UPDATE_GOLDEN=1 cargo test -p drivers golden` writes the files anew; look at them then.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;

use super::document::{Align, Document, Element, Raster, Style};
use super::emulator::mechanism::Mechanism;
use super::layout::lay_out;
use super::paper::Row;
use super::profile::Profile;
use super::{escpos, svg, text};

fn receipt() -> Document {
    let mark: Vec<u8> = (0..48_u8)
        .flat_map(|row| {
            (0..12_u8).map(move |byte| if (row / 8 + byte) % 2 == 0 { 0xF0 } else { 0x0F })
        })
        .collect();
    Document::default()
        .with(Element::Raster(Raster::new(12, mark).unwrap()))
        .text(Style::TITLE, "Corner Shop")
        .text(Style::CENTERED, "12 Rue de l’Église, 4020 Liège\nTax number BE 0123.456.789")
        .with(Element::Rule)
        .pair(Style::PLAIN, "Crème fraîche 200 g  A", "1,89 €")
        .pair(Style::PLAIN, "  0,482 kg x 2,99 €/kg Äpfel der Region, Handelsklasse I  A", "1,44 €")
        .pair(Style::PLAIN, "Żubrówka 0,5 l  B", "12,99 €")
        .pair(Style::PLAIN, "Борщ  A", "3,50 €")
        .with(Element::Rule)
        .pair(Style::TOTAL, "TOTAL", "19,82 €")
        .pair(Style::PLAIN, "Cash", "20,00 €")
        .pair(Style::BOLD, "Change", "0,18 €")
        .with(Element::Feed(1))
        .with(Element::Columns {
            left: "Tax".into(),
            middle: Some("Net".into()),
            right: "Tax due".into(),
            style: Style::BOLD,
        })
        .with(Element::Columns {
            left: "A 6%".into(),
            middle: Some("6,44".into()),
            right: "0,39".into(),
            style: Style::PLAIN,
        })
        .with(Element::Columns {
            left: "B 21%".into(),
            middle: Some("10,74".into()),
            right: "2,25".into(),
            style: Style::PLAIN,
        })
        .with(Element::Feed(1))
        .with(Element::Qr("till:1/1/A/42?h=9f86d081884c7d65".into()))
        .text(Style { align: Align::Right, ..Style::PLAIN }, "A-000042  2026-03-01 10:15")
        .with(Element::Cut)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data").join(name)
}

/// The golden file's bytes, written first when asked for.
fn expected(name: &str, actual: &[u8]) -> Vec<u8> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden(name), actual).unwrap();
    }
    std::fs::read(golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn golden_receipts_in_both_widths() {
    for profile in [Profile::ROLL_58, Profile::ROLL_80] {
        let paper = lay_out(&receipt(), &profile);
        let shown = text::render(&paper);
        let name = format!("receipt-{}.txt", profile.name);
        assert_eq!(shown, String::from_utf8(expected(&name, shown.as_bytes())).unwrap());
        assert!(shown.lines().all(|line| line.chars().count() <= usize::from(profile.columns)));
        let bytes = escpos::encode(&receipt(), &profile);
        let name = format!("receipt-{}.escpos", profile.name);
        assert_eq!(bytes, expected(&name, &bytes), "{name}");
    }
}

#[test]
fn golden_picture() {
    let picture = svg::png(&lay_out(&receipt(), &Profile::ROLL_80)).unwrap();
    let known = expected("receipt-80mm.png", &picture);
    let (picture, known) =
        (Pixmap::decode_png(&picture).unwrap(), Pixmap::decode_png(&known).unwrap());
    assert_eq!((picture.width(), picture.height()), (known.width(), known.height()));
    assert!(picture.data() == known.data(), "the receipt's picture changed");
}

#[test]
fn the_picture_escapes_what_svg_would_read() {
    let document = Document::default().text(Style::PLAIN, "<b>&\"'</b>");
    let drawn = svg::render(&lay_out(&document, &Profile::ROLL_80));
    assert!(drawn.contains("&lt;b&gt;&amp;&quot;'&lt;/b&gt;"), "{drawn}");
    assert!(svg::png(&lay_out(&Document::default(), &Profile::ROLL_58)).is_ok(), "no print at all");
}

#[test]
fn no_job_holds_utf8_and_the_euro_is_one_byte() {
    let document = Document::default().text(Style::PLAIN, "€ – é ł 漢");
    let bytes = escpos::encode(&document, &Profile::ROLL_80);
    assert!(bytes.ends_with(b"\xd5 \x1bt\x10\x96 \xe9 \x1bt\x12\x88 ?\n"), "{bytes:x?}");
}

fn any_element() -> impl Strategy<Value = Element> {
    let style = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop_oneof![Just(Align::Left), Just(Align::Center), Just(Align::Right),],
    )
        .prop_map(|(bold, wide, tall, align)| Style { bold, wide, tall, align });
    let words =
        prop_oneof!["[ -~\n]{0,90}", "[€ÄöéłŁßøЖ漢\u{1b}\u{1d}\u{10} a]{0,40}", "\\PC{0,30}"];
    prop_oneof![
        4 => (words.clone(), style.clone()).prop_map(|(text, style)| Element::Text { text, style }),
        4 => (words.clone(), prop::option::of("[ -~]{0,12}"), words, style)
            .prop_map(|(left, middle, right, style)| Element::Columns { left, middle, right, style }),
        1 => Just(Element::Rule),
        1 => "[ -~é]{0,120}".prop_map(Element::Qr),
        1 => (1_u16..100, 1_usize..20).prop_map(|(width, rows)| {
            Element::Raster(Raster::new(width, vec![0xA5; usize::from(width) * rows]).unwrap())
        }),
        1 => any::<u8>().prop_map(Element::Feed),
        1 => Just(Element::Cut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_printer_prints_what_was_laid_out(
        elements in prop::collection::vec(any_element(), 0..20),
        profile in prop::sample::select(Profile::ALL.to_vec()),
    ) {
        let document = Document { elements };
        let paper = lay_out(&document, &profile);
        let mut printer = Mechanism::new(profile.clone());
        printer.receive(&escpos::encode(&document, &profile));
        prop_assert_eq!(&printer.paper().rows, &paper.rows);
        prop_assert_eq!(text::render(printer.paper()), text::render(&paper));
    }

    #[test]
    fn nothing_said_is_lost(left in "[a-z]{1,80}", right in "[0-9]{1,60}", profile in prop::sample::select(Profile::ALL.to_vec())) {
        let paper = lay_out(&Document::default().pair(Style::PLAIN, &left, &right), &profile);
        let mut printed = String::new();
        for row in &paper.rows {
            let Row::Line { text, .. } = row else { panic!("{row:?}") };
            prop_assert!(text.chars().count() <= usize::from(profile.columns));
            printed.push_str(&text.replace(' ', ""));
        }
        prop_assert_eq!(printed, format!("{left}{right}"));
    }
}
