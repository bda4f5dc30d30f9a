-- The log's tables. Executed by the migration that first needs them; once shipped, never edited.

-- Who writes. One row an incarnation of this till or hub, later also one a peer.
CREATE TABLE replica (
    local        INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    public_key   BLOB    NOT NULL CHECK (length(public_key) = 32),
    opened_clock INTEGER NOT NULL CHECK (opened_clock >= 0)
) STRICT;

-- A replica's stream and its head. `local` stands in the upper bits of each entry's position.
CREATE TABLE stream (
    local      INTEGER PRIMARY KEY CHECK (local BETWEEN 1 AND 8388607),
    replica    INTEGER NOT NULL REFERENCES replica (local),
    kind       INTEGER NOT NULL,
    head_seq   INTEGER NOT NULL CHECK (head_seq BETWEEN 0 AND 1099511627775),
    head_hash  BLOB    NOT NULL CHECK (length(head_hash) = 32),
    head_clock INTEGER NOT NULL CHECK (head_clock >= 0),
    UNIQUE (replica, kind)
) STRICT;

-- position = stream.local << 40 | sequence. The hash before is the row before's hash, so it is
-- not stored twice. A seal is absent where a later one vouches for the entry.
CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    clock    INTEGER NOT NULL CHECK (clock >= 0),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    seal     BLOB    CHECK (length(seal) = 64),
    body     BLOB    NOT NULL CHECK (length(body) <= 1048576)
) STRICT;
