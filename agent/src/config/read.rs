//! From the settings as written to their types, through serde, naming every problem.
//!
//! serde stops at the first problem; the value at fault is then passed over and the rest read
//! again, until nothing more is found. Called by [`super::Config::load`].

use serde::Deserialize;

use super::Config;
use super::de::{Fault, What};
use super::finding::{Finding, MAX_FINDINGS, Place};
use super::schema;
use super::tree::{Entry, Kind, Node, Origin, Tree, variable};

/// Reads the tree and adds what is wrong to `findings`. `None` only with a finding.
pub(super) fn read(tree: &mut Tree, findings: &mut Vec<Finding>) -> Option<Config> {
    while findings.len() < MAX_FINDINGS {
        let fault = match Config::deserialize(&tree.root) {
            Ok(config) => return Some(config),
            Err(fault) => fault,
        };
        findings.extend(explain(tree, &fault));
        if !fault.culprit.is_some_and(|id| spoil(&mut tree.root, id)) {
            return None;
        }
    }
    None
}

/// A node found wrong is passed over from then on. Whether it was found.
fn spoil(node: &mut Node, id: usize) -> bool {
    if node.id == id {
        // The root has no place left to pass on to.
        return id != 0 && !std::mem::replace(&mut node.spoiled, true);
    }
    match &mut node.kind {
        Kind::List(nodes) => nodes.iter_mut().any(|node| spoil(node, id)),
        Kind::Table(entries) => entries.iter_mut().any(|entry| spoil(&mut entry.value, id)),
        _ => false,
    }
}

/// The way to a node: the entries and list places passed, and the node.
struct Found<'t> {
    path: String,
    entry: Option<&'t Entry>,
    node: &'t Node,
}

fn find<'t>(node: &'t Node, path: &str, id: usize) -> Option<Found<'t>> {
    if node.id == id {
        return Some(Found { path: path.to_owned(), entry: None, node });
    }
    match &node.kind {
        Kind::List(nodes) => nodes
            .iter()
            .enumerate()
            .find_map(|(at, node)| find(node, &format!("{path} {}", at + 1), id)),
        Kind::Table(entries) => entries.iter().find_map(|entry| {
            let path = match path {
                "" => entry.name.clone(),
                path if path.contains(' ') => format!("{path}, {}", entry.name),
                path => format!("{path}.{}", entry.name),
            };
            let mut found = find(&entry.value, &path, id)?;
            if found.node.id == entry.value.id {
                found.entry = Some(entry);
            }
            Some(found)
        }),
        _ => None,
    }
}

fn explain(tree: &Tree, fault: &Fault) -> Vec<Finding> {
    let Some(found) = fault.culprit.and_then(|id| find(&tree.root, "", id)) else {
        return vec![Finding {
            place: Place::BuiltIn,
            key: String::new(),
            message: format!("{fault}: this is a fault of the till, report it"),
        }];
    };
    let finding = |origin: &Origin, key: String, message: String| Finding {
        place: tree.place(origin),
        key,
        message,
    };
    match &fault.what {
        What::Wrong(message) => {
            vec![finding(&found.node.origin, found.path, message.clone())]
        }
        What::UnknownKey(known) => {
            let written = found.entry.map(|entry| (&entry.origin, entry.name.as_str()));
            let (origin, name) = written.unwrap_or((&found.node.origin, &found.path));
            let message = unknown(origin, name, &found.path, known);
            vec![finding(origin, found.path, message)]
        }
        What::MissingKey => {
            let Kind::Table(entries) = &found.node.kind else {
                return Vec::new();
            };
            let section = found.path.split(' ').next().unwrap_or_default();
            schema::required(section)
                .into_iter()
                .filter(|name| entries.iter().all(|entry| entry.name != *name))
                .map(|name| {
                    let message = format!("`{name}` is missing: add a line {name} = …");
                    finding(&found.node.origin, found.path.clone(), message)
                })
                .collect()
        }
    }
}

/// The nearest known name, or where else the key belongs, or all known names.
fn unknown(origin: &Origin, name: &str, path: &str, known: &[&str]) -> String {
    let spell = |key: &str| match (origin, path.split_once('.')) {
        (Origin::Environment(_), Some((section, _))) => variable(section, key),
        (Origin::Environment(_), None) => key.to_ascii_uppercase(),
        (Origin::File(_), _) => key.to_owned(),
    };
    let nearest = known
        .iter()
        .map(|key| (strsim::osa_distance(name, key), *key))
        .filter(|(distance, key)| *distance <= (key.len() / 3).max(1))
        .min();
    if let Some((_, nearest)) = nearest {
        return format!("there is no `{name}` here: did you mean `{}`?", spell(nearest));
    }
    let elsewhere: Vec<_> = schema::keys()
        .into_iter()
        .filter(|(_, key)| key == name)
        .map(|(section, _)| format!("[{section}]"))
        .collect();
    if elsewhere.is_empty() {
        format!("there is no `{name}` here: take it out, known are {}", known.join(", "))
    } else {
        format!("there is no `{name}` here: it belongs to {}", elsewhere.join(" or "))
    }
}
