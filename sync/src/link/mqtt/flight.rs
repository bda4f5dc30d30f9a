//! What is under way to the broker and what of the broker's is not acknowledged yet, both in order.
//!
//! Pure. The client below gives packet ids in turn and stalls when the next one is still taken,
//! which a broker that acknowledges out of order brings about; [`Sent`] never lets it come to that.

use crate::link::Receipt;
use std::collections::VecDeque;

struct Published<T> {
    what: T,
    /// Known once it was written.
    packet: Option<u16>,
    acknowledged: bool,
}

/// Publishes from the oldest that is not acknowledged to the newest.
pub(super) struct Sent<T> {
    limit: usize,
    publishes: VecDeque<Published<T>>,
}

impl<T: Clone> Sent<T> {
    /// `limit` is how many packet ids there are. One is left free: with all of them taken the
    /// client would send no acknowledgements either.
    pub(super) fn new(limit: u16) -> Self {
        let limit = usize::from(limit.saturating_sub(1).max(1));
        Self { limit, publishes: VecDeque::new() }
    }

    /// Whether one more may go: the next packet id is free for certain.
    pub(super) fn has_room(&self) -> bool {
        self.publishes.len() < self.limit
    }

    /// It was handed to the client.
    pub(super) fn handed(&mut self, what: T) {
        self.publishes.push_back(Published { what, packet: None, acknowledged: false });
    }

    /// The client wrote the oldest of those that it had not written, under this packet id.
    pub(super) fn written(&mut self, packet: u16) {
        let next = self.publishes.iter_mut().find(|publish| publish.packet.is_none());
        if let Some(next) = next {
            next.packet = Some(packet);
        }
    }

    /// The broker acknowledged a packet: what it was.
    pub(super) fn acknowledged(&mut self, packet: u16) -> Option<T> {
        let is_it = |it: &&mut Published<T>| it.packet == Some(packet) && !it.acknowledged;
        let publish = self.publishes.iter_mut().find(is_it)?;
        publish.acknowledged = true;
        let what = publish.what.clone();
        while self.publishes.front().is_some_and(|oldest| oldest.acknowledged) {
            self.publishes.pop_front();
        }
        Some(what)
    }
}

/// Publishes of the broker's that the session holds. MQTT wants them acknowledged in the order in
/// which they came, whatever the order in which the session is done with them.
#[derive(Default)]
pub(super) struct Received {
    publishes: VecDeque<(Receipt, u16, bool)>,
}

impl Received {
    /// A packet was given to the session under this receipt.
    pub(super) fn came(&mut self, receipt: Receipt, packet: u16) {
        self.publishes.push_back((receipt, packet, false));
    }

    /// A packet that the session never sees; it waits for its turn all the same.
    pub(super) fn dropped(&mut self, packet: u16) {
        self.publishes.push_back((Receipt(0), packet, true));
    }

    /// The session is done with it.
    pub(super) fn done(&mut self, receipt: Receipt) {
        if let Some(it) = self.publishes.iter_mut().find(|it| it.0 == receipt) {
            it.2 = true;
        }
    }

    /// The next packet to acknowledge.
    pub(super) fn next_due(&mut self) -> Option<u16> {
        let (_, packet, _) = self.publishes.pop_front_if(|(_, _, done)| *done)?;
        Some(packet)
    }

    /// How many are not acknowledged.
    pub(super) fn len(&self) -> usize {
        self.publishes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Packet ids as the client gives them: in turn, from 1 to the limit.
    struct Ids {
        limit: u16,
        last: u16,
    }

    impl Ids {
        fn next(&mut self) -> u16 {
            self.last = if self.last >= self.limit { 1 } else { self.last + 1 };
            self.last
        }
    }

    proptest! {
        #[test]
        fn no_packet_id_is_needed_while_it_is_taken(
            limit in 2_u16..20,
            acks in proptest::collection::vec(any::<prop::sample::Index>(), 1..200),
        ) {
            let (mut sent, mut ids) = (Sent::new(limit), Ids { limit, last: 0 });
            let (mut taken, mut number) = (Vec::new(), 0);
            for ack in acks {
                while sent.has_room() {
                    let id = ids.next();
                    prop_assert!(!taken.iter().any(|(packet, _)| *packet == id));
                    prop_assert!(taken.len() < usize::from(limit));
                    number += 1;
                    sent.handed(number);
                    sent.written(id);
                    taken.push((id, number));
                }
                let (packet, what) = taken.remove(ack.index(taken.len()));
                prop_assert_eq!(sent.acknowledged(packet), Some(what));
                prop_assert_eq!(sent.acknowledged(packet), None);
            }
        }

        #[test]
        fn acknowledgements_leave_in_the_order_of_arrival(
            order in Just((1_u16..=30).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let (mut received, mut left) = (Received::default(), Vec::new());
            for packet in 1..=30 {
                match packet % 7 {
                    0 => received.dropped(packet),
                    _ => received.came(Receipt(u64::from(packet)), packet),
                }
            }
            for packet in order {
                received.done(Receipt(u64::from(packet)));
                left.extend(std::iter::from_fn(|| received.next_due()));
            }
            prop_assert_eq!(left, (1_u16..=30).collect::<Vec<_>>());
            prop_assert_eq!(received.len(), 0);
        }
    }

    #[test]
    fn a_broker_that_grants_one_gets_one_at_a_time() {
        let mut sent = Sent::new(1);
        assert!(sent.has_room());
        sent.handed("only");
        assert!(!sent.has_room());
        assert_eq!(sent.acknowledged(1), None);
        sent.written(1);
        assert_eq!(sent.acknowledged(1), Some("only"));
        assert!(sent.has_room());
    }
}
