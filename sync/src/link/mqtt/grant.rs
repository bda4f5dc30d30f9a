//! What a broker grants in its CONNACK, against what a till needs.
//!
//! Pure. Asked once a connection; whatever is less than asked is kept to, and told.

use super::limits::{IN_FLIGHT, PACKET_OVERHEAD_BYTES};
use crate::wire::MAX_FRAME_BYTES;
use rumqttc::v5::mqttbytes::v5::ConnAckProperties;
use std::time::Duration;

/// The shortest frames that a session can live with: a digest or a mark of some streams.
const LEAST_FRAME_BYTES: usize = 4 * 1024;

/// What holds for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Publishes that may be unacknowledged, at least one.
    pub(super) in_flight: u16,
    /// The longest frame that fits into a packet.
    pub(super) frame_bytes: usize,
    /// How often the line is tried.
    pub(super) keep_alive: Duration,
    /// What is less than asked, in words.
    pub(super) less: Vec<String>,
}

/// What to make of a CONNACK.
///
/// # Errors
/// In words, when there is no working with it.
pub(super) fn grant(
    properties: Option<&ConnAckProperties>,
    asked_keep_alive: Duration,
    wildcards_needed: bool,
) -> Result<Grant, String> {
    let mut grant = Grant {
        in_flight: IN_FLIGHT,
        frame_bytes: MAX_FRAME_BYTES,
        keep_alive: asked_keep_alive,
        less: Vec::new(),
    };
    let Some(granted) = properties else { return Ok(grant) };
    if let Some(id) = &granted.assigned_client_identifier {
        return Err(format!("it names us `{}`: it must take our own client id", shown(id)));
    }
    if granted.max_qos == Some(0) {
        return Err("it takes no QoS 1: set its maximum QoS to 1".to_owned());
    }
    if wildcards_needed && granted.wildcard_subscription_available == Some(0) {
        return Err("it takes no wildcard subscriptions, which a hub needs".to_owned());
    }
    grant.in_flight(granted.receive_max)?;
    grant.frame_bytes(granted.max_packet_size)?;
    match granted.server_keep_alive {
        Some(0) => return Err("it switches the keep-alive off: set 30 to 1200 s".to_owned()),
        Some(seconds) => grant.keep_alive = Duration::from_secs(u64::from(seconds)),
        None => {}
    }
    Ok(grant)
}

impl Grant {
    fn in_flight(&mut self, receive_maximum: Option<u16>) -> Result<(), String> {
        match receive_maximum {
            Some(0) => Err("it takes no publishes at all (receive maximum 0)".to_owned()),
            Some(fewer) if fewer < self.in_flight => {
                self.in_flight = fewer;
                self.less.push(format!(
                    "it takes {fewer} publishes at once instead of {IN_FLIGHT}: sending is slower"
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn frame_bytes(&mut self, packet_bytes: Option<u32>) -> Result<(), String> {
        let Some(packet) = packet_bytes else { return Ok(()) };
        let frame =
            usize::try_from(packet).unwrap_or(usize::MAX).saturating_sub(PACKET_OVERHEAD_BYTES);
        if frame < LEAST_FRAME_BYTES {
            return Err(format!("it takes packets of {packet} bytes: allow 149504"));
        }
        if frame < self.frame_bytes {
            self.frame_bytes = frame;
            self.less.push(format!(
                "it takes packets of {packet} bytes, so longer frames can't be sent: allow 149504"
            ));
        }
        Ok(())
    }
}

/// A stranger's text, cut and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(128).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Duration = Duration::from_secs(60);

    fn nothing() -> ConnAckProperties {
        ConnAckProperties {
            session_expiry_interval: None,
            receive_max: None,
            max_qos: None,
            retain_available: None,
            max_packet_size: None,
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        }
    }

    #[test]
    fn a_broker_that_says_nothing_grants_what_iot_core_does() {
        let all = Grant {
            in_flight: 100,
            frame_bytes: MAX_FRAME_BYTES,
            keep_alive: ASKED,
            less: Vec::new(),
        };
        assert_eq!(grant(None, ASKED, true), Ok(all.clone()));
        assert_eq!(grant(Some(&nothing()), ASKED, true), Ok(all.clone()));
        // As IoT Core says it.
        let aws = ConnAckProperties {
            receive_max: Some(100),
            max_packet_size: Some(149_504),
            max_qos: Some(1),
            topic_alias_max: Some(8),
            server_keep_alive: Some(60),
            ..nothing()
        };
        assert_eq!(grant(Some(&aws), ASKED, true), Ok(all));
    }

    #[test]
    fn less_is_kept_to_and_told() {
        let less = ConnAckProperties {
            receive_max: Some(20),
            max_packet_size: Some(10_000),
            server_keep_alive: Some(15),
            ..nothing()
        };
        let grant = grant(Some(&less), ASKED, true).unwrap();
        assert_eq!((grant.in_flight, grant.frame_bytes), (20, 9_488));
        assert_eq!(grant.keep_alive, Duration::from_secs(15));
        assert_eq!(grant.less.len(), 2);
    }

    #[test]
    fn what_can_not_be_worked_with_is_refused() {
        fn check(granted: ConnAckProperties, says: &str) {
            let why = grant(Some(&granted), ASKED, true).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
        check(ConnAckProperties { receive_max: Some(0), ..nothing() }, "receive maximum 0");
        check(ConnAckProperties { max_qos: Some(0), ..nothing() }, "QoS 1");
        check(ConnAckProperties { max_packet_size: Some(1_000), ..nothing() }, "1000 bytes");
        check(ConnAckProperties { max_packet_size: Some(0), ..nothing() }, "0 bytes");
        check(ConnAckProperties { server_keep_alive: Some(0), ..nothing() }, "keep-alive");
        let named = Some("auto\n7".to_owned());
        check(
            ConnAckProperties { assigned_client_identifier: named, ..nothing() },
            "names us `auto\\n7`",
        );
        let plain = ConnAckProperties { wildcard_subscription_available: Some(0), ..nothing() };
        assert!(grant(Some(&plain), ASKED, false).is_ok());
        check(plain, "wildcard");
    }
}
