//! The configuration's sections and keys, with their defaults. A key's doc comment is its
//! description in the JSON schema. Read by [`super::Config::load`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use commerce::Currency;
use drivers::endpoint::Endpoint;
use drivers::printer::profile::{self, Profile};
use drivers::terminal::command::TerminalConfig;
use drivers::terminal::exchange::Timing;
use drivers::terminal::protocol::Password;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync::enrol::default_thing;
use sync::link::mqtt::KEEP_ALIVE_S;

use super::value::{
    DeviceName, DrawerPin, Given, HostName, HostPort, LogFilter, Loopback, OwnThing, Text,
    ThingName, TopicName, Within, Zones,
};

/// A time in whole seconds: a zero would end every wait at once, an hour is no till's wait.
pub type Seconds = Within<1, 3600>;

/// All settings of one till.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "agent.toml")]
pub struct Config {
    /// Which till this is.
    pub till: Till,
    /// Where its data is kept.
    pub store: Store,
    /// The local API and the screens.
    pub http: Http,
    /// What is logged.
    pub log: Log,
    /// The scanners, one section each. The keyboard needs none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = super::clash::MAX_SCANNERS))]
    pub scanner: Vec<Scanner>,
    /// The receipt printer with the drawer behind it. Without this section there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Printer")]
    pub printer: Option<Printer>,
    /// The card terminal. Without this section there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Terminal")]
    pub terminal: Option<Terminal>,
    /// The links to the shop's other tills. Without this section the till is on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Links")]
    pub link: Option<Links>,
    /// The shop's other tills, one section each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = super::clash::MAX_SIBLINGS))]
    pub sibling: Vec<Sibling>,
    /// The line to the chain's hub, through an MQTT 5 broker. Without this section there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Hub")]
    pub hub: Option<Hub>,
}

/// `[till]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Till {
    /// The till's number in its store; part of every receipt number, so no two tills share it.
    pub number: Within<1, 999>,
    /// The till's name among the chain's things, in its certificate: 1 to 63 small letters, digits
    /// and -. Empty makes it of the store's code and the number, such as hh01-till-3.
    pub thing: Text<OwnThing>,
    /// The price zones whose pushes count in its store, up to 8; 0 is headquarters'. What the hub
    /// writes for other zones is not taken.
    pub price_zones: Zones,
    /// The file that names this machine; a till whose folder was copied to another one notices.
    pub machine_id_file: Text<PathBuf>,
}

impl Default for Till {
    fn default() -> Self {
        Self {
            number: Within::of::<1>(),
            thing: Text::built_in(OwnThing::NONE),
            price_zones: Zones::HEADQUARTERS,
            machine_id_file: Text::built_in("/etc/machine-id".into()),
        }
    }
}

impl Till {
    /// The till's name among the chain's things, in a store of this code.
    #[must_use]
    pub fn thing_in(&self, store: &str) -> String {
        let named = self.thing.given().map(str::to_owned);
        named.unwrap_or_else(|| default_thing(store, self.number.get()))
    }
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Store {
    /// The folder of the till's files: till.db, catalogue.db, till.key, pin.pepper, backups/ and
    /// quarantine/. On a local disk, never a network share.
    pub folder: Text<PathBuf>,
    /// Mebibytes (MiB) of free disk below which no new sale is begun; what is under way is
    /// finished.
    pub disk_watermark_mb: Within<1, 65535>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            folder: Text::built_in("/var/lib/till".into()),
            disk_watermark_mb: Within::of::<64>(),
        }
    }
}

impl Store {
    /// The watermark in bytes.
    #[must_use]
    pub fn disk_watermark_bytes(&self) -> u64 {
        u64::from(self.disk_watermark_mb.get()) * 1024 * 1024
    }
}

/// `[http]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Http {
    /// The IP address to listen at. Loopback only: there is no TLS yet.
    pub address: Text<Loopback>,
    /// The TCP port to listen at; 0 takes any free one and logs which.
    pub port: Within<0, 65535>,
    /// Minutes without a request after which a log-in ends.
    pub session_idle_minutes: Within<1, 1440>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            address: Text::built_in(Loopback::V4),
            port: Within::of::<8420>(),
            session_idle_minutes: Within::of::<30>(),
        }
    }
}

impl Http {
    /// Where to listen.
    #[must_use]
    pub fn socket_address(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), self.port.get())
    }

    /// How long a log-in outlasts its last request.
    #[must_use]
    pub fn session_idle(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.session_idle_minutes.get()))
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Log {
    /// A level (off, error, warn, info, debug, trace), or levels by module, such as
    /// info,agent::till=debug.
    pub level: Text<LogFilter>,
    /// auto is human on a terminal and json otherwise.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Text::built_in(LogFilter::INFO), format: LogFormat::Auto }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, with = "String", extend("enum" = ["auto", "human", "json"]))]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[[scanner]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Scanner {
    /// Its name in logs and on screens, no two alike: 1 to 32 letters, digits, - and _.
    pub name: Text<DeviceName>,
    /// Where it is: serial:///dev/ttyACM0?baud=9600, tcp://HOST:PORT, or listen://ADDRESS:PORT
    /// for a scanner that calls.
    pub endpoint: Text<Endpoint>,
}

