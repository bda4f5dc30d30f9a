//! The emulators that run, and what a [`Control`] does to them.

use super::Say;
use super::control::{self, Control, PrinterFault};
use super::planned;
use super::scanner::Scanner;
use super::terminal;
use drivers::printer::emulator::PrinterControl;
use drivers::printer::emulator::mechanism::Mechanism;
use drivers::terminal::emulator::Emulator;
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::sync::Mutex;

/// What a printer that lost its mind sends: no status at all.
const BABBLE: [u8; 512] = [0xFF; 512];

/// The emulators that run.
#[derive(Debug)]
pub(super) struct Devices {
    pub scanner: Option<Mutex<Scanner>>,
    pub printer: Option<(PrinterControl, SocketAddr)>,
    pub terminal: Option<Emulator>,
    pub say: Say,
}

impl Devices {
    /// Carries a line out.
    ///
    /// # Errors
    /// Why it was not, in words.
    pub(super) async fn tell(&self, line: &str) -> Result<String, String> {
        let control = Control::parse(line)?;
        let done = self.carry_out(control.clone(), line).await?;
        let looks =
            matches!(control, Control::Faults | Control::Ledger | Control::Status | Control::Help);
        if !looks {
            self.say.say(&format!("told      {done}"));
        }
        Ok(done)
    }

    async fn carry_out(&self, control: Control, line: &str) -> Result<String, String> {
        match control {
            Control::Scan { identifier, code } => {
                let scanner = self.scanner.as_ref().ok_or("no scanner is emulated here")?;
                scanner.lock().await.scan(&identifier, &code).await?;
                Ok(format!("scanned {}", code.escape_default()))
            }
            Control::Paper(_)
            | Control::Cover { .. }
            | Control::CloseDrawer
            | Control::Printer(_) => {
                let (printer, _) = self.printer.as_ref().ok_or("no printer is emulated here")?;
                Ok(printer.with(|printer| at_printer(printer, &control)).to_owned())
            }
            Control::Order(_)
            | Control::Question(_)
            | Control::CutPower(_)
            | Control::CutLine
            | Control::Faults
            | Control::Heal
            | Control::Ledger => {
                let terminal = self.terminal.as_ref().ok_or("no terminal is emulated here")?;
                Ok(at_terminal(terminal, &control, line.trim()))
            }
            Control::Status => Ok(self.status().await),
            Control::Help => Ok(control::help()),
        }
    }

    /// What each device is at, a line each.
    pub(super) async fn status(&self) -> String {
        let mut text = String::new();
        if let Some(scanner) = &self.scanner {
            let scanner = scanner.lock().await;
            writeln!(text, "scanner   serial://{}", scanner.link().display()).ok();
        }
        if let Some((printer, address)) = &self.printer {
            let drawer =
                if printer.with(|printer| printer.drawer_open()) { "open" } else { "shut" };
            writeln!(text, "printer   tcp://{address}, drawer {drawer}").ok();
        }
        if let Some(terminal) = &self.terminal {
            let bookings = terminal.ledger().bookings().len();
            let (orders, questions) = terminal.planned();
            let faults = orders.len() + questions.len();
            writeln!(
                text,
                "terminal  tcp://{}, {bookings} bookings, {faults} planned faults",
                terminal.address()
            )
            .ok();
        }
        text
    }
}

fn at_printer(printer: &mut Mechanism, control: &Control) -> &'static str {
    match control {
        Control::Paper(rows) => {
            printer.set_paper(*rows);
            match rows {
                None => "a new roll of paper",
                Some(0) => "the paper is out",
                Some(_) => "the paper is near its end: 20 lines are left",
            }
        }
        Control::Cover { open } => {
            printer.set_cover(*open);
            if *open { "the cover is open" } else { "the cover is closed" }
        }
        Control::CloseDrawer => {
            printer.close_drawer();
            "the drawer is pushed shut"
        }
        Control::Printer(PrinterFault::Silent) => {
            printer.set_silent(true);
            "the printer answers nothing"
        }
        Control::Printer(PrinterFault::Babble) => {
            printer.babble(&BABBLE);
            "the printer babbled"
        }
        Control::Printer(PrinterFault::HangUpAfter(bytes)) => {
            printer.hang_up_after(*bytes);
            "the printer will hang up"
        }
        _ => {
            printer.set_silent(false);
            printer.set_cover(false);
            printer.set_paper(None);
            // So many bytes never come.
            printer.hang_up_after(usize::MAX);
            "the printer is in order"
        }
    }
}

fn at_terminal(terminal: &Emulator, control: &Control, line: &str) -> String {
    match control {
        Control::Order(fault) => {
            let ahead = terminal.planned().0.len();
            terminal.plan(*fault);
            planned_for("order", ahead, line)
        }
        Control::Question(fault) => {
            let ahead = terminal.planned().1.len();
            terminal.plan_ask(*fault);
            planned_for("question", ahead, line)
        }
        Control::CutPower(off) => {
            terminal.cut_power(*off);
            format!("the terminal is dark for {} s", off.as_secs())
        }
        Control::CutLine => {
            terminal.cut_line();
            "the terminal's line is closed".to_owned()
        }
        Control::Faults => {
            let (orders, questions) = terminal.planned();
            planned::list(&orders, &questions)
        }
        Control::Heal => {
            let forgotten = terminal.heal();
            format!("nothing is planned for the terminal; faults forgotten: {forgotten}")
        }
        _ => terminal::list(&terminal.ledger()),
    }
}

/// Says when a fault will happen: one that waits behind others is not next.
fn planned_for(what: &str, ahead: usize, line: &str) -> String {
    match ahead {
        0 => format!("planned for the next {what}: {line}"),
        ahead => format!("planned for {what} {} from now: {line}", ahead + 1),
    }
}
