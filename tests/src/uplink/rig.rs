//! A chain of one shop: its authority, two tills' folders, a broker with a line to it for each till,
//! and a hub.

use crate::broker::{Chain, Mosquitto, Proxy, Settings};
use crate::hub::{Hub, ZONE, papers};
use crate::process::Place;
use crate::process::chain::{enrol, new_authority};
use crate::tills::ROLL;
use agent::store::catalogue::Catalogue;
use agent::store::open::OpenOptions;
use agent::till::{Settings as ShopSettings, find_item};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;
use sync::bulk::PriceChange;
use sync::link::mqtt::{Broker, MqttError, MqttLink, Role};
use sync::link::tls::{Tls, TlsBytes};
use sync::link::{Link, Route};
use sync::log::{Entry, StreamKind};
use sync::store::{Stream, find_stream, head, read, streams};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The tills' names at the broker.
pub const TILLS: [(&str, &str); 2] = [("HH01", "hh01-till-1"), ("HH01", "hh01-till-2")];

/// How long a client listens before it speaks again.
const MOMENT: Duration = Duration::from_millis(200);

/// Entries compared at a time.
const PORTION: usize = 64;

/// All of it.
pub struct Rig {
    pub hub: Hub,
    pub places: [Place; 2],
    pub proxies: [Proxy; 2],
    pub broker: Mosquitto,
    pub chain: Chain,
    pub runtime: Runtime,
    _folder: TempDir,
}

impl Rig {
    /// A shop whose tills are enrolled and not started; the broker knows `allowed`.
    pub fn new(allowed: &[(&'static str, &'static str)]) -> Self {
        Self::with_hub(allowed, MqttLink::start)
    }

    /// The same with a hub on another kind of link.
    pub fn with_hub<L: Link + 'static>(
        allowed: &[(&'static str, &'static str)],
        start: impl Fn(&Broker, Role, &Tls) -> Result<L, MqttError>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        let (folder, chain) = (tempfile::tempdir().unwrap(), Chain::new("acme"));
        let places = [Place::demo().unwrap(), Place::demo().unwrap()];
        let authority = new_authority(&places[0], folder.path(), "Hansa Kaffee").unwrap();
        let authorities = vec![fs::read_to_string(authority.join("ca.pem")).unwrap()];
        let settings = Settings { tills: allowed.to_vec(), authorities, ..Settings::default() };
        let broker = Mosquitto::start(&chain, &settings).unwrap();
        let roots = folder.path().join("broker.pem");
        fs::write(&roots, chain.roots()).unwrap();
        let proxies = [(); 2].map(|()| {
            let line = Proxy::start((Ipv4Addr::LOCALHOST, broker.port()).into());
            runtime.block_on(line).unwrap()
        });
        for (number, (place, proxy)) in (1..).zip(places.iter().zip(&proxies)) {
            // The chain's name has a space, and the broker's certificate is another authority's.
            let sections = format!(
                "[till]\nnumber = {number}\n[hub]\nhost = \"127.0.0.1\"\nport = {}\n\
                 roots_file = {roots:?}\nchain = \"acme\"\nkeep_alive_seconds = 30\n",
                proxy.address().port()
            );
            place.configure(&sections).unwrap();
            enrol(&authority, place, folder.path(), number).unwrap();
        }
        let role = Role::Hub { client_id: "hub-1".into(), streams: vec![StreamKind::Prices(ZONE)] };
        let line = {
            let _here = runtime.enter();
            start(&chain.at(broker.port()), role, &chain.tls(&chain.hub()).unwrap()).unwrap()
        };
        let hub = Hub::start(&runtime, line, &papers(&authority).unwrap()).unwrap();
        Self { hub, places, proxies, broker, chain, runtime, _folder: folder }
    }

    /// A client with a till's own certificate and name, that speaks for a store.
    pub fn copy_of(&self, till: usize, store: &str) -> MqttLink {
        let home = self.places[till].home();
        let [chain, key] = ["tls.pem", "tls.key"].map(|name| fs::read(home.join(name)).unwrap());
        let roots = self.chain.roots().as_bytes();
        let pem = TlsBytes { chain: &chain, key: &key, roots };
        let tls = Tls::from_pem(pem, Timestamp::UNIX_EPOCH).unwrap();
        let (store, thing) = (store.to_owned(), TILLS[till].1.to_owned());
        let role = Role::Till { store, thing, streams: Vec::new() };
        let _here = self.runtime.enter();
        MqttLink::start(&self.chain.at(self.proxies[till].address().port()), role, &tls).unwrap()
    }

    /// Such a client at work until the result is dropped.
    pub fn run_copy_of(&self, till: usize) -> JoinSet<()> {
        let mut copy = self.copy_of(till, TILLS[till].0);
        let mut task = JoinSet::new();
        let work = async move {
            loop {
                copy.event().await;
            }
        };
        task.spawn_on(work, self.runtime.handle());
        task
    }

    /// Hears what such a client is told, and says something to the hub when it can.
    pub fn say_to_hub(&self, client: &mut MqttLink, frame: &[u8]) {
        let event = async { tokio::time::timeout(MOMENT, client.event()).await };
        self.runtime.block_on(event).ok();
        client.send(&Route::Hub, frame.to_vec()).ok();
    }

    /// Pushes the price of what everybody buys.
    pub fn push(&self, wait_ms: i64, amount: i64) {
        let file = OpenOptions::new(self.places[0].home().join("catalogue.db"));
        let catalogue = Catalogue::open(&file).unwrap();
        let (settings, now) = (ShopSettings::load(&catalogue).unwrap(), Timestamp::now());
        let item = find_item(&catalogue.view(), &settings, ROLL, now).unwrap().item.id;
        let item = item.index().try_into().unwrap();
        let change = PriceChange { item, amount: Some(amount), scale: 2, per: 1 };
        self.hub.push(now.as_millisecond() + wait_ms, vec![change]).unwrap();
    }

    /// Whether the hub holds a till's journal to its end, bit for bit.
    pub fn hub_has_all_of(&self, till: usize) -> bool {
        let file = self.places[till].home().join("till.db");
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let journals = streams(&conn).unwrap();
        let journals: Vec<Stream> =
            journals.into_iter().filter(|it| it.id().kind == StreamKind::Journal).collect();
        assert!(!journals.is_empty());
        journals.iter().all(|ours| {
            let id = ours.id();
            self.hub.look(|hub| match find_stream(&hub.conn, id.replica, id.kind).unwrap() {
                Some(theirs) => entries(&conn, ours) == entries(&hub.conn, &theirs),
                None => false,
            })
        })
    }
}

fn entries(conn: &Connection, stream: &Stream) -> Vec<Entry> {
    let (mut all, last) = (Vec::new(), head(conn, stream).unwrap().seq);
    let mut next = 1;
    while next <= last {
        let portion = read(conn, stream, next, PORTION).unwrap();
        all.extend(portion.into_iter().map(|stored| stored.entry));
        next = all.last().unwrap().seq + 1;
    }
    all
}
