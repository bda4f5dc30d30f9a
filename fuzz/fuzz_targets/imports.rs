//! Files of master data: the first byte chooses the kind, the rest is the file.
#![no_main]

use agent::import::{Format, Input, Kind, import};
use agent::store::catalogue::Catalogue;
use agent::store::open::OpenOptions;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

thread_local! {
    static SHOP: RefCell<Option<(tempfile::TempDir, Catalogue)>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, file)) = bytes.split_first() else { return };
    SHOP.with_borrow_mut(|shop| {
        let (folder, catalogue) = shop.get_or_insert_with(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("catalogue.db");
            let catalogue = Catalogue::open(&OpenOptions::new(path)).expect("a new catalogue");
            (folder, catalogue)
        });
        let path = folder.path().join("file");
        std::fs::write(&path, file).expect("a temporary file");
        let kind = Kind::ALL[usize::from(choice >> 1) % Kind::ALL.len()];
        let format = if choice & 1 == 0 { Format::Csv } else { Format::JsonLines };
        let input = Input { path: &path, format: Some(format), progress: &mut |_| {} };
        let _ = import(kind, input, catalogue, jiff::Timestamp::UNIX_EPOCH);
    });
});
