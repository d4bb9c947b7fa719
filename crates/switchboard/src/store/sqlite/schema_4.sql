-- Format 4: when a peer last confirmed anything.
ALTER TABLE peers ADD COLUMN confirmed_at INTEGER;

-- And who causes how many bytes to be kept, as sums that every change of a row keeps up.
ALTER TABLE queued ADD COLUMN line BLOB;   -- whose words it carries; absent for answers
ALTER TABLE items ADD COLUMN sender TEXT;  -- the peer that it came from; absent if it is from here

CREATE TABLE sums (
    kind INTEGER NOT NULL,                 -- 0 waits for all peers, 1 of that: of this line, 2 items of all peers, 3 of this peer
    who BLOB NOT NULL,                     -- empty for all
    bytes INTEGER NOT NULL,
    PRIMARY KEY (kind, who)
) STRICT, WITHOUT ROWID;
INSERT INTO sums SELECT 0, x'', coalesce(sum(bytes), 0) FROM queued;
INSERT INTO sums VALUES (2, x'', 0);

CREATE TRIGGER queued_in AFTER INSERT ON queued BEGIN
    UPDATE sums SET bytes = bytes + new.bytes WHERE kind = 0 AND who = x'';
    INSERT INTO sums SELECT 1, new.line, new.bytes WHERE new.line IS NOT NULL
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER queued_changed AFTER UPDATE OF bytes ON queued BEGIN
    UPDATE sums SET bytes = bytes + new.bytes - old.bytes
        WHERE (kind = 0 AND who = x'') OR (kind = 1 AND who = new.line);
END;
CREATE TRIGGER queued_out AFTER DELETE ON queued BEGIN
    UPDATE sums SET bytes = bytes - old.bytes WHERE kind = 0 AND who = x'';
    UPDATE sums SET bytes = bytes - old.bytes WHERE kind = 1 AND who = old.line;
    DELETE FROM sums WHERE kind = 1 AND who = old.line AND bytes <= 0;
END;
CREATE TRIGGER items_in AFTER INSERT ON items WHEN new.sender IS NOT NULL BEGIN
    UPDATE sums SET bytes = bytes + new.bytes WHERE kind = 2 AND who = x'';
    INSERT INTO sums VALUES (3, CAST(new.sender AS BLOB), new.bytes)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER items_out AFTER DELETE ON items WHEN old.sender IS NOT NULL BEGIN
    UPDATE sums SET bytes = bytes - old.bytes WHERE kind = 2 AND who = x'';
    UPDATE sums SET bytes = bytes - old.bytes WHERE kind = 3 AND who = CAST(old.sender AS BLOB);
    DELETE FROM sums WHERE kind = 3 AND who = CAST(old.sender AS BLOB) AND bytes <= 0;
END;
