-- catalogue.db, version 5, beside the log's tables (2, 3) and those of price pushes (4), which are
-- sync's own. Never edited once shipped; the next version is a file of its own.

-- Entries of the hub's that this version could not read: a newer one wrote them. They are in `entry`,
-- and are taken up by the version that can.
CREATE TABLE unread(
    stream INTEGER NOT NULL REFERENCES stream(local),
    seq    INTEGER NOT NULL,
    PRIMARY KEY(stream, seq)
) STRICT, WITHOUT ROWID;

-- Pushes that wait for their instant.
CREATE INDEX price_push_staged ON price_push(starts) WHERE state = 1;
