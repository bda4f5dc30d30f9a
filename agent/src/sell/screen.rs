//! Where a cashier looks and types: the person's terminal with what happens at the till meanwhile,
//! or a script.

use super::cashier::{Pause, Screen};
use super::client::Client;
use super::parse::MAX_LINE_BYTES;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::Value;
use std::io::{BufRead, Read as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Inputs that may wait: a person types no faster, and events beyond it wait in the socket.
const WAITING: usize = 64;

/// The longest line of the stream of events.
const MAX_EVENT_BYTES: u64 = 64 * 1024;

/// What reaches the cashier.
pub(super) enum Input {
    /// A line was typed.
    Line(String),
    /// Nobody types any more.
    End,
    /// Something happened at the till: the event's name, and what it says.
    Happened(String, Value),
}

/// A person at a terminal.
pub(super) struct Person {
    inputs: Receiver<Input>,
    send: SyncSender<Input>,
    /// The line that ended a wait.
    kept: Option<Input>,
}

impl Person {
    /// Begins to read what is typed.
    pub fn at_terminal() -> Self {
        let (send, inputs) = sync_channel(WAITING);
        let lines = send.clone();
        // Ends with the process: nothing else takes a thread out of a read.
        thread::spawn(move || read_lines(std::io::stdin().lock(), &lines));
        Self { inputs, send, kept: None }
    }

    /// Begins to listen to what happens at the till.
    pub fn listen(&self, client: Client) {
        let happened = self.send.clone();
        thread::spawn(move || {
            // Without events the cashier sees the same, only not at once.
            if let Ok(events) = client.events("/events") {
                read_events(events, &happened);
            }
        });
    }

    /// Waits for the next input.
    pub fn next(&mut self, prompt: &str) -> Input {
        print(prompt);
        self.kept.take().or_else(|| self.inputs.recv().ok()).unwrap_or(Input::End)
    }
}

impl Screen for Person {
    fn show(&mut self, text: &str) {
        print(&format!("{}\n", text.trim_end()));
    }

    fn ask(&mut self, what: &str, hidden: bool) -> Option<String> {
        let _hiding = hidden.then(Hiding::begin);
        print(what);
        loop {
            match self.inputs.recv() {
                Ok(Input::Line(line)) => return Some(line),
                Ok(Input::Happened(..)) => {}
                Ok(Input::End) | Err(_) => return None,
            }
        }
    }

    /// Enter goes on, and so does a command, which is carried out next.
    fn pause(&mut self, time: Duration) -> Pause {
        match self.inputs.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Pause::Over,
            Ok(Input::Happened(name, data)) => Pause::Happened(name, data),
            Ok(Input::Line(line)) if line.trim().is_empty() => Pause::Left,
            Ok(typed) => {
                self.kept = Some(typed);
                Pause::Left
            }
            Err(RecvTimeoutError::Disconnected) => Pause::Left,
        }
    }

    fn attended(&self) -> bool {
        true
    }
}

/// A script: it shows, and nobody answers.
pub(super) struct Script;

impl Screen for Script {
    fn show(&mut self, text: &str) {
        print(&format!("{}\n", text.trim_end()));
    }

    fn ask(&mut self, _what: &str, _hidden: bool) -> Option<String> {
        None
    }

    fn pause(&mut self, time: Duration) -> Pause {
        thread::sleep(time);
        Pause::Over
    }

    fn attended(&self) -> bool {
        false
    }
}

/// How the terminal was before what is typed was hidden.
static SHOWN: Mutex<Option<Termios>> = Mutex::new(None);

/// Shows what is typed again, where a process ends while it is hidden.
pub(super) fn show_typing() {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(shown) = shown {
        tcsetattr(std::io::stdin(), OptionalActions::Now, &shown).ok();
    }
}

/// What is typed is not shown while this lives.
struct Hiding(Option<Termios>);

