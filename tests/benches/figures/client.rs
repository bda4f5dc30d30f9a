//! HTTP on one connection that is kept: the least that a client can do, so that what is measured
//! is the till's work. The tests' client speaks through a library, which costs more than the till.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// No answer that is asked for here is longer.
const MOST: usize = 1 << 20;

/// A cashier at a running till.
pub struct Client {
    stream: TcpStream,
    address: SocketAddr,
    /// What proves the log-in.
    proof: String,
    keys: u32,
}

impl Client {
    pub fn log_in(address: SocketAddr, staff: &str, pin: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, address, proof: String::new(), keys: 0 };
        let (head, body) = client.post("/session", &json!({ "staff": staff, "pin": pin }), "")?;
        let cookie = field(&head, "set-cookie").and_then(|value| value.split(';').next());
        let csrf = body.get("csrf").and_then(Value::as_str);
        client.proof = format!(
            "cookie: {}\r\nx-till-csrf: {}\r\n",
            cookie.context("a log-in sets a cookie")?,
            csrf.context("a log-in gives a token")?
        );
        Ok(client)
    }

    /// Scans one item; returns its cart once the line is durable.
    pub fn scan(&mut self, code: &str) -> Result<u64> {
        let proof = self.proof.clone();
        let (_, answer) = self.post("/carts", &json!({ "code": code }), &proof)?;
        answer.pointer("/cart/cart").and_then(Value::as_u64).context("a scan gives a cart")
    }

    /// Gives a cart up.
    pub fn cancel(&mut self, cart: u64) -> Result<()> {
        self.keys += 1;
        // A key that no run before has used on the same store.
        let port = self.stream.local_addr()?.port();
        let key = format!("{cart}-{port}-{}", self.keys);
        let headers = format!("{}idempotency-key: {key}\r\n", self.proof);
        self.post(&format!("/carts/{cart}/cancel"), &json!({}), &headers)?;
        Ok(())
    }

    fn post(&mut self, path: &str, body: &Value, headers: &str) -> Result<(String, Value)> {
        let body = body.to_string();
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {}\r\n{headers}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        self.answer().with_context(|| format!("asking {path}"))
    }

    fn answer(&mut self) -> Result<(String, Value)> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            let count = self.stream.read(&mut chunk)?;
            bytes.extend(chunk.get(..count).unwrap_or_default());
            ensure!(count > 0 && bytes.len() <= MOST, "the till ended the connection");
            let text = std::str::from_utf8(&bytes)?;
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length: usize = field(head, "content-length").unwrap_or("0").parse()?;
            if body.len() < length {
                continue;
            }
            if !head.starts_with("HTTP/1.1 2") {
                bail!("the till refused: {body}");
            }
            return Ok((head.to_owned(), serde_json::from_str(body)?));
        }
    }
}

/// A header's value.
fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value.trim()))
}
