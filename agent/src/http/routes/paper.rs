//! Paper on a screen: the same document that the printer gets, as text or picture.

use super::super::problem::{Kind, Problem};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use drivers::printer::document::Document;
use drivers::printer::layout::lay_out;
use drivers::printer::profile::Profile;
use drivers::printer::{svg, text};

/// How paper is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Plain text.
    Text,
    /// A picture that scales.
    Svg,
    /// A picture in dots.
    Png,
}

/// What stands before the ending of a path, and the form that the ending asks for; JSON without.
pub(super) fn split(name: &str) -> (&str, Option<Form>) {
    for (ending, form) in [(".txt", Form::Text), (".svg", Form::Svg), (".png", Form::Png)] {
        if let Some(stem) = name.strip_suffix(ending) {
            return (stem, Some(form));
        }
    }
    (name, None)
}

/// A document as paper. Drawing takes milliseconds: call it where blocking is allowed.
pub(super) fn draw(document: &Document, form: Form) -> Result<Drawn, Problem> {
    let paper = lay_out(document, &Profile::ROLL_80);
    Ok(match form {
        Form::Text => {
            Drawn { kind: "text/plain; charset=utf-8", bytes: text::render(&paper).into_bytes() }
        }
        Form::Svg => Drawn { kind: "image/svg+xml", bytes: svg::render(&paper).into_bytes() },
        Form::Png => {
            let bytes = svg::png(&paper)
                .map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
            Drawn { kind: "image/png", bytes }
        }
    })
}

/// Drawn paper.
pub(super) struct Drawn {
    kind: &'static str,
    bytes: Vec<u8>,
}

impl IntoResponse for Drawn {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.kind)], self.bytes).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_the_form() {
        for (name, expected) in [
            ("HH01-1-1-000001", ("HH01-1-1-000001", None)),
            ("HH01-1-1-000001.txt", ("HH01-1-1-000001", Some(Form::Text))),
            ("7.svg", ("7", Some(Form::Svg))),
            ("7.png", ("7", Some(Form::Png))),
            ("7.pdf", ("7.pdf", None)),
        ] {
            assert_eq!(split(name), expected);
        }
    }
}
