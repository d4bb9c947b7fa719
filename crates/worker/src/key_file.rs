//! The key file: the handset's database key, wrapped under the passphrase and under the secrets of passkeys.

use database::DatabaseKey;
use protocol::decode;
use rand_core::CryptoRng;
use seal::{SecretWrappedKey, WrappedKey};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use talk::line::Passkey;
use talk::{Secret, Trouble};

/// More than the file ever takes.
pub const LONGEST: usize = 64 * 1024;
/// Passkeys that may open one handset.
const PASSKEYS: usize = 8;
/// What names a passkey, in bytes (WebAuthn Level 3, section 4: a credential id has at most so many).
const CREDENTIAL: usize = 1023;
/// A passphrase, in characters at least.
const SHORTEST: usize = 8;

/// What opens a handset.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KeyFile {
    passphrase: Option<WrappedKey>,
    passkeys: Vec<Held>,
}

/// The key under a passkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    credential: ByteBuf,
    salt: ByteBuf,
    wrapped: SecretWrappedKey,
}

impl KeyFile {
    /// Reads one.
    ///
    /// # Errors
    /// `handset-newer-version` or `handset-damaged`.
    pub fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        decode(bytes, LONGEST).map_err(|error| match error {
            protocol::DecodeError::Version(_) => Trouble::new(
                "handset-newer-version",
                "this handset was made by a newer version of the app: close all its windows and open it again",
            ),
            _ => Trouble::new("handset-damaged", "this handset's key is damaged: restore the line from a backup"),
        })
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        protocol::encode(self)
    }

    /// The passkeys that open it.
    pub fn passkeys(&self) -> Vec<Passkey> {
        let shown = |held: &Held| Passkey { credential: held.credential.clone(), salt: held.salt.clone() };
        self.passkeys.iter().map(shown).collect()
    }

    /// Has it opened by this too: by another passphrase instead of the one before, or by a passkey besides.
    ///
    /// # Errors
    /// `short-passphrase`, `bad-passkey` or `too-many-passkeys`; nothing is changed then.
    pub fn add(
        &mut self,
        key: &DatabaseKey,
        secret: &Secret,
        passkey: Option<&Passkey>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Trouble> {
        match (secret, passkey) {
            (Secret::Passphrase(passphrase), _) => {
                if passphrase.chars().count() < SHORTEST {
                    let sentence = format!("a passphrase has at least {SHORTEST} characters: choose a longer one");
                    return Err(Trouble::new("short-passphrase", sentence));
                }
                let wrapped = WrappedKey::wrap(key, passphrase, rng).map_err(|_| unusable())?;
                self.passphrase = Some(wrapped);
            }
            (Secret::Passkey(secret), Some(passkey)) => {
                if passkey.credential.is_empty() || passkey.credential.len() > CREDENTIAL || passkey.salt.len() != 32 {
                    return Err(unusable());
                }
                let secret = secret.as_slice().try_into().map_err(|_| unusable())?;
                let wrapped = SecretWrappedKey::wrap(key, secret, &passkey.credential, rng).map_err(|_| unusable())?;
                let mut others: Vec<Held> = self.passkeys.clone();
                others.retain(|held| held.credential != passkey.credential);
                if others.len() >= PASSKEYS {
                    let sentence = format!("{PASSKEYS} passkeys open this handset already: take them away first");
                    return Err(Trouble::new("too-many-passkeys", sentence));
                }
                others.push(Held { credential: passkey.credential.clone(), salt: passkey.salt.clone(), wrapped });
                self.passkeys = others;
            }
            (Secret::Passkey(_), None) => return Err(unusable()),
        }
        Ok(())
    }

    /// Takes all passkeys away.
    ///
    /// # Errors
    /// `no-passphrase`: nothing else would open it.
    pub fn forget_passkeys(&mut self) -> Result<(), Trouble> {
        if self.passphrase.is_none() {
            let sentence = "only passkeys open this handset: choose a passphrase first";
            return Err(Trouble::new("no-passphrase", sentence));
        }
        self.passkeys.clear();
        Ok(())
    }

    /// The key.
    ///
    /// # Errors
    /// `wrong-passphrase`, `wrong-passkey` or `no-passphrase`.
    pub fn open(&self, secret: &Secret) -> Result<DatabaseKey, Trouble> {
        match secret {
            Secret::Passphrase(passphrase) => {
                let wrapped = self.passphrase.as_ref().ok_or_else(|| {
                    Trouble::new("no-passphrase", "no passphrase opens this handset: use the passkey")
                })?;
                wrapped.unwrap(passphrase).map_err(|_| {
                    Trouble::new("wrong-passphrase", "this is not the passphrase of this handset: try again")
                })
            }
            Secret::Passkey(secret) => {
                let secret: Option<&[u8; 32]> = secret.as_slice().try_into().ok();
                let opened =
                    |secret| self.passkeys.iter().find_map(|held| held.wrapped.unwrap(secret, &held.credential).ok());
                secret.and_then(opened).ok_or_else(|| {
                    Trouble::new("wrong-passkey", "this passkey does not open this handset: use the passphrase")
                })
            }
        }
    }
}

