//! `till sell` as typed: who sells at which till, and what: at the prompt, from a script, or at
//! once.

use super::SellError;
use super::cashier::{Approver, Cashier, Next, Screen};
use super::client::Client;
use super::entry::Entry;
use super::leaving::log_out_when_told_to_go;
use super::screen::{Input, Person, Script, read_line};
use clap::Args;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// A PIN file holds a PIN and a line's end.
const MAX_PIN_FILE_BYTES: u64 = 64;

/// Sells at a running till, from a terminal.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{SCRIPTS}\nCommands:\n\n{}", super::help::long()))]
pub struct Sell {
    /// Sells these codes at once; `"3 x CODE"` is three of it.
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
    /// Pays the codes with so much cash; with what is due when nothing is said.
    #[arg(long, value_name = "AMOUNT", num_args = 0..=1, requires = "codes")]
    cash: Option<Option<String>>,
    /// Pays the codes by card.
    #[arg(long, requires = "codes", conflicts_with = "cash")]
    card: bool,
    /// Reads what to do from a file, a line each as at the prompt.
    #[arg(long, value_name = "FILE", conflicts_with = "codes")]
    script: Option<PathBuf>,
    /// The till's address on this machine; without it, that of the configuration.
    #[arg(long, env = "TILL_URL", value_name = "http://127.0.0.1:PORT")]
    url: Option<String>,
    /// The staff number of who sells.
    #[arg(long, env = "TILL_STAFF", value_name = "NUMBER")]
    staff: Option<String>,
    /// A file with their PIN; or put it into TILL_PIN.
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// The staff number of who approves what needs it.
    #[arg(long, value_name = "NUMBER", requires = "approver_pin_file")]
    approver: Option<String>,
    /// A file with their PIN.
    #[arg(long, value_name = "FILE", requires = "approver")]
    approver_pin_file: Option<PathBuf>,
}

/// What `--help` says of scripts.
const SCRIPTS: &str = "\
Scripts:
  Commands come from a script, a line each as at the prompt, when --script names one or when
  standard input is no terminal. Lines that begin with # are comments. The first line that is not
  done ends it with an error: none after it is done, and what was scanned stays in the basket.
  Nobody is asked anything: --approver gives another person's word, `close!` takes a count that is
  far off. A script logs its person out at its end; from then on codes of a scanner are refused
  until someone logs in.
";

/// What the cashier types behind.
const PROMPT: &str = "till> ";

/// Sells. `configured` is the configuration's address, `pin` what TILL_PIN holds.
///
/// # Errors
/// When the till is not there, the log-in is refused, or a line of a script is not done.
pub fn run(sell: &Sell, configured: &str, pin: Option<String>) -> Result<(), SellError> {
    let mut client = Client::at(sell.url.as_deref().unwrap_or(configured))?;
    let at_once = !sell.codes.is_empty() || sell.script.is_some();
    let done = if !at_once && std::io::stdin().is_terminal() {
        at_prompt(sell, pin, &mut client)
    } else {
        from_script(sell, pin, &mut client)
    };
    client.log_out();
    done
}

fn at_prompt(sell: &Sell, pin: Option<String>, client: &mut Client) -> Result<(), SellError> {
    let approver = approver(sell)?;
    let mut person = Person::at_terminal();
    log_in(sell, pin, client, &mut person)?;
    talk(Cashier::at(client.clone(), approver, person)?)
}

fn from_script(sell: &Sell, pin: Option<String>, client: &mut Client) -> Result<(), SellError> {
    let approver = approver(sell)?;
    log_in(sell, pin, client, &mut Script)?;
    let mut cashier = Cashier::at(client.clone(), approver, Script)?;
    cashier.say_what_is_open()?;
    match &sell.script {
        _ if !sell.codes.is_empty() => {
            follow(&mut cashier, lines(sell).join("\n").as_bytes(), true)
        }
        Some(path) => follow(&mut cashier, BufReader::new(open(path)?), true),
        None => follow(&mut cashier, std::io::stdin().lock(), false),
    }
}

/// What codes and tender on the command line come to.
fn lines(sell: &Sell) -> Vec<String> {
    let mut lines = sell.codes.clone();
    match &sell.cash {
        Some(Some(amount)) => lines.push(format!("cash {amount}")),
        Some(None) => lines.push("cash".to_owned()),
        None if sell.card => lines.push("card".to_owned()),
        None => {}
    }
    lines
}

