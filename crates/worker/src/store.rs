//! Where a handset lies on this device: its database in the pool, its key file beside it, the sealed bytes of files and of
//! recordings, and the few wishes that the lock screen needs.

use database::DatabaseKey;
use database::rusqlite::Connection;
use talk::line::Wishes;
use talk::{Millis, Secret, Trouble};

use crate::disk::Folder;
use crate::failure::{Failure, Result};
use crate::files::Files;
use crate::key_file::{self, KeyFile};
use crate::patience::Patience;

/// Names on the disk say nothing.
const DATABASE: &str = "handset";
const FOLDER: &str = "handset";
const FILES: &str = "files";
const TAKES: &str = "takes";
const KEY: &str = "key";
const PATIENCE: &str = "tries";
const WISHES: &str = "wishes";

/// More than the wishes ever take.
const WISHES_BYTES: usize = 4096;

/// A handset's place.
#[derive(Debug, Clone)]
pub struct Store {
    root: Folder,
    folder: Folder,
}

impl Store {
    /// On this origin's file system.
    ///
    /// # Errors
    /// Where there is none, or not here.
    pub async fn on_device() -> Result<Self> {
        let root = Folder::root().await?;
        let folder = root.folder(FOLDER).await?;
        Ok(Self { root, folder })
    }

    /// Whatever opens the handset; none if there is none.
    ///
    /// # Errors
    /// If it is damaged or of a newer version, or cannot be read.
    pub async fn key_file(&self) -> Result<Option<KeyFile>> {
        Ok(self.folder.read_small(KEY).await?.map(|bytes| KeyFile::read(&bytes)).transpose()?)
    }

    /// Keeps it: from now on there is a handset.
    ///
    /// # Errors
    /// If the disk does not take it; the one before counts then.
    pub async fn keep_key_file(&self, file: &KeyFile) -> Result<()> {
        self.folder.write_small(KEY, &file.to_bytes()).await
    }

    /// How long to wait after wrong passphrases.
    ///
    /// # Errors
    /// The browser's.
    pub async fn patience(&self) -> Result<Patience> {
        let kept = self.folder.read_small(PATIENCE).await?;
        Ok(kept.and_then(|bytes| protocol::decode(&bytes, key_file::LONGEST).ok()).unwrap_or_default())
    }

    /// The key, by what unlocks the handset. A passphrase counts as wrong before it is tried.
    ///
    /// # Errors
    /// `too-early` while one has to wait; what the key file says; the browser's.
    pub async fn unwrap(&self, file: &KeyFile, secret: &Secret, now: Millis) -> Result<DatabaseKey> {
        if let Secret::Passkey(_) = secret {
            return Ok(file.open(secret)?);
        }
        let patience = self.patience().await?;
        if patience.not_before(now).is_some() {
            let sentence = "too many passphrases were wrong: wait, then try again";
            return Err(Failure(Trouble::new("too-early", sentence)));
        }
        self.folder.write_small(PATIENCE, &protocol::encode(&patience.one_more(now))).await?;
        let key = file.open(secret);
        if key.is_ok() {
            self.folder.write_small(PATIENCE, &protocol::encode(&Patience::default())).await?;
        }
        Ok(key?)
    }

    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn database(&self, key: &DatabaseKey) -> Result<Connection> {
        Ok(database::open_opfs(DATABASE, key).await?)
    }

    /// The sealed bytes of files.
    ///
    /// # Errors
    /// The browser's.
    pub async fn files(&self) -> Result<Files> {
        Ok(Files::within(self.root.folder(FILES).await?))
    }

    /// The sealed pieces of recordings.
    ///
    /// # Errors
    /// The browser's.
    pub async fn takes(&self) -> Result<Folder> {
        self.root.folder(TAKES).await
    }

    /// What the lock screen needs of the wishes.
    ///
    /// # Errors
    /// The browser's.
    pub async fn wishes(&self) -> Result<Wishes> {
        let kept = self.folder.read_small(WISHES).await?;
        let kept = kept
            .and_then(|bytes| protocol::decode::<(Option<String>, Option<String>, String)>(&bytes, WISHES_BYTES).ok());
        let mut wishes = Wishes::default();
        if let Some((language, theme, text_size)) = kept {
            wishes = Wishes { language, theme, text_size, ..wishes };
        }
        Ok(wishes)
    }

    /// Keeps that.
    ///
    /// # Errors
    /// The browser's.
    pub async fn keep_wishes(&self, wishes: &Wishes) -> Result<()> {
        let plain = (&wishes.language, &wishes.theme, &wishes.text_size);
        self.folder.write_small(WISHES, &protocol::encode(&plain)).await
    }

    /// Removes all but the key file and the wishes: what a claim left that was killed before it had a key, which nothing
    /// can open.
    ///
    /// # Errors
    /// The browser's.
    pub async fn clear(&self) -> Result<()> {
        database::remove_opfs(DATABASE).await?;
        self.root.remove(FILES).await?;
        self.root.remove(TAKES).await
    }

    /// Removes the handset. Without its key the rest is noise, so that goes first.
    ///
    /// # Errors
    /// The browser's; what is left then cannot be opened.
    pub async fn erase(&self) -> Result<()> {
        self.folder.remove_small(KEY).await?;
        self.folder.remove_small(PATIENCE).await?;
        self.folder.remove_small(WISHES).await?;
        self.clear().await
    }
}
