//! Where handsets are woken.

use database::rusqlite::params;
use protocol::wake::Subscription;
use protocol::{HandsetId, LineId};
use serde_bytes::ByteBuf;

use super::SqliteTx;
use crate::store::{Result, Wakes};

impl Wakes for SqliteTx<'_> {
    fn wake(&mut self, line: &LineId, handset: &HandsetId) -> Result<Option<Subscription>> {
        self.one(
            "SELECT endpoint, p256dh, auth FROM wakes WHERE line = ?1 AND handset = ?2",
            (line.as_bytes(), handset.as_bytes()),
            |row| {
                Ok(Subscription {
                    endpoint: row.get(0)?,
                    p256dh: ByteBuf::from(row.get::<_, Vec<u8>>(1)?),
                    auth: ByteBuf::from(row.get::<_, Vec<u8>>(2)?),
                })
            },
        )
    }

    fn put_wake(&mut self, line: &LineId, handset: &HandsetId, subscription: &Subscription) -> Result<()> {
        let Subscription { endpoint, p256dh, auth } = subscription;
        self.run(
            "INSERT OR REPLACE INTO wakes (line, handset, endpoint, p256dh, auth) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![line.as_bytes(), handset.as_bytes(), endpoint, p256dh.as_slice(), auth.as_slice()],
        )
        .map(drop)
    }

    fn remove_wake(&mut self, line: &LineId, handset: &HandsetId) -> Result<()> {
        self.run("DELETE FROM wakes WHERE line = ?1 AND handset = ?2", (line.as_bytes(), handset.as_bytes())).map(drop)
    }
}
