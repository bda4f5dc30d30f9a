//! What must hold once all is mended and time has passed.

use super::carts::carts_agree;
use super::customers::customers_agree;
use super::members::{COUNT, LATE, SHOPS, key_of, number_of, shop_of};
use super::oracle::on_hand;
use super::pushes::prices_agree;
use super::world::{Told, World};
use crate::books::{self, Books, Broken};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use sync::log::{Hash, StreamId, StreamKind};
use sync::store::{AlarmKind, Stream, alarms, head, peer_streams, streams, verify};
use sync::wire::codec::decode;
use sync::wire::{Frame, Mark};

/// How long mended members may take until all agree.
const SETTLING_MS: u64 = 40 * 60_000;

/// How long nobody may have anything to say after that.
const QUIET_MS: u64 = 20 * 60_000;

/// The most frames in that time: a few doubts, no conversation.
const MAX_QUIET_FRAMES: u64 = 40;

/// The most frames kept as evidence, and the most alarms kept.
const MAX_EVIDENCE: i64 = 256;
const MAX_ALARMS: i64 = 1_024;

/// Mends everything, lets time pass, and holds the world to its laws.
pub fn assert_laws(world: &mut World<'_>) -> Result<(), Broken> {
    world.heal();
    world.until(world.ms + SETTLING_MS);
    world.tidy();
    world.until(world.ms + SETTLING_MS);
    if !world.enrolled {
        return Err("the late till was never enrolled".to_owned());
    }
    chains_verify(world)?;
    all_agree(world)?;
    nothing_told_is_missing(world)?;
    receipts_have_no_double(world)?;
    stock_converges(world)?;
    carts_agree(world)?;
    customers_agree(world)?;
    prices_agree(world)?;
    for id in 1..=COUNT {
        of_one_till(world, id).map_err(|why| format!("till {id}: {why}"))?;
    }
    quiet(world)
}

/// Whether a database holds what was told, in a stream or in another branch of it.
pub fn holds(conn: &Connection, told: &Told) -> bool {
    let at = sync::store::hash_at(conn, told.stream.replica, told.stream.kind, told.seq);
    at.ok().flatten() == Some(told.hash) || orphaned(conn, &told.hash) > 0
}

fn orphaned(conn: &Connection, hash: &Hash) -> i64 {
    let count = "SELECT count(*) FROM orphan WHERE hash = ?1";
    conn.query_row(count, [&hash.0[..]], |row| row.get(0)).unwrap_or(0)
}

pub fn conn_of<'w>(world: &'w World<'_>, id: usize) -> Result<&'w Connection, Broken> {
    world.tills[id - 1].conn().ok_or_else(|| format!("till {id} does not run"))
}

/// Whoever marks a stream has it on disk up to there, in the stream or in another branch of it.
/// Looked at with every mark that a member says.
pub fn marks_are_durable(world: &World<'_>, id: usize, bytes: &[u8]) -> Result<(), Broken> {
    /// No mark of so few streams is longer, and most other frames are.
    const MOST_BYTES: usize = 600;
    let frame = if bytes.len() > MOST_BYTES { None } else { decode(bytes).ok() };
    let Some(Frame::Mark(Mark { streams })) = frame.map(|envelope| envelope.frame) else {
        return Ok(());
    };
    let conn = if id == 0 { &world.hub.conn } else { conn_of(world, id)? };
    for (stream, seq) in streams.into_iter().filter(|(stream, _)| !stream.kind.is_hubs()) {
        let found = sync::store::find_stream(conn, stream.replica, stream.kind).map_err(text)?;
        let here = match found {
            Some(found) => {
                let beside = "SELECT coalesce(max(seq), 0) FROM orphan WHERE stream = ?1";
                let beside = conn.query_row(beside, [found.local()], |row| row.get::<_, i64>(0));
                let beside = beside.map_err(text)?.cast_unsigned();
                head(conn, &found).map_err(text)?.seq.max(beside)
            }
            None => 0,
        };
        if here < seq {
            return Err(format!("member {id} marks the {stream} to {seq} and holds {here}"));
        }
    }
    Ok(())
}

fn text(error: impl ToString) -> Broken {
    error.to_string()
}

/// All streams in a database, own ones first.
pub fn all_streams(conn: &Connection) -> Result<Vec<Stream>, Broken> {
    let mut all = streams(conn).map_err(text)?;
    all.extend(peer_streams(conn).map_err(text)?);
    Ok(all)
}

/// Law 7: every chain in every database verifies.
fn chains_verify(world: &World<'_>) -> Result<(), Broken> {
    for id in 0..=COUNT {
        let conn = if id == 0 { &world.hub.conn } else { conn_of(world, id)? };
        for stream in all_streams(conn)? {
            let verified = verify(conn, &stream, None, &mut |_, _| {});
            verified.map_err(|fault| format!("member {id}, {}: {fault}", stream.id()))?;
        }
    }
    Ok(())
}

/// The head of each stream, and the entries in other branches: what a database holds.
type Holding = BTreeMap<StreamId, (u64, BTreeSet<[u8; 32]>)>;

