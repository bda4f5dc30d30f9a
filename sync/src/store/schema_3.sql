-- The log's tables, third step: branches of streams that forked. Once shipped, never edited.

-- 1: the entry is part of state; 0: its writer is not enrolled, or was revoked before it.
ALTER TABLE orphan ADD COLUMN counts INTEGER NOT NULL DEFAULT 1 CHECK (counts IN (0, 1));

CREATE INDEX orphan_stream ON orphan (stream, seq);
CREATE INDEX orphan_prev ON orphan (prev);