fn unusable() -> Trouble {
    Trouble::new("bad-passkey", "this passkey gives no secret to open a handset with: use a passphrase")
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use seal::draw_database_key;

    use super::*;

    fn passphrase(text: &str) -> Secret {
        Secret::Passphrase(text.to_owned())
    }

    fn passkey(name: u8) -> (Secret, Passkey) {
        let held = Passkey { credential: ByteBuf::from([name; 16]), salt: ByteBuf::from([0; 32]) };
        (Secret::Passkey(ByteBuf::from([name; 32])), held)
    }

    #[test]
    fn each_secret_that_was_given_opens_it_and_no_other() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = draw_database_key(&mut rng);
        let mut file = KeyFile::default();
        file.add(&key, &passphrase("a long evening"), None, &mut rng).unwrap();
        let (secret, held) = passkey(1);
        file.add(&key, &secret, Some(&held), &mut rng).unwrap();
        let file = KeyFile::read(&file.to_bytes()).unwrap();
        assert_eq!(file.passkeys(), [held]);
        for secret in [passphrase("a long evening"), secret] {
            assert_eq!(file.open(&secret).unwrap().as_bytes(), key.as_bytes());
        }
        assert_eq!(file.open(&passphrase("a long morning")).unwrap_err().code, "wrong-passphrase");
        assert_eq!(file.open(&passkey(2).0).unwrap_err().code, "wrong-passkey");
    }

    #[test]
    fn a_new_passphrase_takes_the_place_of_the_old_and_passkeys_can_be_taken_away() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = draw_database_key(&mut rng);
        let mut file = KeyFile::default();
        for name in 1..=8 {
            let (secret, held) = passkey(name);
            file.add(&key, &secret, Some(&held), &mut rng).unwrap();
        }
        let (secret, held) = passkey(9);
        assert_eq!(file.add(&key, &secret, Some(&held), &mut rng).unwrap_err().code, "too-many-passkeys");
        assert_eq!(file.forget_passkeys().unwrap_err().code, "no-passphrase");
        assert_eq!(file.add(&key, &passphrase("short"), None, &mut rng).unwrap_err().code, "short-passphrase");
        file.add(&key, &passphrase("a long evening"), None, &mut rng).unwrap();
        file.add(&key, &passphrase("a long voyage"), None, &mut rng).unwrap();
        file.forget_passkeys().unwrap();
        assert!(file.open(&passphrase("a long evening")).is_err() && file.open(&passkey(1).0).is_err());
        assert!(file.open(&passphrase("a long voyage")).is_ok());
    }

    #[test]
    fn what_is_newer_or_damaged_is_told_apart() {
        assert_eq!(KeyFile::read(&[9, 9]).unwrap_err().code, "handset-newer-version");
        assert_eq!(KeyFile::read(&[1, 9]).unwrap_err().code, "handset-damaged");
    }
}
