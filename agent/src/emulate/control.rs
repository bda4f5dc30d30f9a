//! What one can tell running emulators, as a line of words: `paper out`, `decline 6c`.
//!
//! Parsing only, and the list that `help` shows; [`super::devices`] carries a [`Control`] out,
//! [`super::socket`] brings the lines.

use drivers::terminal::emulator::{AskFault, Break, Fault, Junk, Moment};
use std::time::Duration;

/// The longest line taken: a scan of the longest code, its identifier, and room for both words.
pub const MAX_LINE_BYTES: usize = 1_024;

/// The longest time that can be asked for, in seconds: an hour.
const MAX_SECONDS: u64 = 3_600;

/// Declined by the bank: what `decline` without a code means.
const DECLINED_BY_BANK: u8 = 0x05;

/// The refusal of a terminal that is at something else.
const BUSY: u8 = 0x9C;

/// Rows left on the roll from which the printer's sensor says that the paper is near its end.
const NEAR_END_ROWS: u32 = 20;

/// One thing to do to the emulators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// Scan a code.
    Scan {
        /// The AIM identifier before it, empty for none.
        identifier: String,
        /// The code.
        code: String,
    },
    /// Leave so many rows on the roll; `None` is a new roll.
    Paper(Option<u32>),
    /// Open or close the printer's cover.
    Cover {
        /// Whether it is open now.
        open: bool,
    },
    /// Push the drawer shut.
    CloseDrawer,
    /// Break or mend the printer.
    Printer(PrinterFault),
    /// Plan what becomes of the terminal's next order.
    Order(Fault),
    /// Plan what becomes of the next question to the terminal.
    Question(AskFault),
    /// Cut the terminal's power for so long.
    CutPower(Duration),
    /// Cut the terminal's line.
    CutLine,
    /// Show the faults that wait at the terminal.
    Faults,
    /// Forget them.
    Heal,
    /// Show the terminal's books.
    Ledger,
    /// Show what each device is at.
    Status,
    /// Show the list of commands.
    Help,
}

/// What can be wrong with the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterFault {
    /// It takes everything and answers nothing.
    Silent,
    /// It sends bytes that nobody asked for.
    Babble,
    /// It closes the connection after so many more bytes.
    HangUpAfter(usize),
    /// Nothing: paper, cover and answers are in order again.
    Mended,
}

/// Every command and what it does.
const COMMANDS: [(&str, &str); 28] = [
    ("scan CODE [--aim ]E0]", "types a code as the scanner would; {GS} stands for FNC1"),
    ("paper out|near-end|in", "takes the paper away, leaves 20 lines, puts a new roll in"),
    ("cover open|close", "opens or closes the printer's cover"),
    ("drawer close", "pushes the drawer shut"),
    ("printer silent|babble|ok", "makes the printer mute or mad, or mends it"),
    ("printer hang-up-after BYTES", "closes the printer's line in the middle of a print"),
    ("decline [CODE]", "declines the next order, with a ZVT result in hex (05: by the bank)"),
    ("refuse [CODE]", "refuses the next order's command, with a ZVT code in hex"),
    ("busy", "refuses the next order: the terminal is at something else"),
    ("deaf", "does not hear the next order"),
    ("lose-line MOMENT", "closes the line in the next order: unbooked, later, before or after"),
    ("lose-power MOMENT [SECONDS]", "goes dark in the next order, for 10 s or as long as said"),
    ("mute MOMENT", "falls silent in the next order"),
    ("junk MOMENT", "sends what can't be read in the next order"),
    ("late SECONDS", "lets the bank take that much longer"),
    ("slow COUNT", "sends so many progress words in the next order, ten seconds apart"),
    ("another-amount MINOR", "books another amount in the next order, in cents"),
    ("no-status booked|unbooked", "ends the next order without saying how it went"),
    ("takes-back", "says approved, then aborts the next order"),
    ("refuses-abort", "does not let the next order be aborted"),
    ("ask busy|refuse|lose-line|mute", "what becomes of the till's next question"),
    ("faults", "shows what is planned for the terminal, the next first"),
    ("heal", "forgets all that is planned for the terminal"),
    ("power-cut SECONDS", "cuts the terminal's power now"),
    ("cut-line", "pulls the terminal's cable now"),
    ("ledger", "shows the terminal's books"),
    ("status", "shows what each device is at"),
    ("help", "shows this list"),
];

