//! Code pages: which byte prints which character, and what stands in for one that no page has.
//!
//! [`super::layout`] replaces what a printer can't print, [`super::escpos`] picks pages,
//! [`super::emulator`] reads bytes back.

/// A printer's character table. All share ASCII; they differ from 0x80 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodePage {
    /// The IBM PC's: box lines, some Western letters.
    Cp437,
    /// Western Europe.
    Cp850,
    /// Central Europe.
    Cp852,
    /// Western Europe with the euro sign.
    Cp858,
    /// Windows Western, with the euro sign and typographic quotes.
    Wpc1252,
}

impl CodePage {
    /// Every page.
    pub const ALL: [Self; 5] = [Self::Cp437, Self::Cp850, Self::Cp852, Self::Cp858, Self::Wpc1252];

    /// The page's name in a profile: `CP858`, `WPC1252`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cp437 => "CP437",
            Self::Cp850 => "CP850",
            Self::Cp852 => "CP852",
            Self::Cp858 => "CP858",
            Self::Wpc1252 => "WPC1252",
        }
    }

    /// The page of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.name() == name)
    }

    const fn upper(self) -> &'static str {
        match self {
            Self::Cp437 => CP437,
            Self::Cp850 => CP850,
            Self::Cp852 => CP852,
            Self::Cp858 => CP858,
            Self::Wpc1252 => WPC1252,
        }
    }

    /// The byte that prints `character` on this page.
    #[must_use]
    pub fn encode(self, character: char) -> Option<u8> {
        if matches!(character, ' '..='~') {
            return u8::try_from(character).ok();
        }
        if character == char::REPLACEMENT_CHARACTER {
            return None;
        }
        let place = self.upper().chars().position(|known| known == character)?;
        u8::try_from(place + 0x80).ok()
    }

    /// The character that `byte` prints on this page; `None` for controls and gaps.
    #[must_use]
    pub fn decode(self, byte: u8) -> Option<char> {
        match byte {
            0x20..=0x7E => Some(char::from(byte)),
            0x80..=0xFF => self
                .upper()
                .chars()
                .nth(usize::from(byte - 0x80))
                .filter(|&known| known != char::REPLACEMENT_CHARACTER),
            _ => None,
        }
    }
}

/// What stands in for a character that no page of the printer has: letters without their marks,
/// plain punctuation, Cyrillic and Greek by sound. An empty answer drops it (combining marks,
/// invisible controls); `None` means that nothing fits and `?` must stand there (right-to-left
/// and East Asian scripts, which would need a picture).
#[must_use]
pub fn transliterate(character: char) -> Option<&'static str> {
    if let Some((_, plain)) = PLAIN.iter().find(|(known, _)| known.contains(character)) {
        return Some(plain);
    }
    match character {
        '\u{300}'..='\u{36F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{AD}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' => Some(""),
        _ => None,
    }
}

