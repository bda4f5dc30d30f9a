//! A manifest sealed, read back, spoilt.

use super::*;
use crate::log::{ReplicaId, Seed, StreamKind, Zone};
use crate::trust::{Statement, issue};
use proptest::prelude::*;

fn key(number: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([number; 32])).unwrap()
}

fn stream(replica: u8, zone: u16) -> StreamId {
    let kind = StreamKind::Prices(Zone::new(zone).unwrap());
    StreamId { replica: ReplicaId([replica; 16]), kind }
}

fn head(replica: u8, zone: u16, seq: u64, by: &SealingKey) -> StreamHead {
    head_of(stream(replica, zone), Hash([replica; 32]), seq, by)
}

fn head_of(stream: StreamId, hash: Hash, seq: u64, by: &SealingKey) -> StreamHead {
    StreamHead { stream, seq, clock: Hlc::from_ms(5), hash, seal: by.seal(stream, seq, &hash) }
}

fn manifest() -> Manifest {
    Manifest {
        schema: 6,
        made_ms: 1_750_000_000_000,
        currency: Currency::parse("EUR").unwrap(),
        store: Some("HH01".into()),
        items: 1_000_000,
        form: Form::File { bytes: 43_760_043, plain: 140_423_168, hash: Hash([7; 32]) },
        heads: vec![head(9, 3, 12, &key(9))],
        papers: Vec::new(),
    }
}

fn pages(count: usize) -> Form {
    let page = PageMark { bytes: MAX_PAGE_BYTES, hash: Hash([8; 32]) };
    Form::Pages { plain: 1 << 20, pages: vec![page; count] }
}

/// Appended to, never changed: a snapshot on a stick outlives the version that made it.
#[test]
fn golden() {
    let bytes = manifest().seal(&key(9)).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&bytes[..48]), GOLDEN_HEAD);
    assert_eq!(Sealed::read(&bytes).unwrap().id().to_string(), GOLDEN_ID);
}

const GOLDEN_HEAD: &str = "840188061b000001977420dc006345555264484830311a000f424084001a029bb9ab1a085eb000582007070707070707";
const GOLDEN_ID: &str = "dd59280dbeba1a55";

prop_compose! {
    fn any_head()(replica in 0_u8..4, zone in 0_u16..4, seq in 1_u64..1 << 40, ms in 0_u64..1 << 47)
        -> StreamHead {
        StreamHead { clock: Hlc::from_ms(ms), ..head(replica, zone, seq, &key(9)) }
    }
}

fn any_form() -> impl Strategy<Value = Form> {
    let file = (1..MAX_CATALOGUE_BYTES, 1..=MAX_CATALOGUE_BYTES, any::<[u8; 32]>())
        .prop_map(|(bytes, plain, hash)| Form::File { bytes, plain, hash: Hash(hash) });
    let page = (1..=MAX_PAGE_BYTES, any::<[u8; 32]>())
        .prop_map(|(bytes, hash)| PageMark { bytes, hash: Hash(hash) });
    let pages = (1..=MAX_CATALOGUE_BYTES, prop::collection::vec(page, 0..20))
        .prop_map(|(plain, pages)| Form::Pages { plain, pages });
    prop_oneof![file, pages]
}

proptest! {
    #[test]
    fn round_trips(
        schema: u32, made_ms: i64, items: u64, store in prop::option::of("[A-Z0-9]{1,12}"),
        form in any_form(), heads in prop::collection::btree_map(0_u8..16, any_head(), 0..5),
        papers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
    ) {
        let mut heads: Vec<StreamHead> = heads.into_values().collect();
        heads.sort_by_key(|head| head.stream);
        heads.dedup_by_key(|head| head.stream);
        let currency = Currency::parse("USD").unwrap();
        let manifest = Manifest { schema, made_ms, currency, store, items, form, heads, papers };
        let bytes = manifest.seal(&key(3)).unwrap();
        let read = Sealed::read(&bytes).unwrap();
        prop_assert_eq!(read.manifest(), &manifest);
        prop_assert_eq!(read.bytes(), bytes.as_slice());
    }

    #[test]
    fn any_changed_bit_breaks_it(at in 0_usize..400, bit in 0_u32..8) {
        let mut bytes = manifest().seal(&key(3)).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(Sealed::read(&bytes).is_err());
    }
}

