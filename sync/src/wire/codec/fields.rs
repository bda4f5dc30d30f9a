//! The fields of each kind of frame, written and read; what they may say is [`super::check`]'s.

use super::WireError;
use crate::batch::{Batch, chain, columns, ends};
use crate::cbor::{BadField, Reader};
use crate::log::{Hash, ReplicaId, Seal, StreamId, StreamKind};
use crate::wire::{
    Answer, Ask, Checkpoint, Forks, Frame, Have, Held, MAX_ASK_BYTES, MAX_PAPER_BYTES, MAX_PAPERS,
    MAX_PART_BYTES, MAX_PLAIN_BYTES, MAX_RUN_ENTRIES, MAX_STREAMS, Mark, Page, Part, Tip, Want,
    Wanted,
};
use minicbor::Encoder;
use std::convert::Infallible;

/// The kinds' numbers: never changed, never given again.
pub(super) mod kind {
    pub const HAVE: u64 = 1;
    pub const WANT: u64 = 2;
    pub const RUN: u64 = 3;
    pub const MARK: u64 = 4;
    pub const PAPERS: u64 = 5;
    pub const ASK: u64 = 6;
    pub const ANSWER: u64 = 7;
    pub const PAGE: u64 = 8;
    pub const PART: u64 = 9;
    pub const FORKS: u64 = 11;
    pub const PACKED_RUN: u64 = 12;
}

type Plain = Encoder<Vec<u8>>;
type Written = Result<(), minicbor::encode::Error<Infallible>>;

/// Writes what stands before a frame's kind.
pub(super) fn write_head(version: u16, sender: ReplicaId, to: &mut Plain) -> Written {
    to.array(4)?.u16(version)?.bytes(&sender.0)?;
    Ok(())
}

/// Writes kind and fields of a frame.
pub(super) fn write(frame: &Frame, to: &mut Plain) -> Result<(), WireError> {
    match frame {
        Frame::Have(have) => write_have(have, to)?,
        Frame::Want(want) => write_want(want, to)?,
        Frame::Run(run) => write_run_frame(run, to)?,
        Frame::Mark(mark) => write_mark(mark, to)?,
        Frame::Papers(papers) => write_papers(papers, to)?,
        Frame::Ask(Ask { number, topic, body }) => {
            to.u64(kind::ASK)?.array(3)?.u64(*number)?.u16(*topic)?.bytes(body)?;
        }
        Frame::Answer(Answer { number, ok, body }) => {
            to.u64(kind::ANSWER)?.array(3)?.u64(*number)?.bool(*ok)?.bytes(body)?;
        }
        Frame::Page(Page { snapshot, number, of, rows }) => {
            to.u64(kind::PAGE)?.array(4)?.u64(*snapshot)?.u32(*number)?.u32(*of)?.bytes(rows)?;
        }
        Frame::Forks(forks) => write_forks(forks, to)?,
        Frame::Part(Part { run, number, of, bytes }) => {
            to.u64(kind::PART)?.array(4)?.u64(*run)?.u32(*number)?.u32(*of)?.bytes(bytes)?;
        }
    }
    Ok(())
}

/// Reads the fields of a kind; none when this version does not know it.
pub(super) fn read(number: u64, from: &mut Reader<'_>) -> Result<Option<Frame>, WireError> {
    Ok(Some(match number {
        kind::HAVE => Frame::Have(read_have(from)?),
        kind::WANT => Frame::Want(read_want(from)?),
        kind::RUN => {
            let newer = from.open("a run", 1)?;
            let run = read_run(from)?;
            from.skip(newer)?;
            Frame::Run(run)
        }
        kind::PACKED_RUN => {
            let newer = from.open("a packed run", 1)?;
            let run = columns::decode_packed(from.decoder(), MAX_RUN_ENTRIES, MAX_PLAIN_BYTES)?;
            from.skip(newer)?;
            Frame::Run(run)
        }
        kind::MARK => Frame::Mark(read_mark(from)?),
        kind::PAPERS => Frame::Papers(read_papers(from)?),
        kind::ASK => Frame::Ask(read_ask(from)?),
        kind::ANSWER => Frame::Answer(read_answer(from)?),
        kind::PAGE => Frame::Page(read_page(from)?),
        kind::PART => Frame::Part(read_part(from)?),
        kind::FORKS => Frame::Forks(read_forks(from)?),
        _ => return Ok(None),
    }))
}

