//! A client of a till's API: logged in, with a key for each request that changes something.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

/// Longer than any answer of a till that lives.
const PATIENCE: Duration = Duration::from_secs(35);

/// What a till answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null when there was none.
    pub body: Value,
}

impl Answer {
    /// The body of an answer that says it was done.
    ///
    /// # Errors
    /// The till's own words when it refused.
    pub fn done(self) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        bail!("{} {}", self.status, self.body)
    }
}

/// Someone at a till.
#[derive(Debug)]
pub struct Client {
    http: Agent,
    address: SocketAddr,
    base: String,
    cookie: String,
    csrf: String,
    keys: u64,
    name: String,
}

impl Client {
    /// Logs in.
    ///
    /// # Errors
    /// When nobody answers, or the PIN is refused.
    pub fn log_in(address: SocketAddr, staff: &str, pin: &str) -> Result<Self> {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build();
        let mut client = Self {
            http: config.into(),
            address,
            base: format!("http://{address}/api/v1"),
            cookie: String::new(),
            csrf: String::new(),
            keys: 0,
            name: String::new(),
        };
        let body = json!({ "staff": staff, "pin": pin });
        let response = client.send("POST", "/session", Some(&body), None)?;
        let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
        let cookie = cookie.to_owned();
        let body = read(response)?.done()?;
        client.cookie = cookie;
        let csrf = body.get("csrf").and_then(Value::as_str).context("no csrf token")?;
        csrf.clone_into(&mut client.csrf);
        // Keys of two log-ins must differ, and a till keeps those of its lives before.
        client.name = csrf.chars().take(16).collect();
        Ok(client)
    }

    /// The till's address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads something.
    ///
    /// # Errors
    /// When nobody answers, or the till refuses.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, None, None)?.done()
    }

    /// Asks for something, under a new key.
    ///
    /// # Errors
    /// When nobody answers, or the till refuses.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let key = self.new_key();
        self.call("POST", path, Some(body), Some(&key))?.done()
    }

    /// A key that no request had yet.
    pub fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.name, self.keys)
    }

    /// Any request; a refusal is an answer too.
    ///
    /// # Errors
    /// When nobody answers: whether it was done is not known then.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Answer> {
        read(self.send(method, path, body, key)?)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Response<Body>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie).header("x-till-csrf", &self.csrf);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Ok(match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.http.run(request.body(body.to_string())?)?
            }
            None => self.http.run(request.body(())?)?,
        })
    }
}

fn read(mut response: Response<Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Answer { status, body })
}
