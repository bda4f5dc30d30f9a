//! The lines between members: which are up, what is under way, what they do to frames.

use super::members::{COUNT, HUB, linked};
use crate::dice::Dice;
use std::collections::BTreeMap;
use sync::wire::codec::decode;
use sync::wire::{Frame, Held};

/// A line between two members, the smaller number first.
pub type Ends = (usize, usize);

/// How far an overtaken frame may fall behind, in milliseconds.
const LATE_MS: u64 = 3_000;

/// The most frames under way at once: far above what windows and bounded queues let through.
pub const MAX_UNDER_WAY: usize = 20_000;

/// One line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub up: bool,
    /// Counts connections: what was under way on an earlier one is lost.
    pub epoch: u64,
    /// Cut, noticed by both sides, until then.
    pub cut_until: u64,
    /// Nothing comes through until then, and neither side notices.
    pub silent_until: u64,
    /// Loses, doubles and reorders until then.
    pub noisy_until: u64,
    /// Frames to come whose bytes are changed by a liar in between.
    pub lies: u32,
}

/// All lines.
pub struct Net {
    pub lines: BTreeMap<Ends, Line>,
    dice: Dice,
}

/// A frame that arrives.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub from: usize,
    pub to: usize,
    pub epoch: u64,
    pub bytes: Vec<u8>,
}

impl Net {
    pub fn new(seed: u64) -> Self {
        let members = HUB..=COUNT;
        let pairs = members.clone().flat_map(|a| members.clone().map(move |b| (a, b)));
        let lines = pairs.filter(|(a, b)| a < b && linked(*a, *b));
        Self {
            lines: lines.map(|ends| (ends, Line::default())).collect(),
            dice: Dice::new(seed ^ 0x6e65_7400),
        }
    }

    pub fn ends(a: usize, b: usize) -> Ends {
        (a.min(b), a.max(b))
    }

    pub fn line(&mut self, ends: Ends) -> &mut Line {
        self.lines.get_mut(&ends).expect("linked")
    }

    /// When a frame arrives, each time that it does.
    pub fn carry(
        &mut self,
        ms: u64,
        from: usize,
        to: usize,
        mut bytes: Vec<u8>,
    ) -> Vec<(u64, Arrival)> {
        let near = from != HUB && to != HUB;
        let Some(line) = self.lines.get_mut(&Self::ends(from, to)) else { return Vec::new() };
        if !line.up || ms < line.silent_until {
            return Vec::new();
        }
        let mut delay = if near { 1 + self.dice.below(4) } else { 30 + self.dice.below(150) };
        let mut times = 1;
        if ms < line.noisy_until {
            times = match self.dice.below(10) {
                0 | 1 => 0,
                2 => 2,
                _ => 1,
            };
            if self.dice.one_in(5) {
                delay += self.dice.below(LATE_MS);
            }
        }
        if line.lies > 0 {
            line.lies -= 1;
            super::liar::change(&mut bytes, Self::ends(from, to), &mut self.dice);
        }
        let epoch = line.epoch;
        let arrival = Arrival { from, to, epoch, bytes };
        let dice = &mut self.dice;
        (0..times).map(|again| (ms + delay + again * dice.below(500), arrival.clone())).collect()
    }
}

/// A frame in words, for a trace.
pub fn words(bytes: &[u8]) -> String {
    let Ok(envelope) = decode(bytes) else { return "no frame".to_owned() };
    match envelope.frame {
        Frame::Have(have) => {
            let held = |held: &Held| format!("{} {}-{}", held.stream, held.first, held.head);
            let streams: Vec<String> = have.streams.iter().map(held).collect();
            format!("have{} {}", if have.reply { "?" } else { "" }, streams.join(", "))
        }
        Frame::Want(want) => format!("want {:?}", want.streams),
        Frame::Run(run) => format!("run of the {}, {} entries", run.stream, run.entries.len()),
        Frame::Mark(mark) => format!("mark {:?}", mark.streams),
        Frame::Papers(papers) => format!("{} papers", papers.len()),
        Frame::Forks(forks) => format!("keeps {:?}, wants {:?}", forks.kept, forks.wanted),
        other => format!("{other:?}"),
    }
}
