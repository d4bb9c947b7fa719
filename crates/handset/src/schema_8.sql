-- Version 8: reading a little of much: a page of a conversation, the list of conversations, a search.

-- What a conversation shows, in its order: what has its place, and then, by row, what has none yet.
DROP INDEX message_in_order;
CREATE INDEX message_placed ON message (contact, generation_number, rank, place)
    WHERE generation_number IS NOT NULL AND kind IN ('text', 'expiry', 'unknown') AND doubtful = 0 AND expired = 0;
CREATE INDEX message_unplaced ON message (contact)
    WHERE generation_number IS NULL AND kind IN ('text', 'expiry', 'unknown') AND doubtful = 0 AND expired = 0;
CREATE INDEX message_unseen ON message (contact, kind, gone, doubtful, generation_number, rank, place)
    WHERE mine = 0 AND state <> 'seen';
CREATE INDEX message_delivered ON message (contact, number) WHERE mine = 1 AND state = 'delivered';
CREATE INDEX notice_in_order ON notice (contact, at);
CREATE INDEX file_under_way ON file (state) WHERE state IN ('sealed', 'opened');

-- Searched by words and by whom they are with. It is given its words (search.rs) and keeps none of them whole; whatever
-- is taken out of it has to be named by the same words. Filled when the handset is opened. (With indexes of beginnings,
-- SQLite now and then left pieces of words between the cells of a page.)
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (text, contact, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE message_words USING fts5vocab (message_text, instance);

-- The highest number that a contact ever had here: a number that named somebody once names nobody else later.
ALTER TABLE own ADD COLUMN contacts INTEGER NOT NULL DEFAULT 0;
UPDATE own SET contacts = (SELECT coalesce(max(id), 0) FROM contact);

-- What is being written, and what the app remembers for itself: on this handset only, and in no backup.
CREATE TABLE draft (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    reply_to BLOB
) STRICT;
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
