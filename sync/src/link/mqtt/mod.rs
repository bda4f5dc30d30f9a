//! The link between tills and hub: MQTT 5 over mutual TLS, to AWS IoT Core or any other broker.
//!
//! A till publishes to its own topic and hears its own and the hub's; a hub hears every till.
//! Nothing is kept for the next connection, neither here nor at the broker: sessions above send
//! again what they must. To a till `Up` means that the broker is there, not the hub; to a hub
//! it is raised for each stream it publishes as soon as the broker is there, and for each till at
//! its first frame. A hub may send to a till that was not heard of.
//!
//! One connection is `connection`'s, from CONNECT to its end, and the next one `connector`'s; what
//! goes out and comes in over it is `carrier`'s. What a broker grants and refuses is judged in `grant`
//! and `trouble`, pure like `pace`, `flight` and `topics`. The same over another client, on AWS's
//! community SDK, is `sdk`'s, behind the feature `aws-iot-sdk`.

mod carrier;
mod connection;
mod connector;
mod flight;
mod grant;
mod limits;
mod pace;
#[cfg(feature = "aws-iot-sdk")]
mod sdk;
#[cfg(test)]
mod tests;
mod topics;
mod trouble;

pub use limits::{KEEP_ALIVE_S, MAX_CLIENT_ID_BYTES, MAX_STREAMS};
pub use topics::{MAX_NAME_BYTES, is_topic_name};

use super::mailbox::Mailbox;
use super::tls::{Tls, TlsError};
use super::{Event, Link, Receipt, Route, SendError, Unreached, nobody};
use crate::log::StreamKind;
use connector::Connector;
use rumqttc::v5::MqttOptions;
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use std::fmt;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use topics::Topics;
use trouble::End;

/// Why there can be no link to a broker as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    /// A name can't stand in a topic.
    #[error(
        "`{0}` can't stand in a topic: use 1 to {MAX_NAME_BYTES} bytes without spaces, /, +, # \
         and $"
    )]
    Name(String),
    /// A store has the name under which the hub publishes to everyone.
    #[error("no store may be named `hub`: the hub has that place among the topics")]
    StoreIsHub,
    /// A client id is none.
    #[error("the client id has {0} bytes: give it 1 to {MAX_CLIENT_ID_BYTES}")]
    ClientId(usize),
    /// A keep-alive that brokers do not take.
    #[error("a keep-alive of {0} s is not taken: set 30 to 1200 s")]
    KeepAlive(u16),
    /// More streams than a connection may subscribe to.
    #[error("{0} streams are more than the {MAX_STREAMS} of a connection")]
    TooMany(usize),
    /// A stream that the hub does not write.
    #[error("the stream `{0}` is not the hub's: name catalogue, staff, settings or prices")]
    Stream(StreamKind),
    /// TLS can't be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Where the broker is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Its name, which stands in its certificate.
    pub host: String,
    /// 8883, or 443 with [`Broker::aws_alpn`].
    pub port: u16,
    /// Whether TLS says that this is MQTT, as AWS IoT Core wants on port 443.
    pub aws_alpn: bool,
    /// How often the line is tried, within [`KEEP_ALIVE_S`]; it is dead after one and a half.
    pub keep_alive_s: u16,
    /// The chain, which stands in every topic.
    pub chain: String,
    /// The rule that takes what tills send, for Basic Ingest of AWS IoT Core.
    pub ingest_rule: Option<String>,
    /// Whether what is sent stays below the rates that AWS IoT Core allows a client. A broker of
    /// one's own takes what the line carries.
    pub paced: bool,
}

/// `mqtt.hansa.example:8883`
impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Who we are at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A till; its thing is its client id.
    Till {
        /// Its store.
        store: String,
        /// Its thing.
        thing: String,
        /// The hub's streams that it hears.
        streams: Vec<StreamKind>,
    },
    /// A hub.
    Hub {
        /// The name it connects with.
        client_id: String,
        /// The streams that it publishes.
        streams: Vec<StreamKind>,
    },
}

/// A link through a broker. Dropped, it closes the connection.
pub struct MqttLink {
    mailbox: Mailbox,
    side: Side,
    _task: JoinSet<()>,
}

impl MqttLink {
    /// Begins to connect. Needs a tokio runtime.
    ///
    /// # Errors
    /// When a setting is none that a broker takes, or TLS can't be set up.
    pub fn start(broker: &Broker, role: Role, tls: &Tls) -> Result<Self, MqttError> {
        Self::start_and_tell(broker, role, tls, nobody())
    }

    /// As [`MqttLink::start`]; why the broker can't be reached is told by its name.
    ///
    /// # Errors
    /// When a setting is none that a broker takes, or TLS can't be set up.
    pub fn start_and_tell(
        broker: &Broker,
        role: Role,
        tls: &Tls,
        unreached: Unreached,
    ) -> Result<Self, MqttError> {
        let mailbox = Mailbox::new();
        let side = Side::new(broker, role)?;
        let options = options(broker, side.client_id(), tls)?;
        let dial = {
            let (mailbox, side) = (mailbox.clone(), side.clone());
            move || connection::run(mailbox.clone(), options.clone(), side.clone())
        };
        Ok(Self::over(mailbox, side, (broker, tls, unreached), dial))
    }

