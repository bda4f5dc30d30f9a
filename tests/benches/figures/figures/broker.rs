//! 100,000 price changes from a hub through a real broker with TLS: how fast they are merged and
//! durable, and what memory the real process takes meanwhile.

use super::push::FIRST_MS;
use super::{Figure, Target};
use crate::data::Data;
use crate::goods::{Dice, ITEMS, gtin};
use crate::hub::{CHANGES, deliver};
use crate::live::anonymous_mb;
use crate::measure::{Samples, timed};
use crate::peer::{Peer, STORE, hub_papers};
use crate::shop::NOW;
use agent::store::catalogue::Downstream;
use agent::store::open::OpenOptions;
use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sync::bulk::PriceChange;
use sync::link::mqtt::{Broker, MqttLink, Role};
use sync::link::{Event, Link, Receipt, Route, SendError};
use sync::log::StreamKind;
use tests::broker::{Chain, Mosquitto, Settings};
use tests::hub::{Hub, ZONE, papers};
use tests::process::chain::{enrol, new_authority, wait_for};
use tests::process::{Agent, Client, Place};
use tokio::runtime::Runtime;

/// Pushes that cross the broker, and as many merged without it.
const ROUNDS: i64 = 5;
/// Longer than a push waits for others to share its frames, many times over.
const PATIENCE: Duration = Duration::from_secs(60);
/// A frame of this size brings prices: what else a hub says is shorter.
const BULKY: usize = 8 << 10;
/// The till's name at the broker.
const THING: &str = "hh01-till-1";
/// How often memory is weighed.
const WEIGH: Duration = Duration::from_millis(5);

/// A link that keeps when the first bulky frame since the last look left.
struct Watched {
    link: MqttLink,
    left: Arc<Mutex<Option<Instant>>>,
}

impl Link for Watched {
    async fn event(&mut self) -> Event {
        self.link.event().await
    }

    fn send(&mut self, route: &Route, frame: Vec<u8>) -> Result<(), SendError> {
        if frame.len() >= BULKY {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.get_or_insert_with(Instant::now);
        }
        self.link.send(route, frame)
    }

    fn done(&mut self, receipt: Receipt) {
        self.link.done(receipt);
    }
}

/// A broker and a hub at it.
struct Line {
    runtime: Runtime,
    chain: Chain,
    broker: Mosquitto,
}

impl Line {
    fn new(authorities: Vec<String>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build()?;
        let chain = Chain::new("acme");
        let tills = vec![(STORE, THING)];
        let settings = Settings { tills, authorities, ..Settings::default() };
        let broker = Mosquitto::start(&chain, &settings)?;
        Ok(Self { runtime, chain, broker })
    }

    fn hub(&self, papers: &[Vec<u8>], left: &Arc<Mutex<Option<Instant>>>) -> Result<Hub> {
        let role = Role::Hub { client_id: "hub-1".into(), streams: vec![StreamKind::Prices(ZONE)] };
        let at = Broker { paced: false, ..self.chain.at(self.broker.port()) };
        let link = {
            let _here = self.runtime.enter();
            MqttLink::start(&at, role, &self.chain.tls(&self.chain.hub())?)?
        };
        Hub::start(&self.runtime, Watched { link, left: Arc::clone(left) }, papers)
    }
}

/// A tenth of all items, each at `amount` or little above.
fn rows(dice: &mut Dice, amount: i64) -> Result<Vec<PriceChange>> {
    let step = ITEMS / CHANGES;
    let change = |nth| {
        let amount = Some(amount + i64::try_from(dice.below(9_000))?);
        Ok(PriceChange { item: u32::try_from(nth * step + 1)?, amount, scale: 2, per: 1 })
    };
    (0..CHANGES).map(change).collect()
}

/// How fast pushes are durable that cross the broker.
pub fn crossed(data: &Data) -> Result<Vec<Figure>> {
    let scratch = data.scratch()?;
    let catalogue = data.copy_catalogue(scratch.path())?;
    let till = OpenOptions::new(scratch.path().join("till.db"));
    let mut peer = Peer::start((1, 1), (&till, &catalogue), NOW.parse()?)?;
    let line = Line::new(Vec::new())?;
    let left = Arc::default();
    let hub = line.hub(&hub_papers(&tests::hub::key()?)?, &left)?;
    let mut link = {
        let streams = vec![StreamKind::Prices(ZONE)];
        let role = Role::Till { store: STORE.to_owned(), thing: THING.to_owned(), streams };
        let tls = line.chain.tls(&line.chain.till(STORE, THING))?;
        let _here = line.runtime.enter();
        MqttLink::start(&line.chain.at(line.broker.port()), role, &tls)?
    };
    let mut dice = Dice::new(23);
    let (mut crossed, mut merged) = (Samples::default(), Merge::open(data)?);
    for round in 0..=ROUNDS {
        left.lock().unwrap_or_else(PoisonError::into_inner).take();
        hub.push(FIRST_MS + round, rows(&mut dice, 10)?)?;
        let wanted = hub.look(|hub| hub.written())?;
        let carried =
            async { tokio::time::timeout(PATIENCE, carry(&mut peer, &mut link, wanted)).await };
        line.runtime.block_on(carried).context("a push did not come")??;
        let done = Instant::now();
        let left = *left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = left.context("no push has left the hub")?;
        // The first one finds the connection still being made.
        if round > 0 {
            crossed.push(done - left);
            merged.round(round)?;
        }
    }
    let alarms = hub.look(|hub| hub.alarms.clone());
    ensure!(alarms.is_empty(), "the hub was alarmed: {alarms:?}");
    let rate = |samples: &Samples| CHANGES as f64 / samples.median().as_secs_f64();
    Ok(vec![Figure {
        name: "push-broker",
        what: "Take up 100,000 price changes through a broker with TLS, from hub to durable".into(),
        value: rate(&crossed),
        unit: "changes/s",
        baseline: Some(rate(&merged.took)),
        target: Target::Share(0.4),
        how: format!(
            "median of {ROUNDS} pushes, from the first frame that the hub hands its link to the commit \
             after which they count; mosquitto and hub are on the same machine, and the hub is not \
             held to the rates of AWS IoT Core, where sending alone takes half a second; the baseline \
             merges pushes of as many changes from frames in memory"
        ),
        trace: Vec::new(),
    }])
}

