-- Version 7: whether a file of ours was at our switchboard once: if it cannot be brought there again, it was sent all the same.
ALTER TABLE file ADD COLUMN brought INTEGER NOT NULL DEFAULT 0;
UPDATE file SET brought = 1 WHERE mine = 1 AND state = 'stored';
