//! The links of a till and what they are made from. One that can't be had is tried again, and takes
//! no other down.
//!
//! Held by [`super::traffic`], which alone knows what frames mean.

use super::door::Doorkeeper;
use super::status::{LinkBoard, Part};
use crate::config::{self, Sibling};
use crate::home::{BUILD_MS, Identity, wall_clock};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use sync::link::direct::{self, DirectLink, Listener, StartError};
use sync::link::mqtt::{Broker, MAX_STREAMS, MqttError, MqttLink, Role};
use sync::link::tls::{Tls, TlsError, TlsFiles};
use sync::link::{Event, Link, Receipt, Route, SendError, Unreached};
use sync::log::{StreamKind, Zone};
use tokio::time::Instant;

/// How long after a link could not be had it is tried again: an address that its network card does
/// not have yet, a port that another process holds.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// The port on which a broker must be told that this is MQTT.
const HTTPS: u16 = 443;

// Each zone is a subscription.
const _: () = assert!(config::MAX_ZONES <= MAX_STREAMS);

/// The line to the shop's other tills.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Where they reach this one.
    pub listen: SocketAddr,
    /// Those that are known.
    pub siblings: Vec<Sibling>,
}

/// What links are made from.
#[derive(Debug, Clone)]
pub(super) struct Wiring {
    /// Who the till is in its chain.
    pub identity: Identity,
    /// Its store's code.
    pub store: String,
    /// Its line to the shop's other tills, where it has one.
    pub shop: Option<Shop>,
    /// Its line to the hub, where it has one.
    pub hub: Option<config::Hub>,
    /// The price zones of its store.
    pub zones: BTreeSet<Zone>,
}

/// A line can't be had now.
#[derive(Debug, thiserror::Error)]
enum NoLine {
    /// Keys and certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The port, or the siblings' names.
    #[error(transparent)]
    Shop(#[from] StartError),
    /// The hub's broker as it is configured.
    #[error(transparent)]
    Hub(#[from] MqttError),
}

/// A way out of this till.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the shop's other tills.
    Shop,
    /// To the hub.
    Hub,
}

/// The links. Dropped, they close.
pub(super) struct Wires {
    wiring: Option<Wiring>,
    keeper: Doorkeeper,
    board: LinkBoard,
    shop: Option<DirectLink>,
    hub: Option<MqttLink>,
    /// When what is missing is tried again; `None` while nothing is.
    again: Option<Instant>,
}

impl Wires {
    /// Starts what is configured; nothing at all without a wiring.
    pub async fn start(wiring: Option<Wiring>, keeper: Doorkeeper, board: LinkBoard) -> Self {
        let mut wires = Self { wiring, keeper, board, shop: None, hub: None, again: None };
        wires.expect();
        wires.mend().await;
        wires
    }

    /// Whether any frame can ever come or go.
    pub const fn is_any(&self) -> bool {
        self.wiring.is_some()
    }

    /// Shows the lines that there shall be.
    fn expect(&self) {
        let Some(wiring) = &self.wiring else { return };
        for sibling in wiring.shop.iter().flat_map(|shop| &shop.siblings) {
            let (store, thing) = (wiring.store.clone(), sibling.thing.as_str().to_owned());
            self.board.expect(Route::Till { store, thing }, wall_clock());
        }
        if wiring.hub.is_some() {
            self.board.expect(Route::Hub, wall_clock());
        }
    }

    /// Starts what is configured and does not run.
    async fn mend(&mut self) {
        let Some(wiring) = &self.wiring else { return };
        if let (None, Some(shop)) = (&self.shop, &wiring.shop) {
            let had = start_shop(wiring, shop, &self.keeper, &self.board).await;
            self.shop = had_or_told(had, Part::Shop, &self.board);
        }
        if let (None, Some(hub)) = (&self.hub, &wiring.hub) {
            let had = start_hub(wiring, hub, &self.board);
            self.hub = had_or_told(had, Part::Hub, &self.board);
        }
        let is_whole = self.shop.is_some() == wiring.shop.is_some()
            && self.hub.is_some() == wiring.hub.is_some();
        self.again = (!is_whole).then(|| Instant::now() + TRY_AGAIN);
    }

