-- The handset's database, version 1. Times are milliseconds of Unix time; booleans are 0 or 1; ids are blobs.

-- This handset and its line; one row once a claim has begun.
CREATE TABLE own (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    line BLOB NOT NULL,
    identity BLOB NOT NULL,          -- seed of the line's identity key
    successor BLOB NOT NULL,         -- seed of the successor key, until a backup takes it
    handset BLOB NOT NULL,
    signing BLOB NOT NULL,           -- seed of the handset's signing key
    kem BLOB NOT NULL,               -- the handset's KEM key
    handsets BLOB NOT NULL,          -- the newest signed handset list
    switchboard TEXT NOT NULL,       -- address
    scheme TEXT NOT NULL,
    office TEXT NOT NULL DEFAULT '',
    cursor INTEGER NOT NULL DEFAULT 0,
    invitation BLOB,                 -- present until the switchboard took the claim
    previous TEXT,                   -- while a line moves: the address and scheme to go back to if it is refused
    previous_scheme TEXT,
    previous_cursor INTEGER,
    claimed INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What the switchboard is to do, in order; deleted when it has confirmed. Numbers are never used twice.
CREATE TABLE deed (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    card TEXT,                       -- the card it puts up or takes back
    contact INTEGER,                 -- whom it concerns
    envelope BLOB                    -- hash of the envelope it submits
) STRICT;

CREATE TABLE card (
    id TEXT PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL,
    for_name TEXT NOT NULL,
    words TEXT NOT NULL,
    ask INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Who used each card: kept when they are contacts no more, since tracing is what a card is for.
CREATE TABLE card_use (
    card TEXT NOT NULL REFERENCES card (id) ON DELETE CASCADE,
    line BLOB NOT NULL,
    name TEXT NOT NULL,              -- as they called themselves
    at INTEGER NOT NULL,
    PRIMARY KEY (card, line)
) STRICT, WITHOUT ROWID;

-- Intakes of this line: one per card, and one standing intake per contact.
CREATE TABLE intake (
    lookup BLOB PRIMARY KEY,
    token BLOB NOT NULL,
    card TEXT REFERENCES card (id) ON DELETE CASCADE,
    contact INTEGER REFERENCES contact (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Their slots; the key package's private half is in the MLS table.
CREATE TABLE slot (
    mailbox BLOB PRIMARY KEY,
    lookup BLOB NOT NULL REFERENCES intake (lookup) ON DELETE CASCADE,
    key_package BLOB NOT NULL,       -- its reference
    last_resort INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Cards of others that are being taken up.
CREATE TABLE redemption (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- a late answer must not be taken for another card's
    lookup BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL,
    address TEXT NOT NULL,
    fingerprint BLOB,
    petname TEXT,
    reservation BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

-- Slots that were fetched and not used, since the card was refused here: the same card fetches the same slot again.
CREATE TABLE reserved (
    lookup BLOB PRIMARY KEY,
    reservation BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY,
    line BLOB NOT NULL UNIQUE,
    person TEXT NOT NULL UNIQUE,     -- as shown here
    name TEXT NOT NULL,              -- as they call themselves
    identity BLOB NOT NULL,
    handsets BLOB NOT NULL,          -- their newest signed list
    list_number INTEGER NOT NULL,
    successor BLOB NOT NULL,
    handset BLOB NOT NULL,           -- the handset spoken with
    conversation BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'open', 'refused', 'blocked')),
    verified TEXT NOT NULL CHECK (verified IN ('unverified', 'card', 'in person')),
    via_card TEXT,
    safety_words TEXT NOT NULL,
    own_encapsulated BLOB,           -- pairing: what we encapsulated to their handset, and its secret
    own_secret BLOB,
    peer_secret BLOB,                -- ... and what they encapsulated to ours
    own_intake BLOB,                 -- token of our standing intake for them
    peer_intake TEXT,                -- their standing intake for us
    peer_token BLOB,
    next_number INTEGER NOT NULL DEFAULT 1,   -- our next running number in this conversation
    status_due INTEGER NOT NULL DEFAULT 0,
    seen_due INTEGER NOT NULL DEFAULT 0,
    refound_at INTEGER,              -- when to found the next generation
    refound_tries INTEGER NOT NULL DEFAULT 0,
    reservation BLOB,                -- of the slot for that
    gap_ask_at INTEGER,
    resume_at INTEGER,               -- nothing is submitted before: a switchboard on the way had no room
    added_at INTEGER NOT NULL
) STRICT;

-- Where numbers stood with removed contacts, under a hash of the line, so that one can be met again.
CREATE TABLE forgotten (
    line_hash BLOB PRIMARY KEY,
    number INTEGER NOT NULL,         -- of generations
    next_number INTEGER NOT NULL,    -- of our contents
    heard_through INTEGER NOT NULL   -- of theirs
) STRICT, WITHOUT ROWID;

-- Introductions through a card that asks first, until admitted or refused.
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL UNIQUE,
    line BLOB NOT NULL,
    card TEXT NOT NULL,
    lookup BLOB NOT NULL,
    mailbox BLOB NOT NULL UNIQUE,
    origin TEXT NOT NULL,            -- the switchboard it came from
    introduction BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE generation (
    id BLOB PRIMARY KEY,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    sequencer TEXT NOT NULL,
    mailbox BLOB NOT NULL UNIQUE,    -- where it delivers to us
    token BLOB NOT NULL,             -- of the intake it was founded through
    founder INTEGER NOT NULL,        -- founded by us
    peer_secret BLOB,                -- what its founder's introduction encapsulated to us
    trusted INTEGER NOT NULL,        -- may become current: founded by us, a new contact's first, or vouched for
    current INTEGER NOT NULL DEFAULT 0,
    vouched INTEGER NOT NULL DEFAULT 0,      -- the other handset vouched for its leaf key
    vouch_due INTEGER NOT NULL DEFAULT 0,    -- we owe ours
    vouch_said INTEGER NOT NULL DEFAULT 0,   -- we gave ours
    commit_hash BLOB,                -- our commit under way
    updated_at INTEGER NOT NULL,     -- our last self-update
    last INTEGER NOT NULL DEFAULT 0,         -- number of the last envelope that came
    said INTEGER NOT NULL DEFAULT 0,         -- highest running number in it while it was not trusted
    troubled INTEGER NOT NULL DEFAULT 0,     -- envelopes that did not decrypt
    lost INTEGER NOT NULL DEFAULT 0,         -- its sequencer does not take what we send
    retired_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_current_generation ON generation (contact) WHERE current = 1;

-- Envelopes whose generation is not joined yet (waiting for admission), or that did not decrypt.
CREATE TABLE held (
    id INTEGER PRIMARY KEY,
    mailbox BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    UNIQUE (mailbox, number)
) STRICT;

-- Every content of a conversation, ours and theirs: texts, reactions, retractions.
CREATE TABLE message (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    mine INTEGER NOT NULL,
    handset BLOB NOT NULL,
    number INTEGER NOT NULL,         -- the handset's running number
    kind TEXT NOT NULL CHECK (kind IN ('text', 'reaction', 'retraction', 'unknown')),
    text TEXT NOT NULL,
    target BLOB,                     -- replied to, reacted to or retracted
    sent_at INTEGER NOT NULL,
    mimi BLOB NOT NULL,              -- empty once gone
    gone INTEGER NOT NULL DEFAULT 0,
    generation_number INTEGER,       -- place in the conversation's order: the newest numbered copy
    rank BLOB,                       -- tells generations of one number apart, the one that goes on last
    place INTEGER,
    generation BLOB,                 -- theirs: where that copy arrived
    doubtful INTEGER NOT NULL DEFAULT 0,      -- theirs: that generation lost its trust; not shown
    flight_generation BLOB,          -- ours: where it was last submitted; absent if it has to be
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'delivered', 'seen'))
) STRICT;
CREATE INDEX message_by_number ON message (contact, number) WHERE mine = 1;
CREATE INDEX message_of_theirs ON message (contact, handset, number) WHERE mine = 0;
CREATE INDEX message_in_order ON message (contact, generation_number, rank, place);
CREATE INDEX message_target ON message (target) WHERE target IS NOT NULL;
CREATE INDEX message_unsent ON message (contact, number) WHERE mine = 1 AND flight_generation IS NULL;
CREATE INDEX message_undelivered ON message (contact, number) WHERE mine = 1 AND state IN ('waiting', 'sent');

CREATE VIRTUAL TABLE message_text USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);

-- Our envelopes that have not come back numbered.
CREATE TABLE flight (
    envelope BLOB PRIMARY KEY,       -- its hash
    generation BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    message INTEGER REFERENCES message (row) ON DELETE CASCADE,   -- absent for status and vouching
    kind TEXT NOT NULL CHECK (kind IN ('content', 'status', 'vouch', 'commit', 'introduction'))
) STRICT, WITHOUT ROWID;
CREATE INDEX flight_by_generation ON flight (generation);
CREATE INDEX flight_by_message ON flight (message);

-- What we have of each handset's running numbers: all through one number, and some beyond it.
CREATE TABLE heard (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    handset BLOB NOT NULL,
    through INTEGER NOT NULL DEFAULT 0,
    known INTEGER NOT NULL DEFAULT 0, -- the highest number known to exist
    seen INTEGER NOT NULL DEFAULT 0, -- the person has seen all up to here
    PRIMARY KEY (contact, handset)
) STRICT, WITHOUT ROWID;
CREATE TABLE heard_beyond (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    handset BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (contact, handset, number)
) STRICT, WITHOUT ROWID;

-- Lines in a conversation that no side wrote: "the conversation was founded again".
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
