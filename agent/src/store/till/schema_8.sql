-- till.db, version 8: which claim another goes on from, at which receipts a cart was sold, and who
-- may give which receipts. Once shipped, never edited.

-- FOLD: the claim that this one goes on from, by who made it and the entry that began it. An ended
-- claim stays until that one is heard and over.
ALTER TABLE claim ADD COLUMN from_replica BLOB CHECK (length(from_replica) = 16);
ALTER TABLE claim ADD COLUMN from_seq INTEGER;

-- FOLD: the cart that a sale was. The first start fills in those from before this version.
ALTER TABLE receipt ADD COLUMN cart INTEGER;
ALTER TABLE peer_receipt ADD COLUMN cart INTEGER;
CREATE INDEX receipt_cart ON receipt (cart) WHERE cart IS NOT NULL;
CREATE INDEX receipt_without ON receipt (seq) WHERE kind = 1 AND cart IS NULL;
CREATE INDEX peer_receipt_cart ON peer_receipt (cart) WHERE cart IS NOT NULL;
CREATE INDEX peer_receipt_without ON peer_receipt (seq) WHERE kind = 1 AND cart IS NULL;

-- FOLD: sales in other branches of journals that forked.
CREATE TABLE beside_sale (
    cart    INTEGER NOT NULL,
    replica BLOB    NOT NULL CHECK (length(replica) = 16),
    store   TEXT    NOT NULL,
    till    INTEGER NOT NULL,
    series  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (cart, replica, series, number)
) STRICT, WITHOUT ROWID;

-- Of two counts the one of the higher round stands, then the later one.
ALTER TABLE stock ADD COLUMN counted_round INTEGER NOT NULL DEFAULT 0;

-- Offered lines and their answers by dot.
CREATE INDEX offer_dot ON offer (of_replica, of_seq, of_index);
CREATE INDEX offer_cart ON offer (cart);
CREATE INDEX answer_dot ON answer (of_replica, of_seq, of_index);

-- WORK: what an earlier incarnation of this till's said last of a cart, in its entry seq: that it holds
-- it, with a term, or that it ended (NULL). Its successor may have taken the cart over from an older
-- copy of the database.
CREATE TABLE former_word (
    cart    INTEGER NOT NULL,
    replica BLOB    NOT NULL CHECK (length(replica) = 16),
    seq     INTEGER NOT NULL,
    term    INTEGER,
    PRIMARY KEY (cart, replica)
) STRICT, WITHOUT ROWID;

-- LOCAL: which tills papers have said write a peer's stream: one may be given another number.
CREATE TABLE known_writer (
    stream INTEGER NOT NULL,
    store  TEXT    NOT NULL,
    thing  TEXT    NOT NULL,
    till   INTEGER NOT NULL,
    PRIMARY KEY (stream, store, thing, till)
) STRICT, WITHOUT ROWID;
