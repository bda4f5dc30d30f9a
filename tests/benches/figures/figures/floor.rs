//! Two real tills of a shop over mutual TLS on loopback: how long a cart takes from one to the
//! other, and what a line costs on which nothing happens.

use super::{Figure, Target};
use crate::data::Data;
use crate::measure::{Samples, millis};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use tests::process::chain::{neighbours, wait_for};
use tests::process::{Agent, Client, Place};

/// Carts that change hands.
const CARTS: u32 = 200;
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(30);
/// What a till does after its start is over.
const SETTLED: Duration = Duration::from_secs(5);
/// Longer than tills take to find each other.
const PATIENCE: Duration = Duration::from_secs(60);
/// An item of the demo store.
const CODE: &str = "9520000100377";

/// Two tills with their line up.
struct Floor {
    agents: [Agent; 2],
    clients: [Client; 2],
    _places: [Place; 2],
}

impl Floor {
    fn open() -> Result<Self> {
        let places = neighbours()?;
        let agents = [Agent::start(&places[0])?, Agent::start(&places[1])?];
        let mut clients = [log_in(&agents[0])?, log_in(&agents[1])?];
        wait_for("the line is up", (Duration::from_millis(50), PATIENCE), || {
            let link = clients[0].get("/link")?;
            Ok(link.pointer("/lines/0/up").filter(|up| **up == json!(true)).cloned())
        })?;
        for client in &mut clients {
            client.post("/shifts", &json!({ "float": { "minor": 10_000, "currency": "EUR" } }))?;
        }
        Ok(Self { agents, clients, _places: places })
    }

    /// Parks a cart at the first till, and sees it at the second.
    fn park(&mut self) -> Result<u64> {
        let [one, two] = &mut self.clients;
        let scanned = one.post("/carts", &json!({ "code": CODE }))?;
        let cart = scanned.pointer("/cart/cart").and_then(Value::as_u64);
        let cart = cart.context("a scan gives a cart")?;
        one.post(&format!("/carts/{cart}/park"), &json!({ "label": "blue coat" }))?;
        let look = (Duration::from_millis(1), PATIENCE);
        wait_for("the parked cart is seen", look, || seen(two, cart))?;
        Ok(cart)
    }
}

fn log_in(agent: &Agent) -> Result<Client> {
    Client::log_in(agent.address(), "301", "692571")
}

/// A cart as a till shows it.
fn seen(client: &Client, cart: u64) -> Result<Option<Value>> {
    let carts = client.get("/carts")?;
    let all = carts.get("carts").and_then(Value::as_array).context("a till lists its carts")?;
    Ok(all.iter().find(|it| it.get("cart").and_then(Value::as_u64) == Some(cart)).cloned())
}

/// How long a parked cart takes to whoever asks for it.
pub fn handed_over(_: &Data) -> Result<Vec<Figure>> {
    let mut floor = Floor::open()?;
    let (mut hand_over, mut plain) = (Samples::default(), Samples::default());
    for _ in 0..CARTS {
        let cart = floor.park()?;
        let [one, two] = &mut floor.clients;
        // What the same two requests take when the cart never leaves: parked and recalled at home.
        let begun = Instant::now();
        let asked = two.post(&format!("/carts/{cart}/recall"), &json!({}))?;
        ensure!(asked.get("result") == Some(&json!("claim_asked")), "a recall came to {asked}");
        wait_for("the cart is handed over", (Duration::ZERO, PATIENCE), || {
            Ok(seen(two, cart)?.filter(|it| it.get("here") == Some(&json!(true))))
        })?;
        hand_over.push(begun.elapsed());
        two.post(&format!("/carts/{cart}/park"), &json!({ "label": "here" }))?;
        let begun = Instant::now();
        two.post(&format!("/carts/{cart}/recall"), &json!({}))?;
        let here = seen(two, cart)?.filter(|it| it.get("here") == Some(&json!(true)));
        here.context("a till's own cart is recalled at once")?;
        plain.push(begun.elapsed());
        two.post(&format!("/carts/{cart}/cancel"), &json!({}))?;
        let look = (Duration::from_millis(1), PATIENCE);
        wait_for("it is over at the first", look, || Ok(seen(one, cart)?.is_none().then_some(())))?;
    }
    Ok(vec![Figure {
        name: "hand-over",
        what: "Hand a parked cart over to another till, over TLS on loopback".into(),
        value: millis(hand_over.median()),
        unit: "ms",
        baseline: Some(millis(plain.median())),
        target: Target::Most(30.0),
        how: format!(
            "median of {CARTS}, from the recall at the second till until that till shows the cart as \
             its own, both asked over HTTP; the 99th percentile is {:.1} ms; the baseline recalls a \
             cart that the till holds already",
            millis(hand_over.percentile(99))
        ),
        trace: Vec::new(),
    }])
}

/// What two linked tills cost while nobody sells.
pub fn idle(_: &Data) -> Result<Vec<Figure>> {
    let floor = Floor::open()?;
    std::thread::sleep(SETTLED);
    let hertz = hertz()?;
    let spent = || floor.agents.each_ref().map(|agent| ticks(agent.pid()));
    let (before, begun) = (spent(), Instant::now());
    std::thread::sleep(IDLE);
    let (after, took) = (spent(), begun.elapsed().as_secs_f64());
    let mut shares = Vec::new();
    for (before, after) in before.into_iter().zip(after) {
        shares.push((after? - before?) / hertz / took * 100.0);
    }
    let most = shares.iter().copied().fold(0.0, f64::max);
    let link = floor.clients[0].get("/link")?;
    ensure!(link.pointer("/lines/0/up") == Some(&json!(true)), "the line fell: {link}");
    Ok(vec![Figure {
        name: "idle",
        what: "A core's share that a linked till takes while nobody sells".into(),
        value: most,
        unit: "%",
        baseline: None,
        target: Target::Most(1.0),
        how: format!(
            "processor time of two linked `till` processes over {} s, the higher of both: {}",
            IDLE.as_secs(),
            shares.iter().map(|it| format!("{it:.2} %")).collect::<Vec<_>>().join(" and ")
        ),
        trace: Vec::new(),
    }])
}

/// Processor time that a process has taken, in the kernel's ticks.
fn ticks(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in brackets and may hold anything; user and system time are 14th and 15th.
    let (_, rest) = stat.rsplit_once(')').context("the kernel does not name the process")?;
    let times: Vec<f64> =
        rest.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    ensure!(times.len() == 2, "the kernel does not tell processor times");
    Ok(times.iter().sum())
}

/// Ticks a second.
fn hertz() -> Result<f64> {
    let said = Command::new("getconf").arg("CLK_TCK").output()?.stdout;
    Ok(String::from_utf8(said)?.trim().parse()?)
}
