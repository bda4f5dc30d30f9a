-- catalogue.db, version 7: the hub's settings. Never edited once shipped; the next version is a file
-- of its own.

-- What was set last, by scope (1 the chain, 2 a store, 3 a till; store is '' and till 0 where the scope
-- has none) and key; value is sync::settings', NULL where it was taken away. change counts what was
-- written into the table: whoever has read it up to the highest knows all.
CREATE TABLE setting(
    scope   INTEGER NOT NULL CHECK(scope BETWEEN 1 AND 3),
    store   TEXT NOT NULL,
    till    INTEGER NOT NULL,
    key     TEXT NOT NULL,
    value   BLOB,
    clock   INTEGER NOT NULL,
    replica BLOB NOT NULL CHECK(length(replica) = 16),
    change  INTEGER NOT NULL,
    PRIMARY KEY(scope, store, till, key)
) STRICT, WITHOUT ROWID;
