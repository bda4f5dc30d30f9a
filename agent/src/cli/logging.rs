//! Logs: for people on a terminal, as JSON otherwise.

use super::out;
use crate::config::{Log, LogFormat, TextValue as _};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Sends `tracing`'s events to standard error in the configured form.
pub(super) fn start(log: &Log) {
    let filter = EnvFilter::new(log.level.show());
    let human = match log.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if human {
        logs.with_target(false).try_init()
    } else {
        logs.json().with_current_span(false).try_init()
    };
    if let Err(error) = started {
        out::complain(format_args!("till: logs cannot be started: {error}"));
    }
}
