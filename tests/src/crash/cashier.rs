//! The cashier of the crash test: sells, remembers all that was shown, and says what differs.

use crate::dice::Dice;
use crate::process::{Client, Place};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Items by the piece, and one label with a weight in it.
const CODES: [&str; 4] = ["101", "102", "9520000100377", "2110001004827"];
/// Looks at a payment under way, 5 ms apart, until something is wrong.
const LOOKS: u32 = 4_000;
/// Between two times that the cashier presses "ask again".
const ASK_EVERY: u32 = 60;

/// Why the cashier stopped.
#[derive(Debug)]
pub enum Halt {
    /// Nobody answers: the till is dead.
    Died,
    /// The till answers, and what it says is wrong.
    Broken(String),
}

type Step = Result<(), Halt>;

/// A request whose answer never came.
#[derive(Debug, Clone)]
struct Unanswered {
    method: &'static str,
    path: String,
    body: Value,
    key: String,
}

pub struct Cashier<'place> {
    place: &'place Place,
    dice: Dice,
    /// Every sale told, with the receipt as it was shown, where it was.
    sales: BTreeMap<String, Option<Value>>,
    /// The cart at the till as it was shown last.
    cart: Option<Value>,
    /// The card payment under way.
    paying: Option<u64>,
    /// Card payments that were shown with an end.
    ended: BTreeMap<u64, Value>,
    unanswered: Option<Unanswered>,
    /// Everything that was shown before a kill between two requests.
    left: Option<Value>,
    again: u32,
    exact: u32,
}

impl<'place> Cashier<'place> {
    pub fn new(place: &'place Place, dice: Dice) -> Self {
        Self {
            place,
            dice,
            sales: BTreeMap::new(),
            cart: None,
            paying: None,
            ended: BTreeMap::new(),
            unanswered: None,
            left: None,
            again: 0,
            exact: 0,
        }
    }

    pub fn receipts(&self) -> impl Iterator<Item = &String> {
        self.sales.keys()
    }

    pub fn summary(&self) -> String {
        let (again, exact) = (self.again, self.exact);
        format!("{again} requests sent again, {exact} times compared to the last byte")
    }

    /// Whether a sale of the books is the one that was shown.
    pub fn told_as(&self, receipt: &str, hash: &str, minor: i64) -> Result<(), String> {
        match self.sales.get(receipt) {
            Some(Some(shown)) if shown["total"]["minor"] != minor || shown["hash"] != hash => {
                Err(format!("{receipt} was shown as {shown}, the books have {minor} and {hash}"))
            }
            Some(_) => Ok(()),
            None => Err(format!("{receipt} was never told")),
        }
    }

    /// Everything that must be the same if the till is killed now.
    pub fn leaves(&mut self, client: &Client) -> Step {
        self.left = Some(everything(client)?);
        Ok(())
    }

    /// The till is back: what does it show?
    pub fn returns(&mut self, client: &mut Client) -> Step {
        if let Some(left) = self.left.take() {
            same("after a kill between two requests", &left, &everything(client)?)?;
            self.exact += 1;
        }
        if let Some(unanswered) = self.unanswered.clone() {
            self.again += 1;
            let lines = self.lines();
            let Unanswered { method, path, body, key } = &unanswered;
            let answer = get(client.call(method, path, Some(body), Some(key)))?;
            let answer =
                answer.done().map_err(|error| wrong(format!("{path} sent again: {error}")))?;
            self.unanswered = None;
            let added = path.ends_with("/lines") || path == "/carts";
            self.shown(client, answer)?;
            if added && self.lines() != lines + 1 {
                return Err(wrong(format!(
                    "{lines} lines, {} after one scan sent twice",
                    self.lines()
                )));
            }
        }
        if let Some(payment) = self.paying {
            self.wait(client, payment)?;
        }
        self.compare(client)
    }

