//! `till link`: how this till stands to the shop's other tills and to the hub.

use crate::config::Config;
use crate::http::{LinkShown, OwedShown};
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
            println!("{}", serde_json::to_string_pretty(&shown)?);
            return Ok(());
        }
        print!("{}", in_words(&shown));
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
        text.push_str(&match line.unsent {
            0 => "  has everything\n".to_owned(),
            1 => "  lacks 1 entry\n".to_owned(),
            lacks => format!("  lacks {lacks} entries\n"),
        });
        if let Some(owed) = &line.owed {
            text.push_str(&owed_in_words(owed));
        }
    }
    text
}

fn owed_in_words(owed: &OwedShown) -> String {
    let OwedShown { entries, receipts, amount, oldest } = owed;
    let since = oldest.as_ref().map(|oldest| format!(", the oldest of {oldest}"));
    format!(
        "      not there yet: {entries} journal entries with {receipts} receipts over {amount}{}\n",
        since.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::LineShown;
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
        let hub = LineShown {
            to: "hub".into(),
            owed: serde_json::from_value(owed).unwrap(),
            ..line(false, "it does not answer", 4)
        };
        for (shown, expected) in [
            (
                shown(None, None, vec![]),
                "This till is not enrolled.\nIt works on its own: neither another till nor a hub is configured.\n",
            ),
            (
                shown(Some("a-1"), Some("the port is taken"), vec![]),
                "This till is a-1.\nIn trouble: the port is taken\n",
            ),
            (
                shown(Some("a-1"), None, vec![line(true, "", 0), line(false, "no route", 12)]),
                "This till is a-1.\n\
                 up    HH01/hh01-till-2  since 2026-11-22T10:00:00+01:00  has everything\n\
                 down  HH01/hh01-till-2  since 2026-11-22T10:00:00+01:00  (no route)  lacks 12 entries\n",
            ),
            (
                shown(Some("a-1"), None, vec![hub]),
                "This till is a-1.\n\
                 down  hub  since 2026-11-22T10:00:00+01:00  (it does not answer)  lacks 4 entries\n      \
                 not there yet: 4 journal entries with 2 receipts over 12.50 EUR, the oldest of \
                 yesterday\n",
            ),
        ] {
            assert_eq!(in_words(&shown), expected);
        }
    }
}
