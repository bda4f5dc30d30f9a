//! `till sell` as typed: who sells at which till, and what: at the prompt, from a script, or at
//! once.

use super::SellError;
use super::cashier::{Approver, Cashier, Next, Screen};
use super::client::Client;
use super::parse::Entry;
use super::screen::{Input, Person, Script, read_line};
use clap::Args;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// A PIN file holds a PIN and a line's end.
const MAX_PIN_FILE_BYTES: u64 = 64;

/// Sells at a running till, from a terminal. At the prompt a code scans, and `help` lists the
/// rest. Lines come from a script instead when --script names one, or when standard input is no
/// terminal; the first that is not done ends it with an error.
#[derive(Debug, Args)]
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

/// What the cashier types behind.
const PROMPT: &str = "till> ";

/// Sells. `configured` is the configuration's address, `pin` what TILL_PIN holds.
///
/// # Errors
/// When the till is not there, the log-in is refused, or a line of a script is not done.
pub fn run(sell: &Sell, configured: &str, pin: Option<String>) -> Result<(), SellError> {
    let mut client = Client::at(sell.url.as_deref().unwrap_or(configured))?;
    let approver = approver(sell)?;
    let at_once = !sell.codes.is_empty() || sell.script.is_some();
    let done = if !at_once && std::io::stdin().is_terminal() {
        let mut person = Person::at_terminal();
        log_in(sell, pin, &mut client, &mut person)?;
        talk(Cashier::at(client.clone(), approver, person)?)
    } else {
        log_in(sell, pin, &mut client, &mut Script)?;
        let mut cashier = Cashier::at(client.clone(), approver, Script)?;
        match &sell.script {
            _ if !sell.codes.is_empty() => follow(&mut cashier, lines(sell).join("\n").as_bytes()),
            Some(path) => follow(&mut cashier, BufReader::new(open(path)?)),
            None => follow(&mut cashier, std::io::stdin().lock()),
        }
    };
    client.log_out();
    done
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

/// Line by line; the first that is not done ends it.
fn follow(cashier: &mut Cashier<Script>, mut script: impl BufRead) -> Result<(), SellError> {
    let mut number = 0;
    while let Some(text) = read_line(&mut script)? {
        number += 1;
        let failed = |why: SellError| {
            let (line, text) = (number, text.clone());
            SellError::Script { line, text, why: Box::new(why) }
        };
        let Some(entry) = Entry::parse(&text).map_err(SellError::Line).map_err(failed)? else {
            continue;
        };
        cashier.screen.show(&format!("> {}", text.trim()));
        if cashier.carry_out(entry).map_err(failed)? == Next::Quit {
            break;
        }
    }
    Ok(())
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
