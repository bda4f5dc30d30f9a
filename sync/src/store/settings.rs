//! The hub's settings in tables: entries merged, and read back whole.
//!
//! Works inside the caller's transaction, one entry at a time; seal and sender were verified before.
//! What a body says and which value counts is [`crate::settings`]'. Tills and hubs fold alike.

use crate::body::BodyError;
use crate::clock::Hlc;
use crate::log::{Entry, Position, ReplicaId, StreamId};
use crate::settings::{
    Decoded, Kept, Marker, Scope, Setting, Settings, decode, decode_value, encode_value,
};
use rusqlite::{Connection, Row, named_params};

/// Why settings could not be merged or read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// SQLite failed; the caller rolls its transaction back.
    #[error("the table of settings could not be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// The body is none, or a newer version's.
    #[error("{position}: {error}")]
    Body {
        /// The entry.
        position: Position,
        /// What is wrong with its body.
        error: BodyError,
    },
    /// A stored row is not what this code writes.
    #[error("setting `{0}` in the table `setting` is damaged: fetch the catalogue anew")]
    Damaged(String),
}

const PUT: &str = "INSERT INTO setting (scope, store, till, key, value, clock, replica, change)
    VALUES (:scope, :store, :till, :key, :value, :clock, :replica,
        (SELECT coalesce(max(change), 0) + 1 FROM setting))
    ON CONFLICT DO UPDATE SET value = excluded.value, clock = excluded.clock,
        replica = excluded.replica, change = excluded.change";

/// Merges an entry of a settings stream; whether a newer version wrote something in it that was
/// passed over. An entry that comes again changes nothing.
///
/// # Errors
/// [`SettingsError::Body`] before anything is written. After another one the caller rolls back.
pub fn apply_settings(
    tx: &Connection,
    stream: StreamId,
    entry: &Entry,
) -> Result<bool, SettingsError> {
    let position = Position { stream, seq: entry.seq };
    let refused = |error| SettingsError::Body { position, error };
    let Decoded { settings, newer } = decode(&entry.body).map_err(refused)?;
    let marker = Marker { clock: entry.clock, replica: stream.replica };
    let mut known = settings_kept(tx)?;
    for kept in known.apply(marker, &settings) {
        put(tx, &kept).map_err(|error| match error {
            PutError::Database(error) => error.into(),
            PutError::Body(error) => refused(error),
        })?;
    }
    Ok(newer)
}

/// All settings, as they were merged.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn settings_kept(conn: &Connection) -> Result<Settings, SettingsError> {
    conn.prepare_cached("SELECT scope, store, till, key, value, clock, replica FROM setting")?
        .query_and_then([], kept)?
        .collect()
}

enum PutError {
    Database(rusqlite::Error),
    Body(BodyError),
}

fn put(tx: &Connection, kept: &Kept) -> Result<(), PutError> {
    let Kept { setting: Setting { scope, key, value }, marker } = kept;
    let (number, store, till) = match scope {
        Scope::Chain => (1, "", 0),
        Scope::Store(store) => (2, store.as_str(), 0),
        Scope::Till(store, till) => (3, store.as_str(), *till),
    };
    let value = value.as_ref().map(encode_value).transpose().map_err(PutError::Body)?;
    let row = named_params! {
        ":scope": number,
        ":store": store,
        ":till": till,
        ":key": key,
        ":value": value,
        ":clock": marker.clock.to_sql(),
        ":replica": marker.replica.0,
    };
    let put = tx.prepare_cached(PUT).and_then(|mut put| put.execute(row));
    put.map(|_| ()).map_err(PutError::Database)
}

