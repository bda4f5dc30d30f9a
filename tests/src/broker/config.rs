//! mosquitto's configuration and rules, as they are generated for a chain.

use super::chain::{Chain, HUB};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// What a test wants of its broker.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Tills that have rules: store and thing.
    pub tills: Vec<(&'static str, &'static str)>,
    /// Whether sessions and queues outlive a restart.
    pub persistence: bool,
    /// Further authorities whose certificates are taken, PEM.
    pub authorities: Vec<String>,
    /// Further lines of configuration; a later one wins.
    pub lines: Vec<&'static str>,
}

/// Writes configuration, rules and certificates into a folder.
pub(super) fn write(folder: &Path, chain: &Chain, settings: &Settings) -> io::Result<()> {
    let broker = chain.broker();
    let roots = [&[chain.roots().to_owned()], settings.authorities.as_slice()].concat();
    fs::write(folder.join("roots.pem"), roots.join("\n"))?;
    fs::write(folder.join("chain.pem"), broker.chain)?;
    fs::write(folder.join("key.pem"), broker.key)?;
    write_rules(folder, chain, &settings.tills)
}

/// Writes the rules anew; they hold from the next start on.
pub(super) fn write_rules(folder: &Path, chain: &Chain, tills: &[(&str, &str)]) -> io::Result<()> {
    fs::write(folder.join("rules"), rules(&chain.name, tills))
}

/// The configuration for a port. Its limits are those that IoT Core grants.
pub(super) fn write_for_port(folder: &Path, settings: &Settings, port: u16) -> io::Result<()> {
    let at = folder.display();
    let mut text = format!(
        "listener {port} 127.0.0.1\n\
         cafile {at}/roots.pem\n\
         certfile {at}/chain.pem\n\
         keyfile {at}/key.pem\n\
         require_certificate true\n\
         use_identity_as_username true\n\
         allow_anonymous false\n\
         acl_file {at}/rules\n\
         max_packet_size 149504\n\
         max_inflight_messages 100\n\
         persistence {}\n\
         persistence_location {at}/\n\
         log_dest stderr\n\
         log_type all\n\
         user root\n",
        settings.persistence
    );
    for line in &settings.lines {
        text.push_str(line);
        text.push('\n');
    }
    fs::write(folder.join("mosquitto.conf"), text)
}

/// Each till its own topics, everyone the hub's, and the hub all of them.
fn rules(chain: &str, tills: &[(&str, &str)]) -> String {
    let root = format!("till/1/{chain}");
    let mut rules = format!(
        "user {HUB}\n\
         topic read {root}/+/+/up\n\
         topic write {root}/+/+/down\n\
         topic write {root}/hub/#\n"
    );
    for (store, thing) in tills {
        let _ = write!(
            rules,
            "user {thing}\n\
             topic write {root}/{store}/{thing}/up\n\
             topic read {root}/{store}/{thing}/down\n\
             topic read {root}/hub/#\n"
        );
    }
    rules
}
