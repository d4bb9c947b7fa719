//! How a backup's file begins (docs/backup-format.md): what it is, its version, and its database's key under the backup's
//! passphrase. The encrypted database follows.

use crate::WrappedKey;

/// How the file begins.
const MAGIC: &[u8; 16] = b"entrenous backup";
/// The version of the heading.
const VERSION: u8 = 1;
/// More than a wrapped key ever takes.
const KEY_BYTES: usize = 4096;

/// Bytes of a heading before the wrapped key.
pub const BACKUP_HEADING: usize = MAGIC.len() + 5;

/// Why a file is no backup that can be opened here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotABackup {
    /// It is something else.
    Other,
    /// Of a newer version.
    Newer,
    /// Cut or altered.
    Damaged,
}

/// The heading of a backup whose database has this key.
pub fn backup_heading(wrapped: &WrappedKey) -> Vec<u8> {
    let wrapped = protocol::encode(wrapped);
    let length = u32::try_from(wrapped.len()).unwrap_or(u32::MAX);
    [&MAGIC[..], &[VERSION], &length.to_be_bytes(), &wrapped].concat()
}

/// How many bytes the wrapped key has that follows these first [`BACKUP_HEADING`] bytes of a file.
///
/// # Errors
/// [`NotABackup`].
pub fn backup_key_bytes(heading: &[u8]) -> Result<usize, NotABackup> {
    let (magic, rest) = heading.split_at_checked(MAGIC.len()).ok_or(NotABackup::Damaged)?;
    if magic != MAGIC {
        return Err(NotABackup::Other);
    }
    let [version, length @ ..] = rest else { return Err(NotABackup::Damaged) };
    if *version != VERSION {
        return Err(NotABackup::Newer);
    }
    let length: [u8; 4] = length.try_into().map_err(|_| NotABackup::Damaged)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > KEY_BYTES { Err(NotABackup::Damaged) } else { Ok(length) }
}

/// Reads the wrapped key.
///
/// # Errors
/// [`NotABackup::Damaged`].
pub fn backup_key(bytes: &[u8]) -> Result<WrappedKey, NotABackup> {
    protocol::decode(bytes, KEY_BYTES).map_err(|_| NotABackup::Damaged)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::draw_database_key;

    #[test]
    fn a_heading_reads_back_and_what_is_none_is_told_apart() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let key = draw_database_key(&mut rng);
        let heading = backup_heading(&WrappedKey::wrap(&key, "a long voyage", &mut rng).unwrap());
        let (fixed, wrapped) = heading.split_at(BACKUP_HEADING);
        assert_eq!(backup_key_bytes(fixed), Ok(wrapped.len()));
        assert_eq!(backup_key(wrapped).unwrap().unwrap("a long voyage").unwrap().as_bytes(), key.as_bytes());
        assert_eq!(backup_key_bytes(b"something else entirely"), Err(NotABackup::Other));
        let newer = [&fixed[..16], &[9], &fixed[17..]].concat();
        assert_eq!(backup_key_bytes(&newer), Err(NotABackup::Newer));
        let longer = [&fixed[..17], &[255; 4]].concat();
        for damaged in [&fixed[..12], &fixed[..20], &longer] {
            assert_eq!(backup_key_bytes(damaged), Err(NotABackup::Damaged));
        }
        assert!(backup_key(&wrapped[1..]).is_err());
    }
}
