//! Memory over a quarter of a real shop, replayed: what grows with time would show here.

use super::{Figure, Target};
use crate::data::Data;
use crate::live::anonymous_mb;
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tests::process::till_binary;

const EVERY: Duration = Duration::from_millis(5);

pub fn measure(_data: &Data) -> Result<Vec<Figure>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/complete-journey");
    let mut child = Command::new(till_binary()?)
        .arg("replay")
        .arg(folder)
        .arg("--json")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (begun, mut trace) = (Instant::now(), Vec::new());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // It may end between the two.
        let weight = anonymous_mb(child.id()).ok();
        trace.extend(weight.map(|weight| (begun.elapsed().as_secs_f64(), weight)));
        std::thread::sleep(EVERY);
    };
    ensure!(status.success(), "the replay did not agree with its days");
    ensure!(trace.len() >= 40, "only {} samples of the replay's memory", trace.len());
    let weights: Vec<f64> = trace.iter().map(|(_, weight)| *weight).collect();
    let tenth = weights.len() / 10;
    let median = |part: &[f64]| {
        let mut sorted = part.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    };
    let slice = |n: usize| weights.get(n * tenth..(n + 1) * tenth).unwrap_or_default();
    let (early, late) = (median(slice(2)), median(slice(9)));
    Ok(vec![Figure {
        name: "memory-replay",
        what: "Growth of anonymous memory over a replayed quarter".into(),
        value: late - early,
        unit: "MB",
        baseline: None,
        target: Target::Most(1.0),
        how: format!(
            "median of the last tenth of the time less that of the third tenth; {early:.1} MB then, \
             {late:.1} MB at the end, {} samples",
            weights.len()
        ),
        trace,
    }])
}
