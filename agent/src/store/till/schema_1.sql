-- till.db, version 1. The log's own tables (replica, stream, entry) stand before these.
--
-- Three kinds of table. FOLD: what the journal's facts come to; can be dropped and folded again.
-- WORK: open carts and returns, print and payment work under way; rows until sync makes them a
-- stream. LOCAL: what is this till's own business.

-- FOLD: the numbers given last: series, receipt, shift, z, intent.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- FOLD: each incarnation's receipt series, and the replica that writes it.
CREATE TABLE series (
    series  INTEGER PRIMARY KEY,
    replica BLOB NOT NULL,
    store   TEXT NOT NULL,
    till    INTEGER NOT NULL,
    reason  INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- FOLD: shifts; closed_at and z stand once it is closed.
CREATE TABLE shift (
    shift        INTEGER PRIMARY KEY,
    business_day TEXT NOT NULL,
    opened_at    INTEGER NOT NULL,
    opened_by    TEXT NOT NULL,
    closed_at    INTEGER,
    z            INTEGER,
    closing_seq  INTEGER,
    series       INTEGER
) STRICT;

-- FOLD: what a shift came to so far, by kind (commerce's TotalKind) and key.
CREATE TABLE shift_total (
    shift  INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    key    TEXT NOT NULL,
    count  INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (shift, kind, key)
) STRICT, WITHOUT ROWID;

-- FOLD: where each receipt stands in its replica's journal. kind: 1 sale, 2 refund, 3 post-void.
CREATE TABLE receipt (
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    shift  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (series, number)
) STRICT, WITHOUT ROWID;

-- FOLD: thousandths of a sale's line that came back.
CREATE TABLE returned_line (
    series      INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    thousandths INTEGER NOT NULL,
    PRIMARY KEY (series, number, line)
) STRICT, WITHOUT ROWID;

-- FOLD: minor units paid back against a sale's tender, by its position.
CREATE TABLE returned_tender (
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    tender INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (series, number, tender)
) STRICT, WITHOUT ROWID;

-- FOLD: payment intents. state: 0 open, 1 approved, 2 declined, 3 not sent. terminal_number, trace
-- and terminal_id are the terminal's own words. used: 1 once the money stands in a sale or return,
-- was undone or was put right.
CREATE TABLE payment (
    intent          INTEGER PRIMARY KEY,
    kind            INTEGER NOT NULL,
    reverses        INTEGER NOT NULL DEFAULT 0,
    cart            INTEGER NOT NULL,
    shift           INTEGER NOT NULL,
    asked           INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    by              TEXT NOT NULL,
    state           INTEGER NOT NULL DEFAULT 0,
    moved           INTEGER NOT NULL DEFAULT 0,
    terminal_number INTEGER NOT NULL DEFAULT 0,
    trace           INTEGER NOT NULL DEFAULT 0,
    terminal_id     TEXT NOT NULL DEFAULT '',
    used            INTEGER NOT NULL DEFAULT 0,
    ended_series    INTEGER NOT NULL DEFAULT 0,
    ended_seq       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The few intents that still need someone; what doctor and the manager look at.
CREATE INDEX payment_unsettled ON payment (intent) WHERE state = 0 OR (state = 1 AND used = 0);

-- A terminal's numbers: is this one of an earlier payment, or given again since?
CREATE INDEX payment_number ON payment (terminal_number) WHERE terminal_number > 0;

-- FOLD: on hand = the latest count plus the movements after it, in thousandths.
CREATE TABLE stock (
    sku           TEXT NOT NULL,
    place         TEXT NOT NULL,
    counted       INTEGER NOT NULL,
    counted_clock INTEGER NOT NULL,
    on_hand       INTEGER NOT NULL,
    PRIMARY KEY (sku, place)
) STRICT, WITHOUT ROWID;

-- WORK: what is needed to bring an open intent to its end: the tender it is taken as, and the
-- terminal's last payment before it, by which its outcome is found later. known: 0 the terminal had
-- not said, 1 the numbers stand here, 2 it had nothing to repeat.
CREATE TABLE payment_mark (
    intent      INTEGER PRIMARY KEY,
    tender      TEXT NOT NULL,
    known       INTEGER NOT NULL,
    terminal_id INTEGER,
    trace       INTEGER,
    receipt_no  INTEGER
) STRICT;

-- WORK: carts at the till and parked. label is NULL for a cart at the till.
CREATE TABLE cart (
    id        INTEGER PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    label     TEXT
) STRICT;

-- WORK: a cart's lines, voided ones too.
CREATE TABLE cart_line (
    cart               INTEGER NOT NULL,
    line               INTEGER NOT NULL,
    sku                TEXT NOT NULL,
    gtin               INTEGER,
    name               TEXT NOT NULL,
    tax_class          TEXT NOT NULL,
    thousandths        INTEGER NOT NULL,
    unit               TEXT NOT NULL,
    price              INTEGER NOT NULL,
    scale              INTEGER NOT NULL,
    per                INTEGER NOT NULL,
    label_amount       INTEGER,
    override_price     INTEGER,
    override_scale     INTEGER,
    override_per       INTEGER,
    override_reason    TEXT,
    override_by        TEXT,
    override_approved  TEXT,
    voided_by          TEXT,
    void_reason        TEXT,
    PRIMARY KEY (cart, line)
) STRICT, WITHOUT ROWID;

-- WORK: discounts; line 0 is the basket. Either amount or percent (millionths) stands.
CREATE TABLE cart_discount (
    cart        INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    amount      INTEGER,
    percent     INTEGER,
    reason      TEXT NOT NULL,
    by          TEXT NOT NULL,
    approved_by TEXT,
    PRIMARY KEY (cart, line, position)
) STRICT, WITHOUT ROWID;

-- WORK: tenders taken on a cart that is not paid in full yet.
CREATE TABLE cart_tender (
    cart      INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    tender    TEXT NOT NULL,
    name      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    opens_drawer INTEGER NOT NULL,
    gives_change INTEGER NOT NULL,
    taken_up_to  INTEGER,
    amount       INTEGER NOT NULL,
    reference    TEXT,
    intent    INTEGER,
    PRIMARY KEY (cart, position)
) STRICT, WITHOUT ROWID;

-- WORK: the one return under way, numbered from the carts' counter; one at a time.
CREATE TABLE open_return (
    id          INTEGER PRIMARY KEY,
    of_series   INTEGER NOT NULL,
    of_number   INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    by          TEXT NOT NULL,
    approved_by TEXT,
    at          INTEGER NOT NULL
) STRICT;

CREATE TABLE open_return_line (
    id          INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    thousandths INTEGER NOT NULL,
    PRIMARY KEY (id, line)
) STRICT, WITHOUT ROWID;

-- Payouts in order, each with its whole tender, which the settings may lose meanwhile. intent stands once the terminal was asked; its outcome stands in payment.
CREATE TABLE open_return_payout (
    id       INTEGER NOT NULL,
    position INTEGER NOT NULL,
    against  INTEGER NOT NULL,
    tender   TEXT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    opens_drawer INTEGER NOT NULL,
    gives_change INTEGER NOT NULL,
    taken_up_to  INTEGER,
    amount       INTEGER NOT NULL,
    intent       INTEGER,
    approved_by  TEXT,
    PRIMARY KEY (id, position)
) STRICT, WITHOUT ROWID;

-- WORK: print jobs and drawer kicks, in order. state: 0 waiting, 1 sent to the device,
-- 2 unknown, 3 not printed. A printed job's row is deleted.
CREATE TABLE job (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      INTEGER NOT NULL,
    series    INTEGER NOT NULL DEFAULT 0,
    number    INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    state     INTEGER NOT NULL DEFAULT 0,
    why       TEXT NOT NULL DEFAULT '',
    at        INTEGER NOT NULL
) STRICT;

-- What the printer is to be given next, however much waits or is stuck.
CREATE INDEX job_drawer ON job (id) WHERE state = 0 AND kind = 1;
CREATE INDEX job_paper ON job (id) WHERE state IN (0, 3) AND kind <> 1;
CREATE INDEX job_sent ON job (id) WHERE state = 1;

-- LOCAL: which cart is at the till, which numbers were given last.
CREATE TABLE register (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    replica      BLOB NOT NULL,
    current_cart INTEGER NOT NULL DEFAULT 0,
    last_cart    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- LOCAL: PIN verifiers and lock-outs; what must outlive the catalogue.
CREATE TABLE pin (
    staff        TEXT PRIMARY KEY,
    verifier     TEXT NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- LOCAL: answers kept so that a request sent twice is done once.
CREATE TABLE idempotency (
    key     TEXT PRIMARY KEY,
    request BLOB NOT NULL,
    answer  TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at);
