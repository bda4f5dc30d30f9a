//! The cashier of the crash test: trades, remembers all that was shown, and says what differs.
//!
//! A request whose answer never came is sent again under its key until it is answered, so what
//! the cashier was told is all that may be in the books, once.

mod day;
mod look;
mod told;

use crate::books::Books;
use crate::dice::Dice;
use crate::process::{Answer, Client, Place};
use look::{cart_of, everything, payments_of, same};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Duration;
use told::Told;

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

/// What a request is for, where its answer alone does not tell.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// The answer tells.
    Sell,
    /// One line more on the cart.
    Scan,
    Park,
    Recall(u64),
    /// Gives the cart up, which came to so much.
    Cancel(i64),
    OpenShift(i64),
    CloseShift,
    Cash(&'static str, &'static str, i64),
    /// Takes goods back, or pays a part of it.
    Return,
    DropReturn,
    /// More than is left of a line: to be refused.
    TooMuch,
}

#[derive(Debug, Clone)]
struct Asked {
    act: Act,
    method: &'static str,
    path: String,
    body: Value,
    key: String,
}

pub struct Cashier<'place> {
    place: &'place Place,
    dice: Dice,
    told: Told,
    /// The cart at the till as it was shown last.
    cart: Option<Value>,
    /// The card payment under way.
    paying: Option<u64>,
    /// Whether a return is under way.
    returning: bool,
    /// Card payments that were shown with an end.
    ended: BTreeMap<u64, Value>,
    /// The request whose answer never came.
    unanswered: Option<Asked>,
    /// A request that was done, with its answer: sent again it must be answered the same.
    done: Option<(Asked, Value)>,
    /// Everything that was shown before a kill between two requests.
    left: Option<Value>,
    /// Cash movements so far; each has an amount of its own.
    moves: i64,
    /// Told once when the next request that changes something is begun.
    asking: Option<Sender<()>>,
    again: u32,
    twice: u32,
    exact: u32,
}

impl<'place> Cashier<'place> {
    pub fn new(place: &'place Place, dice: Dice) -> Self {
        Self {
            place,
            dice,
            told: Told::default(),
            cart: None,
            paying: None,
            returning: false,
            ended: BTreeMap::new(),
            unanswered: None,
            done: None,
            left: None,
            moves: 0,
            asking: None,
            again: 0,
            twice: 0,
            exact: 0,
        }
    }

    pub fn summary(&self) -> String {
        let Self { again, twice, exact, .. } = self;
        format!(
            "{}; {again} requests sent again unanswered, {twice} answered, {exact} times compared \
             to the last byte",
            self.told.summary()
        )
    }

    /// Whether the books hold what was told, all of it, once, and nothing else.
    pub fn is_in(&self, books: &Books) -> Result<(), String> {
        self.told.is_in(books)
    }

    /// Whether everything that a cashier does was done at least once.
    pub fn had_a_whole_day(&self) -> Result<(), String> {
        self.told.is_a_whole_day()
    }

    /// Tells when the next request that changes something is begun.
    pub fn tells_when_asking(&mut self, asking: Sender<()>) {
        self.asking = Some(asking);
    }

    pub fn stops_telling(&mut self) {
        self.asking = None;
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
        if let Some(asked) = self.unanswered.clone() {
            self.again += 1;
            let lines = self.lines();
            let answer = send(client, &asked)?;
            self.unanswered = None;
            self.take(client, &asked, answer)?;
            if matches!(asked.act, Act::Scan) && self.lines() != lines + 1 {
                let now = self.lines();
                return Err(wrong(format!("{lines} lines, {now} after one scan sent twice")));
            }
        }
        if let Some(payment) = self.paying {
            self.wait(client, payment)?;
        }
        if self.returning {
            self.follow_return(client)?;
        }
        self.look_at_news(client)?;
        self.compare(client)
    }

    /// Opens the shift and takes a first card payment: a terminal without one has none to name
    /// when it is asked, and only a manager could say what became of the next.
    pub fn begins(&mut self, client: &mut Client) -> Step {
        self.open_shift(client)?;
        self.ask(client, Act::Scan, "/carts".to_owned(), json!({ "code": day::CODES[0] }))?;
        for _ in 0..200 {
            let Some(cart) = &self.cart else { return Ok(()) };
            // Not sent as long as the till has not registered with the terminal.
            let path = format!("/carts/{}/card", cart["cart"]);
            self.ask(client, Act::Sell, path, json!({ "tender": "card" }))?;
        }
        Err(wrong("the first card payment does not go through".to_owned()))
    }

    fn ask(&mut self, client: &mut Client, act: Act, path: String, body: Value) -> Step {
        self.ask_by(client, "POST", act, path, body)
    }

    fn ask_by(
        &mut self,
        client: &mut Client,
        method: &'static str,
        act: Act,
        path: String,
        body: Value,
    ) -> Step {
        let asked = Asked { act, method, path, body, key: client.new_key() };
        if let Some(asking) = self.asking.take() {
            // Nobody listens where the till died before.
            _ = asking.send(());
        }
        match send(client, &asked) {
            Ok(answer) => self.take(client, &asked, answer),
            Err(halt) => {
                self.unanswered = Some(asked);
                Err(halt)
            }
        }
    }

