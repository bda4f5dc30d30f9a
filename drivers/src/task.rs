//! One supervised task a device: it connects, drives the device's [`Machine`], reports, and
//! connects again.
//!
//! The agent spawns one for each device and reads all their reports from one bounded channel.
//! A device that hangs, babbles or fails delays nobody but itself. While no connection stands,
//! commands are refused at once (nothing was sent), never kept for later: what must last is the
//! agent's store. Each connection has a generation; bytes of an older one can't reach the
//! machine, and a report says which one it came from.

mod serve;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::health::Health;
use crate::machine::{Actions, Machine};
use crate::transport::{BoxStream, Transport};

/// Commands that may wait for a busy device: more than a cashier can cause by hand.
const MAILBOX: usize = 32;

/// A connection attempt may take this long before commands that wait for it are refused.
const PATIENCE: Duration = Duration::from_secs(4);

/// A connection that lasted this long was good: the next failure starts from a short wait.
const STABLE: Duration = Duration::from_secs(10);

/// How long a clean stop waits for what is under way; then it gets its unknown outcome.
pub const STOP_GRACE: Duration = Duration::from_secs(5);

/// How one device's task behaves.
#[derive(Debug, Clone)]
pub struct TaskConfig {
    /// The device's name in reports and logs.
    pub name: Arc<str>,
    /// The first wait before connecting again.
    pub reconnect_first: Duration,
    /// The longest wait before connecting again.
    pub reconnect_longest: Duration,
    /// Fixes the jitter of the waits.
    pub seed: u64,
}

impl TaskConfig {
    /// The usual waits, 200 ms to 5 s.
    #[must_use]
    pub fn new(name: &str, seed: u64) -> Self {
        Self {
            name: name.into(),
            reconnect_first: Duration::from_millis(200),
            reconnect_longest: Duration::from_secs(5),
            seed,
        }
    }
}

/// An event with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<E> {
    /// The device's name.
    pub device: Arc<str>,
    /// Which of the device's connections it came from; the first is 1, 0 means none stood yet.
    pub generation: u64,
    /// What the device reported.
    pub event: E,
}

/// Why a command was not taken; it comes back inside.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError<C> {
    /// The device is busy and enough commands wait already.
    #[error("the device is busy and its mailbox is full: try again shortly")]
    Full(C),
    /// The task has ended.
    #[error("the device's task has ended")]
    Stopped(C),
}

/// The agent's hold on one device's task. Dropping it stops the task.
#[derive(Debug)]
pub struct Device<C> {
    mailbox: mpsc::Sender<C>,
    health: watch::Receiver<Health>,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
}

impl<C> Device<C> {
    /// Puts a command into the mailbox; its outcome comes as a report.
    ///
    /// # Errors
    /// [`SendError`] with the command, when the mailbox is full or the task has ended.
    pub fn send(&self, command: C) -> Result<(), SendError<C>> {
        self.mailbox.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(command) => SendError::Full(command),
            mpsc::error::TrySendError::Closed(command) => SendError::Stopped(command),
        })
    }

    /// The device's health as it changes.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Stops the task: no new commands, what is under way ends or, after [`STOP_GRACE`], gets its
    /// unknown outcome; then the connection is closed. Keep reading reports meanwhile.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The supervisor itself can't fail: a panic of the task is caught inside it.
        self.supervisor.await.ok();
    }
}

/// Starts the task that drives `machine` over `transport`; reports go to `events`.
pub fn spawn<M: Machine>(
    machine: M,
    transport: Box<dyn Transport>,
    config: TaskConfig,
    events: mpsc::Sender<Report<M::Event>>,
) -> Device<M::Command> {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let since = Instant::now();
    let (health, watched) =
        watch::channel(Health::Offline { why: "not yet connected".to_owned(), since });
    let (stop, stopping) = watch::channel(false);
    let TaskConfig { name, reconnect_first, reconnect_longest, seed } = config;
    let task = Task {
        machine,
        transport,
        commands,
        reporter: Reporter { device: name.clone(), generation: 0, events, stop: stopping.clone() },
        health: health.clone(),
        backoff: Backoff::new(reconnect_first, reconnect_longest, seed),
        stop: stopping,
        epoch: since,
    };
    let supervisor = tokio::spawn(async move {
        if tokio::spawn(task.run()).await.is_err() {
            tracing::error!(device = %name, "the device's task failed");
            let why = "the device's driver failed: restart the till and report it".to_owned();
            health.send_replace(Health::Faulted { why });
        }
    });
    Device { mailbox, health: watched, stop, supervisor }
}

