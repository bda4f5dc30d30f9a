//! A till among its peers in this process: the real loop, the writer of the hub's streams and the
//! host of its links over real files, with frames and time passed in.

use crate::shop::{begin_as, key_of};
use agent::link::books::TillBooks;
use agent::link::host::{Errand, Host};
use agent::store::catalogue::{Catalogue, Downstream};
use agent::store::open::OpenOptions;
use agent::till::{PeerWord, Till};
use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use sync::link::{Route, TlsKey};
use sync::log::{SealingKey, Seed, Zone};
use sync::session::{Now, Pace, Side};
use sync::store::LogBooks;
use sync::trust::{Statement, TillPaper, issue};

/// The shop of all.
pub const STORE: &str = "HH01";

/// Who signs for the shop.
fn root() -> Result<SealingKey> {
    Ok(SealingKey::from_seed(&Seed::new([200; 32]))?)
}

/// What the chain signed for a shop of so many tills.
fn papers(tills: u16) -> Result<Vec<Vec<u8>>> {
    let (root, shop) = (root()?, SealingKey::from_seed(&Seed::new([210; 32]))?);
    let store = Statement::Store { store: STORE.to_owned(), key: shop.public(), serial: 1 };
    let mut all = vec![issue(&store, &root)?];
    for number in 1..=tills {
        let paper = TillPaper {
            store: STORE.to_owned(),
            thing: thing(number),
            number,
            key: key_of(number)?.public(),
            tls: TlsKey([u8::try_from(number)?; 32]),
            serial: 1,
        };
        all.push(issue(&Statement::Till(paper), &shop)?);
    }
    Ok(all)
}

/// What the chain signed for a hub.
pub fn hub_papers(hub: &SealingKey) -> Result<Vec<Vec<u8>>> {
    Ok(vec![issue(&Statement::Hub { key: hub.public(), serial: 1 }, &root()?)?])
}

/// The name that a till has for its peers and at its broker.
fn thing(number: u16) -> String {
    format!("hh01-till-{number}")
}

/// How the others know a till.
pub fn route_to(number: u16) -> Route {
    Route::Till { store: STORE.to_owned(), thing: thing(number) }
}

/// A till that talks.
pub struct Peer {
    till: Till,
    downstream: Downstream,
    host: Host,
    key: SealingKey,
    started: Instant,
    wall: Timestamp,
}

impl Peer {
    /// A till of a shop of so many, as it starts over its files.
    pub fn start(
        (number, tills): (u16, u16),
        (till, catalogue): (&OpenOptions, &OpenOptions),
        wall: Timestamp,
    ) -> Result<Self> {
        let store = begin_as(number, till, wall)?;
        let downstream = Downstream::open(catalogue, wall)?;
        let room = Box::new(|| None);
        let (mut till, _) = Till::open(store, Catalogue::open(catalogue)?, number, room, wall)?;
        let root = Some(root()?.public());
        till.join(root)?;
        let word = PeerWord::Papers { sender: "the chain".to_owned(), papers: papers(tills)? };
        till.hear(wall, word).0?;
        let trust = till.join(root)?;
        let zone = Zone::new(0).context("there is a zone 0")?;
        let side = Side::Till { store: STORE.to_owned(), zones: [zone].into() };
        let now = Now { ms: 0, wall_ms: wall.as_millisecond() };
        let log = LogBooks::new(till.store().connection(), None);
        let held = TillBooks::new(log, downstream.books()).held()?;
        let session = u64::from(number);
        let host = Host::new(till.store().head()?.replica, session, side, trust, now, held);
        Ok(Self { till, downstream, host, key: key_of(number)?, started: Instant::now(), wall })
    }

    /// Its database.
    pub fn connection(&self) -> &rusqlite::Connection {
        self.till.store().connection()
    }

    fn now(&self) -> Result<Now> {
        let ms = u64::try_from(self.started.elapsed().as_millis())?;
        Ok(Now { ms, wall_ms: self.wall.as_millisecond() })
    }

    /// How many of the hub's entries are durable here.
    pub fn hub_entries(&self) -> Result<u64> {
        Ok(self.downstream.books().held()?.iter().map(|held| held.head).sum())
    }

    /// How long nothing is to be done unless something comes.
    pub fn wait(&self) -> Result<Duration> {
        let at = self.host.wake_at(&BTreeSet::new()).unwrap_or(u64::MAX);
        // Nothing to wait for is looked at again all the same; nobody counts on it.
        Ok(Duration::from_millis(at.saturating_sub(self.now()?.ms).min(60_000)))
    }

    /// A line is up.
    pub fn up(&mut self, route: Route) -> Result<()> {
        let pace = if route == Route::Hub { Pace::HUB } else { Pace::SHOP };
        let now = self.now()?;
        let log = LogBooks::new(self.till.store().connection(), None);
        let mut books = TillBooks::new(log, self.downstream.books());
        Ok(self.host.up(now, route, pace, &mut books)?)
    }

    /// Takes a frame; what it brought is durable then.
    pub fn receive(&mut self, from: &Route, bytes: &[u8]) -> Result<()> {
        let now = self.now()?;
        let log = LogBooks::new(self.till.store().connection(), None);
        let mut books = TillBooks::new(log, self.downstream.books());
        self.host.receive(now, from, bytes, &mut books)?;
        self.errands()
    }

    /// Does what the exchange asks of the till.
    pub fn errands(&mut self) -> Result<()> {
        let mut any = false;
        loop {
            let now = self.now()?;
            let Some(errand) = self.host.next_errand(now) else { break };
            any = true;
            match errand {
                Errand::Till(word, about) => {
                    let reply = self.till.hear(self.wall, word).0;
                    let reply = reply.map_err(|refusal| anyhow!("{refusal}"))?;
                    self.host.answered(now, about, Some(reply));
                }
                Errand::Catalogue(word, about) => {
                    let delivered = self.downstream.hear(self.wall, word)?;
                    self.host.delivered(now, about, Some(delivered));
                }
            }
        }
        if any {
            let log = LogBooks::new(self.till.store().connection(), None);
            let held = TillBooks::new(log, self.downstream.books()).held()?;
            let now = self.now()?;
            self.host.refresh(now, held);
        }
        Ok(())
    }

    /// The next frame that it sends.
    pub fn next_frame(&mut self) -> Result<Option<(Route, Vec<u8>)>> {
        let now = self.now()?;
        let log = LogBooks::new(self.till.store().connection(), Some(&self.key));
        let mut books = TillBooks::new(log, self.downstream.books());
        Ok(self.host.next_frame(now, &mut books, &BTreeSet::new())?)
    }
}
