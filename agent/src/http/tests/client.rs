//! A small HTTP client on one kept connection, so that tests see every byte of what they send.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Far longer than any answer takes; a hanging test fails instead of standing still.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    pub cookie: String,
    pub csrf: String,
    keys: u32,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of an answer that must be good.
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Holds an answer to be a problem of a kind.
    pub fn is(&self, status: u16, kind: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:till:problem:{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        self
    }
}

impl Client {
    pub fn at(address: SocketAddr) -> Self {
        let (cookie, csrf) = (String::new(), String::new());
        Self { address, stream: connect(address), cookie, csrf, keys: 0 }
    }

    /// The same log-in on another connection.
    pub fn again(&self) -> Self {
        let mut again = Self::at(self.address);
        again.cookie.clone_from(&self.cookie);
        again.csrf.clone_from(&self.csrf);
        again.keys = self.keys + 1_000;
        again
    }

    pub fn log_in(&mut self, staff: &str, pin: &str) {
        let answer =
            self.bare("POST", "/session", &format!(r#"{{"staff": "{staff}", "pin": "{pin}"}}"#));
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{}", answer.text()));
        self.cookie = cookie.split(';').next().unwrap().to_owned();
        self.csrf = answer.ok()["csrf"].as_str().unwrap().to_owned();
    }

    pub fn get(&mut self, path: &str) -> Answer {
        let headers = self.cookie_header();
        self.send("GET", path, &headers, "")
    }

    /// Changes something under a new key.
    pub fn change(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.keys += 1;
        // No two clients use the same keys.
        let key = format!("{}-{}", self.csrf.get(..16).unwrap_or_default(), self.keys);
        self.keyed(method, path, body, &key)
    }

    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        self.change("POST", path, body)
    }

    /// Changes something under a key of one's own.
    pub fn keyed(&mut self, method: &str, path: &str, body: &str, key: &str) -> Answer {
        let headers = format!(
            "{}X-Till-Csrf: {}\r\nIdempotency-Key: {key}\r\n",
            self.cookie_header(),
            self.csrf
        );
        self.send(method, path, &headers, body)
    }

    /// Changes something without a key.
    pub fn unkeyed(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = format!("{}X-Till-Csrf: {}\r\n", self.cookie_header(), self.csrf);
        self.send(method, path, &headers, body)
    }

    /// Without a log-in.
    pub fn bare(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, "", body)
    }

    pub fn cookie_header(&self) -> String {
        format!("Cookie: theme=dark; {}\r\n", self.cookie)
    }

    /// Sends to a path below `/api/v1`, or to one that starts with `//` at the root.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let path = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('/'))
            .map_or_else(|| format!("/api/v1{path}"), ToOwned::to_owned);
        let host = if headers.contains("Host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.address)
        };
        let kind = if body.is_empty() || headers.contains("Content-Type:") {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{kind}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.read()
    }

    /// Sends bytes as they are, so that even broken requests can be sent.
    pub fn raw(&mut self, bytes: &[u8]) -> Answer {
        self.stream.get_mut().write_all(bytes).unwrap();
        self.read()
    }

    /// Begins a request without waiting for its answer.
    pub fn begin(&mut self, method: &str, path: &str, body: &str, key: &str) {
        let headers = format!(
            "{}X-Till-Csrf: {}\r\nIdempotency-Key: {key}\r\n",
            self.cookie_header(),
            self.csrf
        );
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
    }

    pub fn read(&mut self) -> Answer {
        let (status, headers) = self.head();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        Answer { status, headers, body }
    }

    fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let status = self.line();
        let status = status
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no answer: {status:?}"))
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { return (status, headers) };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Opens the stream of events and returns a listener.
    pub fn listen(&self, last: Option<&str>) -> Listener {
        let mut client = self.again();
        let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n{}{last}\r\n",
            client.address,
            client.cookie_header()
        );
        client.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (status, headers) = client.head();
        assert_eq!(status, 200, "{headers:?}");
        Listener { client }
    }
}

/// A client of the stream of events.
pub(super) struct Listener {
    client: Client,
}

/// An event: id, name, data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub id: String,
    pub name: String,
    pub data: String,
}

impl Listener {
    /// The next event of this name. The effects of an act are told after its answer, so those of
    /// acts before may still come.
    pub fn until(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }

    /// The next event; `None` when the stream ends.
    pub fn next(&mut self) -> Option<Event> {
        let mut event = Event { id: String::new(), name: String::new(), data: String::new() };
        loop {
            let mut line = String::new();
            if self.client.stream.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            // Chunks' lengths stand between the events' own lines.
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("data", data)) => event.data = data.to_owned(),
                _ if !event.name.is_empty() && !event.data.is_empty() => return Some(event),
                _ => {}
            }
        }
    }
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}
