//! Operations on shared carts, and the lines that stand in files by themselves.
#![no_main]

use commerce::Currency;
use libfuzzer_sys::fuzz_target;
use sync::space::{Operation, decode, decode_line, encode, encode_line};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(operations) = decode(bytes)
        // What a newer version wrote is kept as it came, and never written by this one.
        && !operations.iter().any(|it| matches!(it, Operation::Unknown { .. }))
        && let Ok(again) = encode(&operations)
    {
        assert_eq!(decode(&again), Ok(operations));
    }
    let eur = Currency::parse("EUR").expect("a currency");
    if let Ok(line) = decode_line(bytes, eur) {
        let again = encode_line(&line).expect("what was decoded can be encoded");
        assert_eq!(decode_line(&again, eur), Ok(line));
    }
});