impl Hiding {
    fn begin() -> Self {
        let shown = tcgetattr(std::io::stdin()).ok();
        if let Some(shown) = &shown {
            let mut hidden = shown.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown.clone());
            tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden).ok();
        }
        Self(shown)
    }
}

impl Drop for Hiding {
    fn drop(&mut self) {
        if self.0.is_some() {
            show_typing();
            // The line's end was typed unseen.
            print("\n");
        }
    }
}

/// To standard output; a reader that is gone stops nothing that is being paid.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

/// The next line without its end; `None` at the end. A longer one than any is cut where it is too
/// long, and its rest counts as the next.
pub(super) fn read_line(mut reader: impl BufRead) -> std::io::Result<Option<String>> {
    let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(2);
    let mut bytes = Vec::new();
    if reader.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&bytes);
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read_lines(mut reader: impl BufRead, lines: &SyncSender<Input>) {
    while let Ok(Some(line)) = read_line(&mut reader) {
        if lines.send(Input::Line(line)).is_err() {
            return;
        }
    }
    lines.send(Input::End).ok();
}

/// Reads server-sent events: `event: NAME`, `data: JSON`, an empty line.
fn read_events(mut stream: impl BufRead, happened: &SyncSender<Input>) {
    let (mut name, mut data) = (String::new(), Value::Null);
    loop {
        let mut line = String::new();
        match stream.by_ref().take(MAX_EVENT_BYTES).read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = line.trim_end();
        if let Some(told) = line.strip_prefix("event:") {
            told.trim().clone_into(&mut name);
        } else if let Some(told) = line.strip_prefix("data:") {
            data = serde_json::from_str(told.trim()).unwrap_or_default();
        } else if line.is_empty() && !name.is_empty() {
            let event = Input::Happened(std::mem::take(&mut name), std::mem::take(&mut data));
            if happened.send(event).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_ends_a_wait_and_a_command_is_kept_for_after_it() {
        let (send, inputs) = sync_channel(WAITING);
        let mut person = Person { inputs, send: send.clone(), kept: None };
        for input in [
            Input::Happened("cart".to_owned(), Value::Null),
            Input::Line("  ".to_owned()),
            Input::Line("status".to_owned()),
            Input::Line("quit".to_owned()),
        ] {
            send.send(input).unwrap();
        }
        let mut pause = || person.pause(Duration::ZERO);
        assert_eq!(pause(), Pause::Happened("cart".to_owned(), Value::Null));
        assert_eq!(pause(), Pause::Left);
        assert_eq!(pause(), Pause::Left);
        for line in ["status", "quit"] {
            assert!(matches!(person.next(""), Input::Line(typed) if typed == line), "{line}");
        }
        assert_eq!(person.pause(Duration::ZERO), Pause::Over);
    }

    #[test]
    fn events_are_read_whole_and_comments_passed_over() {
        let stream = ": here\n\nid: 7-1\nevent: cart\ndata: {\"cart\":17}\n\n\
                      event:scan_refused\ndata:{\"why\":\"unknown\"}\n\nevent: half\ndata: {}\n";
        let (send, inputs) = sync_channel(WAITING);
        read_events(stream.as_bytes(), &send);
        drop(send);
        let told: Vec<String> = inputs
            .iter()
            .map(|input| match input {
                Input::Happened(name, data) => format!("{name} {data}"),
                Input::Line(_) | Input::End => unreachable!(),
            })
            .collect();
        assert_eq!(told, ["cart {\"cart\":17}", "scan_refused {\"why\":\"unknown\"}"]);
    }

    #[test]
    fn lines_are_read_to_the_end_and_never_too_much_at_once() {
        let long = "7".repeat(MAX_LINE_BYTES + 100);
        let text = format!("4011\r\n\n{long}\nquit");
        let mut reader = text.as_bytes();
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut reader).unwrap() {
            lines.push(line.len());
        }
        assert_eq!(lines, [4, 0, MAX_LINE_BYTES + 2, 98, 4]);
    }
}
