//! A till's files: dead processes, power cuts, copies, backups put back, a lost disk.

use super::till::SimTill;
use crate::dice::Dice;
use crate::vfs::Recording;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use sync::store::Witness;

/// A copy of a till's folder, with the witness of its time.
pub struct Copy {
    pub folder: PathBuf,
    pub witness: Option<Witness>,
}

/// A power cut to come.
pub struct Blackout {
    pub recording: Recording,
    turns: u64,
    pub seed: u64,
}

impl SimTill<'_> {
    /// Where its files are now.
    pub fn folder(&self) -> PathBuf {
        self.root.join(format!("g{}", self.generation))
    }

    /// A fresh folder, for files as something left them.
    fn next_folder(&mut self) -> PathBuf {
        self.generation += 1;
        self.folder()
    }

    /// The process dies; what it had given to the system stays.
    pub fn crash(&mut self) {
        let (from, to) = (self.folder(), self.next_folder());
        copy_files(&from, &to);
        self.running = None;
        std::fs::remove_dir_all(from).unwrap();
    }

    /// Starts a recording for a power cut.
    pub fn record(&mut self) -> Recording {
        self.blackout = None;
        self.shim.record(&self.folder()).unwrap()
    }

    /// The power will go after so many turns, once all that was done in them was said.
    pub fn begin_blackout(&mut self, turns: u64, seed: u64) {
        if self.running.is_some() && self.blackout.is_none() {
            let recording = self.record();
            self.blackout = Some(Blackout { recording, turns, seed });
        }
    }

    /// A turn is over; gives the blackout whose time has come.
    pub fn next_turn(&mut self) -> Option<Blackout> {
        let blackout = self.blackout.as_mut()?;
        blackout.turns = blackout.turns.saturating_sub(1);
        self.blackout.take_if(|blackout| blackout.turns == 0)
    }

    /// The power goes at some moment of what was recorded.
    pub fn cut_power(&mut self, recording: &Recording, seed: u64) {
        let at = Dice::new(seed).below(recording.len() as u64 + 1);
        self.cut_power_at(recording, usize::try_from(at).unwrap(), seed);
    }

    /// The power goes after so many writes of what was recorded: what was not synced by then may be
    /// gone.
    pub fn cut_power_at(&mut self, recording: &Recording, at: usize, seed: u64) {
        let (from, to) = (self.folder(), self.next_folder());
        recording.cut(at, seed, &to).unwrap();
        self.shim.stop_recording();
        self.running = None;
        std::fs::remove_dir_all(from).unwrap();
    }

    /// A copy of its folder, as a backup or a disk image.
    pub fn make_copy(&mut self, name: &str) -> Copy {
        self.write_witness();
        let folder = self.root.join(name);
        std::fs::remove_dir_all(&folder).ok();
        copy_files(&self.folder(), &folder);
        Copy { folder, witness: self.witness }
    }

    /// The copy is put in the place of the folder; gives what was there.
    pub fn put_back(&mut self, copy: &Copy, with_witness: bool) {
        let (from, to) = (self.folder(), self.next_folder());
        copy_files(&copy.folder, &to);
        self.running = None;
        if with_witness {
            self.witness = copy.witness;
        }
        std::fs::remove_dir_all(from).unwrap();
    }

    /// The files of another machine under the same identity are put in the place of these; the
    /// witness is the other machine's own.
    pub fn put_back_from(&mut self, other: &Copy) {
        self.put_back(other, true);
    }

    /// The database is gone; the witness may have survived beside it.
    pub fn lose(&mut self, witness_too: bool) {
        let (from, to) = (self.folder(), self.next_folder());
        std::fs::create_dir_all(to).unwrap();
        self.running = None;
        if witness_too {
            self.witness = None;
        }
        std::fs::remove_dir_all(from).unwrap();
    }

    /// The hub's streams as they lie there, for reading.
    pub fn catalogue(&self) -> Connection {
        Connection::open(self.folder().join("catalogue.db")).unwrap()
    }

    /// Its database as it lies there, for reading; `None` when it was never made.
    pub fn file(&self) -> Option<Connection> {
        let path = self.folder().join("till.db");
        path.exists().then(|| Connection::open(path).unwrap())
    }
}

/// Copies a database with its log, as they are.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["till.db", "till.db-wal", "catalogue.db", "catalogue.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}
