//! A request out of bytes. What the API's own document says of a route fills in what the bytes
//! leave open, so that a few bytes reach deep into the till.

use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use serde_json::{Map, Value, json};

/// Nesting of a body.
const DEEPEST: u32 = 6;

/// Words that mean something somewhere in the demo store.
const WORDS: [&str; 44] = [
    "101",
    "102",
    "9520000100377",
    "2110001004827",
    "4011",
    "5018374000016",
    "4006381333932",
    "cash",
    "card",
    "voucher",
    "coupon",
    "EUR",
    "USD",
    "1",
    "2",
    "0",
    "-1",
    "0.482",
    "1e3",
    "10",
    "100",
    "99999999999999999999",
    "0.99",
    "3/1.00",
    "loyalty",
    "price-match",
    "wrong-item",
    "staff-mistake",
    "change-float",
    "postage",
    "give-change",
    "faulty",
    "in",
    "out",
    "201",
    "301",
    "901",
    "4826",
    "58146",
    "692571",
    "",
    " ",
    "\u{0}",
    "HH01-1-1-000001",
];

/// Numbers at which something changes.
const NUMBERS: [i64; 12] =
    [0, 1, 2, 3, 20, 500, 10_000, -1, 250_001, i64::MAX, i64::MIN, 9_007_199_254_740_993];

/// The input, read from its start. Behind its end follows chance out of its own bytes, so that a
/// short input is a whole day too.
pub struct Bytes<'a> {
    input: &'a [u8],
    chance: u64,
}

impl<'a> Bytes<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        Self { input, chance: input.iter().fold(0xCBF2_9CE4_8422_2325, mix) }
    }

    fn next(&mut self) -> u8 {
        if let Some((first, rest)) = self.input.split_first() {
            self.input = rest;
            return *first;
        }
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.chance.to_be_bytes()[0]
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(usize::from(self.next()) % of.len().max(1)).cloned()
    }

    fn raw(&mut self) -> Vec<u8> {
        (0..self.next() % 80).map(|_| self.next()).collect()
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.raw()).into_owned()
    }

    fn word(&mut self) -> String {
        match self.next() % 8 {
            0 => self.text(),
            _ => self.pick(&WORDS).unwrap_or_default().to_owned(),
        }
    }
}

/// A route that changes something.
#[derive(Clone)]
pub struct Operation {
    method: String,
    path: String,
    body: Value,
}

/// Every such route of the API's document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if method != "get" {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let method = method.to_uppercase();
                found.push(Operation { method, path: path.clone(), body: body.clone() });
            }
        }
    }
    found
}

/// What the till holds now, for parameters in a path: name and value.
pub type Known = Vec<(&'static str, String)>;

/// The next request of the input; `None` where the bytes make no HTTP at all.
pub fn next(
    bytes: &mut Bytes<'_>,
    operations: &[Operation],
    document: &Value,
    known: &Known,
    (cookie, csrf): (&str, &str),
    number: u64,
) -> Option<Request<Body>> {
    let operation = bytes.pick(operations)?;
    let mut path = String::new();
    for part in operation.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => path.push_str(&escaped(&parameter(bytes, name, known))),
            None => path.push_str(part),
        }
    }
    match bytes.next() % 8 {
        0 => path.push_str(&format!("?reason={}", escaped(&bytes.word()))),
        1 => path.push_str(&format!("?{}", escaped(&bytes.text()))),
        _ => {}
    }
    let mut request = Request::builder().method(operation.method.as_str()).uri(path);
    let headers = bytes.next();
    let (host, kind, token) = (
        if headers == 1 { "till.example" } else { "127.0.0.1" },
        if headers == 2 { "text/plain" } else { "application/json; charset=utf-8" },
        if headers == 3 { "no" } else { csrf },
    );
    request = request.header(header::HOST, host).header(header::CONTENT_TYPE, kind);
    request = request.header("x-till-csrf", token);
    if headers != 4 {
        request = request.header(header::COOKIE, cookie);
    }
    let key = match headers >> 5 {
        0 => None,
        1 => Some(HeaderValue::from_static("used-again")),
        2 => Some(HeaderValue::from_bytes(&bytes.raw()).ok()?),
        _ => Some(HeaderValue::from_str(&format!("key-{number}")).ok()?),
    };
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = match bytes.next() % 8 {
        0 => bytes.raw(),
        1 => Vec::new(),
        _ => value(bytes, &operation.body, document, 0).to_string().into_bytes(),
    };
    request.body(Body::from(body)).ok()
}

fn parameter(bytes: &mut Bytes<'_>, name: &str, known: &Known) -> String {
    let there: Vec<_> = known.iter().filter(|(of, _)| *of == name).collect();
    match (bytes.next() % 8, there.as_slice()) {
        (0, _) => bytes.word(),
        (1, _) => bytes.next().to_string(),
        (_, []) => "1".to_owned(),
        (_, there) => bytes.pick(there).map_or_else(String::new, |(_, value)| value.clone()),
    }
}

/// A value that fits a schema, mostly.
fn value(bytes: &mut Bytes<'_>, schema: &Value, document: &Value, depth: u32) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let found = name.strip_prefix('#').and_then(|name| document.pointer(name));
        return found.map_or(Value::Null, |found| value(bytes, found, document, depth + 1));
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let choice = bytes.pick(choices).unwrap_or_default();
        return value(bytes, &choice, document, depth + 1);
    }
    if let Some(names) = schema["enum"].as_array() {
        return bytes.pick(names).unwrap_or_default();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => bytes.pick(kinds).unwrap_or_default(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => object(bytes, schema, document, depth),
        Some("array") => {
            let length = bytes.next() % 4;
            (0..length).map(|_| value(bytes, &schema["items"], document, depth + 1)).collect()
        }
        Some("string") => json!(bytes.word()),
        Some("integer") => match bytes.next() % 4 {
            0 => json!(bytes.pick(&NUMBERS)),
            _ => json!(bytes.next()),
        },
        Some("boolean") => json!(bytes.next() % 2 == 0),
        _ => Value::Null,
    }
}

fn object(bytes: &mut Bytes<'_>, schema: &Value, document: &Value, depth: u32) -> Value {
    let mut made = Map::new();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
        match bytes.next() % 16 {
            0 if required => {}
            1 => drop(made.insert(name.clone(), json!(bytes.word()))),
            2.. if !required && bytes.next() % 2 == 0 => {}
            _ => drop(made.insert(name.clone(), value(bytes, of, document, depth + 1))),
        }
    }
    if bytes.next() == 1 {
        made.insert(bytes.text(), Value::Null);
    }
    made.into()
}

/// As it stands in a path or query.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}
