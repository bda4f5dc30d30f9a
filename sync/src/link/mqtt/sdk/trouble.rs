//! Why a connection of MQTT 3.1.1 ended, in the words of [`super::super::trouble`].

use super::super::trouble::{Trouble, broke};
use crate::link::tls::{cause, explain};
use aws_iot_device_sdk_rust::{AWSIoTError, ConnectionError, StateError};
use rumqttc::ConnectReturnCode;
use rumqttc::mqttbytes::Error as PacketError;

impl From<ConnectionError> for Trouble {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ConnectionRefused(code) => refused(code),
            ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
                Self::passing("it does not answer".to_owned())
            }
            ConnectionError::MqttState(StateError::AwaitPingResp) => {
                Self::passing("it does not answer any more".to_owned())
            }
            ConnectionError::MqttState(StateError::ConnectionAborted) => {
                Self::passing("the line was closed".to_owned())
            }
            other => match cause(&other) {
                Some(tls) => Self::alarm(explain(tls)),
                None => without_tls(&other),
            },
        }
    }
}

fn without_tls(error: &ConnectionError) -> Trouble {
    match error {
        ConnectionError::MqttState(
            StateError::Io(error) | StateError::Deserialization(PacketError::Io(error)),
        ) => broke(error),
        ConnectionError::MqttState(other) => {
            Trouble::alarm(format!("it does not keep to MQTT ({other})"))
        }
        other => Trouble::passing(format!("it can't be reached ({other})")),
    }
}

impl From<AWSIoTError> for Trouble {
    fn from(error: AWSIoTError) -> Self {
        match error {
            AWSIoTError::AWSConnectionError(error) => (*error).into(),
            other => Self::alarm(format!("the SDK fails ({other})")),
        }
    }
}

fn refused(code: ConnectReturnCode) -> Trouble {
    use ConnectReturnCode as C;
    match code {
        C::ServiceUnavailable => {
            Trouble::passing("it takes no connections now (ServiceUnavailable)".to_owned())
        }
        C::NotAuthorized | C::BadUserNamePassword => Trouble::keep_away(format!(
            "it refuses us ({code:?}): allow this certificate and client id there"
        )),
        C::BadClientId => Trouble::keep_away(
            "it does not take our client id (BadClientId): it must be the thing's name".to_owned(),
        ),
        C::Success | C::RefusedProtocolVersion => {
            Trouble::keep_away(format!("it refuses the connection ({code:?})"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn what_mends_itself_needs_nobody() {
        let io = || Error::from(ErrorKind::ConnectionReset);
        let state = ConnectionError::MqttState;
        for (error, needs_a_person, wait_long) in [
            (ConnectionError::NetworkTimeout, false, false),
            (ConnectionError::Io(io()), false, false),
            (state(StateError::Io(io())), false, false),
            (state(StateError::Deserialization(PacketError::Io(io()))), false, false),
            (state(StateError::Deserialization(PacketError::MalformedPacket)), true, false),
            (state(StateError::AwaitPingResp), false, false),
            (state(StateError::ConnectionAborted), false, false),
            (state(StateError::WrongPacket), true, false),
            (state(StateError::Unsolicited(7)), true, false),
            (
                ConnectionError::ConnectionRefused(ConnectReturnCode::ServiceUnavailable),
                false,
                false,
            ),
            (ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized), true, true),
            (ConnectionError::ConnectionRefused(ConnectReturnCode::BadClientId), true, true),
        ] {
            let words = error.to_string();
            let trouble = Trouble::from(error);
            assert_eq!(
                (trouble.needs_a_person, trouble.wait_long),
                (needs_a_person, wait_long),
                "{words}"
            );
        }
    }
}