    /// Holds an answer to what was asked, and remembers what it shows.
    fn take(&mut self, client: &mut Client, asked: &Asked, answer: Answer) -> Step {
        let Asked { act, path, body, .. } = asked;
        if matches!(act, Act::TooMuch) {
            let kind = &answer.body["type"];
            if (answer.status, kind) == (422, &json!("urn:till:problem:return-refused")) {
                return Ok(());
            }
            return Err(wrong(format!("{path} {body} is too much, and is answered {answer:?}")));
        }
        let answer = answer.done().map_err(|error| wrong(format!("{path} {body}: {error}")))?;
        // A cart goes on changing, so the same request shows another cart later.
        if answer["result"] != "cart" {
            self.done = Some((asked.clone(), answer.clone()));
        }
        self.shown(client, *act, answer)
    }

    /// Remembers what an answer shows.
    fn shown(&mut self, client: &mut Client, act: Act, answer: Value) -> Step {
        match (answer["result"].as_str(), act) {
            (Some("cart"), Act::Park) => {
                let cart = cart_of(answer["cart"].clone());
                self.told.parked.insert(cart["cart"].as_u64().unwrap(), cart);
                self.cart = None;
            }
            (Some("cart"), Act::Recall(id)) => {
                let cart = cart_of(answer["cart"].clone());
                let parked = self.told.parked.remove(&id).unwrap_or_default();
                same("a recalled cart", &look::recalled(parked), &cart)?;
                self.cart = Some(cart);
            }
            (Some("cart"), _) => self.cart = Some(cart_of(answer["cart"].clone())),
            (Some("sold"), _) => {
                self.cart = None;
                self.receipt(client, &answer)?;
            }
            (Some("returned"), _) => {
                self.returning = false;
                self.receipt(client, &answer)?;
            }
            (Some("return_open"), _) => {
                self.returning = true;
                self.follow_return(client)?;
            }
            (Some("payment"), _) => {
                let payment = answer["payment"].as_u64().unwrap();
                self.paying = Some(payment);
                self.wait(client, payment)?;
            }
            (Some("done"), Act::Cancel(amount)) => {
                self.told.aside("cancelled_carts", "", amount);
                self.cart = None;
            }
            (Some("done"), Act::DropReturn) => self.returning = false,
            (Some("shift"), Act::OpenShift(float)) => {
                let shift = u32::try_from(answer["shift"].as_u64().unwrap()).unwrap();
                self.told.opened(shift, float);
            }
            (Some("shift"), Act::CloseShift) => {
                self.told.closed();
                self.look_at_news(client)?;
            }
            (Some("shift"), Act::Cash(kind, reason, amount)) => {
                self.told.aside(kind, reason, amount);
            }
            _ => return Err(wrong(format!("an answer nobody expects to {act:?}: {answer}"))),
        }
        Ok(())
    }

    /// A sale or return was told: known at once, looked at then.
    fn receipt(&mut self, client: &Client, answer: &Value) -> Step {
        let receipt = answer["receipt"].as_str().unwrap_or_default().to_owned();
        self.told.receipts.entry(receipt).or_insert(None);
        self.look_at_news(client)
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
    fn look_into_the_terminal(&self, client: &mut Client, payment: u64, shown: &Value) -> Step {
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
        let new = self.new_receipt(client, &format!("cart {id:?} is gone"))?;
        self.shown(client, Act::Sell, json!({ "result": "sold", "receipt": new }))
    }

    /// Waits as long as the terminal is asked for a part of the return; then it was made, or the
    /// cashier must say how it goes on.
    fn follow_return(&mut self, client: &mut Client) -> Step {
        loop {
            let current = get(client.get("/returns/current"))?;
            let Some(returning) = current.get("return") else {
                let new = self.new_receipt(client, "no return is under way")?;
                let made = json!({ "result": "returned", "receipt": new });
                return self.shown(client, Act::Return, made);
            };
            let payments = payments_of(client, returning)?;
            let open = ["under_way", "unknown"];
            let waits = |payment: &&Value| open.iter().any(|state| payment["state"] == *state);
            let Some(under_way) = payments.iter().find(waits) else {
                return Ok(());
            };
            let payment = under_way["payment"].as_u64().unwrap();
            self.paying = Some(payment);
            self.wait(client, payment)?;
        }
    }

    /// The newest receipt, which must not have been told yet.
    fn new_receipt(&self, client: &Client, why: &str) -> Result<String, Halt> {
        let listed = get(client.get("/receipts?limit=1"))?;
        let receipt = listed["receipts"][0]["receipt"].as_str().unwrap_or_default().to_owned();
        if self.told.receipts.contains_key(&receipt) {
            return Err(wrong(format!("{why} and no receipt is new: the last is {receipt}")));
        }
        Ok(receipt)
    }

    fn lines(&self) -> u64 {
        let lines = self.cart.as_ref().and_then(|cart| cart["lines"].as_array());
        lines.map_or(0, |lines| lines.len() as u64)
    }
}

fn send(client: &Client, asked: &Asked) -> Result<Answer, Halt> {
    let Asked { method, path, body, key, .. } = asked;
    client.call(method, path, Some(body), Some(key)).map_err(|_| Halt::Died)
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
