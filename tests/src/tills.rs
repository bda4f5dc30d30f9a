//! Real tills that sell: for `floor` and `uplink`.

use crate::process::{Agent, Client, Place};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a linked till has to show within seconds at most; a broker that was away, or a loaded
/// machine, gets this long.
const PATIENCE: Duration = Duration::from_secs(180);

/// What everybody buys.
pub const ROLL: &str = "9520000100377";

/// A running till, someone logged in at it.
pub struct Till {
    pub agent: Agent,
    pub client: Client,
}

impl Till {
    pub fn start(place: &Place) -> Self {
        let agent = Agent::start(place).unwrap();
        let client = Client::log_in(agent.address(), "301", "692571");
        let client = client.unwrap_or_else(|error| panic!("{error}: {}", place.log_tail()));
        Self { agent, client }
    }

    pub fn post(&mut self, path: &str, body: &Value) -> Value {
        self.client.post(path, body).unwrap()
    }

    pub fn open_shift(&mut self) {
        self.post("/shifts", &json!({ "float": { "minor": 10_000, "currency": "EUR" } }));
    }

    pub fn scan(&mut self) -> u64 {
        let reply = self.post("/carts", &json!({ "code": ROLL }));
        reply["cart"]["cart"].as_u64().unwrap_or_else(|| panic!("{reply}"))
    }

    pub fn pay(&mut self, cart: u64) -> Value {
        let body = json!({ "tender": "cash", "amount": { "minor": 2_000, "currency": "EUR" } });
        let reply = self.post(&format!("/carts/{cart}/tenders"), &body);
        assert_eq!(reply["result"], "sold", "{reply}");
        reply
    }

    pub fn on_hand(&self) -> String {
        let item = self.client.get(&format!("/items/by-code/{ROLL}")).unwrap();
        item["stock"][0]["on_hand"].as_str().unwrap_or_else(|| panic!("{item}")).to_owned()
    }

    /// What a unit sells at now.
    pub fn price(&self) -> String {
        let item = self.client.get(&format!("/items/by-code/{ROLL}")).unwrap();
        item["price"].as_str().unwrap_or_else(|| panic!("{item}")).to_owned()
    }

    /// Scans one and sells it.
    pub fn sell(&mut self) {
        let cart = self.scan();
        self.pay(cart);
    }

    /// The line that leads somewhere.
    pub fn line(&self, to: &str) -> Option<Value> {
        let link = self.client.get("/link").unwrap();
        let lines = link["lines"].as_array().unwrap();
        lines.iter().find(|line| line["to"] == to).cloned()
    }

    /// What somebody must see to: kinds with details.
    pub fn alarms(&self) -> Vec<(String, String)> {
        let alarms = self.client.get("/alarms").unwrap();
        let word = |alarm: &Value, key: &str| alarm[key].as_str().unwrap_or_default().to_owned();
        let alarms = alarms["alarms"].as_array().unwrap().iter();
        alarms.map(|alarm| (word(alarm, "kind"), word(alarm, "detail"))).collect()
    }

    pub fn cart(&self, cart: u64) -> Option<Value> {
        let carts = self.client.get("/carts").unwrap();
        let all = carts["carts"].as_array().unwrap();
        all.iter().find(|it| it["cart"].as_u64() == Some(cart)).cloned()
    }
}

/// Looks until something is found.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
