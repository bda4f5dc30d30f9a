//! Snapshots as they arrive: manifests, pages, and the head of a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::snapshot::page::Page;
use sync::snapshot::{Sealed, read_head};

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 4 {
        0 => drop(Sealed::read(bytes)),
        1 => drop(read_head(bytes)),
        // As it comes, and as its content stands inside the frame.
        2 => page(bytes),
        _ => page(&zstd::bulk::compress(bytes, 1).expect("memory can be compressed")),
    }
});

/// What is read can be written, and says the same then.
fn page(bytes: &[u8]) {
    if let Ok((_, page)) = Page::decode(bytes)
        && let Ok((_, again)) = page.encode()
    {
        assert!(Page::decode(&again).is_ok_and(|(_, read)| read == page));
    }
}
