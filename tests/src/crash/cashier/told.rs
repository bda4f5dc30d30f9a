//! All that the cashier was told for good, and what it comes to. No answer of the till is needed
//! to know what its reports must say.

use crate::books::Books;
use commerce::fact::CashDirection;
use commerce::quantity::parse_thousandths;
use commerce::sale::ReceiptNumber;
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows of a report that follow from what was told: count and minor units by kind and key.
pub type Sums = BTreeMap<(String, String), (i64, i64)>;

/// The kinds of rows that [`Told::sums`] knows.
const KINDS: [&str; 9] = [
    "float",
    "sales",
    "refunds",
    "post_voids",
    "tenders",
    "drawer_cash",
    "paid_in",
    "paid_out",
    "cancelled_carts",
];

/// Something that counts for a shift without a receipt.
struct Aside {
    shift: u32,
    kind: &'static str,
    key: &'static str,
    minor: i64,
}

#[derive(Default)]
pub struct Told {
    /// Sales and returns as they were shown; none as long as nobody has looked.
    pub receipts: BTreeMap<String, Option<Value>>,
    /// Carts set aside, as they were shown.
    pub parked: BTreeMap<u64, Value>,
    /// Zs as they were shown; none as long as nobody has looked.
    pub closed: BTreeMap<u32, Option<Value>>,
    /// The open shift.
    pub shift: Option<u32>,
    asides: Vec<Aside>,
}

impl Told {
    pub fn opened(&mut self, shift: u32, float: i64) {
        self.shift = Some(shift);
        self.aside("float", "", float);
    }

    pub fn closed(&mut self) -> Option<u32> {
        let shift = self.shift.take()?;
        self.closed.insert(shift, None);
        Some(shift)
    }

    /// Notes something that counts for the open shift.
    pub fn aside(&mut self, kind: &'static str, key: &'static str, minor: i64) {
        let shift = self.shift.unwrap_or_default();
        self.asides.push(Aside { shift, kind, key, minor });
    }

