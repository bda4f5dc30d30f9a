-- till.db, version 4: what the shop's other tills did.

-- Counts of two replicas may have one clock; then the higher replica's stands.
ALTER TABLE stock ADD COLUMN counted_by BLOB NOT NULL DEFAULT x'';

-- FOLD: receipts of other tills, and of this one's earlier incarnations as a peer gave them back.
-- kind: 1 sale, 2 refund, 3 post-void. The fact stands in the log at (stream, seq).
CREATE TABLE peer_receipt (
    till   INTEGER NOT NULL,
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (till, series, number)
) STRICT, WITHOUT ROWID;

-- LOCAL: entries of peers that this version cannot read; a later one folds them.
CREATE TABLE unread (
    stream INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

-- LOCAL: from where on an earlier incarnation's own stream was not written here but given back by
-- a peer, after the database had been put back.
CREATE TABLE given_back (
    stream   INTEGER PRIMARY KEY,
    from_seq INTEGER NOT NULL
) STRICT;
