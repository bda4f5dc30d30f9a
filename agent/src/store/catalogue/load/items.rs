//! Writing items with their codes and their search.

use super::super::lookup::in_store_key;
use super::super::records::{ItemId, NewItem};
use super::super::search::index::{rank, words};
use super::{BadRow, Load, indexing};
use crate::store::open::StoreError;

/// A code to be written: its key, its item, and the line that states it.
type CodeRow = (i64, ItemId, u64);

/// One of the three tables that lead from a code to an item.
struct CodeTable {
    column: &'static str,
    insert: &'static str,
    owner: &'static str,
    take: &'static str,
    clear: &'static str,
}

const BARCODE: CodeTable = CodeTable {
    column: "barcodes",
    insert: "INSERT INTO barcode(gtin, item) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    owner: "SELECT item FROM barcode WHERE gtin = ?1",
    take: "UPDATE barcode SET item = ?2 WHERE gtin = ?1",
    clear: "DELETE FROM barcode WHERE item = ?1",
};
const SHORT_CODE: CodeTable = CodeTable {
    column: "short_code",
    insert: "INSERT INTO short_code(code, item) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    owner: "SELECT item FROM short_code WHERE code = ?1",
    take: "UPDATE short_code SET item = ?2 WHERE code = ?1",
    clear: "DELETE FROM short_code WHERE item = ?1",
};
const IN_STORE: CodeTable = CodeTable {
    column: "in_store_item",
    insert: "INSERT INTO in_store_item(code, item) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    owner: "SELECT item FROM in_store_item WHERE code = ?1",
    take: "UPDATE in_store_item SET item = ?2 WHERE code = ?1",
    clear: "DELETE FROM in_store_item WHERE item = ?1",
};