    /// Sales and returns that were looked at, oldest first.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = (&String, &Value)> {
        self.receipts.iter().filter_map(|(receipt, shown)| Some((receipt, shown.as_ref()?)))
    }

    /// Thousandths of a line that came back by all returns told.
    pub fn came_back(&self, receipt: &str, line: &Value) -> i64 {
        let returns = self.shown().filter(|(_, shown)| shown["of"] == receipt);
        let lines = returns.flat_map(|(_, shown)| shown["lines"].as_array().unwrap());
        lines.filter(|back| back["line"] == line["line"]).map(thousandths).sum()
    }

    /// What is left of each line of a sale.
    pub fn left(&self, receipt: &str, sale: &Value) -> Vec<(Value, i64)> {
        let lines = sale["lines"].as_array().unwrap().iter();
        let left = |line: &Value| thousandths(line) - self.came_back(receipt, line);
        lines.map(|line| (line["line"].clone(), left(line))).collect()
    }

    /// Cash that must be in the drawer.
    pub fn drawer(&self) -> i64 {
        let sums = self.shift.map(|shift| self.sums(shift)).unwrap_or_default();
        sums.get(&("drawer_cash".to_owned(), String::new())).map_or(0, |(_, minor)| *minor)
    }

    /// What a shift comes to by all that was told.
    pub fn sums(&self, shift: u32) -> Sums {
        let mut sums = Sums::new();
        let mut add = |kind: &str, key: &str, count: i64, minor: i64| {
            let sum = sums.entry((kind.to_owned(), key.to_owned())).or_default();
            *sum = (sum.0 + count, sum.1 + minor);
        };
        for Aside { kind, key, minor, .. } in self.asides.iter().filter(|of| of.shift == shift) {
            add(kind, key, 1, *minor);
            match *kind {
                "float" | "paid_in" => add("drawer_cash", "", 0, *minor),
                "paid_out" => add("drawer_cash", "", 0, -minor),
                _ => {}
            }
        }
        for (_, shown) in self.shown().filter(|(_, shown)| shown["shift"] == shift) {
            let (kind, sign) = match shown["kind"].as_str() {
                Some("sale") => ("sales", 1),
                Some("refund") => ("refunds", -1),
                _ => ("post_voids", -1),
            };
            add(kind, "", 1, minor(&shown["total"]));
            for tender in shown["tenders"].as_array().unwrap() {
                let (id, amount) = (tender["tender"].as_str().unwrap(), minor(&tender["amount"]));
                add("tenders", id, 1, sign * amount);
                if id == "cash" {
                    add("drawer_cash", "", 0, sign * amount);
                }
            }
            let change = shown.get("change").map_or(0, minor);
            if change != 0 {
                add("tenders", "cash", 0, -change);
                add("drawer_cash", "", 0, -change);
            }
        }
        sums
    }

    /// Whether an X or Z says what was told.
    pub fn agrees(&self, shift: u32, report: &Value) -> Result<(), String> {
        let rows = report["totals"].as_array().ok_or(format!("no report: {report}"))?;
        let of = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let shown: Sums = rows
            .iter()
            .filter(|row| KINDS.contains(&of(row, "kind").as_str()))
            .map(|row| {
                let sum = (row["count"].as_i64().unwrap(), minor(&row["amount"]));
                ((of(row, "kind"), of(row, "key")), sum)
            })
            .collect();
        let told = self.sums(shift);
        if shown == told {
            return Ok(());
        }
        Err(format!("the report of shift {shift} says {shown:?}, what was told is {told:?}"))
    }

    /// Whether the books hold what was told, all of it, once, and nothing else.
    pub fn is_in(&self, books: &Books) -> Result<(), String> {
        let sales = books.sales.iter().map(|(receipt, (hash, sale))| (receipt, hash, sale.total));
        let returns =
            books.returns.iter().map(|(receipt, (hash, back))| (receipt, hash, back.total));
        let found: BTreeMap<_, _> = sales
            .chain(returns)
            .map(|(receipt, hash, total)| (receipt.to_string(), (hash.to_string(), total.minor())))
            .collect();
        let told: BTreeMap<_, _> = self
            .shown()
            .map(|(receipt, shown)| {
                let hash = shown["hash"].as_str().unwrap_or_default().to_owned();
                (receipt.clone(), (hash, minor(&shown["total"])))
            })
            .collect();
        if found != told {
            let lost: Vec<_> = told.iter().filter(|of| !found.contains_key(of.0)).collect();
            let other: Vec<_> = found.iter().filter(|of| told.get(of.0) != Some(of.1)).collect();
            return Err(format!("told and lost: {lost:?}; there and not told so: {other:?}"));
        }
        self.goods_are_in(books)?;
        self.shifts_are_in(books)
    }

    fn goods_are_in(&self, books: &Books) -> Result<(), String> {
        for (receipt, sale) in self.shown().filter(|(_, shown)| shown["kind"] == "sale") {
            let number = ReceiptNumber::parse(receipt).ok_or(format!("{receipt} is no number"))?;
            for line in sale["lines"].as_array().unwrap() {
                let told = self.came_back(receipt, line);
                let of = u32::try_from(line["line"].as_u64().unwrap()).unwrap();
                let found = books.came_back.of_line(&number, of);
                if found != told {
                    return Err(format!(
                        "{receipt}: {told} came back, the books have {found} of {line}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn shifts_are_in(&self, books: &Books) -> Result<(), String> {
        let closed: Vec<u32> = books.shifts.closed().map(|(number, _)| number).collect();
        let told: Vec<u32> = self.closed.keys().copied().collect();
        if closed != told || books.shifts.open() != self.shift {
            let open = books.shifts.open();
            return Err(format!(
                "shifts closed {told:?}, open {:?}; the books have {closed:?} and {open:?}",
                self.shift
            ));
        }
        let moved: Vec<_> = books
            .cash
            .iter()
            .map(|moved| {
                let kind = match moved.direction {
                    CashDirection::In => "paid_in",
                    CashDirection::Out => "paid_out",
                };
                (moved.stamp.shift, kind, moved.reason.as_str(), moved.amount.minor())
            })
            .collect();
        let told: Vec<_> = self
            .asides
            .iter()
            .filter(|aside| aside.kind.starts_with("paid_"))
            .map(|aside| (aside.shift, aside.kind, aside.key, aside.minor))
            .collect();
        if moved == told {
            return Ok(());
        }
        Err(format!("cash moved as {told:?}, the books have {moved:?}"))
    }

    /// Whether everything that a cashier does was done at least once.
    pub fn is_a_whole_day(&self) -> Result<(), String> {
        let by_card = |shown: &Value| {
            let tenders = shown["tenders"].as_array().unwrap();
            tenders.iter().any(|tender| tender["tender"] == "card")
        };
        for (kind, card) in [("sale", false), ("sale", true), ("refund", false), ("refund", true)] {
            let found = |(_, shown): (_, &Value)| shown["kind"] == kind && by_card(shown) == card;
            if !self.shown().any(found) {
                return Err(format!("no {kind} (by card: {card}) in the whole day"));
            }
        }
        let voided = self.shown().any(|(_, shown)| shown["kind"] == "post_void");
        let moved = ["paid_in", "paid_out", "cancelled_carts"]
            .iter()
            .all(|kind| self.asides.iter().any(|aside| aside.kind == *kind));
        if voided && moved && !self.closed.is_empty() {
            return Ok(());
        }
        Err(format!("the day was not whole: {}", self.summary()))
    }

    pub fn summary(&self) -> String {
        let of = |kind: &str| self.shown().filter(|(_, shown)| shown["kind"] == kind).count();
        let cash = self.asides.iter().filter(|aside| aside.kind.starts_with("paid_")).count();
        format!(
            "{} sales, {} refunds, {} post-voids, {cash} times cash in or out, {} Zs",
            of("sale"),
            of("refund"),
            of("post_void"),
            self.closed.len()
        )
    }
}

/// A line's quantity in thousandths.
pub fn thousandths(line: &Value) -> i64 {
    parse_thousandths(line["quantity"].as_str().unwrap_or_default()).unwrap_or_default()
}

/// An amount's minor units.
pub fn minor(amount: &Value) -> i64 {
    amount["minor"].as_i64().unwrap_or_default()
}
