//! Who may import whom, and what only one place may name. The map is in ARCHITECTURE.md; this
//! holds the tree to it, so that a shortcut fails here and not in review.
//!
//! Edges come from `cargo metadata`. Names are found by reading sources line by line: comments
//! and whatever follows `#[cfg(test)]` are left out.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate with those it may depend on.
const EDGES: [(&str, &[&str]); 5] = [
    ("commerce", &[]),
    ("sync", &["commerce"]),
    ("drivers", &["commerce"]),
    ("agent", &["commerce", "sync", "drivers"]),
    ("tests", &["commerce", "sync", "drivers", "agent"]),
];

/// Names that only some places may use.
struct Rule {
    /// In words, for whoever breaks it.
    says: &'static str,
    /// Where it holds, below the workspace.
    within: &'static str,
    /// Files and folders inside of that where the names are allowed.
    but: &'static [&'static str],
    /// What the names look like: each one forbids a line that holds it.
    names: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        says: "inside agent only store/ names rusqlite",
        within: "agent/src",
        // The receipt's layout takes a reader's connection by its type, and does no more with it.
        but: &["agent/src/store"],
        names: &["rusqlite"],
    },
    Rule {
        says: "inside agent only http/ names axum",
        within: "agent/src",
        but: &["agent/src/http"],
        names: &["axum"],
    },
    Rule {
        says: "inside sync only store/ names rusqlite",
        within: "sync/src",
        but: &["sync/src/store"],
        names: &["rusqlite"],
    },
    Rule {
        says: "commerce has no I/O, no clock and no serde",
        within: "commerce/src",
        but: &[],
        names: &[
            "std::fs",
            "std::io",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "SystemTime",
            "Instant::",
            "::now()",
            "serde",
            "tokio",
        ],
    },
    Rule {
        says: "inside sync only link/ knows clock, runtime and network",
        within: "sync/src",
        but: &["sync/src/link"],
        names: &["SystemTime", "Instant::", "::now()", "tokio", "rumqttc", "rustls", "std::net"],
    },
    Rule {
        says: "sync and the till loop know neither clock nor runtime",
        within: "agent/src/till",
        but: &[],
        names: &["SystemTime", "Instant::", "::now()", "tokio"],
    },
    Rule {
        says: "the store knows neither clock nor runtime",
        within: "agent/src/store",
        but: &[],
        names: &["SystemTime", "Instant::", "::now()", "tokio"],
    },
    Rule {
        says: "drivers report outcomes: never SQL, never sync",
        within: "drivers/src",
        but: &[],
        names: &["rusqlite", "sync::log", "sync::store"],
    },
    Rule {
        says: "the wall clock is read in agent/src/home only; the time is passed in",
        within: "agent/src",
        // An emulated terminal shows a clock of its own.
        but: &["agent/src/home", "agent/src/home.rs"],
        names: &["Timestamp::now", "Zoned::now", "SystemTime::now"],
    },
    Rule {
        says: "the wall clock is read in agent/src/home only; the time is passed in",
        within: "drivers/src",
        but: &[],
        names: &["Timestamp::now", "Zoned::now", "SystemTime::now"],
    },
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn crates_import_only_those_below_them() {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let members: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let known: BTreeSet<String> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, known, "a new crate needs its line in EDGES, and a place in the map");
    let mut edges = 0;
    for package in metadata.workspace_packages() {
        let (name, allowed) =
            EDGES.iter().find(|(name, _)| *name == package.name.as_str()).unwrap();
        for dependency in &package.dependencies {
            if !members.contains(&dependency.name) {
                continue;
            }
            edges += 1;
            let kind = match dependency.kind {
                DependencyKind::Development => "dev-dependency",
                DependencyKind::Build => "build-dependency",
                _ => "dependency",
            };
            assert!(
                allowed.contains(&dependency.name.as_str()),
                "{name} may not depend on {}: take the {kind} out of {}",
                dependency.name,
                package.manifest_path
            );
        }
    }
    println!("{} crates, {edges} edges between them, each allowed", members.len());
}

