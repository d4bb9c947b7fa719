-- Version 3: texts that expire.

-- The kind 'expiry': a word about how long texts stay. Its text is "SECONDS AFTER" for a proposal, else what it says to
-- the one in target. (SQLite changes a check in no other way; the rows are as they were.)
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''retraction'', ''unknown''', '''retraction'', ''expiry'', ''unknown''')
    WHERE type = 'table' AND name = 'message';
PRAGMA writable_schema = RESET;

ALTER TABLE message ADD COLUMN expires_in INTEGER;   -- seconds, where it was said so
ALTER TABLE message ADD COLUMN expires_at INTEGER;
ALTER TABLE message ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;   -- over: nothing is left but its number
CREATE INDEX message_expires ON message (expires_at) WHERE expires_at IS NOT NULL AND expired = 0;
CREATE INDEX message_expiry ON message (contact, mine, number) WHERE kind = 'expiry';

-- What had been agreed with a contact that was removed and met again.
ALTER TABLE contact ADD COLUMN expiry_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN expiry_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN expiry_by BLOB NOT NULL DEFAULT x'';
ALTER TABLE forgotten ADD COLUMN expiry_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE forgotten ADD COLUMN expiry_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE forgotten ADD COLUMN expiry_by BLOB NOT NULL DEFAULT x'';

-- An index without contents only marks a deleted row and keeps its words. One over the table itself reads there which
-- words to take out, and with 'secure-delete' takes them out at once. Delete from it before the text is blanked.
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (text, content = 'message', content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);
INSERT INTO message_text (rowid, text) SELECT row, text FROM message WHERE kind = 'text' AND gone = 0;
