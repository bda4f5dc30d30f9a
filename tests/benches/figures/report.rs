//! What came out: lines for the terminal, `docs/benchmarks.md` with its charts for people,
//! `target/bench.json` for machines.

use crate::chart;
use crate::data::target;
use crate::figures::{Figure, Target};
use crate::measure::{Samples, micros};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// One figure on the terminal.
pub fn line(figure: &Figure) -> String {
    let against = match (figure.baseline, figure.ratio()) {
        (Some(baseline), Some(ratio)) => {
            format!("baseline {}, ratio {ratio:.2}", number(baseline))
        }
        _ => String::new(),
    };
    format!(
        "{} {:<14} {:>10} {:<6} target {:<16} {against}\n     {}: {}",
        if figure.hit() { "hit " } else { "MISS" },
        figure.name,
        number(figure.value),
        figure.unit,
        aim(figure),
        figure.what,
        figure.how,
    )
}

/// Writes all files.
pub fn write(figures: &[Figure], disk: &Samples) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let charts = docs.join("benchmarks");
    fs::create_dir_all(&charts)?;
    fs::write(charts.join("targets.svg"), chart::targets(figures))?;
    if let Some(traced) = figures.iter().find(|figure| !figure.trace.is_empty()) {
        fs::write(charts.join("memory.svg"), chart::trace(&traced.trace))?;
    }
    fs::write(docs.join("benchmarks.md"), page(figures, disk)?)?;
    let mut machine: Vec<Value> = figures.iter().map(value).collect();
    machine.push(json!({
        "name": "fdatasync", "value": disk.median_us(), "unit": "µs",
        "baseline": null, "ratio": null, "target": null, "hit": null,
    }));
    fs::write(target().join("bench.json"), serde_json::to_string_pretty(&machine)? + "\n")?;
    Ok(())
}

fn value(figure: &Figure) -> Value {
    json!({
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "baseline": figure.baseline,
        "ratio": figure.ratio(),
        "target": aim(figure),
        "hit": figure.hit(),
    })
}

/// The target in words.
pub fn aim(figure: &Figure) -> String {
    match figure.target {
        Target::Times(most) => format!("<= {most} x baseline"),
        Target::Share(least) => format!(">= {least} x baseline"),
        Target::Most(most) => format!("<= {most} {}", figure.unit),
        Target::Equal => "= baseline".into(),
    }
}

/// Three or so digits that count.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let (sign, digits) =
                digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
            let mut text = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            format!("{sign}{text}")
        }
        middle if middle >= 100.0 => format!("{value:.0}"),
        small if small >= 10.0 || small == 0.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn page(figures: &[Figure], disk: &Samples) -> Result<String> {
    let mut page = String::new();
    let hits = figures.iter().filter(|figure| figure.hit()).count();
    writeln!(
        page,
        "# Benchmarks\n\n\
         Written by `make bench`; change nothing here by hand. {hits} of {} targets were hit in this run.\n\n\
         Each baseline is plain rusqlite doing the same reads and writes, with the same tables, indexes \
         and settings (write-ahead log, `synchronous=FULL`, the same cache), measured in the same run and \
         in turn with Till: now one goes first, now the other. The catalogue holds 1,000,000 items.\n\n\
         | machine | |\n| --- | --- |",
        figures.len()
    )?;
    for (name, is) in machine()? {
        writeln!(page, "| {name} | {is} |")?;
    }
    writeln!(
        page,
        "| disk | fdatasync after appending 4 KiB: {:.0} µs at the median of {}, taken between the figures; a tenth are below {:.0} µs, a tenth above {:.0} µs |",
        disk.median_us(),
        disk.len(),
        micros(disk.percentile(10)),
        micros(disk.percentile(90)),
    )?;
    writeln!(page, "\n![How much of each target is used](benchmarks/targets.svg)\n")?;
    writeln!(
        page,
        "| figure | Till | baseline | ratio | target | |\n| --- | ---: | ---: | ---: | --- | --- |"
    )?;
    for figure in figures {
        writeln!(
            page,
            "| {} | {} {} | {} | {} | {} | {} |",
            figure.what,
            number(figure.value),
            figure.unit,
            figure.baseline.map(number).unwrap_or_default(),
            figure.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            aim(figure).replace("<=", "≤").replace(">=", "≥"),
            if figure.hit() { "hit" } else { "**miss**" },
        )?;
    }
    writeln!(page, "\n## How each was measured\n")?;
    for figure in figures {
        writeln!(page, "- **{}** (`{}`): {}.", figure.what, figure.name, figure.how)?;
    }
    if figures.iter().any(|figure| !figure.trace.is_empty()) {
        writeln!(page, "\n![Anonymous memory over a replayed quarter](benchmarks/memory.svg)")?;
    }
    Ok(page)
}

/// What the figures depend on.
fn machine() -> Result<Vec<(&'static str, String)>> {
    let found = |file: &str, name: &str| -> Result<String> {
        let text = fs::read_to_string(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.with_context(|| format!("{file} has no {name}"))?;
        Ok(value.trim_start_matches([':', ' ', '\t']).trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    Ok(vec![
        ("day", jiff::Zoned::now().date().to_string()),
        ("processor", format!("{}, {cores} threads", found("/proc/cpuinfo", "model name")?)),
        ("memory", found("/proc/meminfo", "MemTotal")?),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned()),
        ("load when done", load),
        ("SQLite", rusqlite::version().to_owned()),
    ])
}
