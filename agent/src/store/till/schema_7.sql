-- till.db, version 7: the chain's customers. Once shipped, never edited.

-- FOLD: customers as they merged from customers streams, this till's and its siblings'; the record is
-- sync::customer's. own is 1 where a stream of this till's says something of the customer, which it
-- says again when it begins anew. Of an erased one the id is left.
CREATE TABLE customer (
    id     BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    own    INTEGER NOT NULL CHECK (own IN (0, 1)),
    erased INTEGER NOT NULL CHECK (erased IN (0, 1)),
    record BLOB    NOT NULL
) STRICT;

-- FOLD: the words that a customer is found by: of name and e-mail, digits of the phone, the loyalty
-- number.
CREATE TABLE customer_word (
    word     TEXT NOT NULL,
    customer BLOB NOT NULL,
    PRIMARY KEY (word, customer)
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_words ON customer_word (customer);

-- LOCAL: entries of this till's own streams up to seq may hold what is known of a customer who was
-- erased; the row goes with the entries.
CREATE TABLE erasing (
    stream INTEGER NOT NULL PRIMARY KEY REFERENCES stream (local),
    seq    INTEGER NOT NULL
) STRICT;

-- FOLD: whose cart it is.
ALTER TABLE claim ADD COLUMN customer BLOB CHECK (length(customer) = 16);
