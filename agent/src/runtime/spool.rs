//! The spool's way to the printer: one job at a time, each outcome written down.
//!
//! A job is marked as sent before its first byte; see [`Till::next_job`](crate::till::Till). When
//! the printer cannot take it nothing was sent, so the job waits until the printer is back; what
//! may be on paper stays for a person to decide.

use super::devices::stopped;
use super::looper::{Loop, LoopError};
use crate::home::wall_clock;
use crate::receipt::{self, ReceiptError};
use crate::store::till::{Job, JobKind};
use crate::till::{Event, JobOutcome, Till};
use drivers::printer::driver::{
    DrawerOutcome, JobOutcome as Printed, MAX_JOB, PrinterCommand, PrinterEvent,
};
use drivers::printer::escpos;
use drivers::printer::profile::{DrawerPin, Profile};
use drivers::task::{Device, Report};
use jiff::Timestamp;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};

/// How often jobs that the printer refused are tried again, beside its coming back.
const TRY_AGAIN: Duration = Duration::from_secs(20);

pub(super) struct Spooler {
    pub till: Loop,
    pub device: Device<PrinterCommand>,
    pub profile: Profile,
    pub pin: DrawerPin,
}

impl Spooler {
    /// Sends job after job until told to stop; what is with the printer then gets its outcome.
    pub async fn run(
        self,
        wake: Arc<Notify>,
        mut inbox: mpsc::Receiver<Report<PrinterEvent>>,
        mut stop: watch::Receiver<bool>,
    ) {
        tokio::select! {
            () = self.work(&wake, &mut inbox) => {}
            () = stopped(&mut stop) => {}
        }
        let Self { till, device, .. } = self;
        let mut stopping = pin!(device.stop());
        loop {
            tokio::select! {
                biased;
                Some(Report { event, .. }) = inbox.recv() => {
                    if let Some((id, outcome)) = ended(event) {
                        till.report(Event::Job { id, outcome }).await;
                    }
                }
                () = &mut stopping => return,
            }
        }
    }

    async fn work(&self, wake: &Notify, inbox: &mut mpsc::Receiver<Report<PrinterEvent>>) {
        let mut health = self.device.health();
        loop {
            if health.borrow_and_update().is_usable() {
                match self.drain(inbox).await {
                    Ok(()) => {}
                    Err(LoopError::Stopped) => return,
                    Err(error) => tracing::error!(%error, "the spool cannot go on"),
                }
            }
            tokio::select! {
                () = wake.notified() => {}
                changed = health.changed() => if changed.is_err() { return },
                report = inbox.recv() => if report.is_none() { return },
                () = tokio::time::sleep(TRY_AGAIN) => {}
            }
        }
    }

    /// Sends what waits, until nothing does or the printer cannot take more.
    async fn drain(
        &self,
        inbox: &mut mpsc::Receiver<Report<PrinterEvent>>,
    ) -> Result<(), LoopError> {
        while self.device.health().borrow().is_usable() {
            let Some((id, command)) = self.next().await? else { return Ok(()) };
            let outcome = match command.map(|command| self.give(command)) {
                Ok(Ok(())) => self.outcome(id, inbox).await,
                Ok(Err(outcome)) => outcome,
                // It would fail each time and hold up the rest: a person looks.
                Err(error) => JobOutcome::Unknown { why: error.to_string() },
            };
            tracing::debug!(job = id, ?outcome, "printed");
            let stop = outcome != JobOutcome::Done;
            self.till.report(Event::Job { id, outcome }).await;
            if stop {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives a command to the printer's task, or says why not.
    fn give(&self, command: PrinterCommand) -> Result<(), JobOutcome> {
        match &command {
            // It would be refused each time and hold up the rest: a person looks.
            PrinterCommand::Print { bytes, .. } if bytes.len() > MAX_JOB => {
                Err(JobOutcome::Unknown { why: "the receipt is too long to print".to_owned() })
            }
            _ => self
                .device
                .send(command)
                .map_err(|error| JobOutcome::NotPrinted { why: error.to_string() }),
        }
    }

    /// The next job's number with the bytes it comes to.
    async fn next(&self) -> Result<Option<(u64, Result<PrinterCommand, ReceiptError>)>, LoopError> {
        let (profile, pin) = (self.profile.clone(), self.pin);
        let next = self.till.look(move |till| {
            let now = wall_clock();
            // Each job's word is waited for before the next is asked for.
            till.give_up_sent_jobs(now)?;
            let job = till.next_job(now)?;
            Ok(job.map(|job| (job.id, lay_out(till, &job, &profile, pin, now))))
        });
        next.await?.map_err(LoopError::Refused)
    }

    /// Waits for the word on one job. Every command is answered by the machine, a lost line too.
    async fn outcome(
        &self,
        id: u64,
        inbox: &mut mpsc::Receiver<Report<PrinterEvent>>,
    ) -> JobOutcome {
        while let Some(Report { event, .. }) = inbox.recv().await {
            match ended(event) {
                Some((job, outcome)) if job == id => return outcome,
                _ => {}
            }
        }
        JobOutcome::Unknown { why: "the till stopped while it was with the printer".to_owned() }
    }
}

/// Empties the spool of a till without a printer, at its start and whenever something comes: nothing
/// waits for a printer that is not there. Every receipt can be shown, and printed once there is one.
pub(super) async fn discard(till: Loop, wake: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    loop {
        let emptied = till.look(|till| till.empty_spool(wall_clock())).await;
        match emptied {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the spool cannot be emptied"),
            Err(LoopError::Stopped) => return,
            Err(error) => tracing::debug!(%error, "the spool is emptied later"),
        }
        tokio::select! {
            () = wake.notified() => {}
            () = stopped(&mut stop) => return,
        }
    }
}

/// Which job an event ends, and how.
fn ended(event: PrinterEvent) -> Option<(u64, JobOutcome)> {
    match event {
        PrinterEvent::Job { job_id, outcome } => Some((
            job_id,
            match outcome {
                Printed::Printed => JobOutcome::Done,
                Printed::NotPrinted { why } => JobOutcome::NotPrinted { why },
                Printed::Unknown { why } => JobOutcome::Unknown { why },
            },
        )),
        PrinterEvent::Drawer { act_id, outcome } => Some((
            act_id,
            match outcome {
                DrawerOutcome::Kicked => JobOutcome::Done,
                DrawerOutcome::NotKicked { why } => JobOutcome::NotPrinted { why },
                DrawerOutcome::Unknown { why } => JobOutcome::Unknown { why },
            },
        )),
        PrinterEvent::Status(_) | PrinterEvent::NoStatus { .. } => None,
    }
}

/// What a job asks of the printer; paper is laid out from the journal.
fn lay_out(
    till: &Till,
    job: &Job,
    profile: &Profile,
    pin: DrawerPin,
    now: Timestamp,
) -> Result<PrinterCommand, ReceiptError> {
    let (conn, settings) = (till.store().connection(), till.settings());
    let document = match job.kind {
        JobKind::Drawer => return Ok(PrinterCommand::KickDrawer { act_id: job.id, pin }),
        JobKind::Receipt => {
            receipt::document_for(conn, &settings, job.series, job.number, job.duplicate)?
        }
        JobKind::Report => receipt::report_for(conn, &settings, till.number(), job.number, now)?,
    };
    Ok(PrinterCommand::Print { job_id: job.id, bytes: escpos::encode(&document, profile) })
}
