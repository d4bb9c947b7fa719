-- Format 5: what an operator wants to know of an invitation, and its end.
ALTER TABLE invitations ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE invitations ADD COLUMN expires_at INTEGER;   -- absent: never
ALTER TABLE invitations ADD COLUMN taken_at INTEGER;
ALTER TABLE invitations ADD COLUMN withdrawn_at INTEGER;
