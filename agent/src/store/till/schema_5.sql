-- till.db: carts become the shop's. What stood in rows of this till alone folds from workspace
-- streams, this till's and its siblings'. Once shipped, never edited.
--
-- `holder` and `author` are local numbers of workspace streams; 0 marks a cart from before, which
-- the first start restates in the till's own stream.

-- FOLD: who writes a workspace stream.
CREATE TABLE writer (
    holder INTEGER PRIMARY KEY,
    till   INTEGER NOT NULL,
    series INTEGER NOT NULL
) STRICT;

-- FOLD: incarnations that are no more, and whose stream says so.
CREATE TABLE succeeded (
    replica BLOB    NOT NULL CHECK (length(replica) = 16),
    by      INTEGER NOT NULL,
    PRIMARY KEY (replica, by)
) STRICT, WITHOUT ROWID;

-- FOLD: what each replica says it holds. Of several claims on a cart the one of the higher term
-- counts, then of the higher replica. label is NULL for a cart at a till; granted_to stands from the
-- grant until the new holder's claim is seen; forced_by is who approved a taking without a grant.
-- begun is the entry that began it. An ended claim (1) stays as long as there is a lower one, so that
-- the lower one does not count; one that yielded to another stays until that other is heard.
CREATE TABLE claim (
    holder     INTEGER NOT NULL,
    cart       INTEGER NOT NULL,
    term       INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    opened_by  TEXT    NOT NULL,
    label      TEXT,
    granted_to BLOB CHECK (length(granted_to) = 16),
    forced_by  TEXT,
    begun      INTEGER NOT NULL DEFAULT 0,
    ended      INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    above      BLOB CHECK (length(above) = 16),
    above_seq  INTEGER,
    PRIMARY KEY (holder, cart)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_cart ON claim (cart);

INSERT INTO claim (holder, cart, term, opened_at, opened_by, label)
    SELECT 0, id, 0, opened_at, opened_by, label FROM cart;
DROP TABLE cart;

-- FOLD: a claim's lines, voided ones too. of_* is the line's name for good, its dot; of_replica is
-- NULL where that is the holder.
ALTER TABLE cart_line RENAME TO former_line;
CREATE TABLE cart_line (
    holder            INTEGER NOT NULL,
    cart              INTEGER NOT NULL,
    line              INTEGER NOT NULL,
    sku               TEXT NOT NULL,
    gtin              INTEGER,
    name              TEXT NOT NULL,
    tax_class         TEXT NOT NULL,
    thousandths       INTEGER NOT NULL,
    unit              TEXT NOT NULL,
    price             INTEGER NOT NULL,
    scale             INTEGER NOT NULL,
    per               INTEGER NOT NULL,
    label_amount      INTEGER,
    override_price    INTEGER,
    override_scale    INTEGER,
    override_per      INTEGER,
    override_reason   TEXT,
    override_by       TEXT,
    override_approved TEXT,
    voided_by         TEXT,
    void_reason       TEXT,
    of_replica        BLOB CHECK (length(of_replica) = 16),
    of_seq            INTEGER NOT NULL,
    of_index          INTEGER NOT NULL,
    PRIMARY KEY (holder, cart, line)
) STRICT, WITHOUT ROWID;
INSERT INTO cart_line SELECT 0, former_line.*, NULL, 0, 0 FROM former_line;
DROP TABLE former_line;

-- Lines by their whole dots.
CREATE VIEW line_dot AS
    SELECT cart_line.holder, cart_line.cart, cart_line.line,
        coalesce(cart_line.of_replica, replica.id) AS of_replica,
        cart_line.of_seq, cart_line.of_index
    FROM cart_line JOIN stream ON stream.local = cart_line.holder
        JOIN replica ON replica.local = stream.replica;

-- FOLD: discounts; line 0 is the basket. Either amount or percent (millionths) stands.
ALTER TABLE cart_discount RENAME TO former_discount;
CREATE TABLE cart_discount (
    holder      INTEGER NOT NULL,
    cart        INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    amount      INTEGER,
    percent     INTEGER,
    reason      TEXT NOT NULL,
    by          TEXT NOT NULL,
    approved_by TEXT,
    PRIMARY KEY (holder, cart, line, position)
) STRICT, WITHOUT ROWID;
INSERT INTO cart_discount SELECT 0, former_discount.* FROM former_discount;
DROP TABLE former_discount;

-- FOLD: tenders taken on a cart that is not paid in full yet. intent is this till's own, and NULL in
-- a sibling's rows: intents are numbered by each till for itself.
ALTER TABLE cart_tender RENAME TO former_tender;
CREATE TABLE cart_tender (
    holder       INTEGER NOT NULL,
    cart         INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    tender       TEXT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    opens_drawer INTEGER NOT NULL,
    gives_change INTEGER NOT NULL,
    taken_up_to  INTEGER,
    amount       INTEGER NOT NULL,
    reference    TEXT,
    intent       INTEGER,
    PRIMARY KEY (holder, cart, position)
) STRICT, WITHOUT ROWID;
INSERT INTO cart_tender SELECT 0, former_tender.* FROM former_tender;
DROP TABLE former_tender;

-- FOLD: lines for whoever holds the cart, by their dot; `line` is sync::space's bytes of one, in
-- the currency beside it.
CREATE TABLE offer (
    author     INTEGER NOT NULL,
    of_replica BLOB    NOT NULL CHECK (length(of_replica) = 16),
    of_seq     INTEGER NOT NULL,
    of_index   INTEGER NOT NULL,
    cart       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    by         TEXT    NOT NULL,
    currency   TEXT    NOT NULL,
    line       BLOB    NOT NULL,
    PRIMARY KEY (author, of_replica, of_seq, of_index)
) STRICT, WITHOUT ROWID;

-- FOLD: offered lines that a holder dealt with, until their author has withdrawn them.
CREATE TABLE answer (
    holder     INTEGER NOT NULL,
    of_replica BLOB    NOT NULL CHECK (length(of_replica) = 16),
    of_seq     INTEGER NOT NULL,
    of_index   INTEGER NOT NULL,
    cart       INTEGER NOT NULL,
    PRIMARY KEY (holder, of_replica, of_seq, of_index)
) STRICT, WITHOUT ROWID;

-- FOLD: carts that were sold by more than one till, until somebody has put it right with the
-- customer outside of Till; it stays as evidence.
CREATE TABLE sold_twice (
    author  INTEGER NOT NULL,
    cart    INTEGER NOT NULL,
    replica BLOB    NOT NULL CHECK (length(replica) = 16),
    store   TEXT    NOT NULL,
    till    INTEGER NOT NULL,
    series  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (author, cart, replica, series, number)
) STRICT, WITHOUT ROWID;

-- WORK: carts that were taken without a grant, until no claim on them is left; and who sold them.
CREATE TABLE contested (
    cart INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE settlement (
    cart    INTEGER NOT NULL,
    replica BLOB    NOT NULL CHECK (length(replica) = 16),
    store   TEXT    NOT NULL,
    till    INTEGER NOT NULL,
    series  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (cart, replica, series, number)
) STRICT, WITHOUT ROWID;
