-- The table that pushes and imports fill, the same in every catalogue. layer: 0 headquarters,
-- 1 zone, 2 store. Instants in Unix milliseconds; ends NULL: no end. amount NULL: withdrawn.
CREATE TABLE price (
    item         INTEGER NOT NULL,
    layer        INTEGER NOT NULL,
    starts       INTEGER NOT NULL,
    batch        INTEGER NOT NULL,
    ends         INTEGER,
    amount       INTEGER,
    scale        INTEGER NOT NULL,
    per_quantity INTEGER NOT NULL,
    PRIMARY KEY (item, layer, starts, batch)
) STRICT, WITHOUT ROWID;
