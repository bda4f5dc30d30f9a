-- catalogue.db, version 6: a snapshot brings no search index, which follows behind the first sale.
-- Never edited once shipped; the next version is a file of its own.

-- How far the index is: names of items from `next` on are not in `search` yet. No row: all are.
CREATE TABLE indexing(one INTEGER PRIMARY KEY CHECK(one = 1), next INTEGER NOT NULL) STRICT;
