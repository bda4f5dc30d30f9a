//! The history of a seed: a hash over everything that happened, and the last of it in words.

use ring::digest::{Context, SHA256};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

/// The lines kept for a failing seed: enough to see what led to it, few enough to read.
const LAST_LINES: usize = 40;

/// What happened so far.
pub struct History {
    hash: Context,
    last: VecDeque<String>,
    /// How many frames were sent.
    pub frames: u64,
    /// Where every line is written, for comparing two runs.
    trace: Option<File>,
}

impl History {
    pub fn new(seed: u64) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(&seed.to_be_bytes());
        let trace = std::env::var_os("SIM_TRACE").map(|folder| {
            let folder = PathBuf::from(folder);
            let free = |n: &u32| !folder.join(format!("{seed}-{n}.txt")).exists();
            let n = (0..).find(free).expect("a number");
            File::create(folder.join(format!("{seed}-{n}.txt"))).expect("the folder SIM_TRACE")
        });
        Self { hash, last: VecDeque::new(), frames: 0, trace }
    }

    /// Something that a person would tell of: an act, a fault, what came of it.
    pub fn tell(&mut self, ms: u64, line: &str) {
        self.note(ms, line);
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(format!("{:>9}.{:03}s {line}", ms / 1_000, ms % 1_000));
    }

    /// Something that only the hash shows.
    pub fn note(&mut self, ms: u64, line: &str) {
        if let Some(trace) = &mut self.trace {
            writeln!(trace, "{ms} {line}").expect("a trace");
        }
        self.hash.update(&ms.to_be_bytes());
        self.hash.update(&(line.len() as u64).to_be_bytes());
        self.hash.update(line.as_bytes());
    }

    /// A frame that was sent.
    pub fn frame(&mut self, ms: u64, from: usize, to: usize, bytes: &[u8]) {
        self.frames += 1;
        self.note(ms, &format!("{from}>{to}:{}", bytes.len()));
        if let Some(trace) = &mut self.trace {
            writeln!(trace, "  {}", super::net::words(bytes)).expect("a trace");
        }
        self.hash.update(bytes);
    }

    /// The last that was told, a line each.
    pub fn last(&self) -> String {
        self.last.iter().fold(String::new(), |mut text, line| {
            _ = writeln!(text, "  {line}");
            text
        })
    }

    /// The hash of everything.
    pub fn finish(self) -> String {
        let digest = self.hash.finish();
        digest.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
    }
}
