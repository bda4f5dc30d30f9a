//! A till of the demo store on a scratch folder, with its API and an administrator at it.

use super::request::{self, Bytes, Known, Operation};
use agent::auth::make_verifier;
use agent::config::Config;
use agent::home::{Home, wall_clock};
use agent::http::service;
use agent::import::{Input, Kind, import};
use agent::runtime::Running;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tower::ServiceExt;

const PEPPER: [u8; 32] = [9; 32];
const STAFF: [(&str, &str); 4] =
    [("101", "4826"), ("201", "58146"), ("301", "692571"), ("901", "80361472")];
/// More than any answer has.
const LONGEST: usize = 16 << 20;

pub struct Till {
    runtime: Runtime,
    running: Option<Running>,
    router: Router,
    document: Value,
    operations: Vec<Operation>,
    cookie: String,
    csrf: String,
    sent: u64,
    _stop: watch::Sender<bool>,
    _folder: TempDir,
}

impl Till {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.expect("a scratch folder");
        let home = Home::at(folder.path()).expect("a home");
        std::fs::write(home.file("pin.pepper"), PEPPER).expect("a pepper");
        let file = folder.path().join("agent.toml");
        let text = format!("[store]\nfolder = {:?}\n[http]\nport = 0\n", folder.path());
        std::fs::write(&file, text).expect("a configuration");
        let config = Config::load(Some(&file), []).expect("a configuration");
        import_demo(&home);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopping) = watch::channel(false);
        let (running, router) = runtime.block_on(async {
            let running = Running::start(&config, &home).expect("a till");
            let set = running.till.look(|till| {
                for (staff, pin) in STAFF {
                    let verifier = make_verifier(pin, &PEPPER).expect("a verifier");
                    till.store().set_pin(staff, &verifier).expect("a PIN");
                }
            });
            set.await.expect("the till runs");
            let board = running.devices.board();
            let idle = config.http.session_idle();
            let made = service(running.till.clone(), board, idle, &home, stopping).await;
            let (router, _) = made.expect("an API");
            (running, router)
        });
        let mut till = Self {
            runtime,
            running: Some(running),
            router,
            document: Value::Null,
            operations: Vec::new(),
            cookie: String::new(),
            csrf: String::new(),
            sent: 0,
            _stop: stop,
            _folder: folder,
        };
        till.document = till.get("/openapi.json");
        till.operations = request::operations(&till.document);
        assert!(till.operations.len() > 30, "the document lists what can be changed");
        assert!(till.is_ready(), "the administrator's PIN opens the till");
        till
    }

    /// Whether someone is logged in and a shift is open; sees to both where that can be done.
    pub fn is_ready(&mut self) -> bool {
        if self.get("/session")["csrf"] != json!(self.csrf) || self.csrf.is_empty() {
            let (staff, pin) = STAFF[3];
            let response = self.post("/session", &json!({ "staff": staff, "pin": pin }));
            let cookie = response.headers().get(header::SET_COOKIE);
            let Some(cookie) = cookie.and_then(|cookie| cookie.to_str().ok()) else { return false };
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            let body = self.body(response);
            self.csrf = body["csrf"].as_str().unwrap_or_default().to_owned();
        }
        if self.get("/shifts/current")["shift"].is_null() {
            self.post("/shifts", &json!({ "float": { "minor": 10_000, "currency": "EUR" } }));
        }
        true
    }

    /// Sends what the bytes say, and holds the answer to what every answer keeps.
    pub fn try_out(&mut self, bytes: &mut Bytes<'_>) {
        let known = self.known();
        self.sent += 1;
        let session = (self.cookie.as_str(), self.csrf.as_str());
        let made =
            request::next(bytes, &self.operations, &self.document, &known, session, self.sent);
        let Some(request) = made else { return };
        let what = format!("{} {}", request.method(), request.uri());
        let response = self.send(request);
        let status = response.status();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{what}: {}", self.body(response));
        if status.is_client_error() || status.is_server_error() {
            let kind = response.headers().get(header::CONTENT_TYPE).cloned();
            assert_eq!(kind.expect("a type"), "application/problem+json", "{what}");
            let problem = self.body(response);
            assert_eq!(problem["status"], status.as_u16(), "{what}: {problem}");
            for field in ["type", "title", "detail"] {
                let text = problem[field].as_str();
                assert!(text.is_some_and(|text| !text.is_empty()), "{what}: {problem}");
            }
        }
    }

    /// What the till holds now, so that a path can name it.
    fn known(&self) -> Known {
        let of = |name, list: Value, rows: &str, field: &str| {
            let rows = list[rows].as_array().cloned().unwrap_or_default();
            let text = |row: &Value| row[field].to_string().trim_matches('"').to_owned();
            rows.iter().map(|row| (name, text(row))).collect::<Vec<_>>()
        };
        let mut known = of("cart", self.get("/carts"), "carts", "cart");
        known.extend(of("receipt", self.get("/receipts?limit=5"), "receipts", "receipt"));
        known.extend(of("payment", self.get("/payments"), "payments", "payment"));
        known.extend(of("job", self.get("/jobs"), "jobs", "job"));
        known.extend(["1", "2", "3"].map(|line| ("line", line.to_owned())));
        known.extend(["current", "1"].map(|shift| ("shift", shift.to_owned())));
        known.extend(STAFF.map(|(staff, _)| ("staff", staff.to_owned())));
        known
    }

    fn get(&self, path: &str) -> Value {
        let request = Request::get(format!("/api/v1{path}")).header(header::HOST, "localhost");
        let request = request.header(header::COOKIE, &self.cookie).body(Body::empty());
        self.body(self.send(request.expect("a request")))
    }

    fn post(&mut self, path: &str, body: &Value) -> Response<Body> {
        self.sent += 1;
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::HOST, "localhost")
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-till-csrf", &self.csrf)
            .header("idempotency-key", format!("own-{}", self.sent));
        self.send(request.body(Body::from(body.to_string())).expect("a request"))
    }

    fn send(&self, request: Request<Body>) -> Response<Body> {
        self.runtime.block_on(self.router.clone().oneshot(request)).expect("an answer")
    }

    fn body(&self, response: Response<Body>) -> Value {
        let bytes = self.runtime.block_on(to_bytes(response.into_body(), LONGEST));
        serde_json::from_slice(&bytes.expect("a whole answer")).unwrap_or_default()
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        // At the end of the process the runtime's own part of the thread may be gone already.
        let over = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        if let Some(running) = self.running.take().filter(|_| !over) {
            self.runtime.block_on(running.stop());
        }
    }
}

fn import_demo(home: &Home) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo");
    let mut catalogue = home.catalogue().expect("a catalogue");
    for kind in Kind::ALL {
        let path = demo.join(format!("{}.csv", kind.name()));
        let input = Input { path: &path, format: None, progress: &mut |_| {} };
        import(kind, input, &mut catalogue, wall_clock()).expect("the demo store");
    }
}
