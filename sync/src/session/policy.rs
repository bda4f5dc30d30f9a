//! Who receives which stream, and what goes first.

use crate::link::Route;
use crate::log::{StreamId, StreamKind};
use crate::trust::{Member, Standing, Trust};

/// Which side of the conversation a replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The hub.
    Hub,
    /// A till of a store.
    Till {
        /// Its store's code.
        store: String,
    },
}

/// Whether this side takes entries of the stream: a hub every till's but for carts, which never
/// leave the shop; a till those of its own shop and of the hub.
pub(super) fn takes(side: &Side, trust: &Trust, stream: StreamId) -> bool {
    let kind = stream.kind;
    match (side, trust.standing(stream)) {
        (_, Standing::Unknown | Standing::NotTheirs(_)) => false,
        (_, Standing::Pending) if kind.is_hubs() => false,
        (Side::Hub, _) => !kind.is_hubs() && kind != StreamKind::Workspace,
        (Side::Till { .. }, _) if kind.is_hubs() => true,
        (Side::Till { store }, _) => {
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
        (_, Route::Till { store, .. }) => {
            stream.kind.is_hubs()
                || trust.store_of_writer(stream.replica).is_none_or(|theirs| theirs == store)
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
