//! What AWS IoT Core allows a client, kept before anything is sent: it answers a breach with a
//! closed connection or, worse, with silence. Other brokers allow more.

use crate::wire::MAX_FRAME_BYTES;
use std::time::Duration;

/// Publishes a second, in the long run. The broker allows 100, those that come in counted too.
pub(super) const PUBLISHES_PER_S: u32 = 80;

/// Publishes at once after a quiet second; with [`PUBLISHES_PER_S`] never more than 100 in one.
pub(super) const PUBLISHES_AT_ONCE: u32 = 20;

/// Bytes a second, in the long run; the broker allows 512 KB.
pub(super) const BYTES_PER_S: u32 = 400_000;

/// Bytes at once: one frame of the longest.
pub(super) const BYTES_AT_ONCE: u32 = 120 * 1024;
const _: () = assert!(BYTES_AT_ONCE as usize >= MAX_FRAME_BYTES);
const _: () = assert!(BYTES_PER_S + BYTES_AT_ONCE <= 512 * 1024);

/// Publishes of ours that the broker has not acknowledged.
pub(super) const IN_FLIGHT: u16 = 100;

/// Publishes to us that we have not acknowledged: some 8 MB of frames before the broker waits.
pub(super) const RECEIVE_MAXIMUM: u16 = 64;

/// The longest packet that is taken: 128 KB of payload with topic and properties.
pub(super) const INCOMING_PACKET_BYTES: u32 = 149_504;

/// What a publish has beside its payload: topic with prefix, and some bytes of header.
pub(super) const PACKET_OVERHEAD_BYTES: usize = 512;

/// The longest topic, a Basic Ingest prefix aside.
pub(super) const TOPIC_BYTES: usize = 256;

/// The most slashes in a topic, a Basic Ingest prefix aside.
pub(super) const TOPIC_SLASHES: usize = 7;

/// Filters in one SUBSCRIBE.
pub(super) const FILTERS_PER_SUBSCRIBE: usize = 8;

/// Streams of the hub over one connection: 50 subscriptions less our own.
pub const MAX_STREAMS: usize = 48;

/// The longest client id.
pub const MAX_CLIENT_ID_BYTES: usize = 128;

/// The shortest and longest keep-alive.
pub const KEEP_ALIVE_S: std::ops::RangeInclusive<u16> = 30..=1_200;

/// The shortest wait between two CONNECTs, shaken to between half and all of it: the broker takes
/// one a second of a client id.
pub(super) const LEAST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait: after an outage everyone is back within a minute, and not at once.
pub(super) const MOST_WAIT: Duration = Duration::from_secs(60);

/// A connection that lasted so long was a good one, and the next wait is short again; a broker
/// that takes us and throws us out is left alone ever longer.
pub(super) const LASTED: Duration = Duration::from_secs(30);

/// So many connections in a row that did not last are worth a person's look: one may be a restart.
pub(super) const SHORT_CONNECTIONS: u32 = 3;

/// TCP, TLS, CONNECT and every SUBSCRIBE together.
pub(super) const CONNECTING: Duration = Duration::from_secs(15);

/// What AWS IoT Core wants to hear in TLS on port 443.
pub(super) const AWS_ALPN: &[u8] = b"x-amzn-mqtt-ca";
