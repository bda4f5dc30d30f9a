//! Folding: `Müsli`, `MUSLI` and `musli` are one word to someone who types in a hurry.
//!
//! Lower case, Latin letters without their accents, everything that is no letter or digit a
//! space; apostrophes vanish, so that `Kellogg's` is `kelloggs`. Other scripts keep their letters.

/// Letters that fold to one or two plain ones. Upper case comes here already lowered.
const FOLDS: &[(&str, &str)] = &[
    ("àáâãäåāăąǎạảấầẩẫậắằẳẵặ", "a"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęěẹẻẽếềểễệ", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐịỉ", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŋ", "n"),
    ("òóôõöøōŏőơǒọỏốồổỗộớờởỡợ", "o"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ţťŧț", "t"),
    ("ùúûüũūŭůűųưǔụủứừửữự", "u"),
    ("ŵ", "w"),
    ("ýÿŷỳỵỷỹ", "y"),
    ("źżž", "z"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("þ", "th"),
];

/// The text folded, its words separated by single or several spaces.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            folded.push(letter.to_ascii_lowercase());
        } else if letter.is_ascii() {
            if letter != '\'' {
                folded.push(' ');
            }
        } else {
            fold_rare(letter, &mut folded);
        }
    }
    folded
}

fn fold_rare(letter: char, folded: &mut String) {
    // Typographic apostrophes, and accents that stand as marks of their own.
    if matches!(letter, '\u{2019}' | '\u{2bc}' | '\u{300}'..='\u{36f}') {
        return;
    }
    if !letter.is_alphanumeric() {
        folded.push(' ');
        return;
    }
    for lower in letter.to_lowercase() {
        match FOLDS.iter().find(|(letters, _)| letters.contains(lower)) {
            Some((_, plain)) => folded.push_str(plain),
            // `İ` lowers to `i` and a mark.
            None if matches!(lower, '\u{300}'..='\u{36f}') => {}
            None => folded.push(lower),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds() {
        for (text, expected) in [
            ("Müsli, Schoko 500 g", "musli  schoko 500 g"),
            ("Mu\u{308}sli", "musli"),
            ("MILCH 3.5%", "milch 3 5 "),
            ("Kellogg's", "kelloggs"),
            ("Kellogg\u{2019}s", "kelloggs"),
            ("Weißbier", "weissbier"),
            ("Crème brûlée", "creme brulee"),
            ("İSTANBUL", "istanbul"),
            ("Ærø Łódź", "aero lodz"),
            ("молоко ЧАЙ", "молоко чай"),
            ("牛乳", "牛乳"),
            ("", ""),
        ] {
            assert_eq!(fold(text), expected, "{text}");
        }
    }
}
