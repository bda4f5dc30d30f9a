use super::*;
use crate::log::{SealingKey, Seed};

const ROOT: u8 = 1;
const STORE: u8 = 2;
const OTHER_STORE: u8 = 3;
const HUB: u8 = 4;
const TILL: u8 = 10;

fn key(seed: u8) -> SealingKey {
    SealingKey::from_seed(&Seed::new([seed; 32])).unwrap()
}

fn public(seed: u8) -> SealKey {
    key(seed).public()
}

fn replica(seed: u8) -> ReplicaId {
    life(seed, 1)
}

/// One of the incarnations of a key.
fn life(seed: u8, number: u16) -> ReplicaId {
    let [high, low] = number.to_be_bytes();
    ReplicaId::of(&public(seed), [0, 0, 0, 0, high, low])
}

fn stream(seed: u8, kind: StreamKind) -> StreamId {
    StreamId { replica: replica(seed), kind }
}

fn till_paper(seed: u8, store: &str, serial: u64) -> Statement {
    Statement::Till(TillPaper {
        store: store.into(),
        thing: format!("{store}-till-1"),
        number: 1,
        key: public(seed),
        tls: TlsKey([seed; 32]),
        serial,
    })
}

/// A chain of a hub, two stores and a till of the first, with an incarnation each.
fn chain() -> Trust {
    let mut trust = Trust::new(Some(public(ROOT)));
    let store =
        |code: &str, seed| Statement::Store { store: code.into(), key: public(seed), serial: 1 };
    for (statement, issuer) in [
        (store("A", STORE), ROOT),
        (store("B", OTHER_STORE), ROOT),
        (Statement::Hub { key: public(HUB), serial: 1 }, ROOT),
        (till_paper(TILL, "A", 1), STORE),
    ] {
        assert_eq!(say(&mut trust, &statement, issuer), Admitted::New);
    }
    for seed in [HUB, TILL] {
        assert_eq!(incarnate(&mut trust, replica(seed), seed), Admitted::New);
    }
    trust
}

fn say(trust: &mut Trust, statement: &Statement, issuer: u8) -> Admitted {
    trust.admit(&issue(statement, &key(issuer)).unwrap()).unwrap()
}

fn incarnate(trust: &mut Trust, replica: ReplicaId, issuer: u8) -> Admitted {
    say(trust, &Statement::Incarnation { replica, opened: Hlc::from_ms(9) }, issuer)
}

fn revoke(key: u8, ends: Vec<(ReplicaId, StreamKind, u64)>) -> Statement {
    Statement::Revoked(Revocation { key: public(key), why: "stolen".into(), serial: 1, ends })
}

#[test]
fn each_writes_what_is_theirs() {
    let trust = chain();
    let (journal, prices) = (StreamKind::Journal, StreamKind::Settings);
    let till = Member::Till { store: "A".into(), thing: "A-till-1".into(), number: 1 };
    for (stream, expected) in [
        (stream(TILL, journal), Standing::Enrolled(till.clone())),
        (stream(TILL, prices), Standing::NotTheirs(till)),
        (stream(HUB, prices), Standing::Enrolled(Member::Hub)),
        (stream(HUB, journal), Standing::NotTheirs(Member::Hub)),
        (stream(99, journal), Standing::Unknown),
    ] {
        assert_eq!(trust.standing(stream), expected, "{stream}");
    }
}

#[test]
fn only_who_may_say_so_is_believed() {
    let mut trust = chain();
    for (what, statement, issuer) in [
        (
            "a till names a store",
            Statement::Store { store: "C".into(), key: public(50), serial: 1 },
            TILL,
        ),
        ("a store names a hub", Statement::Hub { key: public(50), serial: 1 }, STORE),
        ("a store signs for another's till", till_paper(50, "A", 1), OTHER_STORE),
        ("the root signs for a till itself", till_paper(50, "A", 1), ROOT),
        ("a stranger signs for a till", till_paper(50, "A", 1), 60),
        ("a till signs for itself", till_paper(TILL, "B", 9), TILL),
        ("a till revokes its hub", revoke(HUB, vec![]), TILL),
        ("a hub revokes a store", revoke(STORE, vec![]), HUB),
        ("another store revokes a till", revoke(TILL, vec![]), OTHER_STORE),
    ] {
        let refused = Admitted::NotTheirs { issuer: public(issuer) };
        assert_eq!(say(&mut trust, &statement, issuer), refused, "{what}");
    }
    assert_eq!(say(&mut trust, &till_paper(50, "B", 1), HUB), Admitted::New, "a hub enrols too");
}

#[test]
fn without_a_root_everyone_is_pending() {
    let mut trust = Trust::new(None);
    let store = Statement::Store { store: "A".into(), key: public(STORE), serial: 1 };
    assert!(matches!(say(&mut trust, &store, ROOT), Admitted::NotTheirs { .. }));
    assert_eq!(incarnate(&mut trust, replica(TILL), TILL), Admitted::New);
    assert_eq!(trust.standing(stream(TILL, StreamKind::Journal)), Standing::Pending);
}

#[test]
fn a_till_that_sold_before_it_was_enrolled_is_enrolled_by_its_paper() {
    let mut trust = chain();
    incarnate(&mut trust, replica(20), 20);
    let journal = stream(20, StreamKind::Journal);
    assert_eq!(trust.standing(journal), Standing::Pending);
    say(&mut trust, &till_paper(20, "A", 2), STORE);
    assert!(matches!(trust.standing(journal), Standing::Enrolled(Member::Till { .. })));
}

