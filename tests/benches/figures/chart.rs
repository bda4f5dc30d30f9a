//! The charts of the report, drawn as SVG by hand: a bar a figure, and a line over time.

use crate::figures::{Figure, Target};
use crate::report::number;
use std::fmt::Write as _;

const WIDTH: f64 = 930.0;
const ROW: f64 = 34.0;
const LABELS: f64 = 460.0;
/// Where the target stands; bars end at twice that.
const TARGET_AT: f64 = 300.0;

const INK: &str = "#1f2933";
const QUIET: &str = "#7b8794";
const HIT: &str = "#2f855a";
const MISS: &str = "#c53030";

/// How much of its target each figure uses: shorter is better, the line is the target.
pub fn targets(figures: &[Figure]) -> String {
    let bars: Vec<_> =
        figures.iter().filter_map(|figure| used(figure).map(|used| (figure, used))).collect();
    let height = ROW * (bars.len() as f64) + 70.0;
    let mut svg = open(WIDTH, height);
    text(
        &mut svg,
        16.0,
        26.0,
        ("start", INK, 15),
        "How much of each target is used (shorter is better)",
    );
    for (at, (figure, used)) in bars.iter().enumerate() {
        let y = 46.0 + ROW * (at as f64);
        let long = (used * TARGET_AT).clamp(2.0, WIDTH - LABELS - 70.0);
        let colour = if figure.hit() { HIT } else { MISS };
        text(
            &mut svg,
            LABELS - 10.0,
            y + 16.0,
            ("end", INK, 12),
            &figure.what.replace(", 1,000,000 items and 100,000 past sales", ""),
        );
        writeln!(
            svg,
            r#"<rect x="{LABELS}" y="{y:.1}" width="{long:.1}" height="22" rx="3" fill="{colour}"/>"#
        )
        .ok();
        let label = format!("{:.0} %", used * 100.0);
        text(&mut svg, LABELS + long + 6.0, y + 16.0, ("start", QUIET, 12), &label);
    }
    let x = LABELS + TARGET_AT;
    writeln!(
        svg,
        r#"<line x1="{x}" y1="40" x2="{x}" y2="{:.1}" stroke="{INK}" stroke-dasharray="4 3"/>"#,
        height - 22.0
    )
    .ok();
    text(&mut svg, x, height - 8.0, ("middle", INK, 12), "target");
    close(svg)
}

/// The share of its target that a figure uses; none where there is only equal or not.
fn used(figure: &Figure) -> Option<f64> {
    match figure.target {
        Target::Times(most) => figure.ratio().map(|ratio| ratio / most),
        Target::Share(least) => figure.ratio().map(|ratio| least / ratio),
        Target::Most(most) => Some(figure.value.max(0.0) / most),
        Target::Equal => None,
    }
}

/// Megabytes over seconds.
pub fn trace(points: &[(f64, f64)]) -> String {
    const HEIGHT: f64 = 300.0;
    const LEFT: f64 = 60.0;
    const RIGHT: f64 = 840.0;
    const TOP: f64 = 50.0;
    const BOTTOM: f64 = 250.0;
    let last = points.last().map_or(1.0, |point| point.0).max(0.001);
    let most = points.iter().fold(1.0_f64, |most, point| most.max(point.1));
    let top = (most / 10.0).ceil() * 10.0;
    let x = |seconds: f64| LEFT + seconds / last * (RIGHT - LEFT);
    let y = |megabytes: f64| BOTTOM - megabytes / top * (BOTTOM - TOP);
    let mut svg = open(WIDTH, HEIGHT);
    text(&mut svg, 16.0, 26.0, ("start", INK, 15), "Anonymous memory over a replayed quarter (MB)");
    for step in 0..=4 {
        let megabytes = top / 4.0 * f64::from(step);
        let at = y(megabytes);
        writeln!(
            svg,
            r##"<line x1="{LEFT}" y1="{at:.1}" x2="{RIGHT}" y2="{at:.1}" stroke="#e4e7eb"/>"##
        )
        .ok();
        text(&mut svg, LEFT - 8.0, at + 4.0, ("end", QUIET, 12), &number(megabytes));
    }
    let line: Vec<_> =
        points.iter().map(|(at, mb)| format!("{:.1},{:.1}", x(*at), y(*mb))).collect();
    writeln!(
        svg,
        r#"<polyline fill="none" stroke="{HIT}" stroke-width="2" points="{}"/>"#,
        line.join(" ")
    )
    .ok();
    text(&mut svg, LEFT, BOTTOM + 20.0, ("start", QUIET, 12), "0 s");
    text(&mut svg, RIGHT, BOTTOM + 20.0, ("end", QUIET, 12), &format!("{} s", number(last)));
    close(svg)
}

fn open(width: f64, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    )
}

fn close(mut svg: String) -> String {
    svg.push_str("</svg>\n");
    svg
}

/// Text with its anchor, colour and size.
fn text(svg: &mut String, x: f64, y: f64, (anchor, colour, size): (&str, &str, u32), words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    // Writing to a string can't fail.
    writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{words}</text>"#
    )
    .ok();
}
