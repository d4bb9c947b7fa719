-- Format 9: how often a member's switchboard said that its handset is out of service or back, since when it is counted.
ALTER TABLE members ADD COLUMN words INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN words_since INTEGER NOT NULL DEFAULT 0;
