-- Format 6: lines as numbers, handsets that the operator took out of service, and whom that is still to be told to.
CREATE TABLE line_numbers (
    number INTEGER PRIMARY KEY,
    line BLOB NOT NULL UNIQUE
) STRICT;
INSERT INTO line_numbers (line)
    SELECT line FROM lines ORDER BY (SELECT min(taken_at) FROM invitations WHERE invitations.line = lines.line), line;
-- A line's row is replaced with every list; it keeps its number.
CREATE TRIGGER lines_in AFTER INSERT ON lines BEGIN
    INSERT INTO line_numbers (line)
        SELECT new.line WHERE NOT EXISTS (SELECT 1 FROM line_numbers WHERE line = new.line);
END;

ALTER TABLE handsets ADD COLUMN revoked_at INTEGER;   -- absent: in service
CREATE INDEX handsets_revoked ON handsets (line) WHERE revoked_at IS NOT NULL;

CREATE TABLE unannounced (
    line BLOB PRIMARY KEY,
    at INTEGER NOT NULL                               -- when its handsets were taken out of service
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_mailbox ON members (mailbox);