impl Control {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(line: &str) -> Result<Self, String> {
        if line.len() > MAX_LINE_BYTES {
            return Err(too_long());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let control = match words.as_slice() {
            [] => return Err("say what to do: `help` lists the commands".to_owned()),
            ["scan", code] => Some(scan(code, "")),
            ["scan", code, "--aim", aim] | ["scan", "--aim", aim, code] => Some(scan(code, aim)),
            ["paper", "out"] => Some(Self::Paper(Some(0))),
            ["paper", "near-end"] => Some(Self::Paper(Some(NEAR_END_ROWS))),
            ["paper", "in"] => Some(Self::Paper(None)),
            ["cover", "open"] => Some(Self::Cover { open: true }),
            ["cover", "close"] => Some(Self::Cover { open: false }),
            ["drawer", "close"] => Some(Self::CloseDrawer),
            ["printer", rest @ ..] => printer(rest).map(Self::Printer),
            ["ask", rest @ ..] => question(rest).map(Self::Question),
            ["power-cut", time] => seconds(time).map(Self::CutPower),
            ["cut-line"] => Some(Self::CutLine),
            ["faults"] => Some(Self::Faults),
            ["heal"] => Some(Self::Heal),
            ["ledger"] => Some(Self::Ledger),
            ["status"] => Some(Self::Status),
            ["help"] => Some(Self::Help),
            words => order(words).map(Self::Order),
        };
        control.ok_or_else(|| wrong(words.first().copied().unwrap_or_default()))
    }
}

/// Every command with what it does, a line each.
#[must_use]
pub fn help() -> String {
    let mut text = String::new();
    for (usage, says) in COMMANDS {
        text.push_str(&format!("{usage:<32} {says}\n"));
    }
    text.push_str(
        "\nMOMENT is `unbooked` (no money moves), `later` (it moves 20 s later), `before` (it \
         moved,\nthe till is not told) or `after` (the till is told, the end is missing). Orders \
         are payments,\nrefunds and reversals; what is planned meets them one by one, in the order \
         it was planned.\n",
    );
    text
}

/// What is said of a line that is too long.
pub(super) fn too_long() -> String {
    format!("a command has at most {MAX_LINE_BYTES} bytes")
}

/// Names the right forms of a command, or points to the list.
fn wrong(word: &str) -> String {
    let first = |usage: &str| usage.split([' ', '|']).next() == Some(word);
    let forms: Vec<String> = COMMANDS
        .iter()
        .filter(|(usage, _)| first(usage))
        .map(|(usage, _)| format!("`{usage}`"))
        .collect();
    if forms.is_empty() {
        format!("there is no command `{word}`: `help` lists them")
    } else {
        format!("write {}", forms.join(" or "))
    }
}

fn scan(code: &str, identifier: &str) -> Control {
    let code = code.replace("{GS}", "\u{1d}");
    Control::Scan { identifier: identifier.to_owned(), code }
}

fn printer(words: &[&str]) -> Option<PrinterFault> {
    match words {
        ["silent"] => Some(PrinterFault::Silent),
        ["babble"] => Some(PrinterFault::Babble),
        ["hang-up-after", bytes] => bytes.parse().ok().map(PrinterFault::HangUpAfter),
        ["ok"] => Some(PrinterFault::Mended),
        _ => None,
    }
}

fn order(words: &[&str]) -> Option<Fault> {
    Some(match words {
        ["decline"] => Fault::Decline(DECLINED_BY_BANK),
        ["decline", code] => Fault::Decline(hex(code)?),
        ["refuse"] | ["busy"] => Fault::Refuse(BUSY),
        ["refuse", code] => Fault::Refuse(hex(code)?),
        ["deaf"] => Fault::Deaf,
        ["lose-line", at] => Fault::Break { at: moment(at)?, how: Break::Line },
        ["lose-power", at] => {
            Fault::Break { at: moment(at)?, how: Break::Power(Duration::from_secs(10)) }
        }
        ["lose-power", at, time] => {
            Fault::Break { at: moment(at)?, how: Break::Power(seconds(time)?) }
        }
        ["mute", at] => Fault::Break { at: moment(at)?, how: Break::Mute },
        ["junk", at] => Fault::Break { at: moment(at)?, how: Break::Junk(Junk::Noise) },
        ["late", time] => Fault::Late(seconds(time)?),
        ["slow", count] => Fault::Slow(count.parse().ok()?),
        ["another-amount", minor] => {
            Fault::Amount(minor.parse().ok().filter(|minor| (1..=999_999_999).contains(minor))?)
        }
        ["no-status", "booked"] => Fault::NoStatus { booked: true },
        ["no-status", "unbooked"] => Fault::NoStatus { booked: false },
        ["takes-back"] => Fault::TakesBack,
        ["refuses-abort"] => Fault::RefusesAbort,
        _ => return None,
    })
}

fn question(words: &[&str]) -> Option<AskFault> {
    match words {
        ["busy"] => Some(AskFault::Busy),
        ["refuse"] => Some(AskFault::Refuse),
        ["lose-line"] => Some(AskFault::Break(Break::Line)),
        ["mute"] => Some(AskFault::Break(Break::Mute)),
        _ => None,
    }
}

fn moment(word: &str) -> Option<Moment> {
    match word {
        "unbooked" => Some(Moment::BeforeBooking),
        "later" => Some(Moment::BookedLater),
        "before" => Some(Moment::BeforeStatus),
        "after" => Some(Moment::BeforeCompletion),
        _ => None,
    }
}

/// Two hex digits; 00 would be an approval.
fn hex(word: &str) -> Option<u8> {
    u8::from_str_radix(word, 16).ok().filter(|code| *code != 0)
}

fn seconds(word: &str) -> Option<Duration> {
    word.parse().ok().filter(|seconds| *seconds <= MAX_SECONDS).map(Duration::from_secs)
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
