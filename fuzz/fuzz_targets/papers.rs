//! Papers of the chain, and the files by which a till is enrolled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::enrol::{Bundle, Request};
use sync::trust::{Trust, is_passed_on, read};

fuzz_target!(|bytes: &[u8]| {
    let _ = read(bytes);
    let _ = is_passed_on(bytes);
    let _ = Trust::new(None).admit(bytes);
    let _ = Request::decode(bytes);
    let _ = Bundle::decode(bytes);
});
