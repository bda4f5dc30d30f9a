-- On hand by SKU and place: the latest count by (round, clock, replica), plus the movements with a later
-- clock, in thousandths of the item's unit. counted_by is empty before the first count.
CREATE TABLE stock (
    sku           TEXT    NOT NULL,
    place         TEXT    NOT NULL,
    counted       INTEGER NOT NULL,
    counted_clock INTEGER NOT NULL,
    on_hand       INTEGER NOT NULL,
    counted_by    BLOB    NOT NULL DEFAULT x'',
    counted_round INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, place)
) STRICT, WITHOUT ROWID;
