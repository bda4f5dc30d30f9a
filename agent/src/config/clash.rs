//! What is wrong between keys that are right by themselves. Called by [`super::Config::load`].

use std::collections::BTreeMap;

use drivers::endpoint::Endpoint;

use super::finding::Finding;
use super::sections::Config;
use super::tree::{Entry, Kind, Node, Tree};

/// The most scanners of one till; a counter has two.
pub const MAX_SCANNERS: usize = 16;

/// The most other tills of a shop that one is linked with.
pub const MAX_SIBLINGS: usize = 64;

/// A device's section as it was written.
struct Device<'t> {
    label: String,
    node: &'t Node,
}

/// Names and endpoints that two devices share, and scanners beyond [`MAX_SCANNERS`].
pub(super) fn between_devices(tree: &Tree) -> Vec<Finding> {
    let devices = devices(tree);
    let mut findings = beyond(tree, &devices, "scanner ", MAX_SCANNERS, "scanners");
    findings.extend(shared(
        tree,
        &devices,
        "name",
        "has this name too: give each its own",
        |name| Some(name.to_owned()),
    ));
    findings.extend(shared(
        tree,
        &devices,
        "endpoint",
        "is at this address too, and only one of them would be served: correct one",
        claim,
    ));
    findings
}

/// Other tills of the shop that share a name or an address, and those beyond [`MAX_SIBLINGS`].
pub(super) fn between_siblings(tree: &Tree) -> Vec<Finding> {
    let siblings = lists(tree, "sibling");
    let mut findings = beyond(tree, &siblings, "sibling ", MAX_SIBLINGS, "siblings");
    for key in ["thing", "address"] {
        let trouble = "has this too: give each till its own";
        findings.extend(shared(tree, &siblings, key, trouble, |text| Some(text.to_owned())));
    }
    findings
}

/// The sections of a list beyond the most there may be.
fn beyond(
    tree: &Tree,
    sections: &[Device<'_>],
    label: &str,
    most: usize,
    what: &str,
) -> Vec<Finding> {
    let listed = sections.iter().filter(|section| section.label.starts_with(label));
    let finding = |section: &Device<'_>| Finding {
        place: tree.place(&section.node.origin),
        key: section.label.clone(),
        message: format!("a till has at most {most} {what}: take it out"),
    };
    listed.skip(most).map(finding).collect()
}

/// The sections of a list, numbered from 1.
fn lists<'t>(tree: &'t Tree, name: &str) -> Vec<Device<'t>> {
    let Kind::Table(sections) = &tree.root.kind else {
        return Vec::new();
    };
    let listed = sections.iter().find(|section| section.name == name);
    match listed.map(|section| &section.value.kind) {
        Some(Kind::List(nodes)) => (1..)
            .zip(nodes)
            .map(|(at, node)| Device { label: format!("{name} {at}"), node })
            .collect(),
        _ => Vec::new(),
    }
}

fn devices(tree: &Tree) -> Vec<Device<'_>> {
    let Kind::Table(sections) = &tree.root.kind else {
        return Vec::new();
    };
    sections
        .iter()
        .flat_map(|section| match section.name.as_str() {
            "scanner" => lists(tree, "scanner"),
            name @ ("printer" | "terminal") => {
                vec![Device { label: name.to_owned(), node: &section.value }]
            }
            _ => Vec::new(),
        })
        .collect()
}

/// Each device whose `key` claims what an earlier one's does.
fn shared(
    tree: &Tree,
    devices: &[Device<'_>],
    key: &str,
    trouble: &str,
    claim: impl Fn(&str) -> Option<String>,
) -> Vec<Finding> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for device in devices {
        let Some((node, text)) = text_of(device.node, key) else {
            continue;
        };
        let Some(claim) = claim(text) else {
            continue;
        };
        if let Some(earlier) = first.get(&claim) {
            findings.push(Finding {
                place: tree.place(&node.origin),
                key: format!("{}, {key}", device.label),
                message: format!("{earlier} {trouble}"),
            });
        } else {
            first.insert(claim, &device.label);
        }
    }
    findings
}

fn text_of<'t>(device: &'t Node, key: &str) -> Option<(&'t Node, &'t str)> {
    let node = value_of(device, key)?;
    match &node.kind {
        Kind::Text(text) | Kind::Variable(text) => Some((node, text)),
        _ => None,
    }
}

fn value_of<'t>(table: &'t Node, key: &str) -> Option<&'t Node> {
    let Kind::Table(entries) = &table.kind else {
        return None;
    };
    let entry: Option<&Entry> = entries.iter().find(|entry| entry.name == key);
    entry.map(|entry| &entry.value)
}

/// What only one device can have: a serial port whatever its settings, a host's port, a port of
/// our own at whatever address. Port 0 is a new one each time.
fn claim(endpoint: &str) -> Option<String> {
    match endpoint.parse().ok()? {
        Endpoint::Tcp { host, port } => Some(format!("tcp {host} {port}")),
        Endpoint::Listen { port: 0, .. } => None,
        Endpoint::Listen { port, .. } => Some(format!("listen {port}")),
        Endpoint::Serial(serial) => Some(format!("serial {}", serial.path.display())),
    }
}

/// Waits of the card terminal that contradict each other.
pub(super) fn between_waits(tree: &Tree, config: &Config) -> Option<Finding> {
    let terminal = config.terminal.as_ref()?;
    let (order, silence) = (terminal.order_seconds.get(), terminal.silence_seconds.get());
    if order >= silence {
        return None;
    }
    let section = value_of(&tree.root, "terminal")?;
    let node =
        value_of(section, "order_seconds").or_else(|| value_of(section, "silence_seconds"))?;
    Some(Finding {
        place: tree.place(&node.origin),
        key: "terminal.order_seconds".to_owned(),
        message: format!(
            "{order} seconds for a whole payment are less than the {silence} of silence_seconds: \
             write at least {silence}, or lower silence_seconds"
        ),
    })
}
