//! This handset and its line.

use database::rusqlite::{Connection, OptionalExtension as _, Row};
use protocol::{HandsetId, LineId, SwitchboardAddress, Timestamp};
use seal::{KemKey, SigningKey};
use zeroize::Zeroizing;

use crate::error::Error;

/// The one row of `own`, but for its keys and the handset list, which are large, seldom needed, and read where they are.
pub(crate) struct Own {
    pub(crate) name: String,
    pub(crate) line: LineId,
    pub(crate) handset: HandsetId,
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
}

impl Own {
    /// The row, if a claim was begun.
    pub(crate) fn load(db: &Connection) -> Result<Option<Self>, Error> {
        db.prepare_cached(
            "SELECT name, line, handset, switchboard, scheme, office, cursor, invitation, claimed,
                    successor_wrapped, backup_at, restored_from, restoring, superseded FROM own",
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
            switchboard: row.get::<_, String>(3)?.parse().map_err(|_| Error::Corrupt("switchboard"))?,
            scheme: row.get(4)?,
            office: row.get(5)?,
            cursor: row.get(6)?,
            invitation: row.get(7)?,
            claimed: row.get(8)?,
            successor_wrapped: row.get(9)?,
            backup_at: row.get::<_, Option<u64>>(10)?.map(Timestamp::from_millis),
            restored_from: row.get::<_, Option<u64>>(11)?.map(Timestamp::from_millis),
            restoring: row.get(12)?,
            superseded: row
                .get::<_, Option<Vec<u8>>>(13)?
                .map(|signed| seal::read_handset_list(&signed).map_err(|_| Error::Corrupt("superseded")))
                .transpose()?
                .map(|list| list.made_at),
        })
    }

    /// The newest signed handset list.
    pub(crate) fn handsets(db: &Connection) -> Result<Vec<u8>, Error> {
        Ok(db.prepare_cached("SELECT handsets FROM own")?.query_row([], |row| row.get(0))?)
    }

    /// The line's identity key.
    pub(crate) fn identity(db: &Connection) -> Result<SigningKey, Error> {
        signing_key(db, "SELECT identity FROM own")
    }

    /// The successor key, where a backup has not taken its private half away.
    pub(crate) fn successor(db: &Connection) -> Result<SigningKey, Error> {
        signing_key(db, "SELECT successor FROM own")
    }

    /// The handset's signing key.
    pub(crate) fn signing(db: &Connection) -> Result<SigningKey, Error> {
        signing_key(db, "SELECT signing FROM own")
    }

    /// The handset's KEM key.
    pub(crate) fn kem(db: &Connection) -> Result<KemKey, Error> {
        KemKey::from_bytes(&secret(db, "SELECT kem FROM own")?).map_err(|_| Error::Corrupt("kem"))
    }
}

fn secret(db: &Connection, sql: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(Zeroizing::new(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
}

fn signing_key(db: &Connection, sql: &str) -> Result<SigningKey, Error> {
    let seed = secret(db, sql)?;
    let seed: &[u8; SigningKey::SEED_BYTES] = seed.as_slice().try_into().map_err(|_| Error::Corrupt("key"))?;
    Ok(SigningKey::from_seed(seed))
}
