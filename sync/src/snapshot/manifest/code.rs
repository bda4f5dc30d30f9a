//! A manifest's bytes, written and read; what they may say is [`super::Manifest`]'s.

use super::{
    Form, MAX_HEADS, MAX_MANIFEST_BYTES, MAX_PAGES, MAX_SNAPSHOT_PAPERS, Manifest, ManifestError,
    PageMark, StreamHead, TAG,
};
use crate::cbor::{BadField, Reader, scan};
use crate::clock::Hlc;
use crate::log::{Hash, ReplicaId, Seal, SealKey, SealingKey, StreamId, StreamKind};
use crate::wire::MAX_PAPER_BYTES;
use commerce::Currency;
use minicbor::Encoder;
use std::convert::Infallible;

/// The kind of this version's manifests.
const KIND: u64 = 1;

const FILE: u8 = 0;
const PAGES: u8 = 1;

type Written = Result<(), minicbor::encode::Error<Infallible>>;

/// The bytes of a manifest under the seal of `key`.
pub(super) fn write(manifest: &Manifest, key: &SealingKey) -> Result<Vec<u8>, ManifestError> {
    let mut encoder = Encoder::new(Vec::new());
    write_fields(manifest, &mut encoder)?;
    let fields = encoder.into_writer();
    let signature = key.sign(&signed(KIND, &fields, &key.public())?);
    let mut bytes = Vec::with_capacity(fields.len() + 128);
    Encoder::new(&mut bytes).array(4)?.u64(KIND)?;
    bytes.extend(&fields);
    Encoder::new(&mut bytes).bytes(&key.public().0)?.bytes(&signature)?;
    if bytes.len() > MAX_MANIFEST_BYTES {
        return Err(ManifestError::TooLong(bytes.len()));
    }
    Ok(bytes)
}

/// The manifest of these bytes and who sealed it; the seal holds.
pub(super) fn read(bytes: &[u8]) -> Result<(Manifest, SealKey), ManifestError> {
    scan::check(bytes, MAX_MANIFEST_BYTES)?;
    let mut reader = Reader::new(bytes);
    reader.open("a snapshot's manifest", 4)?;
    let kind = reader.u64("a manifest's kind")?;
    let begin = reader.decoder().position();
    reader.skip(1)?;
    let fields = bytes.get(begin..reader.decoder().position()).unwrap_or_default();
    let sealer = SealKey(reader.array("a manifest's sealer")?);
    let signature = reader.array("a manifest's seal")?;
    if !sealer.signed(&signed(kind, fields, &sealer)?, &signature) {
        return Err(ManifestError::Signature(sealer));
    }
    if kind != KIND {
        return Err(ManifestError::UnknownKind(kind));
    }
    Ok((read_fields(&mut Reader::new(fields))?, sealer))
}

/// What a seal is over.
fn signed(kind: u64, fields: &[u8], sealer: &SealKey) -> Result<Vec<u8>, ManifestError> {
    let mut message = TAG.to_vec();
    Encoder::new(&mut message).array(3)?.u64(kind)?;
    message.extend(fields);
    Encoder::new(&mut message).bytes(&sealer.0)?;
    Ok(message)
}

fn write_fields(manifest: &Manifest, to: &mut Encoder<Vec<u8>>) -> Written {
    to.array(8)?.u32(manifest.schema)?.i64(manifest.made_ms)?.str(manifest.currency.code())?;
    match &manifest.store {
        Some(store) => to.str(store)?,
        None => to.null()?,
    };
    to.u64(manifest.items)?;
    match &manifest.form {
        Form::File { bytes, plain, hash } => {
            to.array(4)?.u8(FILE)?.u64(*bytes)?.u64(*plain)?.bytes(&hash.0)?;
        }
        Form::Pages { plain, pages } => {
            to.array(3)?.u8(PAGES)?.u64(*plain)?.array(pages.len() as u64)?;
            for page in pages {
                to.array(2)?.u32(page.bytes)?.bytes(&page.hash.0)?;
            }
        }
    }
    to.array(manifest.heads.len() as u64)?;
    for StreamHead { stream, seq, clock, hash, seal } in &manifest.heads {
        to.array(6)?.bytes(&stream.replica.0)?.u16(stream.kind.number())?.u64(*seq)?;
        to.u64(clock.number())?.bytes(&hash.0)?.bytes(&seal.0)?;
    }
    to.array(manifest.papers.len() as u64)?;
    for paper in &manifest.papers {
        to.bytes(paper)?;
    }
    Ok(())
}

