//! `till run`: one readable function that wires every part, runs, and drains.

use super::logging;
use super::out;
use crate::config::Config;
use crate::home::Home;
use crate::http;
use crate::runtime::Running;
use anyhow::Context as _;
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};

/// Threads for HTTP and devices; the till loop has one of its own.
const WORKERS: usize = 2;

/// Runs the till until it is told to stop.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    logging::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(serve(config))
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    // Before anything is opened, so that no signal finds the till half started.
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be handled")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be handled")?;
    let home = Home::at(&config.store.folder)?;
    let door = http::bind(&config.http).await?;
    let running = Running::start(config, &home)?;
    let board = running.around();
    let server = http::serve(running.till.clone(), board, door, &home).await?;
    let address = server.address();
    tracing::info!(%address, "the till is running");
    // A till sells whether or not this can be written.
    out::text(&greeting(address, server.setup_code())).ok();
    let asked = tokio::select! {
        _ = interrupt.recv() => true,
        _ = terminate.recv() => true,
        () = running.till.ended() => false,
    };
    tracing::info!("stopping");
    server.stop().await;
    running.stop().await;
    tracing::info!("stopped");
    // Whoever supervises the till starts it again; nothing that was answered is lost.
    anyhow::ensure!(asked, "the till loop ended by a mistake of its own: see the log");
    Ok(())
}

fn greeting(address: SocketAddr, setup_code: Option<&str>) -> String {
    let code = setup_code.map(|code| {
        format!("Nobody has a PIN yet. The code to set up the first administrator: {code}\n")
    });
    format!(
        "{}Till is running at http://{address}/ (API documentation: http://{address}/docs)\n\
         Ctrl-C stops it.\n",
        code.unwrap_or_default()
    )
}
