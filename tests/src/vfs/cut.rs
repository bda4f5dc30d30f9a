//! The power cut: from the effects issued before it to the files it may leave. Pure; the model
//! is documented at the top of the module `vfs`. `Recording` calls it.

use super::log::{FileId, LoggedFile, Op};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files that a cut leaves: path relative to the recording's root, and contents.
pub type Image = BTreeMap<PathBuf, Vec<u8>>;

/// What a disk is taken to write as a whole, in bytes.
pub(super) const SECTOR: usize = 512;

/// How a cut treats what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    LoseAll,
    KeepAll,
    Prefix,
    Scatter,
    Reorder,
}

/// The image of a cut after `issued`.
pub(super) fn image(files: &[LoggedFile], issued: &[Op], seed: u64) -> Image {
    let temper = match seed % 5 {
        0 => Temper::LoseAll,
        1 => Temper::KeepAll,
        2 => Temper::Prefix,
        3 => Temper::Scatter,
        _ => Temper::Reorder,
    };
    let mut random = Random::new(seed, issued.len());
    let mut image = Image::new();
    for (path, history) in histories(files, issued) {
        let steps = match temper {
            Temper::LoseAll => history.durable,
            Temper::KeepAll => history.steps.len(),
            Temper::Prefix | Temper::Scatter | Temper::Reorder => {
                history.durable + random.below(history.steps.len() - history.durable + 1)
            }
        };
        let survivor = steps.checked_sub(1).and_then(|last| history.steps.get(last));
        if let Some(Some(file)) = survivor {
            let contents = contents(*file, files, issued, temper, &mut random);
            image.insert(path.to_owned(), contents);
        }
    }
    image
}

/// What one name stood for over time: a file, or nothing. `durable` of the steps are certain.
#[derive(Default)]
struct History {
    steps: Vec<Option<FileId>>,
    durable: usize,
}

/// The history of each name. Going over the effects once, a directory's sync makes durable the
/// steps of its names that it covers.
fn histories<'log>(files: &'log [LoggedFile], issued: &[Op]) -> BTreeMap<&'log Path, History> {
    let mut names: BTreeMap<&Path, (History, Vec<usize>)> = BTreeMap::new();
    for (id, file) in files.iter().enumerate().filter(|(_, file)| file.base.is_some()) {
        let steps = vec![Some(id)];
        names.insert(&file.path, (History { steps, durable: 1 }, vec![0]));
    }
    for (index, op) in issued.iter().enumerate() {
        let (file, step) = match op {
            Op::Create { file, .. } => (*file, Some(Some(*file))),
            Op::Delete { file, .. } => (*file, Some(None)),
            Op::Sync { file, .. } => (*file, None),
            Op::Write { .. } | Op::Truncate { .. } | Op::Mark(_) => continue,
        };
        let Some(path) = files.get(file).map(|file| file.path.as_path()) else {
            continue;
        };
        if let Some(step) = step {
            let (history, indexes) = names.entry(path).or_default();
            history.steps.push(step);
            indexes.push(index);
        }
        match op {
            Op::Create { found: Some(_), .. } => {
                let (history, _) = names.entry(path).or_default();
                history.durable = history.steps.len();
            }
            Op::Sync { covers, directory, .. } => {
                for (other, (history, indexes)) in &mut names {
                    if *other == path || (*directory && other.parent() == path.parent()) {
                        harden(history, indexes, *covers);
                    }
                }
            }
            Op::Delete { directory: true, .. } => {
                for (other, (history, indexes)) in &mut names {
                    if other.parent() == path.parent() {
                        harden(history, indexes, index + 1);
                    }
                }
            }
            _ => {}
        }
    }
    names.into_iter().map(|(path, (history, _))| (path, history)).collect()
}

/// Makes durable the steps that happened before position `covers`.
fn harden(history: &mut History, indexes: &[usize], covers: usize) {
    let covered = indexes.iter().take_while(|index| **index < covers).count();
    history.durable = history.durable.max(covered);
}