    /// The cart at the till, the last sales and payments: as they were shown.
    fn compare(&self, client: &Client) -> Step {
        let carts = get(client.get("/carts"))?;
        match (&self.cart, carts["current"].as_u64()) {
            (Some(shown), Some(current)) => {
                let now = get(client.get(&format!("/carts/{current}")))?;
                same("the cart at the till", shown, &cart_of(now))?;
            }
            (None, None) => {}
            (shown, current) => {
                return Err(wrong(format!("the cart at the till was {shown:?}, is {current:?}")));
            }
        }
        for (receipt, shown) in self.sales.iter().rev().take(3) {
            let now = get(client.get(&format!("/receipts/{receipt}")))?;
            if let Some(shown) = shown {
                same("a receipt", shown, &now)?;
            }
        }
        for (payment, shown) in self.ended.iter().rev().take(3) {
            same("a payment", shown, &get(client.get(&format!("/payments/{payment}")))?)?;
        }
        let listed = get(client.get("/receipts?limit=1"))?;
        let (newest, last) =
            (listed["receipts"][0]["receipt"].as_str(), self.sales.keys().next_back());
        if newest != last.map(String::as_str) {
            return Err(wrong(format!("the last sale told is {last:?}, the till's is {newest:?}")));
        }
        Ok(())
    }

    /// Opens the shift and takes a first card payment: a terminal without one has none to name
    /// when it is asked, and only a manager could say what became of the next.
    pub fn begins(&mut self, client: &mut Client) -> Step {
        let float = json!({ "float": { "minor": 10_000, "currency": "EUR" } });
        self.ask(client, "POST", "/shifts".to_owned(), float)?;
        self.ask(client, "POST", "/carts".to_owned(), json!({ "code": CODES[0] }))?;
        for _ in 0..200 {
            let Some(cart) = &self.cart else { return Ok(()) };
            // Not sent as long as the till has not registered with the terminal.
            let path = format!("/carts/{}/card", cart["cart"]);
            self.ask(client, "POST", path, json!({ "tender": "card" }))?;
        }
        Err(wrong("the first card payment does not go through".to_owned()))
    }

    /// One thing a cashier does.
    pub fn step(&mut self, client: &mut Client) -> Step {
        let code = json!({ "code": self.dice.pick(&CODES) });
        let Some(cart) = &self.cart else {
            return self.ask(client, "POST", "/carts".to_owned(), code);
        };
        let (id, due) = (cart["cart"].as_u64().unwrap(), cart["due"]["minor"].as_i64().unwrap());
        let (lines, paid) = (self.lines(), cart["tendered"]["minor"] != 0);
        let full_price = cart["basket_discounts"].as_array().is_some_and(Vec::is_empty);
        let at = |what: &str| format!("/carts/{id}/{what}");
        if !paid && lines < 1 + self.dice.below(5) {
            return self.ask(client, "POST", at("lines"), code);
        }
        let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
        match self.dice.below(20) {
            0..=2 if !paid && full_price => {
                let body = json!({ "percent": "5", "reason": "loyalty" });
                self.ask(client, "POST", at("discounts"), body)
            }
            3 | 4 => self.ask(client, "POST", at("card"), json!({ "tender": "card" })),
            5 if due > 20 => {
                let body = json!({ "tender": "cash", "amount": money(20) });
                self.ask(client, "POST", at("tenders"), body)
            }
            6 if !paid => self.ask(client, "POST", at("cancel"), json!({})),
            _ => {
                let body = json!({ "tender": "cash", "amount": money(due + 500) });
                self.ask(client, "POST", at("tenders"), body)
            }
        }
    }

    fn ask(
        &mut self,
        client: &mut Client,
        method: &'static str,
        path: String,
        body: Value,
    ) -> Step {
        let key = client.new_key();
        let answer = client.call(method, &path, Some(&body), Some(&key));
        if answer.is_err() {
            self.unanswered = Some(Unanswered { method, path, body, key });
            return Err(Halt::Died);
        }
        let answer =
            get(answer)?.done().map_err(|error| wrong(format!("{path} {body}: {error}")))?;
        self.shown(client, answer)
    }

    /// Remembers what an answer shows.
    fn shown(&mut self, client: &mut Client, answer: Value) -> Step {
        match answer["result"].as_str() {
            Some("cart") => self.cart = Some(cart_of(answer["cart"].clone())),
            Some("sold") => {
                self.cart = None;
                let receipt = answer["receipt"].as_str().unwrap().to_owned();
                self.sales.insert(receipt.clone(), None);
                let shown = get(client.get(&format!("/receipts/{receipt}")))?;
                self.sales.insert(receipt, Some(shown));
            }
            Some("payment") => {
                let payment = answer["payment"].as_u64().unwrap();
                self.paying = Some(payment);
                self.wait(client, payment)?;
            }
            Some("cart_ended" | "done") => self.cart = None,
            Some("shift") => {}
            _ => return Err(wrong(format!("an answer nobody expects: {answer}"))),
        }
        Ok(())
    }

