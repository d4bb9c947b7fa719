-- Version 2: files that go with texts. Their sealed bytes lie beside the database, under the blob's name.
CREATE TABLE file (
    blob BLOB PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message (row) ON DELETE CASCADE,
    mine INTEGER NOT NULL,
    place INTEGER NOT NULL,          -- among the text's files
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,           -- in bytes, unsealed
    at TEXT NOT NULL,                -- the switchboard it lies on
    key BLOB NOT NULL,
    duration INTEGER,                -- of a voice note, in milliseconds
    waveform BLOB,
    -- ours: sealed here, opened there, stored there, refused there; theirs: offered, wanted, here, lost
    state TEXT NOT NULL CHECK (state IN ('sealed', 'opened', 'stored', 'refused', 'offered', 'wanted', 'here', 'lost')),
    UNIQUE (message, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_to_carry ON file (state) WHERE state IN ('opened', 'wanted');

-- The blob that a deed opens.
ALTER TABLE deed ADD COLUMN blob BLOB;