/// Characters and the ASCII for each; first match wins.
const PLAIN: &[(&str, &str)] = &[
    (
        "\u{a0}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}",
        " ",
    ),
    ("‐‑‒–—―−─━═", "-"),
    ("‘’‚‛′`´", "'"),
    ("“”„‟″«»", "\""),
    ("‹", "<"),
    ("›", ">"),
    ("…", "..."),
    ("•·●▪∙", "*"),
    ("×", "x"),
    ("÷⁄∕", "/"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₹", "INR"),
    ("₴", "UAH"),
    ("¢", "c"),
    ("©", "(C)"),
    ("®", "(R)"),
    ("™", "TM"),
    ("°", "o"),
    ("№", "No"),
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("±", "+-"),
    ("µμ", "u"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    ("✓✔", "v"),
    ("✗✘", "x"),
    ("ÀÁÂÃÅĀĂĄǍẠẢАΑΆ", "A"),
    ("àáâãåāăąǎạảаαάª", "a"),
    ("ÄÆǼ", "AE"),
    ("äæǽ", "ae"),
    ("БΒ", "B"),
    ("бβ", "b"),
    ("ÇĆĈĊČ", "C"),
    ("çćĉċč", "c"),
    ("ĎĐÐДΔ", "D"),
    ("ďđðдδ", "d"),
    ("ÈÉÊËĒĔĖĘĚẸẼЕЭЁЄΕΈ", "E"),
    ("èéêëēĕėęěẹẽеэёєεέ", "e"),
    ("ФΦ", "F"),
    ("фφ", "f"),
    ("ĜĞĠĢГҐΓ", "G"),
    ("ĝğġģгґγ", "g"),
    ("ĤĦ", "H"),
    ("ĥħ", "h"),
    ("ÌÍÎÏĨĪĬĮİИІЙЫΗΙΉΊ", "I"),
    ("ìíîïĩīĭįıиійыηιήί", "i"),
    ("ЇÏ", "YI"),
    ("ї", "yi"),
    ("Ĵ", "J"),
    ("ĵ", "j"),
    ("ĶКΚ", "K"),
    ("ķкκ", "k"),
    ("ĹĻĽĿŁЛΛ", "L"),
    ("ĺļľŀłлλ", "l"),
    ("МΜ", "M"),
    ("м", "m"),
    ("ÑŃŅŇŊНΝ", "N"),
    ("ñńņňŋнν", "n"),
    ("ÒÓÔÕŌŎŐỌỎОΟΩΌΏ", "O"),
    ("òóôõōŏőọỏоοωόώº", "o"),
    ("ÖØŒǾ", "OE"),
    ("öøœǿ", "oe"),
    ("ПΠ", "P"),
    ("пπ", "p"),
    ("ŔŖŘРΡ", "R"),
    ("ŕŗřрρ", "r"),
    ("ŚŜŞŠȘСΣ", "S"),
    ("śŝşšșсσς", "s"),
    ("ß", "ss"),
    ("ẞ", "SS"),
    ("ŢŤŦȚТΤ", "T"),
    ("ţťŧțтτ", "t"),
    ("ÙÚÛŨŪŬŮŰŲỤỦУ", "U"),
    ("ùúûũūŭůűųụủу", "u"),
    ("Ü", "UE"),
    ("ü", "ue"),
    ("В", "V"),
    ("в", "v"),
    ("Ŵ", "W"),
    ("ŵ", "w"),
    ("Ξ", "X"),
    ("ξ", "x"),
    ("ÝŶŸΥΎ", "Y"),
    ("ýŷÿυύ", "y"),
    ("ŹŻŽЗΖ", "Z"),
    ("źżžзζ", "z"),
    ("Ж", "Zh"),
    ("ж", "zh"),
    ("Х", "Kh"),
    ("х", "kh"),
    ("Ц", "Ts"),
    ("ц", "ts"),
    ("ЧΧ", "Ch"),
    ("чχ", "ch"),
    ("Ш", "Sh"),
    ("ш", "sh"),
    ("Щ", "Shch"),
    ("щ", "shch"),
    ("ЪЬъь", ""),
    ("Ю", "Yu"),
    ("ю", "yu"),
    ("Я", "Ya"),
    ("я", "ya"),
    ("Þ", "Th"),
    ("þ", "th"),
    ("Θ", "Th"),
    ("θ", "th"),
    ("Ψ", "Ps"),
    ("ψ", "ps"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
    ("¡", "!"),
    ("¿", "?"),
];

const CP437: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
    "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
    "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
    "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
);
const CP850: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ",
    "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
    "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀",
    "ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
);
const CP852: &str = concat!(
    "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č",
    "áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐",
    "└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀",
    "ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
);
const CP858: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ",
    "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
    "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀",
    "ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
);
const WPC1252: &str = concat!(
    "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ",
    "\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿",
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß",
    "àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_read_back_what_they_write() {
        for page in CodePage::ALL {
            assert_eq!(CodePage::named(page.name()), Some(page));
            assert_eq!(page.upper().chars().count(), 128, "{page:?}");
            for byte in 0..=u8::MAX {
                if let Some(character) = page.decode(byte) {
                    assert_eq!(page.encode(character), Some(byte), "{page:?} {byte:#x}");
                }
            }
        }
    }

    #[test]
    fn known_bytes() {
        for (page, character, expected) in [
            (CodePage::Cp437, 'é', Some(0x82)),
            (CodePage::Cp437, '€', None),
            (CodePage::Cp850, 'ø', Some(0x9B)),
            (CodePage::Cp858, '€', Some(0xD5)),
            (CodePage::Cp850, 'ı', Some(0xD5)),
            (CodePage::Cp852, 'ł', Some(0x88)),
            (CodePage::Wpc1252, '€', Some(0x80)),
            (CodePage::Wpc1252, '–', Some(0x96)),
            (CodePage::Wpc1252, '\u{fffd}', None),
            (CodePage::Wpc1252, '\u{7f}', None),
            (CodePage::Cp437, '\n', None),
        ] {
            assert_eq!(page.encode(character), expected, "{page:?} {character:?}");
        }
    }

    #[test]
    fn stand_ins_are_ascii() {
        for (known, plain) in PLAIN {
            assert!(plain.is_ascii(), "{known}");
        }
        assert_eq!(transliterate('ő'), Some("o"));
        assert_eq!(transliterate('Щ'), Some("Shch"));
        assert_eq!(transliterate('\u{301}'), Some(""));
        assert_eq!(transliterate('\u{5d0}'), None);
        assert_eq!(transliterate('漢'), None);
    }
}
