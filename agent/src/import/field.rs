//! Reading one value of a row; a refusal is noted in the row, with its column and the reason.

use super::table::{Refused, Row};
use std::fmt::Display;

/// The most characters of a value that is parsed: a hundred barcodes. What is longer is a mistake,
/// and a reason that repeats it would not be read.
const MOST_PARSED: usize = 2_000;

impl Row {
    /// A text of 1 to `most` characters.
    pub(crate) fn text(&mut self, column: &'static str, most: usize) -> Result<String, Refused> {
        match self.optional_text(column, most)? {
            text if text.is_empty() => Err(self.refuse(column, "is missing")),
            text => Ok(text),
        }
    }

    /// A text of at most `most` characters; empty when there is none.
    pub(crate) fn optional_text(
        &mut self,
        column: &'static str,
        most: usize,
    ) -> Result<String, Refused> {
        self.check_text(column, most, |letter| letter.is_control())
    }

    /// The same, in which lines may be broken.
    pub(crate) fn optional_lines(
        &mut self,
        column: &'static str,
        most: usize,
    ) -> Result<String, Refused> {
        self.check_text(column, most, |letter| letter.is_control() && letter != '\n')
            .map(|text| text.trim_end().to_owned())
    }

    fn check_text(
        &mut self,
        column: &'static str,
        most: usize,
        forbidden: impl Fn(char) -> bool,
    ) -> Result<String, Refused> {
        let text = self.get(column);
        let checked = check(text, most, forbidden).map(|()| text.to_owned());
        checked.map_err(|reason| self.refuse(column, reason))
    }

    /// A required value, read by `parse`, whose error is the reason.
    pub(crate) fn value<T, E: Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Refused> {
        match self.optional(column, parse)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(column, "is missing")),
        }
    }

    /// An optional value, read by `parse`.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refused> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        // Codes in a cell may stand on lines of their own.
        let forbidden = |letter: char| letter.is_control() && !letter.is_whitespace();
        let value = check(text, MOST_PARSED, forbidden)
            .and_then(|()| parse(text).map_err(|reason| reason.to_string()));
        value.map(Some).map_err(|reason| self.refuse(column, reason))
    }

    /// `yes` or `no`.
    pub(crate) fn yes_no(&mut self, column: &'static str) -> Result<bool, Refused> {
        self.value(column, |text| match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(format!("`{text}` is neither yes nor no")),
        })
    }

    /// A whole number from 0 on.
    pub(crate) fn number(&mut self, column: &'static str) -> Result<i64, Refused> {
        self.value(column, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = if digits { text.parse().ok() } else { None };
            number.ok_or_else(|| format!("`{text}` is not a whole number from 0 on"))
        })
    }

    /// One of a closed set of names.
    pub(crate) fn one_of<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        names: &str,
    ) -> Result<T, Refused> {
        self.value(column, |text| parse(text).ok_or_else(|| format!("`{text}` is none of {names}")))
    }
}

/// Whether a text may be taken, and shown in a reason.
fn check(text: &str, most: usize, forbidden: impl Fn(char) -> bool) -> Result<(), String> {
    // A control character on a receipt is a command to the printer, and on a screen to that.
    if let Some(letter) = text.chars().find(|letter| forbidden(*letter)) {
        return Err(format!("holds the control character {:#04x}", u32::from(letter)));
    }
    match text.chars().count() {
        count if count > most => Err(format!("has {count} characters, at most {most} fit")),
        _ => Ok(()),
    }
}

/// Digits only, of a length within `lengths`.
pub(crate) fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<&str, String> {
    if lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(format!("`{text}` is not {} to {} digits", lengths.start(), lengths.end()))
    }
}
