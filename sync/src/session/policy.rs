//! Who receives which stream, and what goes first.

use super::{RUN_BYTES, TILL_RUN_BYTES};
use crate::link::Route;
use crate::log::{StreamId, StreamKind, Zone};
use crate::trust::{Member, Standing, Trust};
use std::collections::BTreeSet;

/// Which side of the conversation a replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The hub.
    Hub,
    /// A till of a store.
    Till {
        /// Its store's code.
        store: String,
        /// The price zones whose pushes count in its store.
        zones: BTreeSet<Zone>,
    },
}

/// Whether entries of this kind are of any use here, whoever wrote them: prices of other zones are
/// none of a till's.
pub(super) fn is_of_use(side: &Side, kind: StreamKind) -> bool {
    match (side, kind) {
        (Side::Till { zones, .. }, StreamKind::Prices(zone)) => zones.contains(&zone),
        _ => true,
    }
}

/// Whether this side takes entries of the stream: a hub every till's but for carts, which never
/// leave the shop; a till those of its own shop, and of the hub but for prices of other zones.
pub(super) fn takes(side: &Side, trust: &Trust, stream: StreamId) -> bool {
    let kind = stream.kind;
    match (side, trust.standing(stream)) {
        (_, Standing::Unknown | Standing::NotTheirs(_)) => false,
        (_, Standing::Pending) if kind.is_hubs() => false,
        (Side::Hub, _) => !kind.is_hubs() && kind != StreamKind::Workspace,
        (Side::Till { .. }, _) if kind.is_hubs() => is_of_use(side, kind),
        (Side::Till { store, .. }, _) => {
            // A till that nobody has signed for yet is let in by the link or not at all.
            trust.store_of_writer(stream.replica).is_none_or(|theirs| theirs == store)
        }
    }
}

/// Whether a peer is told of the stream and given it when it asks.
pub(super) fn gives(side: &Side, trust: &Trust, to: &Route, stream: StreamId) -> bool {
    match (side, to) {
        (_, Route::Fan(kind)) => stream.kind == *kind,
        (Side::Till { .. }, Route::Hub) => {
            !stream.kind.is_hubs() && stream.kind != StreamKind::Workspace
        }
        (Side::Hub, Route::Till { store, .. }) => {
            // A till that nobody has signed for yet belongs to no shop: its siblings have it from
            // itself, and another shop would count it as its own once it is signed for.
            stream.kind.is_hubs() || trust.store_of_writer(stream.replica) == Some(store)
        }
        (_, Route::Till { .. }) if stream.kind.is_hubs() => is_of_use(side, stream.kind),
        (_, Route::Till { store, .. }) => {
            trust.store_of_writer(stream.replica).is_none_or(|theirs| theirs == store)
        }
        (Side::Hub, Route::Hub) => true,
    }
}

/// Whether the sender of a frame is who the route says.
pub(super) fn is_at(trust: &Trust, route: &Route, replica: crate::log::ReplicaId) -> bool {
    let Some((key, _)) = trust.key_of(replica) else {
        // Its papers are what it says first.
        return true;
    };
    match (route, trust.member(&key)) {
        (Route::Hub | Route::Fan(_), member) => member == Some(Member::Hub),
        (Route::Till { store, thing }, Some(Member::Till { store: s, thing: t, .. })) => {
            *store == s && *thing == t
        }
        (Route::Till { .. }, Some(Member::Hub)) => false,
        (Route::Till { .. }, None) => true,
    }
}

/// What is sent first: money before carts, both before anything that comes in bulk.
pub(super) const fn priority(kind: StreamKind) -> u8 {
    match kind {
        StreamKind::Journal => 0,
        StreamKind::Workspace => 1,
        StreamKind::Customers => 2,
        StreamKind::Staff | StreamKind::Settings => 3,
        StreamKind::Prices(_) => 4,
        StreamKind::Catalogue => 5,
    }
}

/// Bytes of bodies in one run.
pub(super) const fn run_bytes(kind: StreamKind) -> usize {
    if kind.is_hubs() { RUN_BYTES } else { TILL_RUN_BYTES }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Hlc;
    use crate::link::TlsKey;
    use crate::log::{ReplicaId, SealingKey, Seed};
    use crate::trust::{Statement, TillPaper, issue};

    fn key(number: u8) -> SealingKey {
        SealingKey::from_seed(&Seed::new([number; 32])).unwrap()
    }

    fn admit(trust: &mut Trust, statement: &Statement, by: &SealingKey) {
        trust.admit(&issue(statement, by).unwrap()).unwrap();
    }

    #[test]
    fn a_till_that_nobody_has_signed_for_is_not_passed_on_to_other_shops() {
        let (root, replica) = (key(1), ReplicaId::of(&key(9).public(), [7; 6]));
        let mut trust = Trust::new(Some(root.public()));
        let store = |code: &str, number| Statement::Store {
            store: code.into(),
            key: key(number).public(),
            serial: 1,
        };
        admit(&mut trust, &store("HH01", 2), &root);
        admit(&mut trust, &store("HH02", 3), &root);
        admit(&mut trust, &Statement::Incarnation { replica, opened: Hlc::from_ms(1) }, &key(9));
        let stream = StreamId { replica, kind: StreamKind::Journal };
        let to = |store: &str| Route::Till { store: store.into(), thing: "till-1".into() };
        let sibling = Side::Till { store: "HH01".into(), zones: BTreeSet::new() };
        for (enrolled, from, shop, expected) in [
            (false, &Side::Hub, "HH01", false),
            (false, &Side::Hub, "HH02", false),
            (false, &sibling, "HH01", true),
            (true, &Side::Hub, "HH01", true),
            (true, &Side::Hub, "HH02", false),
        ] {
            let mut trust = trust.clone();
            let paper = TillPaper {
                store: "HH01".into(),
                thing: "till-3".into(),
                number: 3,
                key: key(9).public(),
                tls: TlsKey([9; 32]),
                serial: 1,
            };
            if enrolled {
                admit(&mut trust, &Statement::Till(paper), &key(2));
            }
            let given = gives(from, &trust, &to(shop), stream);
            assert_eq!(given, expected, "enrolled {enrolled}, {from:?} to {shop}");
        }
    }

    #[test]
    fn a_till_takes_and_passes_on_prices_of_its_own_zones_only() {
        let (root, replica) = (key(1), ReplicaId::of(&key(9).public(), [7; 6]));
        let mut trust = Trust::new(Some(root.public()));
        admit(&mut trust, &Statement::Hub { key: key(9).public(), serial: 1 }, &root);
        admit(&mut trust, &Statement::Incarnation { replica, opened: Hlc::from_ms(1) }, &key(9));
        let zone = |number| Zone::new(number).unwrap();
        let side = Side::Till { store: "HH01".into(), zones: [zone(0), zone(7)].into() };
        let sibling = Route::Till { store: "HH01".into(), thing: "till-2".into() };
        for (kind, expected) in [
            (StreamKind::Prices(zone(0)), true),
            (StreamKind::Prices(zone(7)), true),
            (StreamKind::Prices(zone(8)), false),
            (StreamKind::Settings, true),
            (StreamKind::Catalogue, true),
        ] {
            let stream = StreamId { replica, kind };
            assert_eq!(takes(&side, &trust, stream), expected, "{kind}");
            assert_eq!(gives(&side, &trust, &sibling, stream), expected, "{kind}");
            assert_eq!(is_of_use(&side, kind), expected, "{kind}");
            assert!(gives(&Side::Hub, &trust, &sibling, stream), "{kind}");
            assert!(!gives(&side, &trust, &Route::Hub, stream), "{kind}");
        }
    }
}
