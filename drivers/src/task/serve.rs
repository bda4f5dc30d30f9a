//! Serving one connection: bytes, commands, deadlines and a stop, each as it comes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::{End, STOP_GRACE, Task, stopped};
use crate::health::Health;
use crate::machine::{Actions, DeviceState, Machine};
use crate::transport::BoxStream;

/// Bytes read at once.
const READ: usize = 4096;

/// Bytes a machine may have waiting to be sent. Machines send long jobs in chunks, so this much
/// is a fault of the machine.
const MAX_PENDING: usize = 1 << 20;

/// A device that takes no byte for this long is gone, whatever its connection says.
const WRITE_STALL: Duration = Duration::from_secs(60);

/// What happened next on the connection.
enum Next<C> {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Command(C),
    Deadline,
    Stalled,
    Superseded,
    Stop,
    Expired,
}

impl<M: Machine> Task<M> {
    /// Drives the machine over `stream` until the connection is lost or the task is stopped.
    pub(super) async fn serve(&mut self, stream: BoxStream) -> End {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut inbound = [0_u8; READ];
        let mut pending: Vec<u8> = Vec::new();
        let mut progress = Instant::now();
        let mut stop_by = None;
        let mut out = Actions::new();
        self.machine.connected(self.now(), &mut out);
        out.health.get_or_insert(DeviceState::Online);
        loop {
            if let Err(end) = self.carry_out(&mut out, &mut pending, &mut progress).await {
                return end;
            }
            if stop_by.is_some() && !self.machine.busy() && pending.is_empty() {
                writer.shutdown().await.ok();
                return End::Stopped;
            }
            let deadline = self.machine.deadline().map(|deadline| self.epoch + deadline);
            let stall = (!pending.is_empty()).then(|| progress + WRITE_STALL);
            let next = tokio::select! {
                read = reader.read(&mut inbound) => Next::Read(read),
                wrote = writer.write(&pending), if !pending.is_empty() => Next::Wrote(wrote),
                Some(command) = self.commands.recv(),
                    if stop_by.is_none() && self.machine.accepts() => Next::Command(command),
                () = at(deadline) => Next::Deadline,
                () = at(stall) => Next::Stalled,
                () = self.transport.superseded() => Next::Superseded,
                () = stopped(&mut self.stop), if stop_by.is_none() => Next::Stop,
                () = at(stop_by) => Next::Expired,
            };
            let now = self.now();
            match next {
                Next::Read(Ok(0)) => return lost("the device closed the connection"),
                Next::Read(Err(error)) | Next::Wrote(Err(error)) => {
                    return End::Lost(format!("the connection broke: {error}"));
                }
                Next::Read(Ok(length)) => {
                    self.machine.received(inbound.get(..length).unwrap_or_default(), now, &mut out);
                }
                Next::Wrote(Ok(length)) => {
                    progress = Instant::now();
                    pending.drain(..length.min(pending.len()));
                    if pending.is_empty() {
                        self.machine.drained(now, &mut out);
                    }
                }
                Next::Command(command) => self.machine.command(command, now, &mut out),
                Next::Deadline => self.machine.tick(now, &mut out),
                Next::Stalled => return lost("the device takes no more bytes"),
                Next::Superseded => return lost("the device opened a newer connection"),
                Next::Stop => stop_by = Some(Instant::now() + STOP_GRACE),
                Next::Expired => return End::Stopped,
            }
        }
    }

    async fn carry_out(
        &mut self,
        out: &mut Actions<M::Event>,
        pending: &mut Vec<u8>,
        progress: &mut Instant,
    ) -> Result<(), End> {
        let Actions { bytes, events, health, close } = std::mem::take(out);
        if let Some(state) = health {
            self.publish(state);
        }
        self.reporter.report(events).await?;
        if pending.is_empty() {
            *progress = Instant::now();
        }
        pending.extend(bytes);
        match close {
            Some(why) => Err(End::Lost(why)),
            None if pending.len() > MAX_PENDING => Err(lost("too many bytes wait to be sent")),
            None => Ok(()),
        }
    }

    fn publish(&self, state: DeviceState) {
        let new = match state {
            DeviceState::Online => Health::Online,
            DeviceState::Degraded(why) => Health::Degraded { why },
            DeviceState::Faulted(why) => Health::Faulted { why },
        };
        self.health.send_if_modified(|health| {
            let changed = *health != new;
            if changed {
                tracing::info!(device = %self.reporter.device, "{new}");
                *health = new;
            }
            changed
        });
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

fn lost(why: &str) -> End {
    End::Lost(why.to_owned())
}

/// Ends at `instant`; never, when there is none.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
