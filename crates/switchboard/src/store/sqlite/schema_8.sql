-- Format 8: one more kind of sum: 4, items of one peer for one line (the line's id, then the peer's address).
INSERT INTO sums SELECT 4, CAST(line || sender AS BLOB), sum(bytes) FROM items WHERE sender IS NOT NULL GROUP BY line, sender;

CREATE TRIGGER items_of_line_in AFTER INSERT ON items WHEN new.sender IS NOT NULL BEGIN
    INSERT INTO sums VALUES (4, CAST(new.line || new.sender AS BLOB), new.bytes)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER items_of_line_out AFTER DELETE ON items WHEN old.sender IS NOT NULL BEGIN
    UPDATE sums SET bytes = bytes - old.bytes WHERE kind = 4 AND who = CAST(old.line || old.sender AS BLOB);
    DELETE FROM sums WHERE kind = 4 AND who = CAST(old.line || old.sender AS BLOB) AND bytes <= 0;
END;
