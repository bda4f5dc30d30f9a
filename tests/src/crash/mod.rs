//! The crash test: a cashier sells, takes goods back, undoes sales, parks carts, moves cash and
//! closes shifts over the API of the real `till` process, which is killed at random moments,
//! again and again. Each time it must come back with the carts, the totals and the shift that
//! the cashier saw last; a request whose answer was lost is sent again under its key and must be
//! done once. In the end the books are held against all that was told, and against the card
//! terminal's own ledger.
//!
//! `TILL_CRASH_KILLS` sets how often, `TILL_CRASH_SEED` which moments; the same seed kills at
//! about the same moments, the machine's speed has its say.

mod cashier;

use crate::books::{self, Books};
use crate::dice::Dice;
use crate::process::{Agent, Client, Place, till_binary};
use crate::schedules::signed;
use cashier::{Cashier, Halt};
use drivers::terminal::emulator::{self, Break, Fault};
use rusqlite::Connection;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Kills that take less than a minute on a small machine.
const KILLS: u64 = 50;

/// Longer than the till takes for one act, in microseconds.
const ONE_ACT_US: u64 = 8_000;

/// How a life of the till ends.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// While it starts.
    Starting,
    /// At some moment, whatever is under way.
    Selling,
    /// While a request that changes something is under way, or just before its answer is read.
    Asking,
    /// Between two requests: then nothing at all may differ afterwards.
    Idle,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn killed_at_random_moments_it_comes_back_as_it_was() {
    let (kills, seed) = (number("TILL_CRASH_KILLS").unwrap_or(KILLS), number("TILL_CRASH_SEED"));
    let seed = seed.unwrap_or(1);
    let place = Place::demo().unwrap();
    let mut dice = Dice::new(seed);
    let mut cashier = Cashier::new(&place, Dice::new(seed + 1_000));
    begin(&place, &mut cashier).unwrap_or_else(|broken| panic!("{broken}\n{}", place.log_tail()));
    for kill in 0..kills {
        let death = dice.pick(&[
            Death::Starting,
            Death::Selling,
            Death::Asking,
            Death::Asking,
            Death::Asking,
            Death::Idle,
        ]);
        let delay = match death {
            Death::Starting => dice.within(120),
            Death::Selling | Death::Asking | Death::Idle => {
                Duration::from_millis(20) + dice.within(900)
            }
        };
        plan(&mut dice, &place);
        if let Err(broken) = live_and_die(&place, &mut cashier, &mut dice, death, delay) {
            panic!(
                "TILL_CRASH_SEED={seed}, kill {kill} ({death:?}, after {delay:?}): {broken}\n{}",
                place.log_tail()
            );
        }
    }
    let told = close(&place, &mut cashier).unwrap_or_else(|broken| {
        panic!("TILL_CRASH_SEED={seed}, after all kills: {broken}\n{}", place.log_tail())
    });
    println!("crash: {kills} kills, {told}");
    if kills >= KILLS {
        cashier.had_a_whole_day().unwrap_or_else(|missing| panic!("seed {seed}: {missing}"));
    }
}

fn begin(place: &Place, cashier: &mut Cashier<'_>) -> Result<(), String> {
    let agent = Agent::start(place).map_err(|error| format!("{error:#}"))?;
    let mut client =
        Client::log_in(agent.address(), "201", "58146").map_err(|e| format!("{e:#}"))?;
    cashier.begins(&mut client).map_err(|halt| format!("{halt:?}"))?;
    cashier.leaves(&client).map_err(|halt| format!("{halt:?}"))
}

/// The terminal has its own troubles, now and then.
fn plan(dice: &mut Dice, place: &Place) {
    let fault = match dice.below(9) {
        0 => Fault::Decline(0x05),
        1 => Fault::Break { at: emulator::Moment::BeforeStatus, how: Break::Line },
        2 => Fault::Break { at: emulator::Moment::BeforeBooking, how: Break::Line },
        _ => Fault::None,
    };
    place.terminal().plan(fault);
}

