-- Format 3: blobs, sealed files of lines here. Their bytes are files beside the database.
CREATE TABLE blobs (
    blob BLOB PRIMARY KEY,
    line BLOB NOT NULL,
    size INTEGER NOT NULL,              -- in bytes, sealed and padded
    copies INTEGER NOT NULL,            -- lines that have not released it
    complete INTEGER NOT NULL,          -- all bytes are on the disk
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_line ON blobs (line, size);
CREATE INDEX blobs_by_time ON blobs (made_at);
