-- Format 7: contacts are also told when a line's handsets are in service again.
ALTER TABLE unannounced ADD COLUMN is_back INTEGER NOT NULL DEFAULT 0;