    /// What happens next, and on which link. Dropping the future loses nothing.
    pub async fn event(&mut self) -> (Way, Event) {
        loop {
            tokio::select! {
                event = of(&mut self.shop) => return (Way::Shop, event),
                event = of(&mut self.hub) => return (Way::Hub, event),
                () = until(self.again) => {}
            }
            self.mend().await;
        }
    }

    /// Hands a frame to the link that leads there.
    ///
    /// # Errors
    /// When it was not taken.
    pub fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        let sent = match route {
            Route::Till { .. } => self.shop.as_mut().map(|link| link.send(route, frame)),
            Route::Hub | Route::Fan(_) => self.hub.as_mut().map(|link| link.send(route, frame)),
        };
        sent.unwrap_or_else(|| Err(SendError::NotUp(route.clone())))
    }

    /// What a frame brought is durable or refused.
    pub fn done(&mut self, way: Way, receipt: Receipt) {
        match way {
            Way::Shop => self.shop.iter_mut().for_each(|link| link.done(receipt)),
            Way::Hub => self.hub.iter_mut().for_each(|link| link.done(receipt)),
        }
    }
}

async fn of(link: &mut Option<impl Link>) -> Event {
    match link {
        Some(link) => link.event().await,
        None => std::future::pending().await,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn had_or_told<L>(had: Result<L, NoLine>, part: Part, board: &LinkBoard) -> Option<L> {
    match had {
        Ok(link) => {
            board.set_trouble(part, None);
            Some(link)
        }
        Err(error) => {
            let why = format!("no line to {part}: {error}");
            tracing::error!("{why}");
            board.set_trouble(part, Some(why));
            None
        }
    }
}

async fn start_shop(
    wiring: &Wiring,
    shop: &Shop,
    keeper: &Doorkeeper,
    board: &LinkBoard,
) -> Result<DirectLink, NoLine> {
    let tls = tls(&wiring.identity, &wiring.identity.ca_pem)?;
    tls.check()?;
    let dialled = shop.siblings.iter().map(|sibling| direct::Sibling {
        thing: sibling.thing.as_str().to_owned(),
        address: sibling.address.as_str().to_owned(),
    });
    let listener = Listener::bind(shop.listen).await?;
    let address = listener.address();
    let (store, board) = (wiring.store.clone(), board.clone());
    let unreached: Unreached = Arc::new(move |thing: &str, why: &str| {
        board.failed(&Route::Till { store: store.clone(), thing: thing.to_owned() }, why);
    });
    let admission = keeper.admission();
    let link = DirectLink::start_and_tell(listener, &tls, dialled.collect(), admission, unreached)?;
    tracing::info!(%address, "other tills reach this one here");
    Ok(link)
}

/// Connects by itself from here on, and tells what is wrong with the certificate by alarms.
fn start_hub(wiring: &Wiring, hub: &config::Hub, board: &LinkBoard) -> Result<MqttLink, NoLine> {
    let Wiring { identity, store, zones, .. } = wiring;
    let tls = tls(identity, hub.roots_file.get().unwrap_or(&identity.ca_pem))?;
    let broker = Broker {
        host: hub.host.as_str().to_owned(),
        port: hub.port.get(),
        aws_alpn: hub.port.get() == HTTPS,
        keep_alive_s: hub.keep_alive_seconds.get(),
        chain: hub.chain_in_topics(&identity.chain).to_owned(),
        ingest_rule: hub.ingest_rule.get().map(|rule| rule.as_str().to_owned()),
        // What one till has to say fits, and whose broker it is nobody has to know.
        paced: true,
    };
    let role = Role::Till {
        store: store.clone(),
        thing: identity.thing.clone(),
        streams: zones.iter().copied().map(StreamKind::Prices).collect(),
    };
    let board = board.clone();
    let unreached: Unreached = Arc::new(move |_: &str, why: &str| board.failed(&Route::Hub, why));
    Ok(MqttLink::start_and_tell(&broker, role, &tls, unreached)?)
}

fn tls(identity: &Identity, roots: &Path) -> Result<Tls, TlsError> {
    let files = TlsFiles { chain: &identity.certificate_pem, key: &identity.key_pem, roots };
    // A clock without a battery begins in 1970; certificates are judged by the build's date then.
    let built = i64::try_from(BUILD_MS).unwrap_or(i64::MAX);
    let floor = jiff::Timestamp::from_millisecond(built).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Tls::load(files, floor)
}
