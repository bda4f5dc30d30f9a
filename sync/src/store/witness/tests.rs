//! Every case of the decision, the witness's bytes, and damage to them.

use super::*;
use proptest::prelude::*;
use serde_cbor::Value;

const A: ReplicaId = ReplicaId([0xaa; 16]);
const B: ReplicaId = ReplicaId([0xbb; 16]);
const HERE: Machine = Machine { machine: MachineId([1; 16]), boot: BootId([2; 16]) };

fn chain(replica: ReplicaId, seq: u64, hash: u8) -> Chain {
    Chain { replica, seq, hash: Hash([hash; 32]) }
}

fn witness(head: Chain) -> Witness {
    Witness { at: HERE, head, series: 3 }
}

/// Judges a database in which replica A's chain has the hash `seq` at each sequence up to 9,
/// and the present head is as given.
fn check(what: &str, witness: Option<Witness>, here: Machine, head: Chain, expected: Verdict) {
    let contains = |replica, seq: u64| {
        u8::try_from(seq).ok().filter(|&seq| replica == A && seq <= 9).map(|seq| Hash([seq; 32]))
    };
    assert_eq!(judge(witness.as_ref(), here, head, contains), expected, "{what}");
}

#[test]
fn every_case() {
    let at_9 = chain(A, 9, 9);
    let rebooted = Machine { boot: BootId([3; 16]), ..HERE };
    let moved = Machine { machine: MachineId([4; 16]), ..HERE };
    let cloned = Verdict::Cloned { from: HERE.machine, to: moved.machine };
    let restored = |witness, head, rebooted| Verdict::Restored { witness, head, rebooted };

    check("new till", None, HERE, chain(A, 0, 0), Verdict::FirstStart);
    check("witness gone", None, HERE, at_9, restored(None, at_9, false));
    check("up to date", Some(witness(at_9)), HERE, at_9, Verdict::Same);
    check("after a reboot", Some(witness(at_9)), rebooted, at_9, Verdict::Same);
    check("witness lags", Some(witness(chain(A, 4, 4))), HERE, at_9, Verdict::Same);
    check(
        "witness from the first start",
        Some(witness(chain(A, 0, 0))),
        rebooted,
        at_9,
        Verdict::Same,
    );
    check("nothing sold yet", Some(witness(chain(A, 0, 0))), HERE, chain(A, 0, 0), Verdict::Same);

    let later = chain(A, 10, 10);
    check("database behind", Some(witness(later)), HERE, at_9, restored(Some(later), at_9, false));
    check(
        "behind after a reboot",
        Some(witness(later)),
        rebooted,
        at_9,
        restored(Some(later), at_9, true),
    );
    let cut = chain(A, 5, 5);
    check(
        "rows beyond the head count for nothing",
        Some(witness(at_9)),
        HERE,
        cut,
        restored(Some(at_9), cut, false),
    );
    check(
        "database made anew",
        Some(witness(chain(B, 3, 1))),
        HERE,
        chain(A, 0, 0),
        restored(Some(chain(B, 3, 1)), chain(A, 0, 0), false),
    );
    check(
        "from before the present incarnation",
        Some(witness(chain(B, 0, 7))),
        HERE,
        at_9,
        restored(Some(chain(B, 0, 7)), at_9, false),
    );
    check(
        "stopped after opening an incarnation",
        Some(witness(at_9)),
        HERE,
        chain(B, 0, 7),
        Verdict::Same,
    );

    let fork = chain(A, 7, 0xff);
    let forked = Verdict::Forked { witness: fork, here: Hash([7; 32]) };
    check("restored and written on", Some(witness(fork)), HERE, at_9, forked);
    check("the same after a reboot", Some(witness(fork)), rebooted, at_9, forked);
    let other = Verdict::Forked { witness: chain(A, 9, 0xff), here: Hash([9; 32]) };
    check("another entry at the head", Some(witness(chain(A, 9, 0xff))), HERE, at_9, other);

    check("folder copied", Some(witness(at_9)), moved, at_9, cloned);
    check("copied and behind", Some(witness(later)), moved, at_9, cloned);
    check("copied and forked", Some(witness(fork)), moved, at_9, cloned);
    check("copied without its witness", None, moved, at_9, restored(None, at_9, false));
}

/// Appended to, never changed: tills in the field read what older ones wrote.
#[test]
fn golden() {
    let written = witness(chain(A, 1_000, 9));
    let bytes = written.encode();
    let expected = format!(
        "a60050{}0150{}0250{}031903e8045820{}0503",
        "01".repeat(16),
        "02".repeat(16),
        "aa".repeat(16),
        "09".repeat(32)
    );
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
    assert_eq!(Witness::decode(&bytes), Ok(written));
    // Written before the series stood in it.
    let mut older = bytes.clone();
    older[0] = 0xa5;
    older.truncate(bytes.len() - 2);
    assert_eq!(Witness::decode(&older), Ok(Witness { series: 0, ..written }));

    let Value::Map(fields) = serde_cbor::from_slice(&bytes).unwrap() else { panic!("not a map") };
    let field = |number| fields[&Value::Integer(number)].clone();
    assert_eq!(fields.len(), 6);
    assert_eq!(field(0), Value::Bytes(vec![1; 16]));
    assert_eq!(field(1), Value::Bytes(vec![2; 16]));
    assert_eq!(field(2), Value::Bytes(vec![0xaa; 16]));
    assert_eq!(field(3), Value::Integer(1_000));
    assert_eq!(field(4), Value::Bytes(vec![9; 32]));
    assert_eq!(field(5), Value::Integer(3));
}

#[test]
fn a_newer_version_may_add_fields_and_damage_is_refused() {
    let written = witness(chain(A, 1, 1));
    let mut newer = written.encode();
    newer[0] = 0xa7;
    newer.extend([0x06, 0x61, b'x']);
    assert_eq!(Witness::decode(&newer), Ok(written));

    let good = written.encode();
    for cut in 0..good.len() {
        assert!(matches!(Witness::decode(&good[..cut]), Err(WitnessError::Malformed(_))), "{cut}");
    }
    let mut trailing = good.clone();
    trailing.push(0);
    assert_eq!(Witness::decode(&trailing), Err(WitnessError::Trailing(1)));
    assert_eq!(Witness::decode(&[0; 513]), Err(WitnessError::TooLong(513)));
}

proptest! {
    #[test]
    fn round_trips(machine: [u8; 16], boot: [u8; 16], replica: [u8; 16], seq: u64, hash: [u8; 32], series: u32) {
        let written = Witness {
            at: Machine { machine: MachineId(machine), boot: BootId(boot) },
            head: Chain { replica: ReplicaId(replica), seq, hash: Hash(hash) },
            series,
        };
        prop_assert_eq!(Witness::decode(&written.encode()), Ok(written));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Witness::decode(&bytes);
    }
}
