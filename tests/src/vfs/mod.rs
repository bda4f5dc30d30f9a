//! A SQLite VFS that counts, records, cuts the power and breaks disks: a shim over SQLite's
//! default VFS, for tests and benchmarks.
//!
//! [`Shim::register`] adds it under a name of the caller's; a connection opened with
//! `rusqlite::Connection::open_with_flags_and_vfs(path, flags, name)` goes through it, with the
//! write-ahead log and its shared memory. Each method is passed on to the default VFS, so the
//! database works as it always does, on real files. Around that the shim
//! - counts transfers, bytes and syncs of each file ([`Counters`]);
//! - records, on request, each effect that a power cut can lose ([`Recording`]), with marks
//!   that the test sets when the client has been told something;
//! - builds from a recording the files that a cut at any moment may leave ([`Recording::cut`]);
//! - fails the n-th write or sync ([`Fault`]).
//!
//! # What a power cut leaves: the model
//! A recording is a list of effects in the order in which they completed. A cut at position
//! `at` keeps the first `at` of them as *issued*; none of the later ones exists. Of the issued:
//!
//! **Contents.** What a file held when a sync of it that has completed *began* is there, byte
//! for byte, with its length. Each later write to it is, by the seed, kept, dropped, or torn:
//! some of its 512-byte sectors (aligned to the file), or a prefix of any length. Later
//! truncations may or may not have happened. Kept writes between two truncations may be applied
//! in another order, so an older version of a range can win over a newer one. Bytes that no
//! write ever touched read as zero, and a write never harms bytes outside its own range (SQLite
//! calls it powersafe overwrite, and assumes it on this VFS).
//!
//! **Names.** The creations and deletions of one name happen in order, and a cut keeps a prefix
//! of them; different names are independent of each other. They are durable once the directory
//! is synced: by a delete that asks for it, or by the first sync of a rollback journal or
//! write-ahead log opened for creation (there SQLite's Unix VFS syncs the directory as well).
//! A file's creation is also durable after a sync of the file itself; POSIX does not promise
//! that, ext4, XFS and btrfs do. A file whose deletion is lost has the contents that the rules
//! above give.
//!
//! **Seeds.** `seed % 5` picks the temper: 0 loses all that may be lost, 1 keeps all (the death
//! of the process alone), 2 keeps in each file a prefix of the effects and tears the next
//! write, 3 draws each write's fate by itself, 4 does so and reorders. The same recording,
//! position and seed give the same files. Equal work makes equal recordings, so the same fates,
//! but for the random salts that SQLite puts into its logs and journals.
//!
//! In places it is crueller than an ordered-mode journalling file system: names of one
//! directory don't share an order, and a write may be kept although an older truncation of its
//! file is lost. A store that survives the model survives those too.
//!
//! **Not covered**: disks that lie about a flush or shear bytes outside a write, a failed fsync
//! that drops dirty pages, bit rot, stale blocks shown in a file's new range (ext4's
//! `data=writeback`), and files changed without SQLite (a rename over a database, a plain text
//! file beside it): these stand in an image as they were when the recording began, or when
//! SQLite first opened them. Shared memory (`-shm`) and temporary files are never in an image.
//! The shim refuses memory-mapped reads, and growth in chunks, which would escape the record.
//!
//! # Use
//! One process: recording reads files that SQLite holds open, which drops its locks against
//! other processes. Cut into a fresh folder each time, in `/dev/shm` where there is one, since
//! recovery syncs and a real disk makes thousands of cuts wait; open the image with the ordinary
//! VFS, for writing.

mod counters;
mod cut;
mod fault;
mod ffi;
mod log;
mod recording;
mod state;

#[cfg(test)]
mod tests;

pub use counters::{Counters, FileCounters};
pub use cut::Image;
pub use fault::{DiskError, Fault, FaultOn};
pub use recording::Recording;

use std::io;
use std::path::Path;
use std::sync::Arc;

/// A registered shim. Dropping it frees its name; connections still open through it stay sound.
#[derive(Debug)]
pub struct Shim {
    registration: ffi::Registration,
    state: Arc<state::State>,
}

impl Shim {
    /// Registers a shim under `name`, which the process must not use for another VFS.
    ///
    /// # Errors
    /// `InvalidInput` when the name holds a NUL, `AlreadyExists` when it is taken, and `Other`
    /// when SQLite refuses.
    pub fn register(name: &str) -> io::Result<Self> {
        let state = Arc::new(state::State::default());
        let registration = ffi::Registration::new(name, Arc::clone(&state))?;
        Ok(Self { registration, state })
    }

    /// The name to open connections with.
    #[must_use]
    pub fn name(&self) -> &str {
        self.registration.name()
    }

    /// What has been read, written and synced since registration, by file name.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state.counters()
    }

    /// Starts a new recording of the files under the folder `root`, which become the durable
    /// start of every image. It goes on until the next call, [`Shim::stop_recording`] or the
    /// shim's end. Start it while no transaction is under way.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub fn record(&self, root: &Path) -> io::Result<Recording> {
        let recording = Recording::start(root)?;
        self.state.set_recording(Some(recording.clone()));
        Ok(recording)
    }

    /// Ends the recording under way; its handles stay good.
    pub fn stop_recording(&self) {
        self.state.set_recording(None);
    }

    /// Arms a fault, in the place of one armed before. Temporary files are spared.
    pub fn inject(&self, fault: Fault) {
        self.state.arm(Some(fault));
    }

    /// Disarms the fault: the disk is well again.
    pub fn heal(&self) {
        self.state.arm(None);
    }

    /// How many calls the fault armed last has failed.
    #[must_use]
    pub fn faults_fired(&self) -> u64 {
        self.state.faults_fired()
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        self.state.set_recording(None);
    }
}
