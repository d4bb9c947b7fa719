-- Format 1. A published step never changes: add schema_2.sql.
-- Tables whose rows are small and found by their key alone are WITHOUT ROWID; envelopes and bundles are not.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    hash BLOB PRIMARY KEY,              -- SHA-256 of the secret
    secret BLOB,                        -- only while it may have to be shown again
    made_at INTEGER NOT NULL,
    line BLOB                           -- who took it up
) STRICT, WITHOUT ROWID;

CREATE TABLE lines (
    line BLOB PRIMARY KEY,
    identity BLOB NOT NULL,
    list BLOB NOT NULL,
    list_hash BLOB NOT NULL,
    list_number INTEGER NOT NULL
) STRICT;

-- Apart from lines: changes with every item, and a line's list is kilobytes long.
CREATE TABLE line_states (
    line BLOB PRIMARY KEY,
    last_item INTEGER NOT NULL,
    item_bytes INTEGER NOT NULL,
    intake_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE handsets (
    line BLOB NOT NULL,
    handset BLOB NOT NULL,
    done INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    PRIMARY KEY (line, handset)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused_deeds (
    line BLOB NOT NULL,
    handset BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (line, handset, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE intakes (
    lookup BLOB PRIMARY KEY,
    line BLOB NOT NULL,
    bundle BLOB NOT NULL,
    expires_at INTEGER,
    state INTEGER NOT NULL,             -- 0 open, 1 expired, 2 revoked
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX intakes_by_line ON intakes (line);
CREATE INDEX intakes_by_expiry ON intakes (expires_at) WHERE expires_at IS NOT NULL AND state = 0;

CREATE TABLE slots (
    lookup BLOB NOT NULL,
    position INTEGER NOT NULL,
    mailbox BLOB NOT NULL,
    used INTEGER NOT NULL,
    last_resort INTEGER NOT NULL,
    sealed BLOB NOT NULL,               -- empty once used
    PRIMARY KEY (lookup, position)
) STRICT;
CREATE INDEX slots_by_mailbox ON slots (mailbox);

CREATE TABLE reservations (
    lookup BLOB NOT NULL,
    peer TEXT NOT NULL,
    reservation BLOB NOT NULL,
    position INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    introduced BLOB,                    -- SHA-256 of the sealed introduction that used it
    PRIMARY KEY (lookup, peer, reservation)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_by_time ON reservations (made_at);

CREATE TABLE mailboxes (
    mailbox BLOB PRIMARY KEY,
    line BLOB NOT NULL,
    sender TEXT NOT NULL,               -- the switchboard it is bound to
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailboxes_by_line ON mailboxes (line);

CREATE TABLE awaited (
    mailbox BLOB NOT NULL,
    of BLOB NOT NULL,
    peer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, of, peer)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaited_by_time ON awaited (at);

CREATE TABLE envelopes (
    id INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE items (
    line BLOB NOT NULL,
    number INTEGER NOT NULL,
    head BLOB NOT NULL,
    envelope INTEGER REFERENCES envelopes (id),
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (line, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_envelope ON items (envelope) WHERE envelope IS NOT NULL;
CREATE INDEX items_by_time ON items (at);

CREATE TABLE generations (
    generation BLOB PRIMARY KEY,
    line BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    capability BLOB NOT NULL,
    last INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX generations_by_line ON generations (line);

CREATE TABLE members (
    generation BLOB NOT NULL REFERENCES generations (generation) ON DELETE CASCADE,
    mailbox BLOB NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (generation, mailbox)
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
    peer TEXT PRIMARY KEY,
    key BLOB,
    standing INTEGER NOT NULL,          -- 0 unknown, 1 allowed, 2 blocked
    queue BLOB NOT NULL,
    base INTEGER NOT NULL,
    last INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queued (
    peer TEXT NOT NULL,
    number INTEGER NOT NULL,
    head BLOB NOT NULL,
    envelope INTEGER REFERENCES envelopes (id),
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (peer, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX queued_by_envelope ON queued (envelope) WHERE envelope IS NOT NULL;
CREATE INDEX queued_by_time ON queued (at);

CREATE TABLE incoming (
    peer TEXT NOT NULL,
    queue BLOB NOT NULL,
    last INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (peer, queue)
) STRICT, WITHOUT ROWID;
