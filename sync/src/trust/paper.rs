//! Papers: signed statements about keys, as bytes.
//!
//! A paper is one item of CBOR (RFC 8949), `[kind, fields, issuer, signature]`: fields are an
//! array by position, the issuer a public Ed25519 key, the signature its own over a tag and
//! `[kind, fields, issuer]`. Newer versions add fields at the end; they are covered by the
//! signature and passed over. Whether an issuer may say such a thing is [`super::Trust`]'s.
//!
//! | kind | says | fields, from 0 |
//! | --- | --- | --- |
//! | 1 | a store's key | store, key, serial |
//! | 2 | a hub's key | key, serial |
//! | 3 | a till's keys | store, thing, number, log key, SHA-256 of the TLS key's `SubjectPublicKeyInfo`, serial |
//! | 4 | an incarnation of the issuer | replica, clock it was opened at |
//! | 5 | a key is revoked | key, why, serial, [replica, stream kind, last sequence that counts]… |

use crate::cbor::scan::{self, NotPlain};
use crate::clock::Hlc;
use crate::link::TlsKey;
use crate::log::{ReplicaId, SealKey, SealingKey, StreamKind};
use crate::wire::MAX_PAPER_BYTES;
use minicbor::{Decode, Decoder, Encode, Encoder};
use ring::digest;

/// What is signed first, so that a paper's signature is never taken for a seal.
const PAPER_TAG: [u8; 16] = *b"till/paper/v1\0\0\0";

/// The longest name of a store or thing in bytes; it stands in MQTT topics of at most 256.
pub const MAX_NAME_BYTES: usize = 64;

/// The most streams that a revocation states an end for: some incarnations of one till.
const MAX_ENDS: usize = 16;

/// What a paper says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A store's key, said by the chain's root.
    Store {
        /// The store's code.
        store: String,
        /// Its key.
        key: SealKey,
        /// Later papers of the same subject have higher ones.
        serial: u64,
    },
    /// A hub's key, said by the chain's root.
    Hub {
        /// Its key.
        key: SealKey,
        /// Later papers have higher ones.
        serial: u64,
    },
    /// A till's two keys, said by its store or by a hub.
    Till(TillPaper),
    /// A replica is an incarnation of whoever says so.
    Incarnation {
        /// The replica.
        replica: ReplicaId,
        /// The clock it was opened at.
        opened: Hlc,
    },
    /// A key counts no longer, said by the root, a hub, or the store of the till that had it.
    Revoked(Revocation),
}

/// A till enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TillPaper {
    /// The store's code.
    pub store: String,
    /// The till's name among the chain's things.
    pub thing: String,
    /// Its number in the store.
    pub number: u16,
    /// The key of its log.
    pub key: SealKey,
    /// The key of its connections.
    pub tls: TlsKey,
    /// A later paper of the same thing has a higher one.
    pub serial: u64,
}

/// A key revoked, and up to where its streams count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The key.
    pub key: SealKey,
    /// Why, in words.
    pub why: String,
    /// A later paper about the same key has a higher one.
    pub serial: u64,
    /// The last entry of each stream that was known then; what comes after goes to a manager.
    /// A stream that is not named does not count at all.
    pub ends: Vec<(ReplicaId, StreamKind, u64)>,
}

/// A statement with who says so, its signature verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What it says.
    pub statement: Statement,
    /// Who says it.
    pub issuer: SealKey,
}

/// Why bytes are not a paper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// Longer than any paper.
    #[error("a paper has at most {MAX_PAPER_BYTES} bytes, not {0}")]
    TooLong(usize),
    /// Not the CBOR of a paper.
    #[error("not a paper: {0}")]
    Malformed(String),
    /// A newer version's.
    #[error("a paper of kind {0}, which this version of Till does not know")]
    UnknownKind(u64),
    /// Signed by somebody else, or changed.
    #[error("the paper is not signed by {0}, whom it names as its issuer")]
    Signature(SealKey),
    /// A name that can't be one.
    #[error("`{0}` can't be the name of a store or till: 1 to 64 letters, digits, `-`, `_` or `.`")]
    Name(String),
    /// More than a paper holds.
    #[error("a revocation states at most {MAX_ENDS} streams, not {0}")]
    TooManyEnds(usize),
}

impl From<minicbor::decode::Error> for PaperError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<NotPlain> for PaperError {
    fn from(error: NotPlain) -> Self {
        match error {
            NotPlain::TooLong { length } => Self::TooLong(length),
            NotPlain::At { at, why } => Self::Malformed(format!("byte {at}: {why}")),
        }
    }
}

/// The hash that names a paper.
#[must_use]
pub fn paper_id(bytes: &[u8]) -> [u8; 32] {
    let mut id = [0; 32];
    id.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    id
}