#[test]
fn the_largest_fits_and_larger_ones_are_refused() {
    let heads =
        (0..4_u8).flat_map(|replica| (0..16).map(move |zone| head(replica, zone, 1, &key(9))));
    let large = Manifest { heads: heads.collect(), form: pages(MAX_PAGES), ..manifest() };
    assert_eq!(large.heads.len(), MAX_HEADS);
    assert!(large.seal(&key(9)).unwrap().len() <= MAX_MANIFEST_BYTES);
    for (what, manifest) in [
        ("pages", Manifest { form: pages(MAX_PAGES + 1), ..manifest() }),
        ("streams", Manifest { heads: vec![head(1, 1, 1, &key(9)); 2], ..manifest() }),
        ("store", Manifest { store: Some("HH/01".into()), ..manifest() }),
        ("papers", Manifest { papers: vec![Vec::new(); MAX_SNAPSHOT_PAPERS + 1], ..manifest() }),
        ("decompression", Manifest { form: Form::Pages { plain: 0, pages: vec![] }, ..manifest() }),
        (
            "decompression",
            Manifest {
                form: Form::File { bytes: 1, plain: MAX_CATALOGUE_BYTES + 1, hash: Hash([0; 32]) },
                ..manifest()
            },
        ),
    ] {
        let error = manifest.seal(&key(9)).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
    assert_eq!(
        Sealed::read(&vec![0; MAX_MANIFEST_BYTES + 1]).unwrap_err().to_string(),
        "a snapshot's manifest has at most 65536 bytes, not 65537"
    );
}

/// What the papers must say before a sealed manifest counts.
#[test]
fn believed_only_by_papers() {
    let (root, hub, till) = (key(1), key(9), key(4));
    let replica = ReplicaId::of(&hub.public(), [9; 6]);
    let stream = StreamId { replica, ..stream(9, 3) };
    let by = |key: &SealingKey| vec![head_of(stream, Hash([9; 32]), 12, key)];
    let manifest = || Manifest { heads: by(&hub), ..manifest() };
    let incarnation = Statement::Incarnation { replica, opened: Hlc::from_ms(1) };
    let papers = |hub: &SealingKey| {
        vec![
            issue(&Statement::Hub { key: hub.public(), serial: 1 }, &root).unwrap(),
            issue(&incarnation, hub).unwrap(),
        ]
    };
    let knows = Trust::new(Some(root.public()));
    let sealed =
        |manifest: &Manifest, by: &SealingKey| Sealed::read(&manifest.seal(by).unwrap()).unwrap();
    let whole = Manifest { papers: papers(&hub), ..manifest() };
    assert!(sealed(&whole, &hub).believe(&knows).is_ok());
    assert_eq!(
        sealed(&whole, &till).believe(&knows).err(),
        Some(Unbelieved::NotAHub(till.public()))
    );
    let elsewhere = Trust::new(Some(key(2).public()));
    assert_eq!(
        sealed(&whole, &hub).believe(&elsewhere).err(),
        Some(Unbelieved::NotAHub(hub.public()))
    );
    let alone = Manifest { papers: papers(&hub)[..1].to_vec(), ..manifest() };
    assert_eq!(
        sealed(&alone, &hub).believe(&knows).err(),
        Some(Unbelieved::UnknownWriter(replica))
    );
    let forged = Manifest { heads: by(&till), ..whole.clone() };
    assert_eq!(sealed(&forged, &hub).believe(&knows).err(), Some(Unbelieved::Stream(stream)));
    // Another replica's paper about this one's stream does not help.
    let other = vec![papers(&hub)[0].clone(), issue(&incarnation, &till).unwrap()];
    let stolen = Manifest { papers: other, ..manifest() };
    let unknown = Some(Unbelieved::UnknownWriter(replica));
    assert_eq!(sealed(&stolen, &hub).believe(&knows).err(), unknown);
}