/// `[printer]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Printer {
    /// Where it is: tcp://HOST:9100 or serial:///dev/ttyUSB0?baud=19200.
    pub endpoint: Text<Endpoint>,
    /// Its paper.
    #[serde(default = "roll_80")]
    pub profile: Text<Profile>,
    /// The connector's pin that opens the drawer: 2 for the first, 5 for the second.
    #[serde(default = "first_drawer")]
    pub drawer_pin: DrawerPin,
}

/// `[terminal]`: the waits of [`Timing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Terminal {
    /// Where it is, speaking ZVT: tcp://HOST:20007.
    pub endpoint: Text<Endpoint>,
    /// Its ZVT password, six digits in quotes.
    #[serde(default = "factory_password", skip_serializing)]
    #[schemars(extend("default" = "000000"))]
    pub password: Text<Password>,
    /// Seconds for its acknowledgement of a command; the protocol gives it 5.
    #[serde(default = "Seconds::of::<5>")]
    pub acknowledge_seconds: Seconds,
    /// Seconds for its next message while a customer or a bank takes part.
    #[serde(default = "Seconds::of::<90>")]
    pub silence_seconds: Seconds,
    /// Seconds for its next message where it answers by itself.
    #[serde(default = "Seconds::of::<15>")]
    pub answer_seconds: Seconds,
    /// Seconds for a whole payment, however often it speaks; no less than silence_seconds.
    #[serde(default = "Seconds::of::<300>")]
    pub order_seconds: Seconds,
    /// Seconds between two attempts to register with it while it is busy.
    #[serde(default = "Seconds::of::<5>")]
    pub retry_seconds: Seconds,
}

impl Terminal {
    /// The driver's settings for payments in `currency`.
    #[must_use]
    pub fn driver(&self, currency: Currency, is_first_use: bool) -> TerminalConfig {
        let seconds = |seconds: Seconds| Duration::from_secs(seconds.get().into());
        TerminalConfig {
            password: *self.password,
            currency,
            timing: Timing {
                acknowledge: seconds(self.acknowledge_seconds),
                silence: seconds(self.silence_seconds),
                answer: seconds(self.answer_seconds),
                order: seconds(self.order_seconds),
                retry: seconds(self.retry_seconds),
            },
            is_first_use,
        }
    }
}

/// `[link]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Links {
    /// The address and port at which the shop's other tills reach this one.
    pub listen: Text<SocketAddr>,
}

/// `[[sibling]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Sibling {
    /// Its thing name, which stands in its certificate.
    pub thing: Text<ThingName>,
    /// Where it listens: HOST:PORT.
    pub address: Text<HostPort>,
}

/// `[hub]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Hub {
    /// The broker's host name, as its certificate has it, or its IP address.
    pub host: Text<HostName>,
    /// The broker's port for MQTT over TLS. On 443 TLS says that this is MQTT, as AWS IoT Core wants
    /// it there (ALPN x-amzn-mqtt-ca).
    #[serde(default = "mqtts")]
    pub port: Within<1, 65535>,
    /// The certificates that the broker's must lead to, PEM. Empty takes the chain's own authority.
    #[serde(default = "Text::<Given<PathBuf>>::none")]
    pub roots_file: Text<Given<PathBuf>>,
    /// The chain's name in topics: 1 to 64 bytes without spaces, /, +, # and $. Empty takes the one
    /// that the till is enrolled in.
    #[serde(default = "Text::<Given<TopicName>>::none")]
    pub chain: Text<Given<TopicName>>,
    /// The rule of AWS IoT Core that takes what tills send (Basic Ingest). Empty sends it through
    /// the broker's own topics.
    #[serde(default = "Text::<Given<TopicName>>::none")]
    pub ingest_rule: Text<Given<TopicName>>,
    /// Seconds after which a silent line is tried; it counts as dead after one and a half times that.
    #[serde(default = "KeepAlive::of::<60>")]
    pub keep_alive_seconds: KeepAlive,
}

impl Hub {
    /// The chain's name in topics, of a till that is enrolled in the chain `enrolled`.
    #[must_use]
    pub fn chain_in_topics<'a>(&'a self, enrolled: &'a str) -> &'a str {
        self.chain.get().map_or(enrolled, TopicName::as_str)
    }
}

/// How often a silent line to a broker is tried.
pub type KeepAlive = Within<{ *KEEP_ALIVE_S.start() }, { *KEEP_ALIVE_S.end() }>;

/// MQTT over TLS, as IANA has it.
const fn mqtts() -> Within<1, 65535> {
    Within::of::<8883>()
}

const fn roll_80() -> Text<Profile> {
    Text::built_in(Profile::ROLL_80)
}

const fn first_drawer() -> DrawerPin {
    DrawerPin(profile::DrawerPin::Two)
}

fn factory_password() -> Text<Password> {
    Text::built_in(Password::new(0).expect("zero has at most six digits"))
}
