-- The log's tables, third step: orphans that wait. Once shipped, never edited.

-- 1: the entry is part of state; 0: its writer is not enrolled, or was revoked before it.
ALTER TABLE orphan ADD COLUMN counts INTEGER NOT NULL DEFAULT 1 CHECK (counts IN (0, 1));
