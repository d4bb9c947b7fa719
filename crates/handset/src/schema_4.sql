-- Version 4: backups. What became of the successor key, when the last one was made, how far a restore is, and what it left.
ALTER TABLE own ADD COLUMN successor_wrapped BLOB;  -- the seed under the backup's passphrase, once a backup took it away
ALTER TABLE own ADD COLUMN backup_at INTEGER;       -- when the last backup was made
ALTER TABLE own ADD COLUMN restored_from INTEGER;   -- when the backup was made that this handset began with
ALTER TABLE own ADD COLUMN restoring INTEGER NOT NULL DEFAULT 0;
ALTER TABLE own ADD COLUMN superseded BLOB;         -- the signed list with which the line was restored elsewhere

-- Restored: their standing intake was known, though the pairing with them begins anew.
ALTER TABLE contact ADD COLUMN met INTEGER NOT NULL DEFAULT 0;
-- A line in the conversation has said already why it is founded again.
ALTER TABLE contact ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;

-- Numbers of theirs count for the handset that gave them: a hash of it.
ALTER TABLE forgotten ADD COLUMN handset BLOB;

-- The time that a line speaks of.
ALTER TABLE notice ADD COLUMN about INTEGER;
