//! A script that recalls or takes another till's basket, at a till whose answers are given.

use super::*;
use crate::sell::cashier::Next;
use crate::sell::client::Client;
use crate::sell::entry::Entry;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

/// A screen that keeps what it shows; nobody is there.
#[derive(Default)]
struct Paper(String);

impl Screen for Paper {
    fn show(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn ask(&mut self, _what: &str, _hidden: bool) -> Option<String> {
        None
    }

    fn pause(&mut self, _time: Duration) -> Pause {
        Pause::Over
    }

    fn attended(&self) -> bool {
        false
    }
}

/// A cashier at a till that gives these answers in order, each asked for as the receiver tells.
fn at(answers: Vec<Value>) -> (Cashier<Paper>, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::at(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (asked, questions) = mpsc::channel();
    let settings = json!({
        "store": { "name": "Hansa", "currency": "EUR" },
        "tenders": [], "reasons": [],
    });
    thread::spawn(move || {
        for answer in std::iter::once(settings).chain(answers) {
            let (mut stream, _) = listener.accept().unwrap();
            asked.send(first_line(&stream)).unwrap();
            let body = answer.to_string();
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n");
            write!(stream, "{head}connection: close\r\n\r\n{body}").unwrap();
        }
    });
    let cashier = Cashier::at(client, None, Paper::default()).unwrap();
    questions.recv().unwrap();
    (cashier, questions)
}

/// Reads a request whole, and tells its first line.
fn first_line(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").replace("/api/v1", "")
}

fn carts(current: Option<u64>) -> Value {
    json!({ "current": current, "carts": [] })
}

fn cart() -> Value {
    let amount = json!({ "minor": 35, "currency": "EUR", "text": "0.35" });
    json!({ "total": amount, "due": amount })
}

fn does(cashier: &mut Cashier<Paper>, line: &str) -> Next {
    let entry = Entry::parse(line).unwrap().unwrap();
    cashier.carry_out(entry).unwrap()
}

#[test]
fn a_script_goes_on_once_the_basket_it_recalled_is_here() {
    let asked_for = json!({ "result": "claim_asked", "cart": 17 });
    let (mut cashier, asked) =
        at(vec![asked_for, carts(None), carts(Some(9)), carts(Some(17)), cart()]);
    does(&mut cashier, "recall 17");
    let asked: Vec<String> = asked.iter().take(5).collect();
    let look = "GET /carts";
    assert_eq!(asked, ["POST /carts/17/recall", look, look, look, "GET /carts/17"]);
    assert!(cashier.screen.0.contains("0.35"), "{}", cashier.screen.0);
}

#[test]
fn a_basket_that_does_not_come_ends_the_script() {
    let (mut cashier, _asked) = at(vec![carts(None)]);
    let error = cashier.wait_for_cart(17, Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("`force ID`"), "{error}");
}

#[test]
fn a_basket_that_was_taken_is_told_where_it_is() {
    let taken = json!({ "result": "cart", "cart": cart() });
    let (mut cashier, _asked) = at(vec![taken.clone(), carts(Some(9))]);
    does(&mut cashier, "force 3-17");
    let shown = &cashier.screen.0;
    assert!(shown.contains("It is parked here: `recall 3-17`"), "{shown}");
    let (mut cashier, _asked) = at(vec![taken, carts(Some(17))]);
    does(&mut cashier, "force 17");
    assert!(!cashier.screen.0.contains("parked"), "{}", cashier.screen.0);
}