#[test]
fn names_stay_where_they_belong() {
    let (mut files, mut broken) = (0, Vec::new());
    for rule in RULES {
        let folder = workspace().join(rule.within);
        let sources = sources(&folder);
        assert!(!sources.is_empty(), "{} holds no sources: mend the rule", rule.within);
        let tests = test_only(&sources);
        for path in &sources {
            let allowed = rule.but.iter().any(|but| path.starts_with(workspace().join(but)));
            if !allowed && !tests.contains(path) {
                files += 1;
                broken.extend(breaches(rule, path, &fs::read_to_string(path).unwrap()));
            }
        }
    }
    println!("{} rules over {files} files", RULES.len());
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Lines of `text` that break `rule`.
fn breaches(rule: &Rule, path: &Path, text: &str) -> Vec<String> {
    let shown = path.strip_prefix(workspace()).unwrap_or(path).display();
    let code = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    // A module declared under cfg(test) at a file's head does not end the file's code.
    let code: Vec<_> =
        if ends_in_tests(text) { code.collect() } else { text.lines().enumerate().collect() };
    code.into_iter()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter_map(|(at, line)| {
            let name = rule.names.iter().find(|name| line.contains(**name))?;
            Some(format!("{shown}:{}: `{name}`, but {}: {}", at + 1, rule.says, line.trim()))
        })
        .collect()
}

/// Whether the last `#[cfg(test)]` of a file begins a module with a body.
fn ends_in_tests(text: &str) -> bool {
    text.split("#[cfg(test)]").nth(1).is_some_and(|after| {
        after.trim_start().lines().next().is_some_and(|line| line.ends_with('{'))
    })
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Files that are compiled for tests only: modules declared under `#[cfg(test)]`, with all below.
fn test_only(sources: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut roots = Vec::new();
    for path in sources {
        let text = fs::read_to_string(path).unwrap();
        for declared in text.split("#[cfg(test)]").skip(1) {
            roots.extend(module_files(path, declared));
        }
    }
    sources.iter().filter(|path| roots.iter().any(|root| path.starts_with(root))).cloned().collect()
}

/// Where the module that `declared` begins with lies: its file and its folder.
fn module_files(path: &Path, declared: &str) -> Vec<PathBuf> {
    let mut lines = declared.trim_start().lines();
    let Some(mut line) = lines.next() else { return Vec::new() };
    let folder = path.parent().unwrap();
    if let Some(named) = line.strip_prefix("#[path = \"").and_then(|rest| rest.split('"').next()) {
        return vec![folder.join(named)];
    }
    if line.starts_with("#[") {
        line = lines.next().unwrap_or_default();
    }
    let line = line.trim_start_matches("pub(super) ").trim_start_matches("pub(crate) ");
    let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
        return Vec::new();
    };
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap();
    let inside = match stem {
        "mod" | "lib" | "main" => folder.to_owned(),
        stem => folder.join(stem),
    };
    vec![inside.join(name), inside.join(format!("{name}.rs"))]
}

#[test]
fn a_breach_is_named_by_file_line_and_rule() {
    let rule = &RULES[0];
    let text = "//! rusqlite in words.\nuse rusqlite::Connection;\n\n#[cfg(test)]\nmod tests {\n    use rusqlite::Row;\n}\n";
    let path = workspace().join("agent/src/till/mod.rs");
    assert_eq!(
        breaches(rule, &path, text),
        [
            "agent/src/till/mod.rs:2: `rusqlite`, but inside agent only store/ names rusqlite: use rusqlite::Connection;"
        ]
    );
    let early = "#[cfg(test)]\nmod tests;\nuse rusqlite::Connection;\n";
    assert_eq!(breaches(rule, &path, early).len(), 1);
    assert_eq!(
        module_files(&path, "\nmod tests;\n"),
        ["agent/src/till/tests", "agent/src/till/tests.rs"].map(|at| workspace().join(at))
    );
}
