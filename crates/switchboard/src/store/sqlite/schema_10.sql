-- Format 10: where each handset is woken while it is not connected.
CREATE TABLE wakes (
    line BLOB NOT NULL,
    handset BLOB NOT NULL,
    endpoint TEXT NOT NULL,
    p256dh BLOB NOT NULL,
    auth BLOB NOT NULL,
    PRIMARY KEY (line, handset)
) STRICT, WITHOUT ROWID;