    /// Waits for a card payment's end, asking again now and then.
    fn wait(&mut self, client: &mut Client, payment: u64) -> Step {
        for look in 1..=LOOKS {
            let shown = get(client.get(&format!("/payments/{payment}")))?;
            if shown["state"] == "unknown" && shown["asking"] == false {
                self.look_into_the_terminal(client, payment, &shown)?;
            } else if shown["state"] != "under_way" && shown["state"] != "unknown" {
                self.ended.insert(payment, shown);
                // Known as under way until the cashier has seen what came of it.
                self.paid(client)?;
                self.paying = None;
                return Ok(());
            }
            if look % ASK_EVERY == 0 {
                // It may have ended meanwhile: then there is nothing to ask, and that is said.
                get(client.call(
                    "POST",
                    &format!("/payments/{payment}/ask"),
                    Some(&json!({})),
                    None,
                ))?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let books = self.place.terminal().ledger();
        Err(wrong(format!(
            "payment {payment} has no end; the terminal's books: {:?}",
            books.last()
        )))
    }

    /// The terminal cannot tell, as when its very first payment was lost: a manager reads its books.
    fn look_into_the_terminal(
        &self,
        client: &mut Client,
        payment: u64,
        shown: &serde_json::Value,
    ) -> Step {
        let books = self.place.terminal().ledger();
        let approved = books
            .last()
            .is_some_and(|last| Some(last.amount_minor) == shown["asked"]["minor"].as_i64());
        let body = json!({
            "approved": approved,
            "note": "the terminal's own journal",
            "approval": { "staff": "301", "pin": "692571" },
        });
        let key = format!("by-hand-{payment}");
        get(client.call("POST", &format!("/payments/{payment}/end"), Some(&body), Some(&key)))?;
        Ok(())
    }

    /// After a payment: the cart as it is now, or the sale it became.
    fn paid(&mut self, client: &mut Client) -> Step {
        // Killed between the sale and a look at its receipt: the sale is known already.
        let Some(id) = self.cart.as_ref().map(|cart| cart["cart"].as_u64()) else { return Ok(()) };
        let current = get(client.get("/carts"))?["current"].as_u64();
        if let Some(current) = current.filter(|current| Some(*current) == id) {
            self.cart = Some(cart_of(get(client.get(&format!("/carts/{current}")))?));
            return Ok(());
        }
        let listed = get(client.get("/receipts?limit=1"))?;
        let receipt = listed["receipts"][0]["receipt"].as_str().unwrap_or_default().to_owned();
        if self.sales.contains_key(&receipt) {
            return Err(wrong(format!("cart {id:?} is gone and no new sale is there")));
        }
        self.shown(client, json!({ "result": "sold", "receipt": receipt }))
    }

    fn lines(&self) -> u64 {
        let lines = self.cart.as_ref().and_then(|cart| cart["lines"].as_array());
        lines.map_or(0, |lines| lines.len() as u64)
    }
}

/// Carts, shift with its totals, payments and the newest receipts, as the API shows them to a
/// supervisor.
fn everything(client: &Client) -> Result<Value, Halt> {
    let client = get(Client::log_in(client.address(), "201", "58146"))?;
    let mut all = Vec::new();
    for path in ["/carts", "/shifts/current/report", "/payments", "/receipts", "/journal"] {
        all.push(get(client.get(path))?);
    }
    if let Some(current) = all[0]["current"].as_u64() {
        all.push(get(client.get(&format!("/carts/{current}")))?);
    }
    Ok(all.into())
}

/// A cart without what is about one answer only.
fn cart_of(mut cart: Value) -> Value {
    if let Some(fields) = cart.as_object_mut() {
        fields.remove("line");
        fields.remove("paying");
    }
    cart
}

fn same(what: &str, shown: &Value, now: &Value) -> Step {
    if shown == now { Ok(()) } else { Err(wrong(format!("{what} was shown as {shown}, is {now}"))) }
}

/// No answer is a death. A refusal of what was only asked to be shown is wrong.
fn get<T>(answer: anyhow::Result<T>) -> Result<T, Halt> {
    answer.map_err(
        |error| {
            if error.is::<ureq::Error>() { Halt::Died } else { wrong(format!("{error:#}")) }
        },
    )
}

fn wrong(what: String) -> Halt {
    Halt::Broken(what)
}