    /// A link that `dial` connects, again and again.
    fn over<D, F>(
        mailbox: Mailbox,
        side: Side,
        (broker, tls, unreached): (&Broker, &Tls, Unreached),
        dial: D,
    ) -> Self
    where
        D: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = End> + Send + 'static,
    {
        let (broker, tls) = (broker.to_string(), tls.clone());
        let connector = Connector { mailbox: mailbox.clone(), dial, broker, tls, unreached };
        let mut task = JoinSet::new();
        task.spawn(connector.run());
        Self { mailbox, side, _task: task }
    }
}

impl Link for MqttLink {
    async fn event(&mut self) -> Event {
        self.mailbox.event().await
    }

    fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        match self.side.topic(route) {
            Some(_) => self.mailbox.send(route, frame),
            None => Err(SendError::NotUp(route.clone())),
        }
    }

    fn done(&mut self, receipt: Receipt) {
        self.mailbox.done(receipt);
    }
}

/// What of a connection depends on who we are.
#[derive(Debug, Clone)]
struct Side {
    topics: Topics,
    role: Role,
    paced: bool,
}

impl Side {
    fn new(broker: &Broker, role: Role) -> Result<Self, MqttError> {
        if !KEEP_ALIVE_S.contains(&broker.keep_alive_s) {
            return Err(MqttError::KeepAlive(broker.keep_alive_s));
        }
        let topics = Topics::new(&broker.chain, broker.ingest_rule.as_deref())?;
        let side = Self { topics, role, paced: broker.paced };
        side.check()?;
        Ok(side)
    }

    fn client_id(&self) -> &str {
        match &self.role {
            Role::Till { thing, .. } => thing,
            Role::Hub { client_id, .. } => client_id,
        }
    }

    fn streams(&self) -> &[StreamKind] {
        match &self.role {
            Role::Till { streams, .. } | Role::Hub { streams, .. } => streams,
        }
    }

    fn check(&self) -> Result<(), MqttError> {
        if let Role::Till { store, thing, .. } = &self.role {
            topics::name(store)?;
            topics::name(thing)?;
            self.topics.down(store, thing).ok_or(MqttError::StoreIsHub)?;
        }
        let length = self.client_id().len();
        if length == 0 || length > MAX_CLIENT_ID_BYTES {
            return Err(MqttError::ClientId(length));
        }
        let streams = self.streams();
        if streams.len() > MAX_STREAMS {
            return Err(MqttError::TooMany(streams.len()));
        }
        match streams.iter().find(|kind| !kind.is_hubs()) {
            Some(kind) => Err(MqttError::Stream(*kind)),
            None => Ok(()),
        }
    }

    /// Where a frame goes, if we may send there.
    fn topic(&self, route: &Route) -> Option<String> {
        match (&self.role, route) {
            (Role::Till { store, thing, .. }, Route::Hub) => self.topics.up(store, thing),
            (Role::Hub { .. }, Route::Till { store, thing }) => self.topics.down(store, thing),
            (Role::Hub { .. }, Route::Fan(kind)) => self.topics.fan(*kind),
            _ => None,
        }
    }

    /// Where frames for us alone come in, and then where those for everyone do.
    fn filters(&self) -> (Option<String>, Vec<String>) {
        match &self.role {
            Role::Till { store, thing, streams } => {
                let fans = streams.iter().filter_map(|kind| self.topics.fan(*kind));
                (self.topics.down(store, thing), fans.collect())
            }
            Role::Hub { .. } => (Some(self.topics.every_up()), Vec::new()),
        }
    }

    /// Where a frame came from.
    fn heard(&self, topic: &str) -> Option<Route> {
        match &self.role {
            Role::Hub { .. } => self.topics.heard_by_hub(topic),
            Role::Till { store, thing, .. } => {
                match self.topics.down(store, thing).as_deref() == Some(topic) {
                    true => Some(Route::Hub),
                    false => self.topics.heard_by_all(topic),
                }
            }
        }
    }

    /// What is up as soon as the broker is there.
    fn reached(&self) -> Vec<Route> {
        match &self.role {
            Role::Till { .. } => vec![Route::Hub],
            Role::Hub { streams, .. } => streams.iter().copied().map(Route::Fan).collect(),
        }
    }
}

fn options(broker: &Broker, client_id: &str, tls: &Tls) -> Result<MqttOptions, MqttError> {
    let alpn = broker.aws_alpn.then_some(limits::AWS_ALPN);
    let mut options = MqttOptions::new(client_id, &broker.host, broker.port);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options
        .set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
            tls.broker_client(alpn)?,
        )))
        .set_network_options(network)
        .set_keep_alive(Duration::from_secs(u64::from(broker.keep_alive_s)))
        // No session outlives its connection: the broker replays it at a tenth of our speed.
        .set_clean_start(true)
        .set_session_expiry_interval(Some(0))
        .set_manual_acks(true)
        .set_receive_maximum(Some(limits::RECEIVE_MAXIMUM))
        .set_max_packet_size(Some(limits::INCOMING_PACKET_BYTES))
        .set_outgoing_inflight_upper_limit(limits::IN_FLIGHT)
        .set_connection_timeout(limits::CONNECTING.as_secs());
    Ok(options)
}
