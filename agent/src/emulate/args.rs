//! `till emulate` as typed: its options, its process, its screen.

use super::{
    EmulateError, Emulators, Options, PrinterOptions, Say, TerminalOptions, control, socket,
};
use clap::{Args, Subcommand};
use drivers::printer::profile::Profile;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Emulates devices to try a till with, on their real transports: a scanner on a serial line, a
/// receipt printer with drawer and a card terminal on TCP. Ctrl-C stops them.
#[derive(Debug, Args)]
pub struct Emulate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A scanner, a printer with drawer and a card terminal.
    All {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        printer: PrinterArgs,
        #[command(flatten)]
        terminal: TerminalArgs,
    },
    /// A scanner: its serial line is FOLDER/scanner.
    Scanner {
        #[command(flatten)]
        place: Place,
    },
    /// A receipt printer with a drawer; its paper is shown, and saved in FOLDER/paper.
    Printer {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        printer: PrinterArgs,
    },
    /// A card terminal that speaks ZVT; its books are FOLDER/terminal.csv.
    Terminal {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        terminal: TerminalArgs,
    },
    /// Tells running emulators something: to scan a code, to run out of paper, to decline.
    #[command(after_help = control::help())]
    Tell {
        #[command(flatten)]
        place: Place,
        /// The command; `help` lists all of them.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct Place {
    /// Where the scanner's line, the paper and the control socket are.
    #[arg(long, env = "TILL_EMULATE_FOLDER", default_value = "emulated")]
    folder: PathBuf,
}

#[derive(Debug, Args)]
struct PrinterArgs {
    /// The printer's port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 9_100, value_name = "PORT")]
    printer_port: u16,
    /// The printer's paper: 80mm, 80mm-42 or 58mm.
    #[arg(long, default_value = "80mm", value_parser = profile)]
    paper: Profile,
    /// How many seconds the drawer stays open before it shuts by itself.
    #[arg(long, default_value_t = 2, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3_600))]
    drawer_shuts_after: u64,
}

#[derive(Debug, Args)]
struct TerminalArgs {
    /// The terminal's port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = drivers::terminal::PORT, value_name = "PORT")]
    terminal_port: u16,
    /// The terminal's ZVT password, six digits.
    #[arg(long, default_value = "000000", value_name = "DIGITS", value_parser = password)]
    terminal_password: u32,
    /// How many times faster than people and banks the terminal works.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pace: u32,
}

fn profile(name: &str) -> Result<Profile, String> {
    let names = || Profile::ALL.map(|profile| profile.name).join(", ");
    Profile::named(name).ok_or_else(|| format!("the papers are {}", names()))
}

fn password(digits: &str) -> Result<u32, String> {
    let right = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| right).ok_or_else(|| "it has six digits".to_owned())
}

impl From<&PrinterArgs> for PrinterOptions {
    fn from(args: &PrinterArgs) -> Self {
        Self {
            port: args.printer_port,
            profile: args.paper.clone(),
            drawer_closes_after: Duration::from_secs(args.drawer_shuts_after),
        }
    }
}

impl From<&TerminalArgs> for TerminalOptions {
    fn from(args: &TerminalArgs) -> Self {
        Self { port: args.terminal_port, password: args.terminal_password, pace: args.pace }
    }
}

impl Emulate {
    /// Does what was typed; emulators run until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// When the emulators cannot run or cannot be told.
    pub fn run(&self) -> Result<(), EmulateError> {
        let options = match &self.what {
            What::Tell { place, command } => {
                print(&socket::tell(&place.folder, &command.join(" "))?);
                return Ok(());
            }
            What::All { place, printer, terminal } => Options {
                folder: place.folder.clone(),
                scanner: true,
                printer: Some(printer.into()),
                terminal: Some(terminal.into()),
            },
            What::Scanner { place } => Options {
                folder: place.folder.clone(),
                scanner: true,
                printer: None,
                terminal: None,
            },
            What::Printer { place, printer } => Options {
                folder: place.folder.clone(),
                scanner: false,
                printer: Some(printer.into()),
                terminal: None,
            },
            What::Terminal { place, terminal } => Options {
                folder: place.folder.clone(),
                scanner: false,
                printer: None,
                terminal: Some(terminal.into()),
            },
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(EmulateError::Runtime)?.block_on(run(&options))
    }
}

async fn run(options: &Options) -> Result<(), EmulateError> {
    let mut terminated = signal(SignalKind::terminate()).map_err(EmulateError::Runtime)?;
    let emulators = Emulators::start(options, Say::to(print)).await?;
    print(&emulators.status().await);
    let folder = options.folder.display();
    print(&format!("Tell them something: till emulate tell --folder {folder} help"));
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(EmulateError::Runtime)?,
        _ = terminated.recv() => {}
    }
    emulators.stop().await;
    print("The emulators are off.");
    Ok(())
}

/// To standard output; a reader that is gone does not stop the devices.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).ok();
}