/// What `file` holds after the cut.
fn contents(
    file: FileId,
    files: &[LoggedFile],
    issued: &[Op],
    temper: Temper,
    random: &mut Random,
) -> Vec<u8> {
    let base = files.get(file).and_then(|file| file.base.as_deref());
    let mut bytes = base.unwrap_or_default().to_vec();
    let covered = issued.iter().filter_map(|op| match op {
        Op::Sync { file: synced, covers, .. } if *synced == file => Some(*covers),
        _ => None,
    });
    let covered = covered.max().unwrap_or(0);
    let mut pending: Vec<Effect> = Vec::new();
    for (index, op) in issued.iter().enumerate() {
        let effect = match op {
            Op::Create { file: of, found: Some(found) } if *of == file => {
                bytes = found.to_vec();
                continue;
            }
            Op::Write { file: of, offset, bytes } if *of == file => {
                Effect::Write(*offset, Arc::clone(bytes))
            }
            Op::Truncate { file: of, size } if *of == file => Effect::Truncate(*size),
            _ => continue,
        };
        if index < covered {
            effect.apply(&mut bytes);
        } else {
            pending.push(effect);
        }
    }
    for effect in fates(pending, temper, random) {
        effect.apply(&mut bytes);
    }
    bytes
}

/// A change of one file's contents.
#[derive(Debug, Clone)]
enum Effect {
    Write(usize, Arc<[u8]>),
    Truncate(usize),
}

impl Effect {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Truncate(size) => contents.resize(*size, 0),
            // A write torn to nothing does not lengthen the file either.
            Self::Write(_, bytes) if bytes.is_empty() => {}
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                if let Some(range) = contents.get_mut(*offset..end) {
                    range.copy_from_slice(bytes);
                }
            }
        }
    }

    fn is_write(&self) -> bool {
        matches!(self, Self::Write(..))
    }
}

/// Which of the unsynced effects reach the disk, in what shape and order.
fn fates(pending: Vec<Effect>, temper: Temper, random: &mut Random) -> Vec<Effect> {
    match temper {
        Temper::LoseAll => Vec::new(),
        Temper::KeepAll => pending,
        Temper::Prefix => {
            let whole = random.below(pending.len() + 1);
            let torn = pending.get(whole).map(|next| tear(next, random)).unwrap_or_default();
            pending.into_iter().take(whole).chain(torn).collect()
        }
        Temper::Scatter => scatter(&pending, random),
        Temper::Reorder => {
            let mut kept = scatter(&pending, random);
            for run in kept.chunk_by_mut(|a, b| a.is_write() && b.is_write()) {
                for last in (1..run.len()).rev() {
                    run.swap(last, random.below(last + 1));
                }
            }
            kept
        }
    }
}

/// Each effect by itself: a quarter lost, a quarter torn, the rest whole.
fn scatter(pending: &[Effect], random: &mut Random) -> Vec<Effect> {
    let mut kept = Vec::with_capacity(pending.len());
    for effect in pending {
        match random.below(4) {
            0 => {}
            1 => kept.extend(tear(effect, random)),
            _ => kept.push(effect.clone()),
        }
    }
    kept
}

/// The pieces of a write that reached the disk: a prefix of any length, or some of its sectors.
/// A truncation can't be torn: it happens or not.
fn tear(effect: &Effect, random: &mut Random) -> Vec<Effect> {
    let Effect::Write(offset, bytes) = effect else {
        return if random.below(2) == 0 { Vec::new() } else { vec![effect.clone()] };
    };
    if random.below(2) == 0 {
        let prefix = bytes.get(..random.below(bytes.len() + 1)).unwrap_or_default();
        return vec![Effect::Write(*offset, prefix.into())];
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let to_boundary = SECTOR - (offset + start) % SECTOR;
        let end = (start + to_boundary).min(bytes.len());
        if random.below(2) == 0 {
            let sector = bytes.get(start..end).unwrap_or_default();
            pieces.push(Effect::Write(offset + start, sector.into()));
        }
        start = end;
    }
    pieces
}

/// SplitMix64: small, seeded, and the same on every machine.
struct Random(u64);

impl Random {
    /// A stream of its own for each seed and position.
    fn new(seed: u64, at: usize) -> Self {
        let mut random = Self(seed);
        let mixed = random.next();
        Self(mixed ^ (at as u64).wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0. The bias is far below what tests could see.
    fn below(&mut self, bound: usize) -> usize {
        let drawn = self.next().checked_rem(bound as u64).unwrap_or(0);
        usize::try_from(drawn).unwrap_or(0)
    }
}