/// Whoever hears a new id early can't claim it before its owner does.
#[test]
fn a_replica_is_its_keys_whoever_claims_it_first() {
    let mut trust = chain();
    let (own, claims) = (life(TILL, 2), public(60));
    assert_eq!(incarnate(&mut trust, own, 60), Admitted::Unbound { replica: own, claims });
    assert_eq!(trust.key_of(own), None);
    assert_eq!(incarnate(&mut trust, own, TILL), Admitted::New);
    assert_eq!(incarnate(&mut trust, own, TILL), Admitted::Known);
    let (replica, claims) = (ReplicaId([7; 16]), public(TILL));
    let made_up = incarnate(&mut trust, replica, TILL);
    assert_eq!(made_up, Admitted::Unbound { replica, claims }, "nor may its own till make one up");
}

/// Replicas of a time when ids were not bound to keys count on where they were known.
#[test]
fn a_kept_paper_may_claim_an_id_of_before_and_the_first_keeps_it() {
    let (mut trust, replica) = (chain(), ReplicaId([7; 16]));
    let statement = Statement::Incarnation { replica, opened: Hlc::from_ms(9) };
    let [ours, theirs] = [TILL, 60].map(|by| issue(&statement, &key(by)).unwrap());
    assert_eq!(trust.admit_kept(&ours), Ok(Admitted::New));
    let contested = Admitted::Contested { replica, known: public(TILL), claims: public(60) };
    assert_eq!(trust.admit_kept(&theirs), Ok(contested));
    assert_eq!(trust.admit(&ours), Ok(Admitted::Known), "its owner may go on saying it");
    assert!(matches!(trust.admit(&theirs), Ok(Admitted::Unbound { .. })));
    assert_eq!(trust.key_of(replica).map(|(key, _)| key), Some(public(TILL)));
    let bound = Statement::Incarnation { replica: self::replica(TILL), opened: Hlc::from_ms(9) };
    for (paper, expected) in
        [(ours, false), (theirs, false), (issue(&bound, &key(TILL)).unwrap(), true)]
    {
        assert_eq!(is_passed_on(&paper), expected, "peers refuse it");
    }
}

#[test]
fn a_revoked_till_counts_up_to_what_was_known() {
    let mut trust = chain();
    let ends = vec![(replica(TILL), StreamKind::Journal, 41)];
    assert_eq!(say(&mut trust, &revoke(TILL, ends), STORE), Admitted::New);
    let standing = |trust: &Trust, kind| trust.standing(stream(TILL, kind));
    assert_eq!(standing(&trust, StreamKind::Journal), Standing::Revoked { last: 41 });
    assert_eq!(standing(&trust, StreamKind::Workspace), Standing::Revoked { last: 0 });
    assert_eq!(trust.till_by_tls(TlsKey([TILL; 32])), None, "it connects no longer");
}

#[test]
fn a_rotated_key_connects_and_the_old_one_does_not() {
    let mut trust = chain();
    let (old, new) = (TlsKey([TILL; 32]), TlsKey([21; 32]));
    assert_eq!(trust.till_by_tls(old).map(|paper| paper.number), Some(1));
    assert_eq!(say(&mut trust, &till_paper(21, "A", 2), STORE), Admitted::New);
    assert!(trust.till_by_tls(new).is_some());
    assert_eq!(trust.till_by_tls(old), None);
    // What the old key wrote before stays the till's.
    let journal = stream(TILL, StreamKind::Journal);
    assert!(matches!(trust.standing(journal), Standing::Enrolled(_)));
    assert_eq!(say(&mut trust, &till_paper(21, "A", 1), STORE), Admitted::Known, "an earlier one");
}

#[test]
fn a_revoked_stores_signatures_count_no_longer() {
    let mut trust = chain();
    assert_eq!(say(&mut trust, &revoke(STORE, vec![]), ROOT), Admitted::New);
    assert_eq!(trust.standing(stream(TILL, StreamKind::Journal)), Standing::Pending);
    assert!(matches!(say(&mut trust, &till_paper(22, "A", 1), STORE), Admitted::NotTheirs { .. }));
    // Another signature brings its tills back.
    assert_eq!(say(&mut trust, &till_paper(TILL, "A", 2), HUB), Admitted::New);
    assert!(matches!(trust.standing(stream(TILL, StreamKind::Journal)), Standing::Enrolled(_)));
}

#[test]
fn strangers_are_bounded() {
    let mut trust = chain();
    let most = u16::try_from(MAX_PENDING).unwrap();
    let claims = |trust: &mut Trust, number: u16| {
        let stranger = if number.is_multiple_of(2) { 77 } else { 78 };
        incarnate(trust, life(stranger, number), stranger)
    };
    for number in 0..most {
        assert_eq!(claims(&mut trust, number), Admitted::New);
    }
    assert_eq!(claims(&mut trust, most), Admitted::Full);
    assert_eq!(incarnate(&mut trust, life(TILL, 30), TILL), Admitted::New, "members still may");
}

#[test]
fn a_till_that_makes_up_incarnations_leaves_room_for_others() {
    let mut trust = chain();
    let mut lives = 0;
    for number in 2..2 * MAX_LIVES {
        lives += u16::from(incarnate(&mut trust, life(TILL, number), TILL) == Admitted::New);
    }
    assert_eq!(lives, MAX_LIVES - 1, "and the one of the chain");
    assert_eq!(incarnate(&mut trust, life(HUB, 30), HUB), Admitted::New);
}
