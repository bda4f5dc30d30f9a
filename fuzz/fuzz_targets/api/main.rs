//! Requests that change something: the bytes choose routes, parameters, headers and bodies, and go
//! through the whole API over a real till on a scratch folder. Nothing may panic or be answered
//! with 500, and every refusal is a problem.
#![no_main]

mod request;
mod till;

use libfuzzer_sys::fuzz_target;
use request::Bytes;
use std::cell::RefCell;
use till::Till;

/// Requests that one input makes.
const REQUESTS: usize = 8;

thread_local! {
    static TILL: RefCell<Option<Till>> = const { RefCell::new(None) };
}

fuzz_target!(|input: &[u8]| {
    TILL.with_borrow_mut(|kept| {
        let mut till = match kept.take() {
            Some(mut till) => match till.is_ready() {
                true => till,
                // A PIN was changed or locked: that till is of no use any more.
                false => Till::new(),
            },
            None => Till::new(),
        };
        let mut bytes = Bytes::new(input);
        for _ in 0..REQUESTS {
            till.try_out(&mut bytes);
        }
        *kept = Some(till);
    });
});
