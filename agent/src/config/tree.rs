//! The settings as they were written, each with its origin: the file's text, then the
//! environment's overrides on top. What they mean is [`super::read`]'s.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::finding::{Finding, Place};

/// What every override's name begins with; one of a setting has two underscores further on.
const PREFIX: &str = "TILL_";

/// All settings.
#[derive(Debug)]
pub(super) struct Tree {
    file: Option<PathBuf>,
    text: String,
    nodes: usize,
    pub root: Node,
}

/// Where a name or value was written.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// Bytes from the start of the file.
    File(usize),
    /// The variable's name.
    Environment(String),
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// No other node has it.
    pub id: usize,
    pub origin: Origin,
    pub kind: Kind,
    /// Found wrong; passed over from then on.
    pub spoiled: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Text of the file.
    Text(String),
    /// Text of the environment: a number, too, has to come as text.
    Variable(String),
    Integer(i64),
    /// A kind that no key has, in words.
    Other(&'static str),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub origin: Origin,
    pub value: Node,
}

impl Tree {
    /// Settings without a file.
    pub fn empty() -> Self {
        Self {
            file: None,
            text: String::new(),
            nodes: 1,
            root: Node {
                id: 0,
                origin: Origin::File(0),
                kind: Kind::Table(Vec::new()),
                spoiled: false,
            },
        }
    }

    /// The settings of `text`, the content of `file`.
    ///
    /// # Errors
    /// All places at which it is not TOML.
    pub fn parse(file: &Path, text: String) -> Result<Self, Vec<Finding>> {
        let mut tree = Self::empty();
        tree.file = Some(file.to_owned());
        let (table, errors) = DeTable::parse_recoverable(&text);
        tree.root.kind = tree.table(table.get_ref());
        let errors: Vec<_> = errors
            .iter()
            .map(|error| {
                let offset = error.span().map_or(0, |span| span.start);
                (Origin::File(offset), error.message().to_owned())
            })
            .collect();
        tree.text = text;
        if errors.is_empty() {
            return Ok(tree);
        }
        let finding = |(origin, message): (Origin, String)| Finding {
            place: tree.place(&origin),
            key: String::new(),
            message: format!(
                "{message}: write KEY = VALUE, each key once, text in double quotes, numbers bare"
            ),
        };
        Err(errors.into_iter().map(finding).collect())
    }

    fn table(&mut self, table: &DeTable<'_>) -> Kind {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| Entry {
                name: key.get_ref().to_string(),
                origin: Origin::File(key.span().start),
                value: self.node(value),
            })
            .collect();
        entries.sort_by_key(|entry| match entry.origin {
            Origin::File(offset) => offset,
            Origin::Environment(_) => usize::MAX,
        });
        Kind::Table(entries)
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Kind::Other("a number too large"), Kind::Integer),
            DeValue::Float(_) => Kind::Other("a decimal number"),
            DeValue::Boolean(_) => Kind::Other("true or false"),
            DeValue::Datetime(_) => Kind::Other("a date"),
            DeValue::Array(array) => Kind::List(array.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        let Range { start, .. } = value.span();
        self.fresh(Origin::File(start), kind)
    }

    fn fresh(&mut self, origin: Origin, kind: Kind) -> Node {
        let id = self.nodes;
        self.nodes += 1;
        Node { id, origin, kind, spoiled: false }
    }

    /// Lays the overrides over the settings; `known` are all keys of plain sections. Returns
    /// what is wrong with their names; what is wrong with a value shows when it is read.
    pub fn override_with(
        &mut self,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        known: &[(String, String)],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (variable, value) in env {
            let Some(variable) = variable.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if let Err(message) = self.override_one(variable, value, known) {
                findings.push(Finding {
                    place: Place::Environment(variable.to_owned()),
                    key: String::new(),
                    message,
                });
            }
        }
        findings
    }

    fn override_one(
        &mut self,
        variable: &str,
        value: OsString,
        known: &[(String, String)],
    ) -> Result<(), String> {
        let Some((section, key)) = split(variable) else {
            return not_meant(variable, known);
        };
        let value =
            value.into_string().map_err(|_| "it is not UTF-8: write it in UTF-8".to_owned())?;
        if matches!(section.as_str(), "scanner" | "sibling") {
            return Err(format!("{section}s stand in the file only: write a [[{section}]] there"));
        }
        let origin = Origin::Environment(variable.to_owned());
        let value = self.fresh(origin.clone(), Kind::Variable(value));
        let new = Entry { name: key, origin: origin.clone(), value };
        let empty = self.fresh(origin.clone(), Kind::Table(Vec::new()));
        let Kind::Table(sections) = &mut self.root.kind else {
            return Ok(());
        };
        let at = sections.iter().position(|entry| entry.name == section).unwrap_or_else(|| {
            sections.push(Entry { name: section, origin, value: empty });
            sections.len() - 1
        });
        // A section that is no table is found wrong by itself, in the file.
        if let Some(Kind::Table(entries)) = sections.get_mut(at).map(|entry| &mut entry.value.kind)
        {
            entries.retain(|entry| entry.name != new.name);
            entries.push(new);
        }
        Ok(())
    }

    /// Where `origin` is, for people.
    pub fn place(&self, origin: &Origin) -> Place {
        match (origin, &self.file) {
            (Origin::Environment(variable), _) => Place::Environment(variable.clone()),
            (Origin::File(offset), Some(file)) => {
                let before = self.text.get(..*offset).unwrap_or(&self.text);
                let start = before.rfind('\n').map_or(0, |newline| newline + 1);
                Place::Line {
                    file: file.clone(),
                    line: before.matches('\n').count() + 1,
                    column: before.get(start..).unwrap_or_default().chars().count() + 1,
                }
            }
            (Origin::File(_), None) => Place::BuiltIn,
        }
    }
}

/// `TILL_HTTP__PORT` as `http` and `port`.
fn split(variable: &str) -> Option<(String, String)> {
    let (section, key) = variable.strip_prefix(PREFIX)?.split_once("__")?;
    Some((section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// The name of the variable that overrides a key.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

/// Other variables may begin with the prefix, but one that lacks only an underscore is a slip.
fn not_meant(name: &str, known: &[(String, String)]) -> Result<(), String> {
    known
        .iter()
        .map(|(section, key)| variable(section, key))
        .find(|meant| meant.replacen("__", "_", 1) == name)
        .map_or(Ok(()), |meant| {
            Err(format!("it sets nothing, one underscore is missing: write {meant}"))
        })
}
