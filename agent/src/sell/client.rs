//! The way to the till's API: JSON over HTTP on this machine, with the log-in's cookie and token,
//! each changing request under a name of its own, so that trying again does it once.
//!
//! Which paths there are is `super::api`'s.

use super::view::Problem;
use super::wire::LoggedIn;
use ring::rand::{SecureRandom, SystemRandom};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{BufReader, Read as _};
use std::net::IpAddr;
use std::time::Duration;
use ureq::http::{Method, Request, Response, header};
use ureq::{Agent, Body};

/// The longest wait for an answer: the till itself gives up sooner.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a request is sent when no answer comes: a till that is restarted is back soon.
const ATTEMPTS: u32 = 3;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest answer taken: the longest list of the API is far below it.
const MAX_ANSWER_BYTES: u64 = 4 * 1024 * 1024;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The till said no.
    #[error("{}", super::show::problem(.0))]
    Refused(Problem),
    /// No till answers.
    #[error(
        "no till answers at {url}: {why}. Start one with `till run`, or name its address with --url"
    )]
    NoTill {
        /// The address.
        url: String,
        /// What happened.
        why: Box<ureq::Error>,
    },
    /// What answers is no till of this version.
    #[error("what answers at {url} is not a till of this version: {detail}")]
    NotATill {
        /// The address.
        url: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// The address is not on this machine.
    #[error(
        "`{0}` is not an address of this machine: write http://127.0.0.1:PORT. There is no encryption yet, so PINs stay here"
    )]
    NotHere(String),
    /// No random name for a request.
    #[error("the system's random source failed")]
    NoRandom,
}

impl ClientError {
    /// Whether the till said no for this kind of reason.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        matches!(self, Self::Refused(problem) if problem.kind == kind)
    }
}

/// A till's API, and a log-in at it.
#[derive(Debug, Clone)]
pub(super) struct Client {
    agent: Agent,
    /// Without a slash at its end.
    url: String,
    cookie: String,
    csrf: String,
}

impl Client {
    /// The till at `url`; nobody is logged in yet.
    pub fn at(url: &str) -> Result<Self, ClientError> {
        let url = url.trim_end_matches('/');
        if !is_here(url) {
            return Err(ClientError::NotHere(url.to_owned()));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy of the environment is no way to this machine.
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        let agent = config.new_agent();
        Ok(Self { agent, url: url.to_owned(), cookie: String::new(), csrf: String::new() })
    }

    /// Logs in; all later requests are this person's.
    pub fn log_in(&mut self, staff: &str, pin: &str) -> Result<LoggedIn, ClientError> {
        let body = serde_json::json!({ "staff": staff, "pin": pin });
        let bytes = serde_json::to_vec(&body).map_err(|error| self.not_a_till(&error))?;
        let mut response = self.send(&Method::POST, "/session", Some(&bytes), None)?;
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let cookies: Vec<String> = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .map(ToOwned::to_owned)
            .collect();
        let answer: LoggedIn = self.read(&mut response)?;
        self.cookie = cookies.join("; ");
        self.csrf.clone_from(&answer.csrf);
        Ok(answer)
    }

    /// Logs out; a log-in that stays ends by itself.
    pub fn log_out(&self) {
        self.send(&Method::DELETE, "/session", None, None).ok();
    }

    /// Reads.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.read(&mut self.send(&Method::GET, path, None, None)?)
    }

    /// Reads a text.
    pub fn get_text(&self, path: &str) -> Result<String, ClientError> {
        let mut response = self.send(&Method::GET, path, None, None)?;
        let text = self.text(&mut response)?;
        if response.status().is_success() { Ok(text) } else { Err(self.refused(&text)) }
    }

    /// Changes something, once, however often it has to be sent.
    pub fn change<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.not_a_till(&error))?;
        let key = new_key()?;
        self.read(&mut self.send(method, path, Some(&body), Some(&key))?)
    }

    /// The stream of events, without an end.
    pub fn events(&self, path: &str) -> Result<impl std::io::BufRead + Send + use<>, ClientError> {
        let request = self.request(&Method::GET, path, None, None)?;
        let request = self.agent.configure_request(request).timeout_global(None).build();
        let response = self.agent.run(request).map_err(|error| self.no_till(error))?;
        let status = response.status();
        let mut body = response.into_body();
        if !status.is_success() {
            let text = body.read_to_string().map_err(|error| self.no_till(error))?;
            return Err(self.refused(&text));
        }
        Ok(BufReader::new(body.into_reader()))
    }

    fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&[u8]>,
        key: Option<&str>,
    ) -> Result<Response<Body>, ClientError> {
        // Without a name a request that changes something is sent once.
        let attempts = if key.is_some() || method.is_safe() { ATTEMPTS } else { 1 };
        let mut attempt = 1;
        loop {
            match self.agent.run(self.request(method, path, body, key)?) {
                Ok(response) => return Ok(response),
                Err(error) if attempt >= attempts => return Err(self.no_till(error)),
                Err(_) => std::thread::sleep(PAUSE),
            }
            attempt += 1;
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Option<&[u8]>,
        key: Option<&str>,
    ) -> Result<Request<Vec<u8>>, ClientError> {
        let mut request =
            Request::builder().method(method).uri(format!("{}/api/v1{path}", self.url));
        if !self.cookie.is_empty() {
            request =
                request.header(header::COOKIE, &self.cookie).header("X-Till-Csrf", &self.csrf);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.body(body.unwrap_or_default().to_vec()).map_err(|error| self.not_a_till(&error))
    }

    fn read<T: DeserializeOwned>(&self, response: &mut Response<Body>) -> Result<T, ClientError> {
        let text = self.text(response)?;
        if !response.status().is_success() {
            return Err(self.refused(&text));
        }
        serde_json::from_str(&text).map_err(|error| self.not_a_till(&error))
    }

    fn text(&self, response: &mut Response<Body>) -> Result<String, ClientError> {
        let reader = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).reader();
        let mut text = String::new();
        // The key of a request whose answer breaks off is gone: the cashier looks before trying on.
        let read = BufReader::new(reader).read_to_string(&mut text);
        read.map_err(|error| self.not_a_till(&error))?;
        Ok(text)
    }

    /// What a problem document says.
    fn refused(&self, text: &str) -> ClientError {
        #[derive(Deserialize)]
        struct Document {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            title: String,
            #[serde(default)]
            detail: String,
            retry_after: Option<u64>,
        }
        match serde_json::from_str(text) {
            Ok(Document { kind, title, detail, retry_after }) => {
                let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
                ClientError::Refused(Problem { kind, title, detail, retry_after })
            }
            Err(error) => self.not_a_till(&error),
        }
    }

    fn no_till(&self, why: ureq::Error) -> ClientError {
        ClientError::NoTill { url: self.url.clone(), why: Box::new(why) }
    }

    fn not_a_till(&self, detail: &dyn std::fmt::Display) -> ClientError {
        ClientError::NotATill { url: self.url.clone(), detail: detail.to_string() }
    }
}

/// Whether `http://HOST:PORT` is on this machine.
fn is_here(url: &str) -> bool {
    let Some(authority) = url.strip_prefix("http://") else { return false };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A name that no other request has: 32 hexadecimal digits.
fn new_key() -> Result<String, ClientError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ClientError::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
