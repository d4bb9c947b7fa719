-- Version 9: where this handset is woken while it is not connected, and what its switchboard said of that. One row; none
-- for a handset that never asked. In no backup, and gone when the line moves: a browser makes it for one switchboard.
CREATE TABLE wake (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB,                        -- the switchboard's, for push services; absent if it wakes nobody
    endpoint TEXT,                   -- the subscription, if there is one
    p256dh BLOB,
    auth BLOB,
    stored INTEGER NOT NULL DEFAULT 0,       -- the switchboard has it
    last_at INTEGER,                 -- when it last tried to wake us, and what came of it
    last_outcome TEXT
) STRICT;
-- The deed that says so.
ALTER TABLE deed ADD COLUMN wake INTEGER NOT NULL DEFAULT 0;
