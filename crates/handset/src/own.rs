//! This handset and its line.

use database::rusqlite::{Connection, OptionalExtension as _, Row};
use protocol::{HandsetId, LineId, SwitchboardAddress, Timestamp};
use seal::{KemKey, SigningKey};
use zeroize::Zeroizing;

use crate::error::Error;

/// The one row of `own`. The private half of the successor key is in it until the first backup.
pub(crate) struct Own {
    pub(crate) name: String,
    pub(crate) line: LineId,
    pub(crate) handset: HandsetId,
    pub(crate) handsets: Vec<u8>,
    pub(crate) switchboard: SwitchboardAddress,
    pub(crate) scheme: String,
    pub(crate) office: String,
    pub(crate) cursor: u64,
    pub(crate) invitation: Option<Vec<u8>>,
    pub(crate) claimed: bool,
    /// The successor key under the backup's passphrase, once a backup took it away.
    pub(crate) successor_wrapped: Option<Vec<u8>>,
    pub(crate) backup_at: Option<Timestamp>,
    /// When the backup was made that this handset began with.
    pub(crate) restored_from: Option<Timestamp>,
    /// The switchboard has not taken the restored line yet.
    pub(crate) restoring: bool,
    /// When the line was restored on another handset.
    pub(crate) superseded: Option<Timestamp>,
    successor: Zeroizing<Vec<u8>>,
    identity: Zeroizing<Vec<u8>>,
    signing: Zeroizing<Vec<u8>>,
    kem: Zeroizing<Vec<u8>>,
}

impl Own {
    /// The row, if a claim was begun.
    pub(crate) fn load(db: &Connection) -> Result<Option<Self>, Error> {
        db.prepare_cached(
            "SELECT name, line, handset, handsets, switchboard, scheme, office, cursor, invitation, claimed,
                    identity, signing, kem, successor, successor_wrapped, backup_at, restored_from, restoring,
                    superseded FROM own",
        )?
        .query_row([], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    /// The row, if a switchboard has taken the line.
    pub(crate) fn taken(db: &Connection) -> Result<Self, Error> {
        match Self::load(db)? {
            Some(own) if own.claimed => Ok(own),
            Some(own) if own.restoring => Err(Error::NotTaken),
            _ => Err(Error::NotClaimed),
        }
    }

    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: row.get(0)?,
            line: LineId::from_slice(&row.get::<_, Vec<u8>>(1)?).ok_or(Error::Corrupt("line"))?,
            handset: HandsetId::from_slice(&row.get::<_, Vec<u8>>(2)?).ok_or(Error::Corrupt("handset"))?,
            handsets: row.get(3)?,
            switchboard: row.get::<_, String>(4)?.parse().map_err(|_| Error::Corrupt("switchboard"))?,
            scheme: row.get(5)?,
            office: row.get(6)?,
            cursor: row.get(7)?,
            invitation: row.get(8)?,
            claimed: row.get(9)?,
            identity: Zeroizing::new(row.get(10)?),
            signing: Zeroizing::new(row.get(11)?),
            kem: Zeroizing::new(row.get(12)?),
            successor: Zeroizing::new(row.get(13)?),
            successor_wrapped: row.get(14)?,
            backup_at: row.get::<_, Option<u64>>(15)?.map(Timestamp::from_millis),
            restored_from: row.get::<_, Option<u64>>(16)?.map(Timestamp::from_millis),
            restoring: row.get(17)?,
            superseded: row
                .get::<_, Option<Vec<u8>>>(18)?
                .map(|signed| seal::read_handset_list(&signed).map_err(|_| Error::Corrupt("superseded")))
                .transpose()?
                .map(|list| list.made_at),
        })
    }

    /// The line's identity key.
    pub(crate) fn identity(&self) -> Result<SigningKey, Error> {
        signing_key(&self.identity)
    }

    /// The successor key, where a backup has not taken it away.
    pub(crate) fn successor(&self) -> Result<SigningKey, Error> {
        signing_key(&self.successor)
    }

    /// The handset's signing key.
    pub(crate) fn signing(&self) -> Result<SigningKey, Error> {
        signing_key(&self.signing)
    }

    /// The handset's KEM key.
    pub(crate) fn kem(&self) -> Result<KemKey, Error> {
        KemKey::from_bytes(&self.kem).map_err(|_| Error::Corrupt("kem"))
    }
}

fn signing_key(seed: &[u8]) -> Result<SigningKey, Error> {
    let seed: &[u8; SigningKey::SEED_BYTES] = seed.try_into().map_err(|_| Error::Corrupt("key"))?;
    Ok(SigningKey::from_seed(seed))
}
