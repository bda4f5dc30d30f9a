//! Text and card numbers as they arrive from a terminal: code page 437 to Unicode, and card
//! numbers masked again, whatever the terminal left in the open.
//!
//! At most the first six and the last four digits of a card number ever leave this module.

/// The longest text kept of one field or slip line. Slips are 24 to 48 columns wide.
pub const MAX_TEXT: usize = 200;

/// The upper half of code page 437, from 80 to FF.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Text from the terminal: code page 437, control bytes as spaces, card numbers masked, at most
/// [`MAX_TEXT`] characters.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let raw: String = bytes.iter().take(MAX_TEXT).map(|&byte| character(byte)).collect();
    mask_in_text(&raw)
}

fn character(byte: u8) -> char {
    match byte {
        0x20..=0x7E => char::from(byte),
        0x80.. => CP437.chars().nth(usize::from(byte & 0x7F)).unwrap_or(' '),
        _ => ' ',
    }
}

/// A card number from packed half bytes (`E` masked by the terminal, `F` padding), masked again:
/// the first six and last four digits at most, stars between; only the last four of a short one.
#[must_use]
pub fn masked_pan(packed: &[u8]) -> String {
    let digits: Vec<char> = packed
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0F])
        .filter(|half| *half != 0x0F)
        .map(|half| char::from_digit(u32::from(half), 10).unwrap_or('*'))
        .collect();
    mask(&digits)
}

fn mask(digits: &[char]) -> String {
    let count = digits.len();
    let front = if count >= SHORTEST_PAN { 6 } else { 0 };
    let shown = |at: usize| at < front || at + 4 >= count;
    digits.iter().enumerate().map(|(at, digit)| if shown(at) { *digit } else { '*' }).collect()
}

/// Card numbers have 13 to 19 digits.
const SHORTEST_PAN: usize = 13;
const LONGEST_PAN: usize = 19;

/// Masks every stretch of digits that could be a card number: 13 to 19 of them within a run
/// (single spaces and hyphens allowed between), right by the Luhn check that all card numbers
/// pass and their first digit is never 0. Stretches overlap, and each is masked, so that no chance
/// match hides a real one; a reference number that passes by chance is masked too, which costs
/// nothing.
#[must_use]
pub fn mask_in_text(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let original = characters.clone();
    for run in digit_runs(&original) {
        let stretches = (SHORTEST_PAN..=LONGEST_PAN).flat_map(|count| run.windows(count));
        for stretch in stretches.filter(|stretch| is_card_number(&original, stretch)) {
            for &at in stretch.get(6..stretch.len() - 4).unwrap_or_default() {
                if let Some(character) = characters.get_mut(at) {
                    *character = '*';
                }
            }
        }
    }
    characters.into_iter().collect()
}

/// The places of the digits of each run.
fn digit_runs(characters: &[char]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = vec![Vec::new()];
    let mut gap = 0;
    for (at, character) in characters.iter().enumerate() {
        if character.is_ascii_digit() {
            if let Some(run) = runs.last_mut() {
                run.push(at);
            }
            gap = 0;
        } else {
            gap += 1;
            if gap > 1 || !matches!(character, ' ' | '-') {
                runs.push(Vec::new());
            }
        }
    }
    runs.retain(|run| run.len() >= SHORTEST_PAN);
    runs
}

/// Whether the digits at `places` can be a card number.
fn is_card_number(characters: &[char], places: &[usize]) -> bool {
    if places.first().and_then(|&at| characters.get(at)) == Some(&'0') {
        return false;
    }
    let digits = places.iter().rev().map(|&at| characters.get(at).and_then(|c| c.to_digit(10)));
    let sum: Option<u32> = digits
        .enumerate()
        .map(|(at, digit)| {
            digit.map(|digit| match (at % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            })
        })
        .sum();
    sum.is_some_and(|sum| sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_code_page_437() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(text(b"Betr\x84ge \x81ber \x9A\xE1\x07"), "Beträge über Üß ");
    }

    #[test]
    fn card_numbers_are_masked_again() {
        for (packed, expected) in [
            (&[0x55, 0x98, 0x83, 0xEE, 0xEE, 0xEE, 0x80, 0x74][..], "559883******8074"),
            (&[0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11], "411111******1111"),
            (&[0x47, 0x11, 0x00, 0x10, 0x08, 0x75, 0x70, 0x05, 0x00, 0x1F], "471100*********5001"),
            (&[0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0x47, 0x71], "************4771"),
            (&[0x12, 0x34, 0x56, 0x78], "****5678"),
            (&[], ""),
        ] {
            assert_eq!(masked_pan(packed), expected);
        }
    }

    #[test]
    fn card_numbers_in_texts_are_masked() {
        for (line, expected) in [
            ("Karte 4111111111111111", "Karte 411111******1111"),
            ("4111 1111 1111 1111 OK", "4111 11** **** 1111 OK"),
            ("4111-1111-1111-1111", "4111-11**-****-1111"),
            ("Nr:00004111111111111111", "Nr:0000411111******1111"),
            ("Beleg 0231 VU 80401192", "Beleg 0231 VU 80401192"),
            ("Ref 123456789012", "Ref 123456789012"),
            ("AID A0000000041010", "AID A0000000041010"),
            ("AID A00000035910100101", "AID A00000035910100101"),
        ] {
            assert_eq!(mask_in_text(line), expected, "{line}");
        }
    }

    /// A number of the given digits made right by its last one.
    fn card_number(mut digits: Vec<u32>) -> String {
        digits.push(0);
        (0..10)
            .map(|check| {
                *digits.last_mut().unwrap() = check;
                digits.iter().map(|digit| char::from_digit(*digit, 10).unwrap()).collect::<String>()
            })
            .find(|text| {
                let characters: Vec<char> = text.chars().collect();
                is_card_number(&characters, &(0..characters.len()).collect::<Vec<_>>())
            })
            .unwrap()
    }

    proptest! {
        #[test]
        fn never_more_than_six_and_four(packed in prop::collection::vec(any::<u8>(), 0..50)) {
            let shown = masked_pan(&packed);
            prop_assert!(shown.chars().filter(char::is_ascii_digit).count() <= 10);
            let count = shown.chars().count();
            prop_assert!(shown.chars().enumerate().all(|(at, c)| c == '*' || at < 6 || at + 4 >= count));
        }

        #[test]
        fn no_card_number_survives_in_a_text(
            first in 1_u32..10,
            rest in prop::collection::vec(0_u32..10, 11..18),
            before in "[0-9A-Za-z:. ]{0,10}",
            after in "[0-9A-Za-z:. ]{0,10}",
        ) {
            let number = card_number([vec![first], rest].concat());
            let line = format!("{before}{number}{after}");
            let masked = mask_in_text(&line);
            let middle = before.len() + 6..before.len() + number.len() - 4;
            prop_assert!(masked[middle].chars().all(|c| c == '*'), "{line} {masked}");
        }
    }
}
