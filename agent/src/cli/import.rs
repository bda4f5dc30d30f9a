//! `till import KIND FILE`: on a stopped or a running till.

use super::out;
use super::progress::Bar;
use crate::auth::{self, AuthError};
use crate::config::Config;
use crate::home::{Home, machine_at, wall_clock};
use crate::import::{self, Format, ImportReport, Input, Kind, Progress, StockCount};
use crate::plural::counted;
use crate::store::catalogue::Catalogue;
use crate::store::glance::glance;
use crate::store::till::{TillStore, TillStoreError};
use crate::till::Settings;
use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use commerce::staff::StaffId;
use std::path::PathBuf;

/// Who counts when a file is imported from the command line: the till itself.
const IMPORTER: &str = "0";

/// What a file holds; `None` is stock, which is counted into the journal.
#[derive(Debug, Clone, Copy)]
struct What(Option<Kind>);

/// Reads the word for it: that of a [`Kind`], or `stock`.
fn what() -> impl TypedValueParser<Value = What> {
    let words = Kind::ALL.map(Kind::name).into_iter().chain(["stock"]);
    PossibleValuesParser::new(words)
        .map(|word| What(Kind::ALL.into_iter().find(|kind| kind.name() == word)))
}

/// Imports master data from CSV or JSON Lines, all or nothing. The formats are described, with
/// examples, in docs/formats.md. All that is wrong is named with line, column and reason.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What the file holds. A new store imports in this order.
    #[arg(value_parser = what())]
    what: What,
    /// The file; .csv, .jsonl or .ndjson.
    file: PathBuf,
    /// The file's format, where its name does not tell.
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FileFormat {
    Csv,
    Jsonl,
}

impl Import {
    pub(super) fn run(&self, config: &Config) -> anyhow::Result<()> {
        let home = Home::at(&config.store.folder)?;
        let mut catalogue = home.catalogue()?;
        let mut bar = Bar::new("{wide_bar} {bytes}/{total_bytes} {eta}");
        let mut show = |progress: Progress| bar.show(progress.bytes, progress.total);
        let format = self.format.map(|format| match format {
            FileFormat::Csv => Format::Csv,
            FileFormat::Jsonl => Format::JsonLines,
        });
        let input = Input { path: &self.file, format, progress: &mut show };
        let rows = match self.what.0 {
            Some(kind) => {
                let report = import::import(kind, input, &mut catalogue, wall_clock())?;
                set_pins(config, &home, &catalogue, &report)?;
                report.rows
            }
            None => import_stock(config, &home, &catalogue, input)?,
        };
        bar.finish();
        let rows = counted(rows, "row", "rows");
        out::line(format_args!("{}: {rows} imported", self.file.display()))?;
        warn_of_untaxed(&home)?;
        Ok(())
    }
}

/// Taxes may be imported before the goods that need them, and after; what cannot be sold meanwhile
/// is said.
fn warn_of_untaxed(home: &Home) -> anyhow::Result<()> {
    let untaxed = glance(&home.catalogue_db())?.untaxed;
    if untaxed > 0 {
        let items = counted(untaxed, "item is", "items are");
        let they = if untaxed == 1 { "it" } else { "they" };
        out::complain(format_args!(
            "{items} in a tax class that this store has not: {they} cannot be sold"
        ));
    }
    Ok(())
}

/// Opens `till.db` beside a till that may be running: SQLite lets one write at a time.
fn till_store(config: &Config, home: &Home, catalogue: &Catalogue) -> anyhow::Result<TillStore> {
    let settings = Settings::load(catalogue)?;
    let machine = machine_at(&config.till.machine_id_file);
    // Without a running till this process may begin the till's first series.
    let lock = home.lock().ok();
    let number = config.till.number.get();
    Ok(home.till_store(lock.as_ref(), machine, &settings.store.code, number, wall_clock())?)
}

/// Turns the PINs of a staff file into verifiers.
fn set_pins(
    config: &Config,
    home: &Home,
    catalogue: &Catalogue,
    report: &ImportReport,
) -> anyhow::Result<()> {
    if report.pins.is_empty() {
        return Ok(());
    }
    let write = || {
        let pepper = home.pepper()?;
        let verifiers = report
            .pins
            .iter()
            .map(|(staff, pin)| Ok((staff, auth::make_verifier(pin.expose(), &pepper)?)))
            .collect::<Result<Vec<_>, AuthError>>()?;
        let mut store = till_store(config, home, catalogue)?;
        store.act(wall_clock(), |act| {
            verifiers.iter().try_for_each(|(staff, verifier)| act.set_pin(staff.as_str(), verifier))
        })?;
        Ok(())
    };
    let kept: anyhow::Result<()> = write();
    // The list stands in one file, PINs in another: no transaction holds both.
    kept.context("the people are imported, but none of their PINs: import the file again")
}

/// Writes counts into the journal, a fact a thousand rows.
fn import_stock(
    config: &Config,
    home: &Home,
    catalogue: &Catalogue,
    input: Input<'_>,
) -> anyhow::Result<u64> {
    // Checked first: while the counts are written, a till beside waits for the lock.
    let checked = import::check_stock(input, catalogue.view())?;
    let mut store = till_store(config, home, catalogue)?;
    let by = StaffId::parse(IMPORTER)?;
    let report = store.act(wall_clock(), |act| {
        let mut write = |counts: Vec<StockCount>| {
            for (place, items) in by_place(counts) {
                act.count_stock(by.clone(), place, items)?;
            }
            Ok(())
        };
        let imported = checked.import(&mut write);
        imported.map_err(|error| TillStoreError::Abandoned(Box::new(error)))
    })?;
    Ok(report.rows)
}

/// Counts of one place a fact.
fn by_place(counts: Vec<StockCount>) -> std::collections::BTreeMap<String, Vec<(String, i64)>> {
    let mut places = std::collections::BTreeMap::<_, Vec<_>>::new();
    for count in counts {
        places.entry(count.place).or_default().push((count.sku, count.thousandths));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        import: Import,
    }

    #[test]
    fn every_kind_and_stock_have_their_word() {
        let what = |word: &str| Line::try_parse_from(["import", word, "rows.csv"]);
        for kind in Kind::ALL {
            assert_eq!(what(kind.name()).unwrap().import.what.0, Some(kind));
        }
        assert_eq!(what("stock").unwrap().import.what.0, None);
        let refused = what("stocks").unwrap_err().to_string();
        assert!(refused.contains("prices, stock"), "{refused}");
    }
}
