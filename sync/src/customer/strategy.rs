//! Arbitrary valid operations and records for property tests.

use super::{
    Consent, CustomerId, Erasure, Field, Marker, Members, Note, NoteId, Operation, Record, Removal,
    Seen, Wish,
};
use crate::body::strategy::{id, staff, text};
use crate::clock::Hlc;
use crate::log::ReplicaId;
use proptest::prelude::*;

fn customer() -> impl Strategy<Value = CustomerId> {
    any::<[u8; 16]>().prop_map(CustomerId)
}

fn replica() -> impl Strategy<Value = ReplicaId> {
    any::<[u8; 16]>().prop_map(ReplicaId)
}

fn clock() -> impl Strategy<Value = Hlc> {
    (0..=Hlc::MAX.number()).prop_map(|number| Hlc::from_number(number).unwrap())
}

fn seen() -> impl Strategy<Value = Seen> {
    prop::collection::btree_map(replica(), 1..=u64::MAX, 0..3)
}

fn dot() -> impl Strategy<Value = NoteId> {
    (replica(), 1..=u64::MAX).prop_map(|(replica, counter)| NoteId { replica, counter })
}

fn note() -> impl Strategy<Value = Note> {
    (prop::option::of(text()), any::<i64>(), staff()).prop_map(|(text, at_ms, by)| Note {
        text,
        at_ms,
        by,
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    (id(), prop::option::of(text()), any::<i64>()).prop_map(|(sku, remark, at_ms)| Wish {
        sku,
        remark,
        at_ms,
    })
}

fn consent() -> impl Strategy<Value = Consent> {
    (id(), any::<bool>(), any::<i64>(), id(), staff()).prop_map(
        |(purpose, given, at_ms, source, by)| Consent { purpose, given, at_ms, source, by },
    )
}

fn erasure() -> impl Strategy<Value = Erasure> {
    (any::<i64>(), staff()).prop_map(|(at_ms, by)| Erasure { at_ms, by })
}

fn field() -> impl Strategy<Value = Field> {
    any::<u8>().prop_map(Field)
}

fn members<M: Ord + std::fmt::Debug>(
    member: impl Strategy<Value = M>,
) -> impl Strategy<Value = Members<M>> {
    (seen(), prop::collection::btree_map(member, seen(), 0..3))
        .prop_map(|(seen, members)| Members { seen, members })
}

/// Any record that can be written, whether or not operations come to it.
pub(super) fn record() -> impl Strategy<Value = Record> {
    let marker = (clock(), replica()).prop_map(|(clock, replica)| Marker { clock, replica });
    let fields = prop::collection::btree_map(field(), (prop::option::of(text()), marker), 0..4);
    let versions = prop::collection::btree_map(seen(), note(), 0..3);
    let notes = prop::collection::btree_map(dot(), versions, 0..3);
    let removal = prop_oneof![
        (id(), seen()).prop_map(|(sku, seen)| Removal::Wishes { sku, seen }),
        (id(), seen()).prop_map(|(purpose, seen)| Removal::Consents { purpose, seen }),
    ];
    let waiting = prop::collection::btree_set(removal, 0..3);
    let sets = (members(wish()), members(consent()));
    (prop::option::of(erasure()), fields, notes, sets, waiting).prop_map(
        |(erased, fields, notes, (wishes, consents), waiting)| Record {
            erased,
            fields,
            notes,
            wishes,
            consents,
            waiting,
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    let values = prop::collection::btree_map(field(), prop::option::of(text()), 0..4);
    prop_oneof![
        (customer(), values, prop::option::of(clock())).prop_map(|(customer, values, clock)| {
            Operation::Fields { customer, values, clock }
        }),
        (customer(), prop::option::of(dot()), note(), seen()).prop_map(
            |(customer, note, content, seen)| Operation::Note { customer, note, content, seen }
        ),
        (customer(), wish()).prop_map(|(customer, wish)| Operation::Wish { customer, wish }),
        (customer(), id(), seen()).prop_map(|(customer, sku, seen)| Operation::Unwish {
            customer,
            sku,
            seen
        }),
        (customer(), consent(), seen()).prop_map(|(customer, consent, seen)| {
            Operation::Consent { customer, consent, seen }
        }),
        (customer(), erasure())
            .prop_map(|(customer, erasure)| Operation::Erased { customer, erasure }),
        (customer(), record()).prop_map(|(customer, record)| Operation::Stated {
            customer,
            record: Box::new(record)
        }),
    ]
}

/// The operations of an entry.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation(), 0..4)
}
