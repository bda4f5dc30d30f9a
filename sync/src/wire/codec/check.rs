//! What frames may say, held to in both directions: nothing is sent that a receiver would refuse.

use super::WireError;
use crate::batch::{Batch, ends};
use crate::log::{MAX_SEQ, StreamId};
use crate::wire::{
    Frame, Have, Held, MAX_ASK_BYTES, MAX_PAPER_BYTES, MAX_PAPERS, MAX_PART_BYTES, MAX_PARTS,
    MAX_RUN_ENTRIES, MAX_STREAMS, MAX_TIPS, Page, Part, Wanted,
};
use std::collections::BTreeSet;

/// Checks a frame.
pub(super) fn frame(frame: &Frame) -> Result<(), WireError> {
    match frame {
        Frame::Have(have) => held(have),
        Frame::Want(want) => {
            streams(want.streams.iter().map(|wanted| wanted.stream))?;
            want.streams.iter().try_for_each(wanted)
        }
        Frame::Run(batch) => run(batch),
        Frame::Mark(mark) => {
            streams(mark.streams.iter().map(|(stream, _)| *stream))?;
            mark.streams.iter().try_for_each(|(_, seq)| sequence("a marked sequence", 0, *seq))
        }
        Frame::Papers(papers) => {
            at_most("the papers", papers.len(), MAX_PAPERS)?;
            papers.iter().try_for_each(|paper| at_most("a paper", paper.len(), MAX_PAPER_BYTES))
        }
        Frame::Ask(ask) => at_most("a question", ask.body.len(), MAX_ASK_BYTES),
        Frame::Forks(forks) => [&forks.kept, &forks.wanted].into_iter().try_for_each(|tips| {
            at_most("the branches of a frame", tips.len(), MAX_TIPS)?;
            tips.iter().try_for_each(|tip| sequence("the last sequence of a branch", 1, tip.seq))
        }),
        Frame::Answer(answer) => at_most("an answer", answer.body.len(), MAX_ASK_BYTES),
        Frame::Page(Page { number, of, .. }) => one_of("a page", *number, *of),
        Frame::Part(Part { number, of, bytes, .. }) => {
            one_of("a part", *number, *of)?;
            at_most("the parts of a run", usize::try_from(*of).unwrap_or(usize::MAX), MAX_PARTS)?;
            at_most("a part", bytes.len(), MAX_PART_BYTES)
        }
    }
}

/// Checks a run's length and place; whether it is a chain, its columns tell.
pub(super) fn run(run: &Batch) -> Result<(), WireError> {
    at_most("the entries of a run", run.entries.len(), MAX_RUN_ENTRIES)?;
    let (_, last) = ends(&run.entries)?;
    sequence("the last entry of a run", 1, last.seq)
}

fn held(have: &Have) -> Result<(), WireError> {
    if have.version == 0 {
        return Err(refuse("a have's version", "it is 0"));
    }
    streams(have.streams.iter().map(|held| held.stream))?;
    have.streams.iter().try_for_each(|held| {
        let Held { first, head, .. } = *held;
        sequence("the last sequence held", 0, head)?;
        if first == 0 || first > head + 1 {
            let why = format!("{first} does not lie between 1 and the one after {head}");
            return Err(refuse("the first sequence held", why));
        }
        if (first > 1) != held.base.is_some() {
            let why = "a stream has a checkpoint when entries were pruned, and only then";
            return Err(refuse("a checkpoint", why.to_owned()));
        }
        Ok(())
    })
}

fn wanted(wanted: &Wanted) -> Result<(), WireError> {
    sequence("the first sequence wanted", 1, wanted.from)?;
    wanted.to.map_or(Ok(()), |last| sequence("the last sequence wanted", wanted.from, last))
}

/// Streams are few enough, and none stands twice.
fn streams(streams: impl ExactSizeIterator<Item = StreamId>) -> Result<(), WireError> {
    at_most("the streams of a frame", streams.len(), MAX_STREAMS)?;
    let mut seen = BTreeSet::new();
    for stream in streams {
        if !seen.insert(stream) {
            return Err(refuse("the streams of a frame", format!("the {stream} stands twice")));
        }
    }
    Ok(())
}

fn sequence(what: &'static str, least: u64, seq: u64) -> Result<(), WireError> {
    if (least..=MAX_SEQ).contains(&seq) {
        return Ok(());
    }
    Err(refuse(what, format!("{seq} does not lie between {least} and {MAX_SEQ}")))
}

fn one_of(what: &'static str, number: u32, of: u32) -> Result<(), WireError> {
    if number < of {
        return Ok(());
    }
    Err(refuse(what, format!("number {number} of {of}, counted from 0")))
}

fn at_most(what: &'static str, length: usize, most: usize) -> Result<(), WireError> {
    if length > most {
        return Err(refuse(what, format!("{length} where at most {most} are taken")));
    }
    Ok(())
}

fn refuse(what: &'static str, why: impl Into<String>) -> WireError {
    WireError::Value { what, why: why.into() }
}
