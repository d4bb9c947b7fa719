-- Version 5. The switchboard's last return to an older copy of its data, as far as this handset has made up for it.
ALTER TABLE own ADD COLUMN restored BLOB;
