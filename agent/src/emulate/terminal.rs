//! Watches the emulated terminal's books: announces each booking with the balance, and writes it
//! to a file, so that receipt and trace numbers go on after a new start, as a real terminal's do.

use super::Say;
use super::error::EmulateError;
use commerce::Money;
use drivers::terminal::emulator::{Booked, Booking, Emulator, EmulatorConfig, Ledger};
use drivers::terminal::protocol::currency_of;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two looks at the books.
const LOOK: Duration = Duration::from_millis(100);

/// More than two lines of the file have.
const TAIL_BYTES: u64 = 512;

/// Bookings shown by `ledger`; earlier ones are counted.
const SHOWN: usize = 20;

const HEADING: &str = "receipt_no,trace,what,amount_minor,currency\n";

/// The books' file.
#[derive(Debug)]
pub(super) struct Books {
    path: PathBuf,
    file: File,
    last_receipt_no: u16,
    last_trace: u32,
}

impl Books {
    /// The file at `path`, made when it is missing.
    pub(super) fn at(path: PathBuf) -> Result<Self, EmulateError> {
        let open = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let mut file = open.map_err(EmulateError::folder(&path))?;
        let tail = tail(&mut file).map_err(EmulateError::folder(&path))?;
        let (last_receipt_no, last_trace) = match tail.lines().last() {
            None => {
                file.write_all(HEADING.as_bytes()).map_err(EmulateError::folder(&path))?;
                (0, 0)
            }
            Some(line) if line == HEADING.trim_end() => (0, 0),
            Some(line) => numbers(line).ok_or_else(|| EmulateError::Books(path.clone()))?,
        };
        Ok(Self { path, file, last_receipt_no, last_trace })
    }

    /// Lets a terminal go on from here.
    pub(super) const fn go_on(&self, config: &mut EmulatorConfig) {
        config.last_receipt_no = self.last_receipt_no;
        config.last_trace = self.last_trace;
    }

    fn write(&mut self, booking: &Booking) -> Result<(), EmulateError> {
        let Booking { receipt_no, trace, amount_minor, currency, .. } = booking;
        let what = match booking.what {
            Booked::Payment => "payment",
            Booked::Refund => "refund",
            Booked::Reversal { .. } => "reversal",
        };
        let line = format!("{receipt_no},{trace},{what},{amount_minor},{currency}\n");
        self.file.write_all(line.as_bytes()).map_err(EmulateError::folder(&self.path))
    }

    /// Watches a terminal until the future is dropped.
    pub(super) async fn watch(mut self, terminal: Emulator, say: Say) {
        let mut seen = 0;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            let ledger = terminal.ledger();
            for booking in ledger.bookings().iter().skip(seen) {
                let net = ledger.net_minor(booking.currency);
                let balance = amount(net, booking.currency);
                say.say(&format!("terminal  {}, balance {balance}", told(booking)));
                if let Err(error) = self.write(booking) {
                    say.say(&format!("terminal  not written down: {error}"));
                }
            }
            seen = ledger.bookings().len();
        }
    }
}

/// The books as a list: the last bookings, the balance of each currency.
pub(super) fn list(ledger: &Ledger) -> String {
    let bookings = ledger.bookings();
    let mut text = String::new();
    let earlier = bookings.len().saturating_sub(SHOWN);
    if earlier > 0 {
        writeln!(text, "({earlier} earlier bookings are not shown)").ok();
    }
    for booking in bookings.iter().skip(earlier) {
        writeln!(text, "{}", told(booking)).ok();
    }
    let mut currencies: Vec<u16> = bookings.iter().map(|booking| booking.currency).collect();
    currencies.sort_unstable();
    currencies.dedup();
    for currency in currencies {
        writeln!(text, "balance {}", amount(ledger.net_minor(currency), currency)).ok();
    }
    if bookings.is_empty() {
        text.push_str("nothing was booked since the terminal was switched on\n");
    }
    text
}

fn told(booking: &Booking) -> String {
    let Booking { receipt_no, trace, .. } = booking;
    let amount = amount(booking.amount_minor, booking.currency);
    let what = match booking.what {
        Booked::Payment => format!("paid {amount}"),
        Booked::Refund => format!("refunded {amount}"),
        Booked::Reversal { of } => format!("reversed {amount} of trace {of}"),
    };
    format!("{what} (receipt {receipt_no}, trace {trace})")
}

fn amount(minor: i64, currency: u16) -> String {
    currency_of(currency)
        .and_then(|currency| Money::new(minor, currency).ok())
        .map_or_else(|| format!("{minor} of currency {currency:03}"), |money| money.to_string())
}

/// The end of a file, from its start when it is short.
fn tail(file: &mut File) -> std::io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn numbers(line: &str) -> Option<(u16, u32)> {
    let mut fields = line.split(',');
    let receipt_no = fields.next()?.parse().ok().filter(|number| (1..=9_999).contains(number))?;
    let trace = fields.next()?.parse().ok().filter(|number| (1..=999_999).contains(number))?;
    (fields.count() == 3).then_some((receipt_no, trace))
}

/// Seconds since the year began, for the terminal's clock.
pub(super) fn seconds_into_year(now: &jiff::Zoned) -> u64 {
    let days = u64::from(now.day_of_year().unsigned_abs().saturating_sub(1));
    let time = now.time();
    let of_day = [(time.hour(), 3_600), (time.minute(), 60), (time.second(), 1)];
    days * 86_400
        + of_day.iter().map(|(part, unit)| u64::from(part.unsigned_abs()) * unit).sum::<u64>()
}

/// The file's place in the emulators' folder.
pub(super) fn books_file(folder: &Path) -> PathBuf {
    folder.join("terminal.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_books_go_on_where_they_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = books_file(folder.path());
        let check = |content: &str, expected: Option<(u16, u32)>| {
            std::fs::write(&path, content).unwrap();
            let books = Books::at(path.clone());
            let found = books.ok().map(|books| (books.last_receipt_no, books.last_trace));
            assert_eq!(found, expected, "{content}");
        };
        check("", Some((0, 0)));
        check(HEADING, Some((0, 0)));
        check(&format!("{HEADING}7,12,payment,1295,978\n"), Some((7, 12)));
        let long = "9,14,refund,100,978\n".repeat(1_000);
        check(&format!("{HEADING}{long}10,15,payment,1,978\n"), Some((10, 15)));
        check("7,12,pay", None);
        check("0,12,payment,1295,978\n", None);
        check("something else\n", None);
    }

    #[test]
    fn the_clock_stands_in_the_year() {
        let at = |text: &str| seconds_into_year(&text.parse().unwrap());
        assert_eq!(at("2026-01-01T00:00:00+00:00[UTC]"), 0);
        assert_eq!(at("2026-03-01T01:01:01+01:00[Europe/Berlin]"), 59 * 86_400 + 3_661);
    }
}
