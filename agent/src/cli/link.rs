//! `till link`: how this till stands to the shop's other tills and to the hub.

use super::out;
use crate::config::Config;
use crate::http::{LineShown, LinkShown, OwedShown};
use crate::plural::counted;
use anyhow::Context as _;
use clap::Subcommand;
use std::time::Duration;

/// How long the running till is waited for; it is on this machine.
const ANSWER: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes: a line takes some hundred.
const MAX_ANSWER: u64 = 256 * 1024;

/// How this till stands to the shop's other tills and to the hub.
#[derive(Debug, Subcommand)]
pub(super) enum Link {
    /// Shows what the running till is linked with, since when, and what each of them lacks.
    Status {
        /// Prints the answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Link {
    pub fn run(&self, config: &Config) -> anyhow::Result<()> {
        let Self::Status { json } = self;
        let shown = ask(config)?;
        if *json {
            out::line(format_args!("{}", serde_json::to_string_pretty(&shown)?))?;
            return Ok(());
        }
        out::text(&in_words(&shown))?;
        Ok(())
    }
}

fn ask(config: &Config) -> anyhow::Result<LinkShown> {
    let address = config.http.socket_address();
    let client = ureq::Agent::config_builder().timeout_global(Some(ANSWER)).build().new_agent();
    let url = format!("http://{address}/api/v1/link");
    let mut response = client
        .get(url)
        .call()
        .with_context(|| format!("no till answers at {address}: is it running? (`till run`)"))?;
    let body = response.body_mut().with_config().limit(MAX_ANSWER);
    body.read_json().with_context(|| format!("{address} answers, but not as a till does"))
}

fn in_words(shown: &LinkShown) -> String {
    let mut text = match &shown.thing {
        Some(thing) => format!("This till is {thing}.\n"),
        None => "This till is not enrolled.\n".to_owned(),
    };
    if let Some(trouble) = &shown.trouble {
        text.push_str(&format!("In trouble: {trouble}\n"));
    } else if shown.lines.is_empty() {
        text.push_str("It works on its own: neither another till nor a hub is configured.\n");
    }
    for line in &shown.lines {
        let state = if line.up { "up  " } else { "down" };
        text.push_str(&format!("{state}  {}  since {}", line.to, line.since));
        if !line.why.is_empty() {
            text.push_str(&format!("  ({})", line.why));
        }
        if let Some(words) = lacks_in_words(line) {
            text.push_str(&format!("  {words}"));
        }
        text.push('\n');
        if let Some(owed) = &line.owed {
            text.push_str(&owed_in_words(owed));
        }
    }
    text
}

/// What the other side lacks, as far as it said. `None` where what it is owed says it better.
fn lacks_in_words(line: &LineShown) -> Option<String> {
    if line.owed.is_some() && line.unsent.is_none_or(|unsent| unsent == 0 || !line.up) {
        return None;
    }
    // A line that is down tells nothing of what was written since.
    Some(match (line.unsent, line.up) {
        (None, _) => "not known yet".to_owned(),
        (Some(0), true) => "has everything".to_owned(),
        (Some(0), false) => "had everything then".to_owned(),
        (Some(lacks), true) => format!("lacks {}", counted(lacks, "entry", "entries")),
        (Some(lacked), false) => format!("lacked {} then", counted(lacked, "entry", "entries")),
    })
}

fn owed_in_words(owed: &OwedShown) -> String {
    let OwedShown { entries, receipts, amount, oldest } = owed;
    let since = oldest.as_ref().map(|oldest| format!(", the oldest of {oldest}"));
    format!(
        "      not there yet: {} with {} over {amount}{}\n",
        counted(*entries, "journal entry", "journal entries"),
        counted(*receipts, "receipt", "receipts"),
        since.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(thing: Option<&str>, trouble: Option<&str>, lines: Vec<LineShown>) -> LinkShown {
        LinkShown { thing: thing.map(Into::into), trouble: trouble.map(Into::into), lines }
    }

    #[test]
    fn says_it_in_words() {
        let line = |up, why: &str, unsent| LineShown {
            to: "HH01/hh01-till-2".into(),
            up,
            since: "2026-11-22T10:00:00+01:00".into(),
            why: why.into(),
            unsent,
            owed: None,
        };
        let money = json!({ "minor": 1250, "currency": "EUR", "text": "12.50" });
        let owed = json!({ "entries": 4, "receipts": 2, "amount": money, "oldest": "yesterday" });
        let hub = |up, why: &str, unsent| LineShown {
            to: "hub".into(),
            owed: serde_json::from_value(owed.clone()).unwrap(),
            ..line(up, why, unsent)
        };
        let till = |line| shown(Some("a-1"), None, vec![line]);
        let since = "since 2026-11-22T10:00:00+01:00";
        let not_there = "      not there yet: 4 journal entries with 2 receipts over 12.50 EUR, the \
             oldest of yesterday\n";
        for (shown, expected) in [
            (
                shown(None, None, vec![]),
                "This till is not enrolled.\nIt works on its own: neither another till nor a hub \
                 is configured.\n"
                    .to_owned(),
            ),
            (
                shown(Some("a-1"), Some("the port is taken"), vec![]),
                "This till is a-1.\nIn trouble: the port is taken\n".to_owned(),
            ),
            (
                till(line(true, "", Some(0))),
                format!("This till is a-1.\nup    HH01/hh01-till-2  {since}  has everything\n"),
            ),
            (
                till(line(true, "", Some(1))),
                format!("This till is a-1.\nup    HH01/hh01-till-2  {since}  lacks 1 entry\n"),
            ),
            (
                till(line(true, "", None)),
                format!("This till is a-1.\nup    HH01/hh01-till-2  {since}  not known yet\n"),
            ),
            (
                till(line(false, "not reached yet", None)),
                format!(
                    "This till is a-1.\ndown  HH01/hh01-till-2  {since}  (not reached yet)  not \
                     known yet\n"
                ),
            ),
            (
                till(line(false, "no route", Some(12))),
                format!(
                    "This till is a-1.\ndown  HH01/hh01-till-2  {since}  (no route)  lacked 12 \
                     entries then\n"
                ),
            ),
            (
                till(line(false, "no route", Some(0))),
                format!(
                    "This till is a-1.\ndown  HH01/hh01-till-2  {since}  (no route)  had \
                     everything then\n"
                ),
            ),
            (
                till(hub(false, "it does not answer", None)),
                format!("This till is a-1.\ndown  hub  {since}  (it does not answer)\n{not_there}"),
            ),
            (
                till(hub(false, "it does not answer", Some(0))),
                format!("This till is a-1.\ndown  hub  {since}  (it does not answer)\n{not_there}"),
            ),
            (
                till(hub(true, "", None)),
                format!("This till is a-1.\nup    hub  {since}\n{not_there}"),
            ),
            (
                till(hub(true, "", Some(4))),
                format!("This till is a-1.\nup    hub  {since}  lacks 4 entries\n{not_there}"),
            ),
        ] {
            assert_eq!(in_words(&shown), expected);
        }
    }
}
