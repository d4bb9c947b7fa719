-- Version 6: when a text of ours last left the handset, in the generation that it is on its way in.
ALTER TABLE message ADD COLUMN left_at INTEGER;
