-- Price pushes and their chunks, beside the table `price`. Executed by the migration that first
-- needs them; once shipped, never edited.

-- A push as far as it is here. name to starts are the manifest's, NULL until it comes.
-- state: 0 receiving, 1 staged, 2 active, 3 refused, 4 withdrawn; it only ever rises.
CREATE TABLE price_push (
    local        INTEGER PRIMARY KEY,
    replica      BLOB    NOT NULL CHECK (length(replica) = 16),
    zone         INTEGER NOT NULL,
    push         INTEGER NOT NULL,
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    here         INTEGER NOT NULL DEFAULT 0,
    here_changes INTEGER NOT NULL DEFAULT 0,
    manifest_seq INTEGER,
    name         TEXT,
    chunks       INTEGER,
    changes      INTEGER,
    digest       BLOB    CHECK (length(digest) = 32),
    starts       INTEGER,
    UNIQUE (replica, zone, push)
) STRICT;

-- A chunk that is here. batch is the number that its rows in `price` carry: one for each chunk,
-- given in the order of arrival, so (clock, replica) tells which of two chunks is the later writer.
CREATE TABLE price_chunk (
    batch      INTEGER PRIMARY KEY CHECK (batch >= 1048576),
    push       INTEGER NOT NULL REFERENCES price_push (local),
    seq        INTEGER NOT NULL,
    clock      INTEGER NOT NULL CHECK (clock >= 0),
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    first_item INTEGER NOT NULL,
    last_item  INTEGER NOT NULL,
    UNIQUE (push, seq)
) STRICT;
