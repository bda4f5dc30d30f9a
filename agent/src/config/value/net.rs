//! Addresses and names of other tills and of the hub's broker.

use super::error::ValueError;
use super::text::TextValue;
use schemars::{Schema, json_schema};
use std::net::{IpAddr, SocketAddr};
use sync::link::mqtt::{MAX_NAME_BYTES as MAX_TOPIC_NAME, is_topic_name};
use sync::trust::{MAX_NAME_BYTES, is_name};

/// The longest host name in bytes (RFC 1035, section 2.3.4).
const MAX_HOST_BYTES: usize = 253;

/// An address and a port of this machine to listen at.
impl TextValue for SocketAddr {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        text.parse().map_err(|_| ValueError::ListenAddress(text.to_owned()))
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^.+:[0-9]{1,5}$" })
    }
}

/// Where another machine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort(String);

impl HostPort {
    /// As it is dialled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for HostPort {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte);
        let good = text.rsplit_once(':').is_some_and(|(host, port)| {
            (1..=MAX_HOST_BYTES).contains(&host.len())
                && host.bytes().all(allowed)
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if good { Ok(Self(text.to_owned())) } else { Err(ValueError::HostPort(text.to_owned())) }
    }

    fn show(&self) -> String {
        self.0.clone()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9.:\\[\\]-]+:[0-9]{1,5}$" })
    }
}

/// Another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// As it is dialled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for HostName {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        let is_name = (1..=MAX_HOST_BYTES).contains(&text.len()) && text.bytes().all(allowed);
        if is_name || text.parse::<IpAddr>().is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::HostName(text.to_owned()))
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9.:-]+$" })
    }
}

/// A name that stands in topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicName(String);

impl TopicName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for TopicName {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        match is_topic_name(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(ValueError::TopicName(text.to_owned())),
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": format!("^[^/+#$\\s]{{0,{MAX_TOPIC_NAME}}}$") })
    }
}

/// A till's name among the chain's things, as it stands in its certificate: lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingName(String);

impl ThingName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for ThingName {
    type Error = ValueError;

    fn parse(text: &str) -> Result<Self, ValueError> {
        // It is a host name in a certificate as well, so no underscore.
        let allowed = is_name(text) && !text.contains('_') && !text.starts_with(['-', '.']);
        if allowed && *text == text.to_ascii_lowercase() {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::Thing(text.to_owned()))
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }

    fn schema() -> Schema {
        let pattern = format!("^[a-z0-9][a-z0-9.-]{{0,{}}}$", MAX_NAME_BYTES - 1);
        json_schema!({ "type": "string", "pattern": pattern })
    }
}
