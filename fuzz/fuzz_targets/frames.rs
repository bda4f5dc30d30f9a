//! Frames as peers send them, and the parts of runs put together again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::wire::codec::decode;
use sync::wire::parts::{Joiner, frames};
use sync::wire::{Frame, Part};

/// The form of a frame that is not compressed.
const PLAIN: u8 = 1;

fuzz_target!(|bytes: &[u8]| {
    taken(bytes);
    // Also as the content, where the fuzzer finds its way better than behind zstd.
    taken(&[&[PLAIN], bytes].concat());
});

fn taken(bytes: &[u8]) {
    let Ok(envelope) = decode(bytes) else { return };
    // A run that came packed may be too long for a frame as it is.
    let again = frames(&envelope, 1).expect("what was decoded can be encoded");
    if let [again] = again.as_slice() {
        assert_eq!(decode(again).as_ref(), Ok(&envelope));
    }
    if let Frame::Part(part) = envelope.frame {
        let mut joiner = Joiner::default();
        let _ = joiner.push(&part);
        let _ = joiner.push(&Part { number: part.number.saturating_add(1), ..part });
    }
}
