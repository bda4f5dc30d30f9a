//! What is said to a peer before any run: papers, digests, wishes, answers, and marks in their time.

use super::{MAX_WAITING, Peer};
use crate::log::StreamId;
use crate::session::Now;
use crate::wire::{
    Forks, Frame, Have, Held, MAX_PAPERS, MAX_STREAMS, Mark, Page, Tip, VERSION, Want, Wanted,
};

/// The most pages of a snapshot that wait to be said: two questions' worth, two megabytes. Who asks
/// for more before they are sent asks again for what it lacks.
const MAX_WAITING_PAGES: usize = 16;

impl Peer {
    /// Queues a frame to be said before any run; false when too many wait.
    pub fn say(&mut self, frame: Frame) -> bool {
        if self.waiting.len() >= MAX_WAITING {
            return false;
        }
        self.waiting.push_back(frame);
        true
    }

    /// Queues a page of a snapshot to be said; false when too many wait.
    pub fn say_page(&mut self, page: Page) -> bool {
        let pages = self.waiting.iter().filter(|frame| matches!(frame, Frame::Page(_))).count();
        pages < MAX_WAITING_PAGES && self.say(Frame::Page(page))
    }

    /// Says which branches are kept here.
    pub fn say_kept(&mut self, kept: Vec<Tip>) {
        if !kept.is_empty() {
            self.say(Frame::Forks(Forks { kept, wanted: Vec::new() }));
        }
    }

    /// Queues papers, cut into frames.
    pub fn say_papers(&mut self, papers: &[Vec<u8>]) {
        for chunk in papers.chunks(MAX_PAPERS) {
            self.say(Frame::Papers(chunk.to_vec()));
        }
    }

    /// Queues a digest, cut into frames.
    pub fn say_have(&mut self, now: Now, reply: bool, streams: Vec<Held>) {
        let mut chunks: Vec<Vec<Held>> = streams.chunks(MAX_STREAMS).map(<[_]>::to_vec).collect();
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        let last = chunks.len() - 1;
        for (index, streams) in chunks.into_iter().enumerate() {
            let more = index < last;
            let (version, now_ms, session) = (VERSION, now.wall_ms, self.ours);
            let reply = reply && !more;
            let have = Have { version, now_ms, session, reply, more, streams };
            self.say(Frame::Have(have));
        }
    }

    /// Queues wishes, cut into frames.
    pub fn say_want(&mut self, streams: &[Wanted]) {
        for chunk in streams.chunks(MAX_STREAMS) {
            let want = Want { window: self.pace.window, streams: chunk.to_vec() };
            self.say(Frame::Want(want));
        }
    }

    /// A mark to be said soon.
    pub fn mark(&mut self, now: Now, stream: StreamId, seq: u64) {
        let waiting = self.marks.entry(stream).or_default();
        *waiting = seq.max(*waiting);
        self.marks_since.get_or_insert(now.ms);
    }

    /// The next frame that is no run.
    pub fn next_word(&mut self, now: Now) -> Option<Frame> {
        if let Some(frame) = self.waiting.pop_front() {
            return Some(frame);
        }
        if self.marks_since.is_some_and(|since| now.ms >= since + self.pace.mark_ms) {
            let mut streams = Vec::new();
            while streams.len() < MAX_STREAMS {
                let Some(mark) = self.marks.pop_first() else { break };
                streams.push(mark);
            }
            if self.marks.is_empty() {
                self.marks_since = None;
            }
            return Some(Frame::Mark(Mark { streams }));
        }
        None
    }
}