/// Works at the till's end of the line until so many of the hub's entries are durable.
async fn carry(peer: &mut Peer, link: &mut MqttLink, entries: u64) -> Result<()> {
    loop {
        while let Some((route, frame)) = peer.next_frame()? {
            match link.send(&route, frame) {
                Ok(()) | Err(SendError::NotUp(_)) => {}
                Err(error) => bail!(error),
            }
        }
        if peer.hub_entries()? >= entries {
            return Ok(());
        }
        tokio::select! {
            event = link.event() => match event {
                Event::Up { route, .. } => peer.up(route)?,
                Event::Frame { route, bytes, receipt } => {
                    peer.receive(&route, &bytes)?;
                    link.done(receipt);
                }
                Event::Room => {}
                other @ (Event::Down { .. } | Event::Alarm(_)) => bail!("the line: {other:?}"),
            },
            () = tokio::time::sleep(peer.wait()?) => peer.errands()?,
        }
    }
}

/// The same merge without a broker.
struct Merge {
    hub: crate::hub::Hub,
    downstream: Downstream,
    took: Samples,
    now: Timestamp,
    _scratch: tempfile::TempDir,
}

impl Merge {
    fn open(data: &Data) -> Result<Self> {
        let (scratch, now) = (data.scratch()?, NOW.parse()?);
        let downstream = Downstream::open(&data.copy_catalogue(scratch.path())?, now)?;
        let (hub, took) = (crate::hub::Hub::new()?, Samples::default());
        Ok(Self { hub, downstream, took, now, _scratch: scratch })
    }

    fn round(&mut self, round: i64) -> Result<()> {
        let (push, trust) = (self.hub.push(FIRST_MS + round)?, self.hub.trust());
        let all = || {
            push.frames
                .iter()
                .try_for_each(|it| deliver(&mut self.downstream, self.now, &trust, it))
        };
        self.took.push(timed(all)?.0);
        Ok(())
    }
}

/// What memory the real till takes while it applies a push.
pub fn weighed(data: &Data) -> Result<Vec<Figure>> {
    let (place, folder) = (Place::demo()?, tempfile::tempdir()?);
    let authority = new_authority(&place, folder.path(), "Demo")?;
    let line = Line::new(vec![fs::read_to_string(authority.join("ca.pem"))?])?;
    let roots = folder.path().join("broker.pem");
    fs::write(&roots, line.chain.roots())?;
    place.configure(&format!(
        "[till]\nnumber = 1\n[hub]\nhost = \"127.0.0.1\"\nport = {}\nroots_file = {roots:?}\n\
         chain = \"acme\"\nkeep_alive_seconds = 30\n",
        line.broker.port()
    ))?;
    enrol(&authority, &place, folder.path(), 1)?;
    data.copy_catalogue(&place.home())?;
    let hub = line.hub(&papers(&authority)?, &Arc::default())?;
    let agent = Agent::start(&place)?;
    let client = Client::log_in(agent.address(), "301", "692571")?;
    wait_for("the line is up", (Duration::from_millis(50), PATIENCE), || {
        let link = client.get("/link")?;
        Ok(link.pointer("/lines/0/up").filter(|up| **up == json!(true)).cloned())
    })?;
    // A push that comes before the hub's papers is a stranger's.
    wait_for("the till's journal is at the hub", (Duration::from_millis(50), PATIENCE), || {
        let streams = hub.look(|hub| sync::store::peer_streams(&hub.conn))?;
        Ok((!streams.is_empty()).then_some(()))
    })?;
    let last = format!("/items/by-code/{}", gtin(ITEMS - ITEMS / CHANGES)?);
    let price = || -> Result<Option<Value>> { Ok(client.get(&last)?.get("price").cloned()) };
    let (old, idle) = (price()?, anonymous_mb(agent.pid())?);
    hub.push(FIRST_MS, rows(&mut Dice::new(24), 10_000)?)?;
    let (mut most, mut weighed) = (idle, 0_u32);
    wait_for("the push counts", (WEIGH, PATIENCE), || {
        most = most.max(anonymous_mb(agent.pid())?);
        weighed += 1;
        // Asking is work too: ten times as rarely as weighing.
        Ok(if weighed.is_multiple_of(10) {
            price()?.filter(|it| Some(it) != old.as_ref())
        } else {
            None
        })
    })?;
    most = most.max(anonymous_mb(agent.pid())?);
    let alarms = client.get("/alarms")?;
    ensure!(alarms.get("alarms") == Some(&json!([])), "{alarms}");
    Ok(vec![Figure {
        name: "memory-push",
        what: "Anonymous memory of the till while it applies 100,000 price changes".into(),
        value: most,
        unit: "MB",
        baseline: Some(idle),
        target: Target::Most(50.0),
        how: format!(
            "RssAnon of the real process, the most of {weighed} readings every {} ms from before the \
             push until it counts, over a catalogue of {ITEMS} items; the baseline is before the push",
            WEIGH.as_millis()
        ),
        trace: Vec::new(),
    }])
}