/// Issues a paper.
///
/// # Errors
/// When a name or list is beyond its bounds.
pub fn issue(statement: &Statement, issuer: &SealingKey) -> Result<Vec<u8>, PaperError> {
    check(statement)?;
    let mut signed = PAPER_TAG.to_vec();
    let mut paper = Vec::with_capacity(256);
    let (kind, fields) = encode_fields(statement);
    for (array, out) in [(3, &mut signed), (4, &mut paper)] {
        let mut encoder = Encoder::new(&mut *out);
        infallible(encoder.array(array).and_then(|e| e.u64(kind)).map(|_| ()));
        out.extend(&fields);
        infallible(Encoder::new(out).bytes(&issuer.public().0).map(|_| ()));
    }
    infallible(Encoder::new(&mut paper).bytes(&issuer.sign(&signed)).map(|_| ()));
    if paper.len() > MAX_PAPER_BYTES {
        return Err(PaperError::TooLong(paper.len()));
    }
    Ok(paper)
}

/// Reads a paper and verifies that its issuer signed it.
///
/// # Errors
/// When it is malformed or its signature is not the issuer's.
pub fn read(bytes: &[u8]) -> Result<Paper, PaperError> {
    scan::check(bytes, MAX_PAPER_BYTES)?;
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(4) {
        return Err(PaperError::Malformed("it has not four parts".to_owned()));
    }
    let kind = decoder.u64()?;
    let fields_at = decoder.position();
    decoder.skip()?;
    let fields = bytes.get(fields_at..decoder.position()).unwrap_or_default();
    let issuer = SealKey(fixed(decoder.bytes()?, "the issuer")?);
    let signature = fixed(decoder.bytes()?, "the signature")?;
    let mut signed = PAPER_TAG.to_vec();
    infallible(Encoder::new(&mut signed).array(3).and_then(|e| e.u64(kind)).map(|_| ()));
    signed.extend(fields);
    infallible(Encoder::new(&mut signed).bytes(&issuer.0).map(|_| ()));
    if !issuer.signed(&signed, &signature) {
        return Err(PaperError::Signature(issuer));
    }
    let statement = decode_fields(kind, fields)?;
    check(&statement)?;
    Ok(Paper { statement, issuer })
}

/// Where a paper stands in the order in which papers are passed on, issuers before those they sign
/// for. By its kind alone, whoever hears it verifies it; `None` for what is no paper of this
/// version's.
#[must_use]
pub fn rank(bytes: &[u8]) -> Option<u8> {
    let mut decoder = Decoder::new(bytes);
    (decoder.array().ok()? == Some(4)).then_some(())?;
    match decoder.u64().ok()? {
        1 | 2 => Some(0),
        3 => Some(1),
        4 => Some(2),
        5 => Some(3),
        _ => None,
    }
}

/// Whether a paper is passed on to peers. They refuse an incarnation whose id is not of its key, as one
/// is that was kept from a time when ids were not bound; its signature is theirs to verify.
#[must_use]
pub fn is_passed_on(bytes: &[u8]) -> bool {
    let claimed = || {
        let mut decoder = Decoder::new(bytes);
        decoder.array().ok()?;
        (decoder.u64().ok()? == 4).then_some(())?;
        let wire: IncarnationWire = decoder.decode().ok()?;
        let issuer = SealKey(decoder.bytes().ok()?.try_into().ok()?);
        Some((ReplicaId(wire.replica), issuer))
    };
    claimed().is_none_or(|(replica, issuer)| replica.is_of(&issuer))
}

/// Whether a text can be the name of a store or thing: it stands in topics, file names and logs.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.chars().all(plain)
}

fn check(statement: &Statement) -> Result<(), PaperError> {
    let name = |text: &String| if is_name(text) { Ok(()) } else { Err(shown(text)) };
    match statement {
        Statement::Store { store, .. } => name(store),
        Statement::Till(till) => name(&till.store).and_then(|()| name(&till.thing)),
        Statement::Revoked(revoked) if revoked.ends.len() > MAX_ENDS => {
            Err(PaperError::TooManyEnds(revoked.ends.len()))
        }
        Statement::Hub { .. } | Statement::Incarnation { .. } | Statement::Revoked(_) => Ok(()),
    }
}

fn shown(text: &str) -> PaperError {
    PaperError::Name(text.chars().take(MAX_NAME_BYTES).collect())
}

#[derive(Encode, Decode)]
struct StoreWire<'a> {
    #[b(0)]
    store: &'a str,
    #[cbor(n(1), with = "minicbor::bytes")]
    key: [u8; 32],
    #[n(2)]
    serial: u64,
}

#[derive(Encode, Decode)]
struct HubWire {
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 32],
    #[n(1)]
    serial: u64,
}

