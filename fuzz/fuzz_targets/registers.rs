//! What tills say of customers and what the hub sets: bodies, records, and that whatever reads folds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sync::clock::Hlc;
use sync::customer::{Customer, Place, Record, decode_record, encode_record};
use sync::log::ReplicaId;
use sync::settings::{Marker, Settings};

fuzz_target!(|bytes: &[u8]| {
    let (replica, clock) = (ReplicaId([1; 16]), Hlc::from_ms(1));
    if let Ok(read) = sync::customer::decode(bytes) {
        let mut customer = Customer::default();
        for (index, operation) in (0..).zip(&read.operations) {
            customer.apply(Place { replica, seq: 1, clock, index }, operation);
        }
        let record = Record::from(&customer);
        assert_eq!(Record::from(&Customer::from(&record)), record);
    }
    if let Ok(record) = decode_record(bytes) {
        let again = encode_record(&record).expect("what was decoded can be encoded");
        assert_eq!(decode_record(&again), Ok(record));
    }
    if let Ok(read) = sync::settings::decode(bytes) {
        let again = sync::settings::encode(&read.settings).expect("what was decoded can be encoded");
        assert_eq!(sync::settings::decode(&again).map(|it| it.settings), Ok(read.settings.clone()));
        Settings::default().apply(Marker { clock, replica }, &read.settings);
    }
});