fn live_and_die(
    place: &Place,
    cashier: &mut Cashier<'_>,
    dice: &mut Dice,
    death: Death,
    delay: Duration,
) -> Result<(), String> {
    if let Death::Starting = death {
        return die_starting(place, delay).map_err(|error| format!("{error:#}"));
    }
    let agent = Agent::start(place).map_err(|error| format!("{error:#}"))?;
    let mut client =
        Client::log_in(agent.address(), "201", "58146").map_err(|e| format!("{e:#}"))?;
    cashier.returns(&mut client).map_err(|halt| format!("after the start: {halt:?}"))?;
    if let Death::Selling = death {
        return die_at_work(&agent, cashier, &mut client, Moment::After(delay));
    }
    for _ in 0..delay.as_millis() / 20 {
        cashier.step(&mut client).map_err(|halt| format!("{halt:?}"))?;
    }
    if let Death::Asking = death {
        let after = Duration::from_micros(dice.below(ONE_ACT_US));
        return die_at_work(&agent, cashier, &mut client, Moment::Asked(after));
    }
    cashier.leaves(&client).map_err(|halt| format!("{halt:?}"))?;
    agent.killer().kill();
    Ok(())
}

/// When a till dies while the cashier works.
enum Moment {
    /// After so long.
    After(Duration),
    /// So long after the next request that changes something was begun.
    Asked(Duration),
}

fn die_at_work(
    agent: &Agent,
    cashier: &mut Cashier<'_>,
    client: &mut Client,
    moment: Moment,
) -> Result<(), String> {
    let killer = agent.killer();
    let (asking, asked) = std::sync::mpsc::channel();
    let delay = match moment {
        Moment::After(delay) => {
            asking.send(()).map_err(|error| error.to_string())?;
            delay
        }
        Moment::Asked(delay) => {
            cashier.tells_when_asking(asking);
            delay
        }
    };
    let killing = std::thread::spawn(move || {
        // A cashier who stops before asking has found something wrong, and the till dies as well.
        _ = asked.recv();
        std::thread::sleep(delay);
        killer.kill();
    });
    let halt = loop {
        if let Err(halt) = cashier.step(client) {
            break halt;
        }
    };
    cashier.stops_telling();
    killing.join().map_err(|_| "the killer failed".to_owned())?;
    match halt {
        Halt::Died => Ok(()),
        Halt::Broken(broken) => Err(broken),
    }
}

/// Killed before it ever answers.
fn die_starting(place: &Place, delay: Duration) -> anyhow::Result<()> {
    let mut till = Command::new(till_binary()?);
    till.args(["run", "--config"]).arg(place.config());
    let mut child = till.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    std::thread::sleep(delay);
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Comes back once more, stops it cleanly, and goes through the books.
fn close(place: &Place, cashier: &mut Cashier<'_>) -> Result<String, String> {
    let text = |error: anyhow::Error| format!("{error:#}");
    let agent = Agent::start(place).map_err(text)?;
    let mut client = Client::log_in(agent.address(), "201", "58146").map_err(text)?;
    cashier.returns(&mut client).map_err(|halt| format!("{halt:?}"))?;
    let status = agent.stop().map_err(text)?;
    if !status.success() {
        return Err(format!("a clean stop ended with {status}"));
    }
    let conn = Connection::open(place.home().join("till.db")).map_err(|error| error.to_string())?;
    books::whole(&conn)?;
    books::state_is_the_journals(&conn)?;
    let books = Books::read(&conn)?;
    cashier.is_in(&books)?;
    same_ledger(place, &books)?;
    let (cards, entries) = (books.intents.len(), books.entries);
    Ok(format!("{cards} card payments, {entries} entries; {}", cashier.summary()))
}

/// Every booking of the terminal is an approved intent's, and the other way round.
fn same_ledger(place: &Place, books: &Books) -> Result<(), String> {
    let ledger = place.terminal().ledger();
    let open: Vec<_> = books.open().collect();
    if !open.is_empty() {
        return Err(format!("intents {open:?} still have no end"));
    }
    let booked: Vec<i64> = ledger.bookings().iter().map(signed).collect();
    let approved: Vec<i64> =
        books.intents.values().map(books::Intent::moved).filter(|moved| *moved != 0).collect();
    if booked == approved {
        return Ok(());
    }
    Err(format!("the terminal booked {booked:?}, the journal says {approved:?}"))
}