fn holding(conn: &Connection) -> Result<Holding, Broken> {
    let mut all = Holding::new();
    for stream in all_streams(conn)? {
        let end = head(conn, &stream).map_err(text)?;
        let mut hashes = BTreeSet::from([end.hash.0]);
        let mut of = conn.prepare("SELECT hash FROM orphan WHERE stream = ?1").map_err(text)?;
        let rows = of.query_map([stream.local()], |row| row.get::<_, [u8; 32]>(0)).map_err(text)?;
        for row in rows {
            hashes.insert(row.map_err(text)?);
        }
        if end.seq > 0 {
            all.insert(stream.id(), (end.seq, hashes));
        }
    }
    Ok(all)
}

/// Every till holds what the hub holds of its shop, and the hub's own streams; the shop's tills
/// hold each other's carts.
fn all_agree(world: &World<'_>) -> Result<(), Broken> {
    let hub = holding(&world.hub.conn)?;
    let mut shops = SHOPS.map(|_| BTreeMap::new());
    for id in 1..=COUNT {
        let mut here = holding(conn_of(world, id)?)?;
        here.extend(holding(&world.tills[id - 1].catalogue())?);
        let shop = SHOPS[shop_of(id)];
        for (stream, theirs) in &hub {
            let ours = stream.kind.is_hubs()
                || world.hub.trust.store_of_writer(stream.replica) == Some(shop);
            if ours {
                same(here.get(stream), theirs)
                    .map_err(|why| format!("till {id} and the hub, the {stream}: {why}"))?;
            }
        }
        for (stream, mine) in &here {
            if stream.kind == StreamKind::Workspace {
                shops[shop_of(id)].entry(*stream).or_insert_with(|| mine.clone());
            } else if !hub.contains_key(stream) {
                return Err(format!("the hub lacks the {stream}, {} entries at till {id}", mine.0));
            }
        }
    }
    for id in 1..=COUNT {
        let here = holding(conn_of(world, id)?)?;
        for (stream, theirs) in &shops[shop_of(id)] {
            same(here.get(stream), theirs)
                .map_err(|why| format!("till {id} and its siblings, the {stream}: {why}"))?;
        }
    }
    Ok(())
}

/// Where a stream forked, which branch came first is each replica's own; which entries there are is
/// not, and that is held receipt by receipt.
fn same(
    ours: Option<&(u64, BTreeSet<[u8; 32]>)>,
    theirs: &(u64, BTreeSet<[u8; 32]>),
) -> Result<(), String> {
    let forked = theirs.1.len() > 1 || ours.is_some_and(|ours| ours.1.len() > 1);
    match ours {
        Some(ours) if ours == theirs || forked => Ok(()),
        ours => Err(format!("{:?} entries and {}", ours.map(|it| it.0), theirs.0)),
    }
}

/// Law 1: what was shown as complete is at the hub exactly once, bit for bit.
fn nothing_told_is_missing(world: &World<'_>) -> Result<(), Broken> {
    for told in world.told.iter().filter(|told| !told.lost) {
        let Told { till, receipt, stream, seq, hash, .. } = told;
        let hub = &world.hub.conn;
        let at = sync::store::hash_at(hub, stream.replica, stream.kind, *seq).map_err(text)?;
        let times = i64::from(at == Some(*hash)) + orphaned(hub, hash);
        if times != 1 {
            return Err(format!(
                "receipt {receipt} of till {till}, entry {seq} of the {stream}, is at the hub {times} times"
            ));
        }
    }
    Ok(())
}

/// Law 2: the numbers of a series have no gap and no double, but where a fork is alarmed.
fn receipts_have_no_double(world: &World<'_>) -> Result<(), Broken> {
    let receipts = super::oracle::receipts(&world.hub.conn)?;
    let mut series: BTreeMap<(String, u16, u32), Vec<u32>> = BTreeMap::new();
    for (receipt, by) in &receipts {
        let key = (receipt.store.clone(), receipt.till, receipt.series);
        series.entry(key).or_default().push(receipt.number);
        if by.len() > 1 && !fork_is_alarmed(world, receipt)? {
            return Err(format!("receipt {receipt} was given by {by:?}, and nobody is told"));
        }
        let till = (1..=COUNT)
            .find(|id| SHOPS[shop_of(*id)] == receipt.store && number_of(*id) == receipt.till);
        // Two lives of a till give one number only when the second knew nothing of the first.
        let lives: BTreeSet<_> = by.iter().collect();
        if lives.len() > 1 && !till.is_some_and(|id| world.forgetful[id]) {
            return Err(format!("receipt {receipt} was given in two lives of a till, {by:?}"));
        }
    }
    for ((store, till, series), numbers) in series {
        let gapless = numbers.iter().zip(1..).all(|(number, expected)| *number == expected);
        if !gapless {
            return Err(format!("series {series} of till {till} in {store}: {numbers:?}"));
        }
    }
    Ok(())
}