/// Writes kind and fields of a run.
pub(super) fn write_run_frame(run: &Batch, to: &mut Plain) -> Result<(), WireError> {
    to.u64(kind::RUN)?.array(1)?;
    write_run(run, to)
}

/// Writes the columns of a run that is a chain.
pub(super) fn write_run(run: &Batch, to: &mut Plain) -> Result<(), WireError> {
    chain(run.stream, &run.entries)?;
    let (first, _) = ends(&run.entries)?;
    Ok(columns::encode(run, first, to)?)
}

/// Writes kind and fields of a run whose bodies were packed.
pub(super) fn write_packed_run(
    run: &Batch,
    bodies: &[u8],
    to: &mut Plain,
) -> Result<(), WireError> {
    to.u64(kind::PACKED_RUN)?.array(1)?;
    chain(run.stream, &run.entries)?;
    let (first, _) = ends(&run.entries)?;
    Ok(columns::encode_packed(run, first, bodies, to)?)
}

pub(super) fn read_run(from: &mut Reader<'_>) -> Result<Batch, WireError> {
    Ok(columns::decode_within(from.decoder(), MAX_RUN_ENTRIES)?)
}

fn write_have(have: &Have, to: &mut Plain) -> Written {
    to.u64(kind::HAVE)?.array(6)?;
    to.u16(have.version)?.i64(have.now_ms)?.u64(have.session)?;
    to.bool(have.reply)?.bool(have.more)?.array(have.streams.len() as u64)?;
    for held in &have.streams {
        to.array(6)?;
        write_stream(held.stream, to)?;
        to.u64(held.first)?.u64(held.head)?.bytes(&held.hash.0)?;
        match &held.base {
            Some(base) => to.array(2)?.bytes(&base.hash.0)?.bytes(&base.seal.0)?,
            None => to.null()?,
        };
    }
    Ok(())
}

fn read_have(from: &mut Reader<'_>) -> Result<Have, BadField> {
    from.fields("a have", 6, |from| {
        Ok(Have {
            version: from.u16("a have's version")?,
            now_ms: from.i64("a have's time")?,
            session: from.u64("a have's session")?,
            reply: from.bool("whether a have wants an answer")?,
            more: from.bool("whether more of a have follows")?,
            streams: known(from, "the streams of a have", 6, |from, stream| {
                Ok(Held {
                    stream,
                    first: from.u64("the first sequence held")?,
                    head: from.u64("the last sequence held")?,
                    hash: Hash(from.array("the hash at the last sequence held")?),
                    base: from.maybe("a checkpoint", |from| {
                        from.fields("a checkpoint", 2, |from| {
                            Ok(Checkpoint {
                                hash: Hash(from.array("a checkpoint's hash")?),
                                seal: Seal(from.array("a checkpoint's seal")?),
                            })
                        })
                    })?,
                })
            })?,
        })
    })
}

fn write_want(want: &Want, to: &mut Plain) -> Written {
    to.u64(kind::WANT)?.array(2)?.u32(want.window)?.array(want.streams.len() as u64)?;
    for wanted in &want.streams {
        to.array(4)?;
        write_stream(wanted.stream, to)?;
        to.u64(wanted.from)?;
        match wanted.to {
            Some(last) => to.u64(last)?,
            None => to.null()?,
        };
    }
    Ok(())
}

fn read_want(from: &mut Reader<'_>) -> Result<Want, BadField> {
    from.fields("a want", 2, |from| {
        Ok(Want {
            window: from.u32("a want's window")?,
            streams: known(from, "the streams of a want", 4, |from, stream| {
                let first = from.u64("the first sequence wanted")?;
                let what = "the last sequence wanted";
                Ok(Wanted { stream, from: first, to: from.maybe(what, |from| from.u64(what))? })
            })?,
        })
    })
}

fn write_mark(mark: &Mark, to: &mut Plain) -> Written {
    to.u64(kind::MARK)?.array(1)?.array(mark.streams.len() as u64)?;
    for (stream, seq) in &mark.streams {
        to.array(3)?;
        write_stream(*stream, to)?;
        to.u64(*seq)?;
    }
    Ok(())
}

