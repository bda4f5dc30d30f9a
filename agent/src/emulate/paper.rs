//! What hangs out of the emulated printer, torn off piece by piece: framed as paper on a screen,
//! saved as text and picture. [`super::printer`] brings the rows; `till sell` frames too.

use super::error::EmulateError;
use drivers::printer::paper::{Paper, Row};
use drivers::printer::profile::{Cut, Profile};
use drivers::printer::{svg, text};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest piece: a roll holds no more lines. Longer ones are torn.
const MAX_ROWS: usize = 10_000;

/// Looks without new print after which a piece is torn off a printer that has no cutter.
const QUIET_LOOKS: u32 = 10;

/// `text` on paper of `columns` characters or more: a frame whose lower edge is torn, which stands
/// for the cut.
#[must_use]
pub fn framed(text: &str, columns: usize) -> String {
    let is_cut = |line: &&str| {
        line.contains("8<") && line.chars().all(|character| "- 8<".contains(character))
    };
    let text: Vec<&str> = text.lines().filter(|line| !is_cut(line)).collect();
    let text = text.join("\n");
    let columns = text.lines().map(|line| line.chars().count()).fold(columns, usize::max);
    let mut framed = format!("┌{}┐\n", "─".repeat(columns + 2));
    for line in text.trim_end().lines() {
        framed.push_str(&format!("│ {line:columns$} │\n"));
    }
    let edge: String = "╲╱".chars().cycle().take(columns + 4).collect();
    framed.push_str(&edge);
    framed.push('\n');
    framed
}

/// Paper that came out and was not torn off yet.
#[derive(Debug)]
pub(super) struct Tray {
    columns: u16,
    dots: u16,
    has_cutter: bool,
    rows: Vec<Row>,
    quiet: u32,
}

impl Tray {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            columns: profile.columns,
            dots: profile.dots,
            has_cutter: profile.cut != Cut::Tear,
            rows: Vec::new(),
            quiet: 0,
        }
    }

    /// Takes what came out since the last look, and hands over the pieces that are complete.
    pub(super) fn look(&mut self, rows: Vec<Row>) -> Vec<Paper> {
        self.quiet = if rows.is_empty() { self.quiet.saturating_add(1) } else { 0 };
        let mut pieces = Vec::new();
        for row in rows {
            let cut = row == Row::Cut;
            if !cut {
                self.rows.push(row);
            }
            if cut || self.rows.len() >= MAX_ROWS {
                pieces.extend(self.tear());
            }
        }
        if !self.has_cutter && self.quiet >= QUIET_LOOKS {
            pieces.extend(self.tear());
        }
        pieces
    }

    fn tear(&mut self) -> Option<Paper> {
        let rows = std::mem::take(&mut self.rows);
        let printed = rows.iter().any(|row| !matches!(row, Row::Feed(_)));
        printed.then_some(Paper { columns: self.columns, dots: self.dots, rows })
    }
}

/// The folder that pieces are saved in, numbered on from those of earlier runs.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    last: u32,
}

/// A piece that was saved.
#[derive(Debug)]
pub(super) struct Saved {
    /// Its file without ending.
    pub stem: PathBuf,
    /// Its text.
    pub text: String,
    /// Why there is no picture of it.
    pub no_picture: Option<String>,
}

impl Shelf {
    /// `folder`, made when it is missing.
    pub(super) fn at(folder: PathBuf) -> Result<Self, EmulateError> {
        fs::create_dir_all(&folder).map_err(EmulateError::folder(&folder))?;
        let entries = fs::read_dir(&folder).map_err(EmulateError::folder(&folder))?;
        let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u32>().ok();
        let last = entries.filter_map(|entry| number(&entry.ok()?.path())).max().unwrap_or(0);
        Ok(Self { folder, last })
    }

    /// Saves a piece as text and picture.
    pub(super) fn save(&mut self, piece: &Paper) -> Result<Saved, EmulateError> {
        self.last = self.last.saturating_add(1);
        let stem = self.folder.join(format!("{:04}", self.last));
        let text = text::render(piece);
        let file = stem.with_extension("txt");
        fs::write(&file, &text).map_err(EmulateError::folder(&file))?;
        let no_picture = match svg::png(piece) {
            Ok(png) => {
                let file = stem.with_extension("png");
                fs::write(&file, png).map_err(EmulateError::folder(&file))?;
                None
            }
            Err(error) => Some(error.to_string()),
        };
        Ok(Saved { stem, text, no_picture })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drivers::printer::document::Style;

    fn line(text: &str) -> Row {
        Row::line(text, Style::PLAIN)
    }

    fn pieces(tray: &mut Tray, rows: &[Row]) -> Vec<String> {
        tray.look(rows.to_vec()).iter().map(text::render).collect()
    }

    #[test]
    fn paper_is_framed() {
        insta::assert_snapshot!(framed("Corner Shop\n\nTOTAL      1.00\n\n\n- - 8< - -\n", 15), @r"
        ┌─────────────────┐
        │ Corner Shop     │
        │                 │
        │ TOTAL      1.00 │
        ╲╱╲╱╲╱╲╱╲╱╲╱╲╱╲╱╲╱╲
        ");
    }

    #[test]
    fn a_cutter_ends_a_piece_and_what_follows_waits_for_its_own_cut() {
        let mut tray = Tray::new(&Profile::ROLL_80);
        assert!(pieces(&mut tray, &[line("one")]).is_empty());
        let more = [line("two"), Row::Cut, line("three"), Row::Cut, line("four")];
        assert_eq!(pieces(&mut tray, &more), ["one\ntwo\n", "three\n"]);
        for _ in 0..3 * QUIET_LOOKS {
            assert!(pieces(&mut tray, &[]).is_empty(), "it is not cut yet");
        }
        assert_eq!(pieces(&mut tray, &[Row::Cut, Row::Feed(3), Row::Cut]), ["four\n"]);
    }

    #[test]
    fn without_a_cutter_paper_is_torn_off_when_nothing_more_comes() {
        let mut tray = Tray::new(&Profile::ROLL_58);
        pieces(&mut tray, &[line("one")]);
        for _ in 1..QUIET_LOOKS {
            assert!(pieces(&mut tray, &[]).is_empty());
        }
        assert_eq!(pieces(&mut tray, &[]), ["one\n"]);
        assert!(pieces(&mut tray, &[]).is_empty());
    }

    #[test]
    fn an_endless_piece_is_torn() {
        let mut tray = Tray::new(&Profile::ROLL_80);
        let rows = vec![line("on and on"); 2 * MAX_ROWS + 5];
        assert_eq!(tray.look(rows).len(), 2);
    }

    #[test]
    fn pieces_are_numbered_on_from_an_earlier_run() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0041.txt"), "earlier").unwrap();
        fs::write(folder.path().join("notes.txt"), "not a piece").unwrap();
        let mut shelf = Shelf::at(folder.path().to_owned()).unwrap();
        let piece = Paper { columns: 48, dots: 576, rows: vec![line("Hello")] };
        let saved = shelf.save(&piece).unwrap();
        assert_eq!(saved.stem, folder.path().join("0042"));
        assert!(saved.no_picture.is_none());
        assert_eq!(fs::read_to_string(folder.path().join("0042.txt")).unwrap(), "Hello\n");
        assert!(fs::read(folder.path().join("0042.png")).unwrap().starts_with(b"\x89PNG"));
    }
}