impl Load<'_> {
    /// Writes a chunk of items: a known SKU is replaced with all its codes, others are added.
    /// Returns the rows that can't be, in the order of their lines.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn items(&mut self, mut chunk: Vec<NewItem>) -> Result<Vec<BadRow>, StoreError> {
        chunk.sort_by(|a, b| a.sku.cmp(&b.sku).then(a.line.cmp(&b.line)));
        let file = self.file.clone();
        self.write_items(&chunk).map_err(|e| crate::store::open::classify(&file, e))
    }

    /// What can only be told after the last row: codes taken from items that never came.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn finish_items(&mut self) -> Result<Vec<BadRow>, StoreError> {
        if self.moved == 0 {
            return Ok(Vec::new());
        }
        self.sql(|load| {
            let mut statement =
                load.transaction.prepare("SELECT code, kind, was, line FROM temp.moved")?;
            let mut rows = statement.query([])?;
            let mut bad = Vec::new();
            while let Some(row) = rows.next()? {
                let was = ItemId(row.get(2)?);
                if load.line_of(was) == 0 {
                    let (code, kind, line) =
                        (row.get(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(3)?);
                    let sku = load.sku_of(was)?;
                    bad.push(taken(table_of(&kind), code, &sku, line.cast_unsigned()));
                }
            }
            bad.sort_by_key(|row| row.line);
            Ok(bad)
        })
    }

    fn write_items(&mut self, chunk: &[NewItem]) -> rusqlite::Result<Vec<BadRow>> {
        let mut bad = Vec::new();
        let mut indexed = Vec::with_capacity(chunk.len());
        let (mut barcodes, mut short, mut in_store) = (Vec::new(), Vec::new(), Vec::new());
        for item in chunk {
            let (id, old_name) = match self.write_item(item)? {
                Ok(written) => written,
                Err(row) => {
                    bad.push(row);
                    continue;
                }
            };
            self.remember_line(id, item.line);
            barcodes.extend(
                item.barcodes.iter().map(|gtin| (gtin.as_u64().cast_signed(), id, item.line)),
            );
            short.extend(item.short_code.map(|code| (i64::from(code), id, item.line)));
            let key = item.in_store_item.as_deref().and_then(in_store_key);
            in_store.extend(key.map(|key| (key, id, item.line)));
            let is_indexed = self.unindexed.is_none_or(|next| id < next);
            if is_indexed && old_name.as_ref() != Some(&item.name) {
                if let Some(old) = old_name {
                    self.forget_name(id, &old)?;
                }
                let words = words(&item.name);
                indexed.push((rank(&words, id), words));
            }
        }
        for (table, mut codes) in
            [(&BARCODE, barcodes), (&SHORT_CODE, short), (&IN_STORE, in_store)]
        {
            codes.sort_unstable();
            for code in codes {
                bad.extend(self.write_code(table, code)?);
            }
        }
        indexing::write(&self.transaction, indexed, &mut self.known_words)?;
        bad.sort_by_key(|row| row.line);
        Ok(bad)
    }

    /// Writes one row; gives its id and, of a known item, the name it had.
    fn write_item(
        &self,
        item: &NewItem,
    ) -> rusqlite::Result<Result<(ItemId, Option<String>), BadRow>> {
        let added = self.run(
            "INSERT INTO item(sku, name, unit, tax_class, department, minimum_age) \
             VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(sku) DO NOTHING",
            (
                &item.sku,
                &item.name,
                item.unit.code(),
                &item.tax_class,
                &item.department,
                item.minimum_age,
            ),
        )?;
        if added == 1 {
            let id = u32::try_from(self.transaction.last_insert_rowid())
                .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, i64::from(u32::MAX)))?;
            return Ok(Ok((ItemId(id), None)));
        }
        let (id, old_name) = self
            .transaction
            .prepare_cached("SELECT id, name FROM item WHERE sku = ?1")?
            .query_row([&item.sku], |row| Ok((ItemId(row.get(0)?), row.get::<_, String>(1)?)))?;
        match self.line_of(id) {
            0 => self.replace_item(id, item).map(|()| Ok((id, Some(old_name)))),
            first => Ok(Err(BadRow {
                line: item.line,
                column: "sku",
                reason: format!("`{}` already stands on line {first}", item.sku),
            })),
        }
    }

    fn replace_item(&self, id: ItemId, item: &NewItem) -> rusqlite::Result<()> {
        self.run(
            "UPDATE item SET name = ?2, unit = ?3, tax_class = ?4, department = ?5, \
             minimum_age = ?6 WHERE id = ?1",
            (
                id.0,
                &item.name,
                item.unit.code(),
                &item.tax_class,
                &item.department,
                item.minimum_age,
            ),
        )?;
        for table in [&BARCODE, &SHORT_CODE, &IN_STORE] {
            self.run(table.clear, [id.0])?;
        }
        Ok(())
    }

    /// Writes one code. One that another item of this file holds is refused; one of an item whose
    /// row may still come is taken over and looked at again in the end.
    fn write_code(
        &mut self,
        table: &CodeTable,
        (code, id, line): CodeRow,
    ) -> rusqlite::Result<Option<BadRow>> {
        if self.run(table.insert, (code, id.0))? == 1 {
            return Ok(None);
        }
        let owner = self
            .transaction
            .prepare_cached(table.owner)?
            .query_row([code], |row| row.get(0).map(ItemId))?;
        if owner == id || self.line_of(owner) != 0 {
            return Ok(Some(taken(table, code, &self.sku_of(owner)?, line)));
        }
        if self.moved == 0 {
            self.transaction.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS moved(code INTEGER, kind TEXT, was INTEGER, line INTEGER);
                 DELETE FROM temp.moved;",
            )?;
        }
        self.moved += 1;
        self.run(
            "INSERT INTO temp.moved(code, kind, was, line) VALUES(?1, ?2, ?3, ?4)",
            (code, table.column, owner.0, line.cast_signed()),
        )?;
        self.run(table.take, (code, id.0))?;
        Ok(None)
    }

    fn forget_name(&self, id: ItemId, name: &str) -> rusqlite::Result<()> {
        let words = words(name);
        self.run(
            "INSERT INTO search(search, rowid, words) VALUES('delete', ?1, ?2)",
            (rank(&words, id), words.join(" ")),
        )
        .map(drop)
    }
}

fn taken(table: &CodeTable, code: i64, sku: &str, line: u64) -> BadRow {
    let shown = match table.column {
        // The leading 1 is ours.
        "in_store_item" => code.to_string().split_off(1),
        _ => code.to_string(),
    };
    BadRow {
        line,
        column: table.column,
        reason: format!("`{shown}` already belongs to item `{sku}`"),
    }
}

fn table_of(column: &str) -> &'static CodeTable {
    match column {
        "barcodes" => &BARCODE,
        "short_code" => &SHORT_CODE,
        _ => &IN_STORE,
    }
}
