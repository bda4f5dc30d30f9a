//! Reading one value of a row; a refusal names line, column and reason.

use super::error::BadRow;
use super::table::Row;
use std::fmt::Display;

impl Row {
    /// A refusal of this row for what stands in `column`.
    pub(super) fn refuse(&self, column: &'static str, reason: impl Display) -> BadRow {
        BadRow { line: self.line, column, reason: reason.to_string() }
    }

    /// A text of 1 to `most` characters.
    pub(super) fn text(&self, column: &'static str, most: usize) -> Result<String, BadRow> {
        match self.optional_text(column, most)? {
            text if text.is_empty() => Err(self.refuse(column, "is missing")),
            text => Ok(text),
        }
    }

    /// A text of at most `most` characters; empty when there is none.
    pub(super) fn optional_text(
        &self,
        column: &'static str,
        most: usize,
    ) -> Result<String, BadRow> {
        self.check_text(column, most, |letter| letter.is_control())
    }

    /// The same, in which lines may be broken.
    pub(super) fn optional_lines(
        &self,
        column: &'static str,
        most: usize,
    ) -> Result<String, BadRow> {
        self.check_text(column, most, |letter| letter.is_control() && letter != '\n')
            .map(|text| text.trim_end().to_owned())
    }

    fn check_text(
        &self,
        column: &'static str,
        most: usize,
        forbidden: impl Fn(char) -> bool,
    ) -> Result<String, BadRow> {
        let text = self.get(column);
        // A control character on a receipt is a command to the printer.
        if let Some(letter) = text.chars().find(|letter| forbidden(*letter)) {
            let code = u32::from(letter);
            return Err(self.refuse(column, format!("holds the control character {code:#04x}")));
        }
        match text.chars().count() {
            count if count > most => {
                Err(self.refuse(column, format!("has {count} characters, at most {most} fit")))
            }
            _ => Ok(text.to_owned()),
        }
    }

    /// A required value, read by `parse`, whose error is the reason.
    pub(super) fn value<T, E: Display>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, BadRow> {
        self.optional(column, parse)?.ok_or_else(|| self.refuse(column, "is missing"))
    }

    /// An optional value, read by `parse`.
    pub(super) fn optional<T, E: Display>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, BadRow> {
        match self.get(column) {
            "" => Ok(None),
            text => parse(text).map(Some).map_err(|reason| self.refuse(column, reason)),
        }
    }

    /// `yes` or `no`.
    pub(super) fn yes_no(&self, column: &'static str) -> Result<bool, BadRow> {
        self.value(column, |text| match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(format!("`{text}` is neither yes nor no")),
        })
    }

    /// One of a closed set of names.
    pub(super) fn one_of<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        names: &str,
    ) -> Result<T, BadRow> {
        self.value(column, |text| parse(text).ok_or_else(|| format!("`{text}` is none of {names}")))
    }
}

/// Digits only, of a length within `lengths`.
pub(super) fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<&str, String> {
    if lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(format!("`{text}` is not {} to {} digits", lengths.start(), lengths.end()))
    }
}
