-- The log's tables, second step: streams of peers beside one's own, and streams that were pruned.
-- Once shipped, never edited.

-- 1: an incarnation of this machine's; 0: a peer's.
ALTER TABLE replica ADD COLUMN own INTEGER NOT NULL DEFAULT 1 CHECK (own IN (0, 1));

-- Entries below first_seq were pruned at a checkpoint: base_hash and base_seal are the hash and the
-- seal of the last of them. Entries up to folded_seq are part of state; those above wait for an
-- enrolment or for a manager.
ALTER TABLE stream ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1 CHECK (first_seq >= 1);
ALTER TABLE stream ADD COLUMN base_hash BLOB CHECK (length(base_hash) = 32);
ALTER TABLE stream ADD COLUMN base_seal BLOB CHECK (length(base_seal) = 64);
ALTER TABLE stream ADD COLUMN folded_seq INTEGER NOT NULL DEFAULT 0 CHECK (folded_seq >= 0);
UPDATE stream SET folded_seq = head_seq;

-- Signed papers about keys, as they were issued. The id is their SHA-256 hash.
CREATE TABLE paper (
    id    BLOB PRIMARY KEY CHECK (length(id) = 32),
    bytes BLOB NOT NULL CHECK (length(bytes) <= 1024)
) STRICT, WITHOUT ROWID;

-- How far a peer has made each stream durable, as it said itself.
CREATE TABLE mark (
    peer   BLOB    NOT NULL CHECK (length(peer) = 16),
    stream INTEGER NOT NULL REFERENCES stream (local),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (peer, stream)
) STRICT, WITHOUT ROWID;

-- The other branch of a stream that forked: entries sealed by the stream's own key which do not
-- follow from those in `entry`. They are money as well, so they are kept whole.
CREATE TABLE orphan (
    local  INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (local),
    seq    INTEGER NOT NULL,
    clock  INTEGER NOT NULL,
    prev   BLOB    NOT NULL CHECK (length(prev) = 32),
    hash   BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    seal   BLOB    CHECK (length(seal) = 64),
    body   BLOB    NOT NULL CHECK (length(body) <= 1048576)
) STRICT;

-- Frames that could not be believed, as they came; bounded by the code that writes them.
CREATE TABLE evidence (
    local  INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    sender TEXT    NOT NULL,
    why    TEXT    NOT NULL,
    frame  BLOB    NOT NULL
) STRICT;

-- What a person must see to, once for each kind and subject; seen_at once somebody has.
CREATE TABLE alarm (
    local    INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,
    subject  TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    seen_at  INTEGER,
    UNIQUE (kind, subject)
) STRICT;
