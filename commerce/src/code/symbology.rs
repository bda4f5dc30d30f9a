//! What a scanner says: the AIM symbology identifier in front, and the text.
//!
//! Framing and terminators are the scanner driver's affair; what the text means is decided by
//! [`read`](super::read).

use super::error::CodeError;

/// The longest text of one code in bytes. A GS1 element string or a Digital Link on goods stays
/// well below it; a QR code beyond it is an advertisement.
pub const MAX_SCAN_BYTES: usize = 256;

/// The character that stands for FNC1 between the elements of a GS1 code (ASCII GS).
pub const SEPARATOR: char = '\u{1d}';

/// The kind of barcode, as far as it decides how the text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// `]E0`: EAN-13, UPC-A or UPC-E.
    Ean,
    /// `]E3`: one of these with a two- or five-digit add-on behind it (magazines, books).
    EanWithAddOn,
    /// `]E4`: EAN-8.
    Ean8,
    /// `]I0`, `]I1`, `]I3`: Interleaved 2 of 5; ITF-14 on cases.
    Interleaved,
    /// `]C1`: GS1-128.
    Gs1Code128,
    /// `]e0`: GS1 DataBar.
    Gs1DataBar,
    /// `]d2`: GS1 DataMatrix.
    Gs1DataMatrix,
    /// `]Q3`: GS1 QR code.
    Gs1Qr,
    /// `]J1`: GS1 DotCode.
    Gs1DotCode,
    /// `]C0`, `]C2`: Code 128 with any text.
    Code128,
    /// `]A…`: Code 39.
    Code39,
    /// `]d…` but `]d2`: Data Matrix with any text.
    DataMatrix,
    /// `]Q…` but `]Q3`: QR code with any text.
    Qr,
    /// Any other identifier.
    Other,
}

impl Symbology {
    /// The symbology of an AIM identifier such as `]E0`.
    fn of_identifier(letter: u8, modifier: u8) -> Self {
        match (letter, modifier) {
            (b'E', b'0') => Self::Ean,
            (b'E', b'3') => Self::EanWithAddOn,
            (b'E', b'4') => Self::Ean8,
            (b'I', _) => Self::Interleaved,
            (b'C', b'1') => Self::Gs1Code128,
            (b'e', b'0') => Self::Gs1DataBar,
            (b'd', b'2') => Self::Gs1DataMatrix,
            (b'Q', b'3') => Self::Gs1Qr,
            (b'J', b'1') => Self::Gs1DotCode,
            (b'C', b'0' | b'2') => Self::Code128,
            (b'A', _) => Self::Code39,
            (b'd', _) => Self::DataMatrix,
            (b'Q', _) => Self::Qr,
            _ => Self::Other,
        }
    }

    /// Whether the text is a GS1 element string. Never true of EAN, UPC and plain Code 128,
    /// whose digits may look like one by chance.
    #[must_use]
    pub const fn is_gs1(self) -> bool {
        matches!(
            self,
            Self::Gs1Code128
                | Self::Gs1DataBar
                | Self::Gs1DataMatrix
                | Self::Gs1Qr
                | Self::Gs1DotCode
        )
    }
}

/// One scanned or keyed code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What the scanner calls it; `None` when it was keyed, or the scanner does not say.
    pub symbology: Option<Symbology>,
    /// The text without the identifier and without spaces around it, 1 to 256 bytes.
    pub text: String,
}

impl Scan {
    /// Takes the AIM identifier off `raw`, if there is one, and checks the text.
    ///
    /// # Errors
    /// When nothing is left, it is over [`MAX_SCAN_BYTES`], or it has a control character other
    /// than [`SEPARATOR`].
    pub fn parse(raw: &str) -> Result<Self, CodeError> {
        let raw = raw.trim_matches(' ');
        let (symbology, text) = match split_identifier(raw) {
            Some((symbology, text)) => (Some(symbology), text.trim_matches(' ')),
            None => (None, raw),
        };
        if text.is_empty() {
            return Err(CodeError::Empty);
        }
        if text.len() > MAX_SCAN_BYTES {
            return Err(CodeError::TooLong { bytes: text.len(), limit: MAX_SCAN_BYTES });
        }
        let control = |character: char| character.is_control() && character != SEPARATOR;
        if let Some((before, character)) =
            text.chars().enumerate().find(|(_, character)| control(*character))
        {
            let (character, place) = (u32::from(character), before + 1);
            return Err(CodeError::ControlCharacter { character, place });
        }
        Ok(Self { symbology, text: text.to_owned() })
    }
}

fn split_identifier(raw: &str) -> Option<(Symbology, &str)> {
    let [b']', letter, modifier, ..] = raw.as_bytes() else {
        return None;
    };
    let identifier = letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric();
    let text = identifier.then(|| raw.get(3..)).flatten()?;
    Some((Symbology::of_identifier(*letter, *modifier), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_identifier_comes_off() {
        for (raw, symbology, text) in [
            ("]E04006381333931", Some(Symbology::Ean), "4006381333931"),
            ("]E3977123456700305", Some(Symbology::EanWithAddOn), "977123456700305"),
            ("]E496385074", Some(Symbology::Ean8), "96385074"),
            ("]E105", Some(Symbology::Other), "05"),
            ("]C0A-1", Some(Symbology::Code128), "A-1"),
            ("]C10104", Some(Symbology::Gs1Code128), "0104"),
            ("]e00104", Some(Symbology::Gs1DataBar), "0104"),
            ("]d1x", Some(Symbology::DataMatrix), "x"),
            ("]d2\u{1d}0104", Some(Symbology::Gs1DataMatrix), "\u{1d}0104"),
            ("]Q1x", Some(Symbology::Qr), "x"),
            ("]Q3x", Some(Symbology::Gs1Qr), "x"),
            ("]J1x", Some(Symbology::Gs1DotCode), "x"),
            ("]J0x", Some(Symbology::Other), "x"),
            ("]I1x", Some(Symbology::Interleaved), "x"),
            ("]A0x", Some(Symbology::Code39), "x"),
            ("]z0x", Some(Symbology::Other), "x"),
            (" 4711 ", None, "4711"),
            ("]", None, "]"),
            ("]E", None, "]E"),
            ("]]C1x", None, "]]C1x"),
            ("]E\u{e9}x", None, "]E\u{e9}x"),
        ] {
            let scan = Scan::parse(raw).unwrap();
            assert_eq!((scan.symbology, scan.text.as_str()), (symbology, text), "{raw}");
        }
    }

    #[test]
    fn refuses_nothing_too_much_and_control_characters() {
        for (raw, expected) in [
            (String::new(), CodeError::Empty),
            ("   ".into(), CodeError::Empty),
            ("]E0".into(), CodeError::Empty),
            ("x".repeat(257), CodeError::TooLong { bytes: 257, limit: 256 }),
            ("12\r\n".into(), CodeError::ControlCharacter { character: 13, place: 3 }),
            ("é\u{85}".into(), CodeError::ControlCharacter { character: 0x85, place: 2 }),
        ] {
            assert_eq!(Scan::parse(&raw), Err(expected), "{raw:?}");
        }
        assert!(Scan::parse(&format!("]Q1{}", "x".repeat(256))).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_bounded_and_printable(raw in any::<String>()) {
            if let Ok(scan) = Scan::parse(&raw) {
                prop_assert!((1..=MAX_SCAN_BYTES).contains(&scan.text.len()));
                prop_assert!(scan.text.chars().all(|c| !c.is_control() || c == SEPARATOR));
            }
        }
    }
}
