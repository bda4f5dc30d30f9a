//! Why a connection ended, whether a person must see to it, and whether to keep away for long.

use super::limits::INCOMING_PACKET_BYTES;
use crate::link::tls::{cause, closed, explain};
use rumqttc::v5::mqttbytes::Error as PacketError;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError, StateError};
use std::io;

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) trouble: Trouble,
    /// Frames could be sent over it.
    pub(super) was_up: bool,
}

/// What ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) why: String,
    /// It does not mend itself.
    pub(super) needs_a_person: bool,
    /// Trying again soon makes it worse.
    pub(super) wait_long: bool,
}

impl Trouble {
    /// A line that broke, a broker that restarts.
    pub(super) fn passing(why: String) -> Self {
        Self { why, needs_a_person: false, wait_long: false }
    }

    pub(super) fn alarm(why: String) -> Self {
        Self { why, needs_a_person: true, wait_long: false }
    }

    pub(super) fn keep_away(why: String) -> Self {
        Self { why, needs_a_person: true, wait_long: true }
    }
}

impl From<ConnectionError> for Trouble {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ConnectionRefused(code) => refused(code),
            ConnectionError::MqttState(error) => state(error),
            ConnectionError::Io(error) | ConnectionError::Tls(rumqttc::TlsError::Io(error))
                if closed(&error) && cause(&error).is_none() =>
            {
                Self::passing("it closed the line at once".to_owned())
            }
            ConnectionError::Timeout(_) => Self::passing("it does not answer".to_owned()),
            ConnectionError::Io(error) if cause(&error).is_none() => {
                Self::passing(format!("it can't be reached ({error})"))
            }
            other => match cause(&other) {
                Some(tls) => Self::alarm(explain(tls)),
                None => Self::passing(format!("it can't be reached ({other})")),
            },
        }
    }
}

fn refused(code: ConnectReturnCode) -> Trouble {
    use ConnectReturnCode as C;
    match code {
        C::ServerUnavailable | C::ServiceUnavailable | C::ServerBusy => {
            Trouble::passing(format!("it takes no connections now ({code:?})"))
        }
        C::NotAuthorized | C::BadUserNamePassword | C::Banned => Trouble::keep_away(format!(
            "it refuses us ({code:?}): allow this certificate and client id there"
        )),
        C::BadClientId | C::ClientIdentifierNotValid => Trouble::keep_away(format!(
            "it does not take our client id ({code:?}): it must be the thing's name"
        )),
        other => Trouble::keep_away(format!("it refuses the connection ({other:?})")),
    }
}

fn state(error: StateError) -> Trouble {
    match error {
        StateError::ServerDisconnect { reason_code, .. } => disconnected(reason_code),
        StateError::Deserialization(error) => packet(error),
        StateError::IncomingPacketTooLarge { pkt_size, .. } => too_large(pkt_size),
        StateError::AwaitPingResp => Trouble::passing("it does not answer any more".to_owned()),
        StateError::ConnectionAborted => Trouble::passing("the line was closed".to_owned()),
        StateError::Io(error) => broke(&error),
        other => Trouble::alarm(format!("it does not keep to MQTT ({other})")),
    }
}

fn packet(error: PacketError) -> Trouble {
    match error {
        PacketError::Io(error) => broke(&error),
        PacketError::PayloadSizeLimitExceeded { pkt_size, .. } => too_large(pkt_size),
        other => Trouble::alarm(format!("it does not keep to MQTT ({other})")),
    }
}

pub(super) fn broke(error: &io::Error) -> Trouble {
    match cause(error) {
        Some(tls) => Trouble::alarm(explain(tls)),
        None if closed(error) => Trouble::passing("it closed the line".to_owned()),
        None => Trouble::passing(format!("the line broke ({error})")),
    }
}

fn too_large(bytes: usize) -> Trouble {
    Trouble::alarm(format!("it sent a packet of {bytes} bytes, above {INCOMING_PACKET_BYTES}"))
}

fn disconnected(code: DisconnectReasonCode) -> Trouble {
    use DisconnectReasonCode as D;
    match code {
        D::SessionTakenOver => Trouble::keep_away(
            "another client uses our client id: two tills with one name or one copied folder"
                .to_owned(),
        ),
        D::NormalDisconnection
        | D::ServerBusy
        | D::ServerShuttingDown
        | D::KeepAliveTimeout
        | D::UseAnotherServer
        | D::ServerMoved
        | D::MaximumConnectTime => Trouble::passing(format!("it closed the connection ({code:?})")),
        D::NotAuthorized | D::QuotaExceeded | D::AdministrativeAction => {
            Trouble::keep_away(format!("it threw us out ({code:?})"))
        }
        other => Trouble::alarm(format!("it closed the connection ({other:?})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind;

    #[test]
    fn a_line_that_ends_is_told_without_words_for_programmers() {
        let eof = || io::Error::new(ErrorKind::UnexpectedEof, "https://docs.rs/rustls");
        for (error, says) in [
            (ConnectionError::MqttState(StateError::Io(eof())), "it closed the line"),
            (
                ConnectionError::MqttState(StateError::Deserialization(PacketError::Io(eof()))),
                "it closed the line",
            ),
            (ConnectionError::Io(eof()), "it closed the line at once"),
            (
                ConnectionError::MqttState(StateError::Io(io::Error::other("no route"))),
                "the line broke (no route)",
            ),
            (ConnectionError::Io(io::Error::other("off")), "it can't be reached (off)"),
        ] {
            assert_eq!(Trouble::from(error), Trouble::passing(says.to_owned()));
        }
    }
}