#[derive(Encode, Decode)]
struct TillWire<'a> {
    #[b(0)]
    store: &'a str,
    #[b(1)]
    thing: &'a str,
    #[n(2)]
    number: u16,
    #[cbor(n(3), with = "minicbor::bytes")]
    key: [u8; 32],
    #[cbor(n(4), with = "minicbor::bytes")]
    tls: [u8; 32],
    #[n(5)]
    serial: u64,
}

#[derive(Encode, Decode)]
struct IncarnationWire {
    #[cbor(n(0), with = "minicbor::bytes")]
    replica: [u8; 16],
    #[n(1)]
    opened: u64,
}

#[derive(Encode, Decode)]
struct RevokedWire<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 32],
    #[b(1)]
    why: &'a str,
    #[n(2)]
    serial: u64,
    #[n(3)]
    ends: Vec<EndWire>,
}

#[derive(Encode, Decode)]
struct EndWire {
    #[cbor(n(0), with = "minicbor::bytes")]
    replica: [u8; 16],
    #[n(1)]
    kind: u16,
    #[n(2)]
    last: u64,
}

fn encode_fields(statement: &Statement) -> (u64, Vec<u8>) {
    match statement {
        Statement::Store { store, key, serial } => {
            (1, encoded(&StoreWire { store, key: key.0, serial: *serial }))
        }
        Statement::Hub { key, serial } => (2, encoded(&HubWire { key: key.0, serial: *serial })),
        Statement::Till(till) => {
            let (store, thing) = (till.store.as_str(), till.thing.as_str());
            let (number, key, tls) = (till.number, till.key.0, till.tls.0);
            (3, encoded(&TillWire { store, thing, number, key, tls, serial: till.serial }))
        }
        Statement::Incarnation { replica, opened } => {
            (4, encoded(&IncarnationWire { replica: replica.0, opened: opened.number() }))
        }
        Statement::Revoked(revoked) => {
            let end = |&(replica, kind, last): &(ReplicaId, StreamKind, u64)| EndWire {
                replica: replica.0,
                kind: kind.number(),
                last,
            };
            let ends = revoked.ends.iter().map(end).collect();
            let (key, why, serial) = (revoked.key.0, revoked.why.as_str(), revoked.serial);
            (5, encoded(&RevokedWire { key, why, serial, ends }))
        }
    }
}

fn decode_fields(kind: u64, fields: &[u8]) -> Result<Statement, PaperError> {
    let mut decoder = Decoder::new(fields);
    Ok(match kind {
        1 => {
            let wire: StoreWire<'_> = decoder.decode()?;
            let (store, key) = (wire.store.to_owned(), SealKey(wire.key));
            Statement::Store { store, key, serial: wire.serial }
        }
        2 => {
            let wire: HubWire = decoder.decode()?;
            Statement::Hub { key: SealKey(wire.key), serial: wire.serial }
        }
        3 => {
            let wire: TillWire<'_> = decoder.decode()?;
            Statement::Till(TillPaper {
                store: wire.store.to_owned(),
                thing: wire.thing.to_owned(),
                number: wire.number,
                key: SealKey(wire.key),
                tls: TlsKey(wire.tls),
                serial: wire.serial,
            })
        }
        4 => {
            let wire: IncarnationWire = decoder.decode()?;
            let opened = Hlc::from_number(wire.opened)
                .ok_or_else(|| PaperError::Malformed("a clock is out of range".to_owned()))?;
            Statement::Incarnation { replica: ReplicaId(wire.replica), opened }
        }
        5 => {
            let wire: RevokedWire<'_> = decoder.decode()?;
            let end = |end: EndWire| {
                let kind = StreamKind::from_number(i64::from(end.kind));
                let kind = kind.map_err(|error| PaperError::Malformed(error.to_string()))?;
                Ok((ReplicaId(end.replica), kind, end.last))
            };
            Statement::Revoked(Revocation {
                key: SealKey(wire.key),
                why: wire.why.to_owned(),
                serial: wire.serial,
                ends: wire.ends.into_iter().map(end).collect::<Result<_, PaperError>>()?,
            })
        }
        kind => return Err(PaperError::UnknownKind(kind)),
    })
}

fn encoded(wire: &impl Encode<()>) -> Vec<u8> {
    let mut fields = Vec::with_capacity(192);
    infallible(minicbor::encode(wire, &mut fields));
    fields
}

fn infallible<T>(written: Result<T, minicbor::encode::Error<std::convert::Infallible>>) -> T {
    written.expect("writing to a Vec cannot fail, and no field has an encoder that does")
}

fn fixed<const N: usize>(bytes: &[u8], what: &str) -> Result<[u8; N], PaperError> {
    let wrong = |_| PaperError::Malformed(format!("{what} has not {N} bytes"));
    bytes.try_into().map_err(wrong)
}

#[cfg(test)]
mod tests;
