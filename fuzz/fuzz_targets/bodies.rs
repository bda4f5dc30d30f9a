//! Entry bodies, batches and the witness: what is read back from files and, later, from peers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::batch::{Limits, unpack};
use sync::store::Witness;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(fact) = sync::body::decode(bytes) {
        let again = sync::body::encode(&fact).expect("what was decoded can be encoded");
        assert_eq!(sync::body::decode(&again), Ok(fact));
    }
    let _ = unpack(bytes, &Limits { packed: 1 << 16, unpacked: 1 << 20, entries: 1_000 });
    let _ = Witness::decode(bytes);
});
