//! Ctrl-C, a closed terminal, a stop from outside: whoever is logged in is logged out first, so that
//! the scanner counts for nobody who has gone.

use super::client::Client;
use super::screen::show_typing;
use std::thread;
use tokio::signal::unix::{SignalKind, signal};

/// What a shell reports of a command that was ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Logs out and ends the process when it is told to go. Without this it would end all the same, and
/// the log-in by itself later.
pub(super) fn log_out_when_told_to_go(client: Client) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    thread::spawn(move || {
        if runtime.block_on(told_to_go()).is_ok() {
            show_typing();
            client.log_out();
            std::process::exit(INTERRUPTED);
        }
    });
}

async fn told_to_go() -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
