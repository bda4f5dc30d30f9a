//! Times: samples, medians, two ways of doing the same taken in turn, and the disk's own.

use anyhow::Result;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Times of one thing done often.
#[derive(Debug, Default, Clone)]
pub struct Samples(Vec<Duration>);

impl Samples {
    pub fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The sample below which `per_cent` of all lie; zero when there are none.
    pub fn percentile(&self, per_cent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = sorted.len().saturating_sub(1) * per_cent / 100;
        sorted.get(at).copied().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub fn median_us(&self) -> f64 {
        micros(self.median())
    }
}

pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What `act` takes, and what it gives.
pub fn timed<T>(act: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let begun = Instant::now();
    let done = act()?;
    Ok((begun.elapsed(), done))
}

/// Till's samples and the baseline's.
#[derive(Debug, Default, Clone)]
pub struct Pair {
    pub till: Samples,
    pub plain: Samples,
}

/// Appends 4 KiB and waits for the disk, over and over.
pub fn fdatasync(folder: &Path, times: u32) -> Result<Samples> {
    let mut samples = Samples::default();
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    for _ in 0..times {
        file.write_all(&[7; 4096])?;
        samples.push(timed(|| Ok(file.sync_data()?))?.0);
    }
    std::fs::remove_file(&path)?;
    Ok(samples)
}