/// How serving or waiting ended.
enum End {
    /// The connection is gone, for this reason.
    Lost(String),
    /// The agent stops the task, or no longer listens.
    Stopped,
}

struct Task<M: Machine> {
    machine: M,
    transport: Box<dyn Transport>,
    commands: mpsc::Receiver<M::Command>,
    reporter: Reporter<M::Event>,
    health: watch::Sender<Health>,
    backoff: Backoff,
    stop: watch::Receiver<bool>,
    epoch: Instant,
}

impl<M: Machine> Task<M> {
    async fn run(mut self) {
        let mut end = End::Lost("not yet connected".to_owned());
        while let End::Lost(_) = end {
            end = match self.connect().await {
                Ok(stream) => self.serve_one(stream).await,
                Err(End::Lost(why)) => self.pause(why).await,
                Err(End::Stopped) => End::Stopped,
            };
        }
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if self.refuse(command, "the till is stopping").await.is_err() {
                break;
            }
        }
        self.offline("stopped");
    }

    /// Waits for a connection; a command that waits too long with it is refused.
    async fn connect(&mut self) -> Result<BoxStream, End> {
        let patience = Instant::now() + PATIENCE;
        let Self { machine, transport, commands, reporter, stop, .. } = self;
        let mut opening = transport.connect();
        loop {
            tokio::select! {
                opened = &mut opening => return opened.map_err(|error| End::Lost(error.to_string())),
                () = stopped(stop) => return Err(End::Stopped),
                Some(command) = async {
                    tokio::time::sleep_until(patience).await;
                    commands.recv().await
                } => {
                    let mut out = Actions::new();
                    machine.refuse(command, "the device is not connected", &mut out);
                    reporter.report(out.events).await?;
                }
            }
        }
    }

    /// Serves one connection, settles what it left open, and waits a little if it was short.
    async fn serve_one(&mut self, stream: BoxStream) -> End {
        self.reporter.generation += 1;
        let began = Instant::now();
        let end = self.serve(stream).await;
        let why = match &end {
            End::Lost(why) => why.clone(),
            End::Stopped => "the till is stopping".to_owned(),
        };
        tracing::info!(device = %self.reporter.device, why, "disconnected");
        let mut out = Actions::new();
        self.machine.disconnected(&why, &mut out);
        if self.reporter.report(out.events).await.is_err() {
            return End::Stopped;
        }
        match end {
            End::Lost(why) => {
                if began.elapsed() >= STABLE {
                    self.backoff.reset();
                }
                self.pause(why).await
            }
            End::Stopped => End::Stopped,
        }
    }

    /// Waits before the next attempt and refuses what comes meanwhile.
    async fn pause(&mut self, why: String) -> End {
        self.offline(&why);
        let until = Instant::now() + self.backoff.wait();
        loop {
            let command = tokio::select! {
                () = tokio::time::sleep_until(until) => return End::Lost(why),
                () = stopped(&mut self.stop) => return End::Stopped,
                Some(command) = self.commands.recv() => command,
            };
            if self.refuse(command, &why).await.is_err() {
                return End::Stopped;
            }
        }
    }

    async fn refuse(&mut self, command: M::Command, why: &str) -> Result<(), End> {
        let mut out = Actions::new();
        self.machine.refuse(command, why, &mut out);
        self.reporter.report(out.events).await
    }

    /// Publishes that no connection stands; the instant of the first loss is kept.
    fn offline(&self, why: &str) {
        self.health.send_modify(|health| {
            let since = match health {
                Health::Offline { since, .. } => *since,
                _ => Instant::now(),
            };
            *health = Health::Offline { why: why.to_owned(), since };
        });
    }
}

/// Sends reports in order. A slow agent is waited for (nothing is lost), but not past a stop.
struct Reporter<E> {
    device: Arc<str>,
    generation: u64,
    events: mpsc::Sender<Report<E>>,
    stop: watch::Receiver<bool>,
}

impl<E> Reporter<E> {
    async fn report(&mut self, events: Vec<E>) -> Result<(), End> {
        for event in events {
            let report = Report { device: self.device.clone(), generation: self.generation, event };
            let too_late = async {
                stopped(&mut self.stop).await;
                tokio::time::sleep(STOP_GRACE).await;
            };
            tokio::select! {
                sent = self.events.send(report) => sent.map_err(|_| End::Stopped)?,
                () = too_late => return Err(End::Stopped),
            }
        }
        Ok(())
    }
}

/// Ends once a stop was asked for, or the [`Device`] was dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stop| *stop).await.ok();
}