fn log_in(
    sell: &Sell,
    pin: Option<String>,
    client: &mut Client,
    screen: &mut dyn Screen,
) -> Result<(), SellError> {
    let staff = sell.staff.clone().or_else(|| screen.ask("Staff number: ", false));
    let staff = staff.ok_or(SellError::NoStaff)?;
    let pin = match &sell.pin_file {
        Some(path) => Some(read_pin(path)?),
        None => pin.or_else(|| screen.ask("PIN: ", true)),
    };
    let someone = client.log_in(staff.trim(), pin.ok_or(SellError::NoStaff)?.trim())?;
    log_out_when_told_to_go(client.clone());
    screen.show(&format!("{} is logged in.", someone.name));
    Ok(())
}

fn approver(sell: &Sell) -> Result<Option<Approver>, SellError> {
    match (&sell.approver, &sell.approver_pin_file) {
        (Some(staff), Some(path)) => {
            Ok(Some(Approver { staff: staff.clone(), pin: read_pin(path)? }))
        }
        _ => Ok(None),
    }
}

fn open(path: &Path) -> Result<File, SellError> {
    File::open(path).map_err(|why| SellError::File { path: path.to_owned(), why })
}

fn read_pin(path: &Path) -> Result<String, SellError> {
    let mut pin = String::new();
    let read = open(path)?.take(MAX_PIN_FILE_BYTES).read_to_string(&mut pin);
    read.map_err(|why| SellError::File { path: path.to_owned(), why })?;
    Ok(pin.trim().to_owned())
}

/// Line by line; the first that is not done ends it, and says how many were not done after it, as
/// far as the script ends by itself.
fn follow<S: Screen>(
    cashier: &mut Cashier<S>,
    mut script: impl BufRead,
    ends: bool,
) -> Result<(), SellError> {
    let mut line = 0;
    while let Some(text) = read_line(&mut script)? {
        line += 1;
        match carry_out(cashier, &text) {
            Ok(Next::Go) => {}
            Ok(Next::Quit) => break,
            Err(why) => {
                let rest = not_done(&mut script, ends);
                return Err(SellError::Script { line, text, why: Box::new(why), rest });
            }
        }
    }
    Ok(())
}

fn carry_out<S: Screen>(cashier: &mut Cashier<S>, text: &str) -> Result<Next, SellError> {
    let Some(entry) = Entry::parse(text).map_err(SellError::Line)? else { return Ok(Next::Go) };
    cashier.screen.show(&format!("> {}", text.trim()));
    cashier.carry_out(entry)
}

/// What became of the lines after the one that failed. A pipe is not read to its end: whoever
/// writes it may wait for an answer.
fn not_done(mut script: impl BufRead, ends: bool) -> String {
    if !ends {
        return "Nothing that follows it was done.".to_owned();
    }
    let mut left = 0_usize;
    while let Ok(Some(text)) = read_line(&mut script) {
        left += usize::from(!matches!(Entry::parse(&text), Ok(None)));
    }
    match left {
        0 => "It was the last line.".to_owned(),
        1 => "The line after it was not done.".to_owned(),
        left => format!("The {left} lines after it were not done."),
    }
}

/// With a person: what is not done is told, and the next line awaited.
fn talk(mut cashier: Cashier<Person>) -> Result<(), SellError> {
    cashier.screen.listen(cashier.client.clone());
    cashier.greet()?;
    let mut prompt = PROMPT;
    loop {
        let input = cashier.screen.next(prompt);
        prompt = PROMPT;
        let done = match input {
            Input::End => return Ok(()),
            Input::Happened(name, data) => cashier.notice(&name, &data).map(|shown| {
                // The prompt that stands there still does.
                prompt = if shown { PROMPT } else { "" };
                Next::Go
            }),
            Input::Line(line) => match Entry::parse(&line) {
                Ok(Some(entry)) => cashier.carry_out(entry),
                Ok(None) => Ok(Next::Go),
                Err(why) => Err(SellError::Line(why)),
            },
        };
        match done {
            Ok(Next::Go) => {}
            Ok(Next::Quit) => return Ok(()),
            Err(error) => cashier.screen.show(&error.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "till_tests.rs"]
mod tests;
