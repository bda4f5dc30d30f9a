//! A second link to AWS IoT Core, on the community's device SDK (`aws-iot-device-sdk-rust`), behind
//! the feature `aws-iot-sdk`. [`MqttLink::start`] begins the one to take,
//! [`MqttLink::start_on_sdk`] this one, for whoever must build on that SDK. Topics, roles and bounds are the same.
//!
//! What it lacks against MQTT 5, each of which the session makes good:
//!
//! - **It acknowledges by itself**, as soon as a frame is read and not once it is durable. What a
//!   till was told and had not kept when it died is asked for again.
//! - **MQTT 3.1.1 gives no reasons.** A publish that the broker refuses is lost without a word (or,
//!   at AWS IoT Core, ends the connection); the session sends it again and nobody is told where not.
//!   Another client with the same id shows only as connections that do not last. What the broker
//!   grants (packet size, publishes under way) it does not say; AWS IoT Core's limits are kept to.
//! - **The SDK's own receiver loses frames**: it hands packets on through a channel of 50
//!   (`tokio::sync::broadcast`), and whoever is slower than the network misses the oldest. So it is
//!   not used: packets are taken from the event loop that the SDK gives out, and while the session
//!   has as many frames as it may, the event loop is not polled and the broker has to wait. A session
//!   that is stuck for one and a half keep-alives is thrown out by the broker for it.
//! - The SDK reads three files for TLS even where it is given a transport, as here, where keys are
//!   [`Tls`]'s and ring the provider. It is given [`NOTHING`].

mod connection;
mod trouble;

use super::{Broker, MqttError, MqttLink, Role, Side};
use crate::link::mailbox::Mailbox;
use crate::link::nobody;
use crate::link::tls::Tls;
use connection::Dialled;

/// A file that can be read and holds nothing, for what the SDK reads and then drops.
const NOTHING: &str = "/dev/null";

impl MqttLink {
    /// As [`MqttLink::start`], on the community's SDK.
    ///
    /// # Errors
    /// When a setting is none that a broker takes, or TLS can't be set up.
    pub fn start_on_sdk(broker: &Broker, role: Role, tls: &Tls) -> Result<Self, MqttError> {
        let mailbox = Mailbox::new();
        let side = Side::new(broker, role)?;
        let dialled = Dialled::new(mailbox.clone(), broker.clone(), side.clone(), tls)?;
        Ok(Self::over(mailbox, side, (broker, tls, nobody()), move || dialled.clone().run()))
    }
}
