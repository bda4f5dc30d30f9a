-- catalogue.db, version 1: items, their codes and prices, their search, and the store's small sets.
-- Never edited once shipped; the next version is a file of its own.

-- Ids are dense and small; they never leave this file (journals name SKU and GTIN).
CREATE TABLE item(
    id          INTEGER PRIMARY KEY,
    sku         TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    unit        TEXT    NOT NULL,
    tax_class   TEXT    NOT NULL,
    department  TEXT    NOT NULL DEFAULT '',
    minimum_age INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A GTIN of any length as its number: 400230111178 and 0400230111178 are one code.
CREATE TABLE barcode(gtin INTEGER PRIMARY KEY, item INTEGER NOT NULL) STRICT;
CREATE INDEX barcode_item ON barcode(item);

CREATE TABLE short_code(code INTEGER PRIMARY KEY, item INTEGER NOT NULL UNIQUE) STRICT;

-- The digits behind a leading 1, so that 00123 and 123 stay two codes.
CREATE TABLE in_store_item(code INTEGER PRIMARY KEY, item INTEGER NOT NULL UNIQUE) STRICT;

-- One row of an import or a push. layer: 0 headquarters, 1 zone, 2 store. Instants in Unix
-- milliseconds; ends NULL: no end. amount NULL: withdrawn.
CREATE TABLE price(
    item         INTEGER NOT NULL,
    layer        INTEGER NOT NULL,
    starts       INTEGER NOT NULL,
    batch        INTEGER NOT NULL,
    ends         INTEGER,
    amount       INTEGER,
    scale        INTEGER NOT NULL,
    per_quantity INTEGER NOT NULL,
    PRIMARY KEY(item, layer, starts, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch(id INTEGER PRIMARY KEY, made INTEGER NOT NULL) STRICT;

-- The folded words of each name. The rowid is the name's length above the item's id, so that a
-- list of matches is read shortest name first and can be cut off early.
CREATE VIRTUAL TABLE search USING fts5(
    words, content='', columnsize=0, detail=none, prefix='1 2 3', tokenize='ascii'
);
-- Each distinct word once, for what was mistyped. Words outlive their last item; they only cost room.
CREATE TABLE word(text TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE store(
    one               INTEGER PRIMARY KEY CHECK(one = 1),
    code              TEXT NOT NULL,
    name              TEXT NOT NULL,
    address           TEXT NOT NULL,
    postcode          TEXT NOT NULL,
    city              TEXT NOT NULL,
    country           TEXT NOT NULL,
    phone             TEXT NOT NULL DEFAULT '',
    tax_number        TEXT NOT NULL,
    currency          TEXT NOT NULL,
    time_zone         TEXT NOT NULL,
    tax_rounding      TEXT NOT NULL,
    day_starts        INTEGER NOT NULL,
    in_store_patterns TEXT NOT NULL DEFAULT '',
    receipt_footer    TEXT NOT NULL DEFAULT ''
) STRICT;

-- position keeps the order of the file, which is the order of screens and receipts.
CREATE TABLE tax_class(id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL) STRICT;
CREATE TABLE tax(
    class     TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    id        TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    rate      INTEGER NOT NULL,
    inclusive INTEGER NOT NULL,
    PRIMARY KEY(class, position)
) STRICT, WITHOUT ROWID;

-- amount_limit and refund_limit in minor units, the percent limits in millionths; NULL: none given.
CREATE TABLE tender(
    id           TEXT    PRIMARY KEY,
    position     INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    opens_drawer INTEGER NOT NULL,
    gives_change INTEGER NOT NULL,
    amount_limit INTEGER
) STRICT;
CREATE TABLE reason(
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL
) STRICT;
CREATE TABLE staff(
    id             TEXT    PRIMARY KEY,
    position       INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    discount_limit INTEGER,
    override_limit INTEGER,
    refund_limit   INTEGER
) STRICT;
