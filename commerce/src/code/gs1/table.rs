//! The table of GS1 application identifiers: which there are, how long their data are, and which
//! end at a separator.
//!
//! A test holds it equal to GS1's own dictionary. What the data mean is left to the parent
//! module, which is the only caller.

use Ends::{Fixed, Open};
use Part::{N, NTo, OptN, OptNTo, OptX, OptXTo, X, XTo, YTo, ZTo};

/// How the data of an application identifier end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// After their fixed length; no separator is needed.
    Fixed,
    /// At a separator, or with the text.
    Open,
}

/// One component of the data: digits (N), character set 82 (X), character set 39 (Y), base64url
/// (Z); exactly so many characters or 1 up to so many (`To`), left out at will (`Opt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    N(usize),
    NTo(usize),
    X(usize),
    XTo(usize),
    YTo(usize),
    ZTo(usize),
    OptN(usize),
    OptNTo(usize),
    OptX(usize),
    OptXTo(usize),
}

/// The form of one identifier's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) ends: Ends,
    pub(super) parts: &'static [Part],
}

/// The first three digits of trade and logistic measures: six digits, and a fourth digit from 0
/// to 5 that says how many of them are decimals.
const MEASURES: [(u16, u16); 4] = [(310, 316), (320, 337), (340, 357), (360, 369)];

type Row = (u16, u16, Ends, &'static [Part]);

/// First and last identifier of a run, and its form; sorted as text, as GS1 does.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (0, 0, Fixed, &[N(18)]),
    (1, 3, Fixed, &[N(14)]),
    (10, 10, Open, &[XTo(20)]),
    (11, 13, Fixed, &[N(6)]),
    (15, 17, Fixed, &[N(6)]),
    (20, 20, Fixed, &[N(2)]),
    (21, 22, Open, &[XTo(20)]),
    (235, 235, Open, &[XTo(28)]),
    (240, 241, Open, &[XTo(30)]),
    (242, 242, Open, &[NTo(6)]),
    (243, 243, Open, &[XTo(20)]),
    (250, 251, Open, &[XTo(30)]),
    (253, 253, Open, &[N(13), OptXTo(17)]),
    (254, 254, Open, &[XTo(20)]),
    (255, 255, Open, &[N(13), OptNTo(12)]),
    (30, 30, Open, &[NTo(8)]),
    (37, 37, Open, &[NTo(8)]),
    (3900, 3909, Open, &[NTo(15)]),
    (3910, 3919, Open, &[N(3), NTo(15)]),
    (3920, 3929, Open, &[NTo(15)]),
    (3930, 3939, Open, &[N(3), NTo(15)]),
    (3940, 3943, Open, &[N(4)]),
    (3950, 3955, Open, &[N(6)]),
    (400, 401, Open, &[XTo(30)]),
    (402, 402, Open, &[N(17)]),
    (403, 403, Open, &[XTo(30)]),
    (410, 417, Fixed, &[N(13)]),
    (420, 420, Open, &[XTo(20)]),
    (421, 421, Open, &[N(3), XTo(9)]),
    (422, 422, Open, &[N(3)]),
    (423, 423, Open, &[N(3), OptN(3), OptN(3), OptN(3), OptN(3)]),
    (424, 424, Open, &[N(3)]),
    (425, 425, Open, &[N(3), OptN(3), OptN(3), OptN(3), OptN(3)]),
    (426, 426, Open, &[N(3)]),
    (427, 427, Open, &[XTo(3)]),
    (4300, 4301, Open, &[XTo(35)]),
    (4302, 4306, Open, &[XTo(70)]),
    (4307, 4307, Open, &[X(2)]),
    (4308, 4308, Open, &[XTo(30)]),
    (4309, 4309, Open, &[N(10), N(10)]),
    (4310, 4311, Open, &[XTo(35)]),
    (4312, 4316, Open, &[XTo(70)]),
    (4317, 4317, Open, &[X(2)]),
    (4318, 4318, Open, &[XTo(20)]),
    (4319, 4319, Open, &[XTo(30)]),
    (4320, 4320, Open, &[XTo(35)]),
    (4321, 4323, Open, &[N(1)]),
    (4324, 4325, Open, &[N(6), N(4)]),
    (4326, 4326, Open, &[N(6)]),
    (4330, 4333, Open, &[N(6), OptX(1)]),
    (7001, 7001, Open, &[N(13)]),
    (7002, 7002, Open, &[XTo(30)]),
    (7003, 7003, Open, &[N(6), N(4)]),
    (7004, 7004, Open, &[NTo(4)]),
    (7005, 7005, Open, &[XTo(12)]),
    (7006, 7006, Open, &[N(6)]),
    (7007, 7007, Open, &[N(6), OptN(6)]),
    (7008, 7008, Open, &[XTo(3)]),
    (7009, 7009, Open, &[XTo(10)]),
    (7010, 7010, Open, &[XTo(2)]),
    (7011, 7011, Open, &[N(6), OptN(4)]),
    (7020, 7022, Open, &[XTo(20)]),
    (7023, 7023, Open, &[XTo(30)]),
    (7030, 7039, Open, &[N(3), XTo(27)]),
    (7040, 7040, Open, &[N(1), X(1), X(1), X(1)]),
    (7041, 7041, Open, &[XTo(4)]),
    (710, 717, Open, &[XTo(20)]),
    (7230, 7239, Open, &[X(2), XTo(28)]),
    (7240, 7240, Open, &[XTo(20)]),
    (7241, 7241, Open, &[N(2)]),
    (7242, 7242, Open, &[XTo(25)]),
    (7250, 7250, Open, &[N(8)]),
    (7251, 7251, Open, &[N(8), N(4)]),
    (7252, 7252, Open, &[N(1)]),
    (7253, 7254, Open, &[XTo(40)]),
    (7255, 7255, Open, &[XTo(10)]),
    (7256, 7256, Open, &[XTo(90)]),
    (7257, 7257, Open, &[XTo(70)]),
    (7258, 7258, Open, &[X(3)]),
    (7259, 7259, Open, &[XTo(40)]),
    (8001, 8001, Open, &[N(4), N(5), N(3), N(1), N(1)]),
    (8002, 8002, Open, &[XTo(20)]),
    (8003, 8003, Open, &[N(1), N(13), OptXTo(16)]),
    (8004, 8004, Open, &[XTo(30)]),
    (8005, 8005, Open, &[N(6)]),
    (8006, 8006, Open, &[N(14), N(4)]),
    (8007, 8007, Open, &[XTo(34)]),
    (8008, 8008, Open, &[N(6), N(2), OptN(2), OptN(2)]),
    (8009, 8009, Open, &[XTo(50)]),
    (8010, 8010, Open, &[YTo(30)]),
    (8011, 8011, Open, &[NTo(12)]),
    (8012, 8012, Open, &[XTo(20)]),
    (8013, 8014, Open, &[XTo(25)]),
    (8017, 8018, Open, &[N(18)]),
    (8019, 8019, Open, &[NTo(10)]),
    (8020, 8020, Open, &[XTo(25)]),
    (8026, 8026, Open, &[N(14), N(4)]),
    (8030, 8030, Open, &[ZTo(90)]),
    (8040, 8041, Open, &[N(15)]),
    (8042, 8042, Open, &[N(32)]),
    (8043, 8043, Open, &[N(18), OptNTo(2)]),
    (8110, 8110, Open, &[XTo(70)]),
    (8111, 8111, Open, &[N(4)]),
    (8112, 8112, Open, &[XTo(70)]),
    (8200, 8200, Open, &[XTo(70)]),
    (90, 90, Open, &[XTo(30)]),
    (91, 99, Open, &[XTo(90)]),
];

