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

/// What a field of a body mostly holds, so that requests reach deep into the till.
const FIELDS: [(&str, &[&str]); 12] = [
    ("code", &["101", "102", "9520000100377", "2110001004827", "5018374000016"]),
    ("quantity", &["1", "2", "1", "0.482"]),
    ("tender", &["cash", "cash", "card", "voucher", "coupon"]),
    ("currency", &["EUR"]),
    ("price", &["0.30", "3/1.00", "1.99"]),
    ("percent", &["5", "10", "100"]),
    ("staff", &["301"]),
    ("pin", &["692571"]),
    ("current", &["80361472"]),
    ("label", &["hat"]),
    ("note", &["seen on the terminal"]),
    ("reference", &["G-4711"]),
];

/// The reasons that a route takes, by its last word.
const REASONS: [(&str, &[&str]); 8] = [
    ("discounts", &["loyalty", "goodwill"]),
    ("price", &["price-match"]),
    ("cancel", &["staff-mistake"]),
    ("void", &["staff-mistake"]),
    ("refund", &["faulty", "spoiled"]),
    ("cash", &["change-float", "postage"]),
    ("drawer", &["give-change"]),
    ("{line}", &["wrong-item"]),
];

/// Amounts that fit a small basket.
const AMOUNTS: [i64; 7] = [1, 20, 35, 45, 100, 500, 10_000];

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

    /// True once in so many times.
    fn one_in(&mut self, n: u8) -> bool {
        self.next() % n == 0
    }

    fn word(&mut self) -> String {
        match self.one_in(8) {
            true => self.text(),
            false => self.pick(&WORDS).unwrap_or_default().to_owned(),
        }
    }

    /// A word for a field of the body of a route.
    fn word_for(&mut self, field: &str, route: &str) -> String {
        let last = route.rsplit('/').next().unwrap_or_default();
        let found = match field {
            "reason" => REASONS.iter().find(|(name, _)| *name == last),
            _ => FIELDS.iter().find(|(name, _)| *name == field),
        };
        match found {
            Some((_, words)) if !self.one_in(12) => self.pick(words).unwrap_or_default().to_owned(),
            _ => self.word(),
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
    let mut operation = bytes.pick(operations)?;
    let door = ["/session", "/setup", "/pin", "/verify"];
    if door.iter().any(|end| operation.path.ends_with(end)) && !bytes.one_in(16) {
        operation = bytes.pick(operations)?;
    }
    let mut path = String::new();
    for part in operation.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => path.push_str(&escaped(&parameter(bytes, name, known))),
            None => path.push_str(part),
        }
    }
    match bytes.next() % 32 {
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
    let key = match bytes.next() {
        0..8 => None,
        8..24 => Some(HeaderValue::from_static("used-again")),
        24..32 => Some(HeaderValue::from_bytes(&bytes.raw()).ok()?),
        _ => Some(HeaderValue::from_str(&format!("key-{number}")).ok()?),
    };
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = match bytes.next() % 32 {
        0 => bytes.raw(),
        1 => Vec::new(),
        _ if operation.body.is_null() => Vec::new(),
        _ => {
            let of = Field { name: "", route: &operation.path, document };
            value(bytes, &operation.body, &of, 0).to_string().into_bytes()
        }
    };
    request.body(Body::from(body)).ok()
}

fn parameter(bytes: &mut Bytes<'_>, name: &str, known: &Known) -> String {
    let there: Vec<_> = known.iter().filter(|(of, _)| *of == name).collect();
    match (bytes.next() % 24, there.as_slice()) {
        (0, _) => bytes.word(),
        (1, _) => bytes.next().to_string(),
        (_, []) => "1".to_owned(),
        (_, there) => bytes.pick(there).map_or_else(String::new, |(_, value)| value.clone()),
    }
}

/// Where a value is to stand.
struct Field<'a> {
    name: &'a str,
    route: &'a str,
    document: &'a Value,
}

/// A value that fits a schema, mostly.
fn value(bytes: &mut Bytes<'_>, schema: &Value, of: &Field<'_>, depth: u32) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let found = name.strip_prefix('#').and_then(|name| of.document.pointer(name));
        return found.map_or(Value::Null, |found| value(bytes, found, of, depth + 1));
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let choice = bytes.pick(choices).unwrap_or_default();
        return value(bytes, &choice, of, depth + 1);
    }
    if let Some(names) = schema["enum"].as_array() {
        return bytes.pick(names).unwrap_or_default();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => bytes.pick(kinds).unwrap_or_default(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => object(bytes, schema, of, depth),
        Some("array") => {
            let length = 1 + bytes.next() % 3;
            (0..length).map(|_| value(bytes, &schema["items"], of, depth + 1)).collect()
        }
        Some("string") => json!(bytes.word_for(of.name, of.route)),
        Some("integer") => match (bytes.one_in(12), of.name) {
            (true, _) => json!(bytes.pick(&NUMBERS)),
            (false, "minor") => json!(bytes.pick(&AMOUNTS)),
            (false, "line") => json!(1 + bytes.next() % 2),
            (false, _) => json!(bytes.next() % 3),
        },
        Some("boolean") => json!(bytes.one_in(2)),
        _ => Value::Null,
    }
}

fn object(bytes: &mut Bytes<'_>, schema: &Value, of: &Field<'_>, depth: u32) -> Value {
    let mut made = Map::new();
    for (name, schema_of) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
        let field = Field { name, ..*of };
        match bytes.next() {
            0 => {}
            1 => drop(made.insert(name.clone(), json!(bytes.word()))),
            // A text that is never read, and another's word that is seldom needed.
            2..192 if !required => {}
            _ => drop(made.insert(name.clone(), value(bytes, schema_of, &field, depth + 1))),
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