fn fork_is_alarmed(
    world: &World<'_>,
    receipt: &commerce::sale::ReceiptNumber,
) -> Result<bool, Broken> {
    for id in (1..=COUNT).filter(|id| SHOPS[shop_of(*id)] == receipt.store) {
        let found = alarms(conn_of(world, id)?).map_err(text)?;
        if found.iter().any(|alarm| alarm.kind == Some(AlarmKind::Fork)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Law 4: on hand is the same at every till of a shop, and what the journals come to.
fn stock_converges(world: &World<'_>) -> Result<(), Broken> {
    for (index, shop) in SHOPS.into_iter().enumerate() {
        let expected = on_hand(&world.hub, shop)?;
        // A till whose key was revoked goes on counting what it sells; nobody else does.
        let counts = |id: &usize| shop_of(*id) == index && world.revoked != Some(*id);
        for id in (1..=COUNT).filter(counts) {
            let conn = conn_of(world, id)?;
            let mut query = conn.prepare("SELECT sku, on_hand FROM stock WHERE place = 'shop'");
            let query = query.as_mut().map_err(|error| error.to_string())?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(text)?;
            let found: BTreeMap<String, i64> = rows.collect::<Result<_, _>>().map_err(text)?;
            if let Some(difference) = differing(&expected, &found) {
                return Err(format!("till {id} in {shop}: {difference}"));
            }
        }
    }
    Ok(())
}

fn differing(expected: &BTreeMap<String, i64>, found: &BTreeMap<String, i64>) -> Option<String> {
    let skus: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    skus.into_iter().find_map(|sku| {
        let (right, here) = (expected.get(sku).copied(), found.get(sku).copied());
        (right.unwrap_or(0) != here.unwrap_or(0))
            .then(|| format!("{sku}: the journals come to {right:?}, the till says {here:?}"))
    })
}

/// Laws 5, 6 and 8 as one database shows them.
fn of_one_till(world: &World<'_>, id: usize) -> Result<(), Broken> {
    let conn = conn_of(world, id)?;
    books::whole(conn)?;
    if world.newer != Some(id) {
        books::state_is_the_journals(conn)?;
    }
    if world.newer != Some(id) && !world.disturbed[id] {
        money(world, id, &Books::read(conn)?)?;
    }
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(text);
    if count("SELECT count(*) FROM evidence")? > MAX_EVIDENCE
        || count("SELECT count(*) FROM alarm")? > MAX_ALARMS
    {
        return Err("more evidence or alarms are kept than ever should".to_owned());
    }
    let key = key_of(id).public();
    let own = streams(conn).map_err(text)?;
    if own.iter().any(|stream| stream.key() != key) {
        return Err("a stream of another key counts as its own".to_owned());
    }
    if world.hub.trust.is_revoked(&key) != (world.revoked == Some(id)) {
        return Err("the hub forgot who was revoked".to_owned());
    }
    if id == LATE && world.hub.trust.member(&key).is_none() {
        return Err("the hub forgot that it was enrolled".to_owned());
    }
    Ok(())
}

/// Law 6: every intent without an end stands in front of someone.
fn money(world: &World<'_>, id: usize, books: &Books) -> Result<(), Broken> {
    let running = world.tills[id - 1].running.as_ref().ok_or("it does not run")?;
    let (till, conn) = (&running.till, running.till.store().connection());
    let currency = till.settings().store.currency;
    let unsettled = agent::store::till::read::unsettled_payments(conn, currency).map_err(text)?;
    let shown: BTreeSet<u64> = unsettled.iter().map(|payment| payment.intent).collect();
    let on_carts = till.carts().flat_map(|cart| &cart.tenders).filter_map(|taken| taken.intent);
    let on_return = till.open_return().into_iter().flat_map(|open| &open.payouts);
    let on_return = on_return.filter_map(|paid| paid.intent);
    let shown: BTreeSet<u64> = shown.into_iter().chain(on_carts).chain(on_return).collect();
    for (intent, payment) in &books.intents {
        let open = payment.ended.is_none();
        let stray = payment.moved() != 0
            && !books.is_spent(*intent)
            && !books.is_reversed(payment)
            && !matches!(payment.asked.kind, commerce::fact::PaymentKind::Reverse { .. });
        if (open || stray) && !shown.contains(intent) {
            return Err(format!("intent {intent} stands in front of nobody: {payment:?}"));
        }
    }
    Ok(())
}

/// Law 8: once all agree nobody goes on talking.
fn quiet(world: &mut World<'_>) -> Result<(), Broken> {
    let before = world.history.frames;
    world.listening = true;
    world.until(world.ms + QUIET_MS);
    let said = world.history.frames - before;
    if said > MAX_QUIET_FRAMES {
        return Err(format!("all agree, and yet {said} frames were sent in {QUIET_MS} ms"));
    }
    // What is tidied is tidied: nobody states anything again and again.
    world.tidy();
    world.until(world.ms + SETTLING_MS);
    let tidied = holding(&world.hub.conn)?;
    world.tidy();
    world.until(world.ms + SETTLING_MS);
    if holding(&world.hub.conn)? != tidied {
        return Err("a till goes on writing though nobody does anything".to_owned());
    }
    Ok(())
}
