//! Everything a scanner or a keyboard can say.
#![no_main]

use commerce::code::{Gtin, Pattern, Scan, gs1, read, upce};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let patterns: Vec<Pattern> = ["21IIIIIWWWWWC", "20IIIIIVPPPPC", "22IIIIIIPPPPC"]
        .into_iter()
        .map(|pattern| Pattern::parse(pattern).expect("these patterns are valid"))
        .collect();
    if let Ok(scan) = Scan::parse(text) {
        let _ = read(&scan, &patterns);
    }
    if let Ok(gtin) = Gtin::parse(text) {
        assert_eq!(Gtin::parse(&gtin.to_string()), Ok(gtin));
    }
    if let Ok(pattern) = Pattern::parse(text) {
        assert_eq!(pattern.to_string(), text);
    }
    let _ = upce::expand(text);
    let _ = gs1::elements(text);
    let _ = gs1::read_elements(text);
    let _ = gs1::read_link(text);
});
