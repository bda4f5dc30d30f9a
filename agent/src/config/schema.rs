//! The JSON schema of the configuration, generated from its types, and what is looked up in it.
//!
//! `config/agent.schema.json` is its committed form, for editors. After a change to a key:
//! `UPDATE_SCHEMA=1 cargo test -p agent config::schema`.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Config;

/// The schema, with nothing shared between its sections.
#[must_use]
pub fn schema() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value()
}

/// Every section's name and schema; that of one section for the sections that stand often.
fn sections(schema: &Value) -> Vec<(&String, &Value)> {
    let sections = schema.get("properties").and_then(Value::as_object);
    sections
        .into_iter()
        .flatten()
        .map(|(name, section)| (name, section.get("items").unwrap_or(section)))
        .collect()
}

/// Every section and key, by name.
pub(super) fn keys() -> Vec<(String, String)> {
    let schema = schema();
    let mut keys = Vec::new();
    for (name, section) in sections(&schema) {
        let properties = section.get("properties").and_then(Value::as_object);
        keys.extend(properties.into_iter().flatten().map(|(key, _)| (name.clone(), key.clone())));
    }
    keys
}

/// The keys that a section has to have.
pub(super) fn required(section: &str) -> Vec<String> {
    let schema = schema();
    sections(&schema)
        .into_iter()
        .filter(|(name, _)| *name == section)
        .filter_map(|(_, section)| section.get("required")?.as_array())
        .flatten()
        .filter_map(|key| key.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/agent.schema.json");

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let generated = format!("{:#}\n", schema());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(COMMITTED, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
        assert!(
            committed == generated,
            "run UPDATE_SCHEMA=1 cargo test -p agent config::schema and commit the file"
        );
    }

    #[test]
    fn required_keys_are_those_without_default() {
        for (section, expected) in [
            ("till", &[][..]),
            ("scanner", &["name", "endpoint"]),
            ("printer", &["endpoint"]),
            ("terminal", &["endpoint"]),
            ("link", &["listen"]),
            ("sibling", &["thing", "address"]),
            ("hub", &["host"]),
            ("nothing", &[]),
        ] {
            assert_eq!(required(section), expected, "{section}");
        }
        for (section, key) in keys() {
            let schema = schema();
            let (_, of) =
                sections(&schema).into_iter().find(|(name, _)| **name == section).unwrap();
            let has_default = of["properties"][&key].get("default").is_some();
            assert_ne!(has_default, required(&section).contains(&key), "{section}.{key}");
        }
    }
}
