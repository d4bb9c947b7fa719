-- Format 2: whether anything here holds a peer is asked for every answer to it.
CREATE INDEX mailboxes_by_sender ON mailboxes (sender);
CREATE INDEX members_by_address ON members (address);
