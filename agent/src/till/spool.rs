//! The print spool's acts: what was printed, what was not, what nobody knows.

use super::{Answer, Change, Context, Effect, JobOutcome, Refusal, Reply, Till};
use crate::store::till::{Job, JobKind, JobState, read};
use commerce::sale::ReceiptNumber;
use jiff::Timestamp;

/// How late a drawer may still open: the customer stands there this long, not longer.
const DRAWER_PATIENCE_MS: i64 = 15_000;

impl Till {
    /// The next job for the printer, marked as sent before the first byte goes out, so that a
    /// crash in between leaves it unknown and never printed twice.
    ///
    /// # Errors
    /// When the spool cannot be read or written.
    pub fn next_job(&mut self, now: Timestamp) -> Result<Option<Job>, Refusal> {
        let now_ms = now.as_millisecond();
        // Either way: a clock that was set back must not open a drawer hours later.
        let in_time =
            now_ms.saturating_sub(DRAWER_PATIENCE_MS)..=now_ms.saturating_add(DRAWER_PATIENCE_MS);
        while let Some(job) = read::next_job(self.store.connection())? {
            if job.kind == JobKind::Drawer && !in_time.contains(&job.at) {
                let why = "the printer was not there in time to open the drawer";
                self.store.act(now, |act| act.give_up_drawers(in_time.clone(), why))?;
                continue;
            }
            self.store.act(now, |act| act.set_job(job.id, JobState::Sent, ""))?;
            return Ok(Some(job));
        }
        Ok(None)
    }

    /// What had been sent has no known outcome where nothing is with the printer any more: after a
    /// start, or when its word could not be kept.
    ///
    /// # Errors
    /// When the spool cannot be read or written.
    pub fn give_up_sent_jobs(&mut self, now: Timestamp) -> Result<(), Refusal> {
        for job in read::sent_jobs(self.store.connection())? {
            let why = "the till did not keep what the printer said of it";
            self.store.act(now, |act| act.set_job(job.id, JobState::Unknown, why))?;
        }
        Ok(())
    }

    /// Takes everything off the spool, on a till that has no printer.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub fn empty_spool(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if read::job_counts(self.store.connection())? != (0, 0) {
            self.store.act(now, |act| act.drop_jobs())?;
        }
        Ok(())
    }

    pub(super) fn recover_spool(&mut self, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
        self.give_up_sent_jobs(now)?;
        Ok(match read::next_job(self.store.connection())? {
            Some(_) => vec![Effect::Spool],
            None => Vec::new(),
        })
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
        // What was not printed waits for the printer to come back, not for this.
        if !matches!(outcome, JobOutcome::NotPrinted { .. }) {
            effects.push(Effect::Spool);
        }
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

    /// Tries a paper again; one that may have been printed is marked as a duplicate.
    pub(super) fn retry_job(
        &mut self,
        context: &Context,
        id: u64,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let job = self.stuck_job(id)?;
        if job.kind == JobKind::Drawer {
            // To open it later is an act of its own, with a reason.
            return Err(Refusal::NoJob(id));
        }
        self.act(
            context,
            |()| Answer::Job(id),
            |act| {
                if job.state == JobState::Unknown {
                    act.mark_duplicate(id)?;
                }
                act.renew_job(id)
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
        read::job(self.store.connection(), id)?
            .filter(|job| matches!(job.state, JobState::Unknown | JobState::NotPrinted))
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