fn read_fields(from: &mut Reader<'_>) -> Result<Manifest, ManifestError> {
    from.open("a manifest's fields", 8)?;
    let schema = from.u32("a snapshot's schema")?;
    let made_ms = from.i64("when a snapshot was made")?;
    let what = "a snapshot's currency";
    let currency = Currency::parse(from.text(what)?)
        .map_err(|error| ManifestError::Value { what, why: error.to_string() })?;
    let what = "a snapshot's store";
    let store = from.maybe(what, |from| from.text(what).map(ToOwned::to_owned))?;
    let items = from.u64("a snapshot's number of items")?;
    let form = read_form(from)?;
    let what = "the streams of a snapshot";
    let heads = from.list(what, MAX_HEADS, |from| from.fields(what, 6, read_head))?;
    let heads = heads.into_iter().collect::<Result<_, ManifestError>>()?;
    let what = "the papers of a snapshot";
    let papers = from.list(what, MAX_SNAPSHOT_PAPERS, |from| {
        from.bytes(what, MAX_PAPER_BYTES).map(<[u8]>::to_vec)
    })?;
    Ok(Manifest { schema, made_ms, currency, store, items, form, heads, papers })
}

fn read_form(from: &mut Reader<'_>) -> Result<Form, ManifestError> {
    let newer = from.open("a snapshot's content", 3)?;
    let form = match from.u8("the form of a snapshot's content")? {
        FILE if newer > 0 => Form::File {
            bytes: from.u64("a snapshot's length")?,
            plain: from.u64("a snapshot's length after decompression")?,
            hash: Hash(from.array("a snapshot's hash")?),
        },
        PAGES => Form::Pages {
            plain: from.u64("a snapshot's length after decompression")?,
            pages: from.list("the pages of a snapshot", MAX_PAGES, |from| {
                from.fields("a page of a snapshot", 2, |from| {
                    let bytes = from.u32("a page's length")?;
                    Ok(PageMark { bytes, hash: Hash(from.array("a page's hash")?) })
                })
            })?,
        },
        other => {
            let why = format!("{other}, which this version does not know: update Till");
            return Err(ManifestError::Value { what: "the form of a snapshot's content", why });
        }
    };
    let known = if matches!(form, Form::File { .. }) { 1 } else { 0 };
    from.skip(newer.saturating_sub(known))?;
    Ok(form)
}

/// A stream's head; one of a kind that only a newer version knows is refused by what is around.
fn read_head(from: &mut Reader<'_>) -> Result<Result<StreamHead, ManifestError>, BadField> {
    let replica = ReplicaId(from.array("a stream's replica")?);
    let kind = from.u16("a stream's kind")?;
    let (seq, clock) = (from.u64("a stream's head")?, from.u64("a stream's clock")?);
    let hash = Hash(from.array("a stream's hash")?);
    let seal = Seal(from.array("a stream's seal")?);
    let value = |what, why| ManifestError::Value { what, why };
    let kind = StreamKind::from_number(i64::from(kind))
        .map_err(|error| value("the streams of a snapshot", error.to_string()));
    let clock = Hlc::from_number(clock)
        .ok_or_else(|| value("a stream's clock", format!("{clock} is out of range")));
    Ok(kind.and_then(|kind| {
        let stream = StreamId { replica, kind };
        Ok(StreamHead { stream, seq, clock: clock?, hash, seal })
    }))
}
