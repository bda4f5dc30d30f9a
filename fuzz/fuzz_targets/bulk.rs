//! Bodies of the hub's bulk entries: columns of prices, manifests, withdrawals.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::bulk::{Bulk, decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(bulk) = decode(bytes) else { return };
    let again = encode(&bulk).expect("what was decoded can be encoded");
    assert_eq!(decode(&again).as_ref(), Ok(&bulk));
    if let Bulk::Prices(chunk) = bulk {
        let cut = chunk.clone().cut().expect("what was decoded can be cut");
        let rows: Vec<_> = cut.into_iter().flat_map(|part| part.rows).collect();
        assert_eq!(rows, chunk.rows);
    }
});