/// The form of an identifier's data; `None` when GS1 has no such identifier.
pub(super) fn find(ai: u16) -> Option<Format> {
    let family = ai / 10;
    if ai % 10 <= 5 && MEASURES.iter().any(|(first, last)| (*first..=*last).contains(&family)) {
        return Some(Format { ends: Fixed, parts: &[N(6)] });
    }
    let (_, _, ends, parts) =
        ROWS.iter().find(|(first, last, ..)| (*first..=*last).contains(&ai))?;
    Some(Format { ends: *ends, parts })
}

/// Takes the identifier off the front of `text`. None is another's beginning, so the first that
/// fits is the one.
pub(super) fn split_identifier(text: &str) -> Option<(u16, Format, &str)> {
    (2..=4).find_map(|digits| {
        let (head, rest) = text.split_at_checked(digits)?;
        let ai = parse_identifier(head)?;
        Some((ai, find(ai)?, rest))
    })
}

/// The identifier that `digits` write: two digits below 100, three below 1000, else four.
pub(super) fn parse_identifier(digits: &str) -> Option<u16> {
    let ai = super::is_digits(digits).then(|| digits.parse().ok()).flatten()?;
    let width = match ai {
        0..=99 => 2,
        100..=999 => 3,
        _ => 4,
    };
    (digits.len() == width).then_some(ai)
}

impl Format {
    /// How many characters the data have, where they end by their length.
    pub(super) fn fixed_length(self) -> Option<usize> {
        let length = || self.parts.iter().map(|part| part.bounds().1).sum();
        (self.ends == Fixed).then(length)
    }

    /// Whether `data` are of this form, all of them.
    pub(super) fn fits(self, data: &str) -> bool {
        let mut rest = data.as_bytes();
        for part in self.parts {
            let (min, max) = part.bounds();
            if rest.is_empty() && part.is_optional() {
                continue;
            }
            // Only the last component varies in length, so each takes all it can.
            let Some((taken, left)) = rest.split_at_checked(max.min(rest.len())) else {
                return false;
            };
            if taken.len() < min || !taken.iter().all(|byte| part.allows(*byte)) {
                return false;
            }
            rest = left;
        }
        rest.is_empty()
    }
}

impl Part {
    /// The least and the most characters.
    const fn bounds(self) -> (usize, usize) {
        match self {
            N(length) | X(length) | OptN(length) | OptX(length) => (length, length),
            NTo(most) | XTo(most) | YTo(most) | ZTo(most) | OptNTo(most) | OptXTo(most) => {
                (1, most)
            }
        }
    }

    const fn is_optional(self) -> bool {
        matches!(self, OptN(_) | OptNTo(_) | OptX(_) | OptXTo(_))
    }

    fn allows(self, byte: u8) -> bool {
        match self {
            N(_) | NTo(_) | OptN(_) | OptNTo(_) => byte.is_ascii_digit(),
            X(_) | XTo(_) | OptX(_) | OptXTo(_) => {
                byte.is_ascii_alphanumeric() || b"!\"%&'()*+,-./:;<=>?_".contains(&byte)
            }
            YTo(_) => byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"#-/".contains(&byte),
            ZTo(_) => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
