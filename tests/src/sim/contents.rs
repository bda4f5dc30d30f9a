//! A database's rows as text, whatever its tables: what a history ends with.

use rusqlite::Connection;
use rusqlite::types::Value;

/// Every row of every table, sorted within its table.
pub fn rows(conn: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'\
               ORDER BY name";
    let mut tables = conn.prepare(sql).unwrap();
    let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut all = Vec::new();
    for name in names {
        let name = name.unwrap();
        let mut statement = conn.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        let mut of_table = Vec::new();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<Value> = (0..columns).map(|at| row.get(at).unwrap()).collect();
            of_table.push(format!("{name} {values:?}"));
        }
        of_table.sort_unstable();
        all.append(&mut of_table);
    }
    all
}
