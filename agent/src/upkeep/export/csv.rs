//! The export as CSV: one file a table, each row written as soon as its fact is read.
//!
//! What stands in a row is left to [`super::rows`], the columns to [`super::tables`].

use super::rows::{self, Rows};
use super::tables::Table;
use super::{Exported, ExportedFile, Sink};
use crate::upkeep::UpkeepError;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The open files of an export.
pub(super) struct Tables {
    files: Vec<Open>,
    rows: Rows,
}

struct Open {
    table: Table,
    path: PathBuf,
    writer: csv::Writer<File>,
    rows: u64,
}

impl Tables {
    /// Makes every file, with its header.
    pub(super) fn begin(folder: &Path) -> Result<Self, UpkeepError> {
        let files = Table::ALL.into_iter().map(|table| Open::make(folder, table));
        Ok(Self { files: files.collect::<Result<_, _>>()?, rows: Rows::default() })
    }

    fn write(&mut self, rows: Vec<rows::Row>) -> Result<(), UpkeepError> {
        for (table, row) in rows {
            for open in self.files.iter_mut().filter(|open| open.table == table) {
                open.write(&row)?;
                open.rows += 1;
            }
        }
        Ok(())
    }
}

impl Open {
    fn make(folder: &Path, table: Table) -> Result<Self, UpkeepError> {
        let path = folder.join(table.file_name());
        let file = File::create_new(&path).map_err(UpkeepError::io(&path))?;
        let mut open = Self { table, path, writer: csv::Writer::from_writer(file), rows: 0 };
        open.write(table.columns())?;
        Ok(open)
    }

    /// A row of another length than the header is refused by the writer.
    fn write(&mut self, row: &[impl AsRef<[u8]>]) -> Result<(), UpkeepError> {
        self.writer
            .write_record(row)
            .map_err(|source| UpkeepError::Csv { file: self.path.clone(), source })
    }

    fn finish(self) -> Result<ExportedFile, UpkeepError> {
        let Self { table, path, writer, rows } = self;
        let file =
            writer.into_inner().map_err(|error| UpkeepError::io(&path)(error.into_error()))?;
        file.sync_all().map_err(UpkeepError::io(&path))?;
        Ok(ExportedFile { name: table.file_name(), rows })
    }
}

impl Sink for Tables {
    fn put(&mut self, entry: &Exported<'_>) -> Result<(), UpkeepError> {
        let Some(fact) = entry.fact else { return Ok(()) };
        let rows = self.rows.of(fact, entry.stored);
        self.write(rows)
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<ExportedFile>, UpkeepError> {
        let open = self.rows.open_shifts();
        self.write(open)?;
        self.files.into_iter().map(Open::finish).collect()
    }
}
