//! The print spool's acts: what was printed, what was not, what nobody knows.

use super::{Answer, Change, Context, Effect, JobOutcome, Refusal, Reply, Till};
use crate::store::till::{Job, JobKind, JobState, read};
use commerce::sale::ReceiptNumber;
use jiff::Timestamp;

/// Jobs looked at; more than a printer that was off for a day leaves behind.
const MAX_JOBS: u32 = 10_000;

impl Till {
    /// The next job for the printer, marked as sent before the first byte goes out, so that a
    /// crash in between leaves it unknown and never printed twice.
    ///
    /// # Errors
    /// When the spool cannot be read or written.
    pub fn next_job(&mut self, now: Timestamp) -> Result<Option<Job>, Refusal> {
        let jobs = read::jobs(self.store.connection(), MAX_JOBS)?;
        if jobs.iter().any(|job| job.state == JobState::Sent) {
            return Ok(None);
        }
        let Some(job) = jobs.into_iter().find(|job| job.state == JobState::Waiting) else {
            return Ok(None);
        };
        self.store.act(now, |act| act.set_job(job.id, JobState::Sent, ""))?;
        Ok(Some(job))
    }

    /// After a start: what had been sent when the till stopped has no known outcome.
    pub(super) fn recover_spool(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
        let jobs = read::jobs(self.store.connection(), MAX_JOBS)?;
        let sent: Vec<_> = jobs.iter().filter(|job| job.state == JobState::Sent).collect();
        for job in &sent {
            self.store.act(now, |act| {
                act.set_job(
                    job.id,
                    JobState::Unknown,
                    "the till stopped while it was with the printer",
                )
            })?;
        }
        Ok(if jobs.is_empty() { Vec::new() } else { vec![Effect::Spool] })
    }

    pub(super) fn job_ended(
        &mut self,
        now: Timestamp,
        id: u64,
        outcome: JobOutcome,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.store.act(now, |act| match &outcome {
            JobOutcome::Done => act.drop_job(id),
            JobOutcome::NotPrinted { why } => act.set_job(id, JobState::NotPrinted, why),
            JobOutcome::Unknown { why } => act.set_job(id, JobState::Unknown, why),
        })?;
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Spool));
        Ok(Reply::Job(id))
    }

    pub(super) fn reprint(
        &mut self,
        context: &Context,
        receipt: &ReceiptNumber,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let (series, number) = self.known_receipt(receipt)?;
        self.spool(context, JobKind::Receipt, (series, number), true, effects)
    }

    pub(super) fn print_report(
        &mut self,
        context: &Context,
        shift: u32,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        if read::shift(self.store.connection(), shift)?.is_none() {
            return Err(Refusal::NoShift);
        }
        self.spool(context, JobKind::Report, (0, shift), false, effects)
    }

    fn spool(
        &mut self,
        context: &Context,
        kind: JobKind,
        (series, number): (u32, u32),
        duplicate: bool,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let job = self.act(
            context,
            |job| Answer::Job(*job),
            |act| act.put_job(kind, series, number, duplicate),
        )?;
        effects.push(Effect::Spool);
        effects.push(Effect::Changed(Change::Spool));
        Ok(Reply::Job(job))
    }

    /// Tries a job again. One that may have been printed is marked as a duplicate; a drawer that
    /// may have opened is never kicked again.
    pub(super) fn retry_job(
        &mut self,
        context: &Context,
        id: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let job = self.stuck_job(id)?;
        if job.kind == JobKind::Drawer && job.state == JobState::Unknown {
            return Err(Refusal::NoJob(id));
        }
        self.act(
            context,
            |()| Answer::Job(id),
            |act| {
                if job.state == JobState::Unknown {
                    act.mark_duplicate(id)?;
                }
                act.set_job(id, JobState::Waiting, "")
            },
        )?;
        effects.push(Effect::Spool);
        Ok(Reply::Job(id))
    }

    pub(super) fn drop_job(
        &mut self,
        context: &Context,
        id: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        self.stuck_job(id)?;
        self.act(context, |()| Answer::Job(id), |act| act.drop_job(id))?;
        effects.push(Effect::Changed(Change::Spool));
        Ok(Reply::Job(id))
    }

    fn stuck_job(&self, id: u64) -> Result<Job, Refusal> {
        let jobs = read::jobs(self.store.connection(), MAX_JOBS)?;
        jobs.into_iter()
            .find(|job| {
                job.id == id && matches!(job.state, JobState::Unknown | JobState::NotPrinted)
            })
            .ok_or(Refusal::NoJob(id))
    }

    pub(super) fn known_receipt(&self, receipt: &ReceiptNumber) -> Result<(u32, u32), Refusal> {
        let conn = self.store.connection();
        let missing = || Refusal::NoReceipt(receipt.clone());
        let (store, till) = read::series_owner(conn, receipt.series)?.ok_or_else(missing)?;
        if (store.as_str(), till) != (receipt.store.as_str(), receipt.till) {
            return Err(missing());
        }
        read::receipt(conn, receipt.series, receipt.number)?.ok_or_else(missing)?;
        Ok((receipt.series, receipt.number))
    }
}