fn kept(row: &Row<'_>) -> Result<Kept, SettingsError> {
    let key: String = row.get(3)?;
    let damaged = || SettingsError::Damaged(key.clone());
    let scope = match row.get(0)? {
        1 => Scope::Chain,
        2 => Scope::Store(row.get(1)?),
        3 => Scope::Till(row.get(1)?, row.get(2)?),
        _ => return Err(damaged()),
    };
    let value: Option<Vec<u8>> = row.get(4)?;
    let value = value.map(|bytes| decode_value(&bytes)).transpose().map_err(|_| damaged())?;
    let clock = Hlc::from_sql(row.get(5)?).ok_or_else(damaged)?;
    let marker = Marker { clock, replica: ReplicaId(row.get(6)?) };
    Ok(Kept { setting: Setting { scope, key, value }, marker })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Hash, StreamKind};
    use crate::settings::{Value, encode};

    fn database() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("catalogue/schema/v7.sql")).unwrap();
        db
    }

    fn hub(number: u8) -> StreamId {
        StreamId { replica: ReplicaId([number; 16]), kind: StreamKind::Settings }
    }

    fn entry(ms: u64, body: Vec<u8>) -> Entry {
        Entry { seq: ms, clock: Hlc::from_ms(ms), prev: Hash([0; 32]), body }
    }

    fn set(scope: Scope, value: Option<Value>) -> Vec<u8> {
        encode(&[Setting { scope, key: "receipt.footer".into(), value }]).unwrap()
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::Text(text.into()))
    }

    #[test]
    fn entries_merge_in_any_order_and_read_back() {
        let store = || Scope::Store("HH01".into());
        let till = || Scope::Till("HH01".into(), 3);
        let entries = [
            (hub(1), entry(1, set(Scope::Chain, text("chain")))),
            (hub(1), entry(2, set(store(), text("store")))),
            (hub(2), entry(2, set(store(), text("the other incarnation's")))),
            (hub(1), entry(3, set(till(), text("till")))),
            (hub(2), entry(4, set(till(), None))),
        ];
        let fold = |order: &[usize]| {
            let db = database();
            for at in order {
                let (stream, entry) = &entries[*at];
                assert!(!apply_settings(&db, *stream, entry).unwrap());
            }
            settings_kept(&db).unwrap()
        };
        let straight = fold(&[0, 1, 2, 3, 4]);
        assert_eq!(straight, fold(&[4, 3, 2, 1, 0, 0, 2, 4]));
        let expected = text("the other incarnation's");
        assert_eq!(straight.at("HH01", 3).get("receipt.footer").copied(), expected.as_ref());
        assert_eq!(straight.at("HH02", 3).get("receipt.footer").copied(), text("chain").as_ref());
    }

    #[test]
    fn only_what_changed_is_counted() {
        let db = database();
        let changes = || -> i64 {
            db.query_row("SELECT coalesce(max(change), 0) FROM setting", [], |row| row.get(0))
                .unwrap()
        };
        let first = entry(5, set(Scope::Chain, text("new")));
        for (entry, expected) in [
            (first.clone(), 1),
            (first, 1),
            (entry(4, set(Scope::Chain, text("earlier"))), 1),
            (entry(6, set(Scope::Chain, None)), 2),
        ] {
            apply_settings(&db, hub(1), &entry).unwrap();
            assert_eq!(changes(), expected, "{entry:?}");
        }
    }

    #[test]
    fn what_no_version_wrote_changes_nothing_and_a_newer_ones_is_told_apart() {
        let db = database();
        let error = apply_settings(&db, hub(1), &entry(1, vec![0x80])).unwrap_err();
        assert!(error.to_string().contains("entry 1 in the settings"), "{error}");
        let unknown = apply_settings(&db, hub(1), &entry(1, vec![0x82, 0x18, 0x71, 0x80]));
        assert!(matches!(
            unknown,
            Err(SettingsError::Body { error: BodyError::UnknownKind(113), .. })
        ));
        // [112, [[[9], "a", null]]]: a scope that this version has not.
        let newer = vec![0x82, 0x18, 0x70, 0x81, 0x83, 0x81, 0x09, 0x61, b'a', 0xf6];
        assert!(apply_settings(&db, hub(1), &entry(1, newer)).unwrap());
        assert_eq!(settings_kept(&db).unwrap(), Settings::default());
    }
}