fn read_mark(from: &mut Reader<'_>) -> Result<Mark, BadField> {
    from.fields("a mark", 1, |from| {
        let streams = known(from, "the streams of a mark", 3, |from, stream| {
            Ok((stream, from.u64("a marked sequence")?))
        })?;
        Ok(Mark { streams })
    })
}

fn write_papers(papers: &[Vec<u8>], to: &mut Plain) -> Written {
    to.u64(kind::PAPERS)?.array(1)?.array(papers.len() as u64)?;
    for paper in papers {
        to.bytes(paper)?;
    }
    Ok(())
}

fn read_papers(from: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, BadField> {
    from.fields("papers", 1, |from| {
        from.list("the papers", MAX_PAPERS, |from| {
            from.bytes("a paper", MAX_PAPER_BYTES).map(<[u8]>::to_vec)
        })
    })
}

fn read_ask(from: &mut Reader<'_>) -> Result<Ask, BadField> {
    from.fields("an ask", 3, |from| {
        Ok(Ask {
            number: from.u64("a question's number")?,
            topic: from.u16("a question's topic")?,
            body: from.bytes("a question", MAX_ASK_BYTES)?.to_vec(),
        })
    })
}

fn read_answer(from: &mut Reader<'_>) -> Result<Answer, BadField> {
    from.fields("an answer", 3, |from| {
        Ok(Answer {
            number: from.u64("an answer's number")?,
            ok: from.bool("whether a question could be answered")?,
            body: from.bytes("an answer's text", MAX_ASK_BYTES)?.to_vec(),
        })
    })
}

fn read_page(from: &mut Reader<'_>) -> Result<Page, BadField> {
    from.fields("a page", 4, |from| {
        Ok(Page {
            snapshot: from.u64("a page's snapshot")?,
            number: from.u32("a page's number")?,
            of: from.u32("a page's number of pages")?,
            rows: from.bytes("a page's rows", MAX_PLAIN_BYTES)?.to_vec(),
        })
    })
}

fn read_part(from: &mut Reader<'_>) -> Result<Part, BadField> {
    from.fields("a part", 4, |from| {
        Ok(Part {
            run: from.u64("a part's run")?,
            number: from.u32("a part's number")?,
            of: from.u32("a part's number of parts")?,
            bytes: from.bytes("a part's bytes", MAX_PART_BYTES)?.to_vec(),
        })
    })
}

fn write_forks(forks: &Forks, to: &mut Plain) -> Written {
    to.u64(kind::FORKS)?.array(2)?;
    for tips in [&forks.kept, &forks.wanted] {
        to.array(tips.len() as u64)?;
        for tip in tips {
            to.array(4)?;
            write_stream(tip.stream, to)?;
            to.u64(tip.seq)?.bytes(&tip.hash.0)?;
        }
    }
    Ok(())
}

fn read_forks(from: &mut Reader<'_>) -> Result<Forks, BadField> {
    let tip = |from: &mut Reader<'_>, stream| {
        let seq = from.u64("the last sequence of a branch")?;
        Ok(Tip { stream, seq, hash: Hash(from.array("the hash at the end of a branch")?) })
    };
    from.fields("forks", 2, |from| {
        let kept = known(from, "the branches that are kept", 4, tip)?;
        Ok(Forks { kept, wanted: known(from, "the branches that are wanted", 4, tip)? })
    })
}

fn write_stream(stream: StreamId, to: &mut Plain) -> Written {
    to.bytes(&stream.replica.0)?.u16(stream.kind.number())?;
    Ok(())
}

/// A list of what is said about streams, `of` fields each, the replica and the kind first. Leaves
/// out those of kinds that only a newer version knows.
fn known<'b, T>(
    from: &mut Reader<'b>,
    what: &'static str,
    of: u64,
    read: impl Fn(&mut Reader<'b>, StreamId) -> Result<T, BadField>,
) -> Result<Vec<T>, BadField> {
    let items = from.list(what, MAX_STREAMS, |from| {
        from.fields(what, of, |from| {
            let replica = ReplicaId(from.array("a stream's replica")?);
            let number = from.u16("a stream's kind")?;
            match StreamKind::from_number(i64::from(number)) {
                Ok(kind) => read(from, StreamId { replica, kind }).map(Some),
                Err(_) => from.skip(of.saturating_sub(2)).map(|()| None),
            }
        })
    })?;
    Ok(items.into_iter().flatten().collect())
}
