//! The hybrid logical clock: wall time where it can be trusted, a counter where it cannot.
//!
//! Reads no wall clock itself: whoever writes entries (the till loop, the hub) passes `now_ms` in
//! and persists nothing extra, because the last value is the clock of the last entry
//! ([`crate::store::last_clock`]). Whether a remote entry waits is the caller's affair too.

use std::fmt;

/// The furthest that a remote clock may pull this one ahead of the wall clock, in milliseconds.
pub const MAX_AHEAD_MS: u64 = 5 * 60 * 1_000;

/// Bits of the counter below the milliseconds.
const COUNTER_BITS: u32 = 16;

/// Milliseconds of the last instant a clock reads from a wall clock. The 2^40 ms (some 35 years)
/// above it are room for ticks, so that a wall clock at its very end cannot exhaust the counter.
const LATEST_MS: u64 = Hlc::MAX.ms() - (1 << 40);

/// An instant of the hybrid logical clock: 48 bits of milliseconds since the Unix epoch above a
/// 16-bit counter. Its order is the order of its number.
///
/// The top bit is always zero, so that the number is also an SQLite integer in the same order;
/// the last instant lies in the year 6429.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc(u64);

impl Hlc {
    /// The last instant.
    pub const MAX: Self = Self(u64::MAX >> 1);

    /// The first instant of a millisecond; later ones than [`Hlc::MAX`] holds give its millisecond.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        let ms = if ms > Self::MAX.ms() { Self::MAX.ms() } else { ms };
        Self(ms << COUNTER_BITS)
    }

    /// The instant with this number, `None` when the top bit is set.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        if number > Self::MAX.0 { None } else { Some(Self(number)) }
    }

    /// Milliseconds and counter as one number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// The counter within the millisecond.
    #[must_use]
    pub const fn counter(self) -> u16 {
        let [.., high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The instant with these parts, `None` when the milliseconds are beyond [`Hlc::MAX`].
    #[must_use]
    pub const fn from_parts(ms: u64, counter: u16) -> Option<Self> {
        if ms > Self::MAX.ms() { None } else { Some(Self((ms << COUNTER_BITS) | counter as u64)) }
    }

    /// The number as SQLite stores it.
    #[must_use]
    pub(crate) const fn to_sql(self) -> i64 {
        self.0.cast_signed()
    }

    /// The instant that SQLite stored, `None` when negative.
    #[must_use]
    pub(crate) const fn from_sql(number: i64) -> Option<Self> {
        Self::from_number(number.cast_unsigned())
    }

    /// The next instant. A full counter carries into the milliseconds.
    pub(crate) const fn next(self) -> Self {
        // The headroom above LATEST_MS keeps every clock below MAX; saturating is only for totality.
        if self.0 < Self::MAX.0 { Self(self.0 + 1) } else { self }
    }
}

/// `1700000000000+3`: milliseconds and counter.
impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.ms(), self.counter())
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a clock cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The floor leaves no room to tick.
    #[error(
        "the last stored clock {0} is beyond the year 6390: the database is damaged, restore it from a backup"
    )]
    FloorTooLate(Hlc),
}

/// What became of a remote instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Observed {
    /// The clock is at or after the remote instant: what is written next comes after it.
    Taken,
    /// The remote clock is more than [`MAX_AHEAD_MS`] ahead; this clock did not move, and a
    /// register with that instant has to wait.
    Held,
}

/// A replica's clock. Each tick is after every tick and every taken instant before it.
#[derive(Debug, Clone)]
pub struct Clock {
    last: Hlc,
}

impl Clock {
    /// A clock that never reads before the build date nor before the last persisted instant.
    /// Both are given, so that a replay of an old year can run.
    ///
    /// # Errors
    /// [`ClockError::FloorTooLate`] when the floor is so late that the clock could run out.
    pub fn new(build_date_ms: u64, last_persisted: Option<Hlc>) -> Result<Self, ClockError> {
        let floor = Hlc::from_ms(build_date_ms).max(last_persisted.unwrap_or_default());
        // Half of the headroom stays: 2^55 ticks, a million a second for a thousand years.
        if floor.ms() > LATEST_MS + (1 << 39) {
            return Err(ClockError::FloorTooLate(floor));
        }
        Ok(Self { last: floor })
    }

    /// The last instant given out or taken; the floor before the first.
    #[must_use]
    pub const fn last(&self) -> Hlc {
        self.last
    }

    /// The instant of a new entry: the wall clock's when that is later than all before, otherwise
    /// the next after the last. `now_ms` is the wall clock in milliseconds since the Unix epoch; it
    /// may stand still, jump back or be before 1970.
    pub fn tick(&mut self, now_ms: i64) -> Hlc {
        self.last = self.last.next().max(Hlc::from_ms(wall_ms(now_ms)));
        self.last
    }

    /// Takes note of a remote instant, so that what is written next comes after it.
    ///
    /// The clock never moves more than [`MAX_AHEAD_MS`] ahead of `now_ms` here, however often it
    /// is asked. An instant that this clock has passed already is taken whatever `now_ms` says.
    pub fn observe(&mut self, remote: Hlc, now_ms: i64) -> Observed {
        if remote <= self.last {
            return Observed::Taken;
        }
        if remote.ms() > wall_ms(now_ms) + MAX_AHEAD_MS {
            return Observed::Held;
        }
        self.last = remote;
        Observed::Taken
    }
}

/// A wall clock's reading within the range that a clock can follow.
fn wall_ms(now_ms: i64) -> u64 {
    u64::try_from(now_ms).unwrap_or(0).min(LATEST_MS)
}

#[cfg(test)]
mod tests;
