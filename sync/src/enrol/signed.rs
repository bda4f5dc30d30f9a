//! Bytes with a signature by a key of the log's kind: what requests and bundles have in common.
//!
//! Two byte strings in CBOR, `[content, signature]`; the signature covers a tag and the content,
//! so one made for another purpose never fits. What the content says is its reader's.

use crate::cbor::scan::{self, NotPlain};
use crate::log::{SealKey, SealingKey};
use minicbor::{Decoder, Encoder};

/// What is signed first.
pub(super) type Tag = [u8; 16];

/// Content whose signature was not looked at yet.
pub(super) struct Sealed<'b> {
    /// Plain CBOR.
    pub content: &'b [u8],
    signature: [u8; 64],
}

/// Signs `content`.
pub(super) fn sign(tag: Tag, content: &[u8], key: &SealingKey) -> Vec<u8> {
    let mut signed = tag.to_vec();
    signed.extend(content);
    let signature = key.sign(&signed);
    let mut bytes = Vec::with_capacity(content.len() + 80);
    let mut encoder = Encoder::new(&mut bytes);
    encoder
        .array(2)
        .and_then(|encoder| encoder.bytes(content))
        .and_then(|encoder| encoder.bytes(&signature))
        .expect("writing to a Vec cannot fail");
    bytes
}

/// Takes bytes apart; the content is plain CBOR of at most `limit` bytes.
pub(super) fn open(bytes: &[u8], limit: usize) -> Result<Sealed<'_>, String> {
    scan::check(bytes, limit).map_err(in_words)?;
    let malformed = |error: minicbor::decode::Error| error.to_string();
    let mut decoder = Decoder::new(bytes);
    if decoder.array().map_err(malformed)? != Some(2) {
        return Err("it has not two parts".to_owned());
    }
    let content = decoder.bytes().map_err(malformed)?;
    let signature = decoder.bytes().map_err(malformed)?;
    let signature = signature.try_into().map_err(|_| "its signature has not 64 bytes")?;
    scan::check(content, limit).map_err(in_words)?;
    Ok(Sealed { content, signature })
}

impl Sealed<'_> {
    /// Whether `key` signed it under `tag`.
    pub(super) fn is_by(&self, tag: Tag, key: &SealKey) -> bool {
        let mut signed = tag.to_vec();
        signed.extend(self.content);
        key.signed(&signed, &self.signature)
    }
}

fn in_words(error: NotPlain) -> String {
    match error {
        NotPlain::TooLong { length } => format!("{length} bytes are too many"),
        NotPlain::At { at, why } => format!("byte {at}: {why}"),
    }
}
