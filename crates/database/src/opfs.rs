//! Databases on the browser's origin-private file system, from inside a dedicated worker.
//!
//! The pool of file handles belongs to one worker at a time: a second tab has to wait. Pages and log
//! are encrypted; the names of the files are not, so give them neutral ones.

use js_sys::Promise;
use js_sys::futures::JsFuture;
use rusqlite::{Connection, OpenFlags};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::VfsFilesManager;
use sqlite_wasm_rs::vfs::transfer::{DbImport, DbTransfer, ExportSource as _};
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHImportTarget, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

use crate::settings::{set_common, set_key, set_wal};
use crate::{DatabaseKey, Error};

/// SQLite's name for the pool; the encrypting layer above it goes by the same name with a prefix.
const POOL: &str = "opfs-sahpool";
const ENCRYPTED_POOL: &str = "multipleciphers-opfs-sahpool";
/// The pool's folder on the origin-private file system.
const FOLDER: &str = "store";
/// A database, its log, its journal, and one to spare: the pool cannot grow while SQLite asks.
const FILES_PER_DATABASE: usize = 4;
/// A worker that was killed while it worked keeps its handles for about two seconds (Chromium 156).
const TRIES: u32 = 50;
/// Bytes of a database's file that are read at a time.
const STRETCH: usize = 1 << 20;
const MILLISECONDS_BETWEEN_TRIES: i32 = 100;

/// Opens the encrypted database called `name`, or makes it. Only one connection to it may be open.
///
/// # Errors
///
/// [`Error::WrongKey`] when the key does not open the file; [`Error::OpenElsewhere`] when another tab
/// has the pool and keeps it for five seconds; [`Error::Browser`] outside a dedicated worker, or when
/// the browser offers no such file system; else what SQLite says.
pub async fn open_opfs(name: &str, key: &DatabaseKey) -> Result<Connection, Error> {
    let pool = pool().await?;
    let used = pool.len().map_err(refused)?;
    pool.ensure_capacity(used + FILES_PER_DATABASE).await.map_err(refused)?;

    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(name, flags, ENCRYPTED_POOL)?;
    // Before the first page is read: the log's index is then kept in memory, as there is none to share.
    connection.query_row("PRAGMA locking_mode=EXCLUSIVE", (), |_| Ok(()))?;
    set_key(&connection, key)?;
    set_common(&connection)?;
    set_wal(&connection)?;
    Ok(connection)
}

/// Removes a database with its log; none does nothing. No connection to it may be open.
///
/// # Errors
///
/// As [`open_opfs`], as far as the browser is concerned.
pub async fn remove_opfs(name: &str) -> Result<(), Error> {
    let pool = pool().await?;
    for suffix in ["", "-wal", "-journal", "-shm"] {
        pool.remove(&format!("{name}{suffix}")).map_err(refused)?;
    }
    Ok(())
}

/// Reads a database's file as it lies there, encrypted, a stretch at a time. No connection to it may be open, and its log
/// must be in it (`journal_mode=DELETE`).
///
/// # Errors
///
/// What `take` says ([`Error::Browser`] if it only says no), or the browser.
pub async fn export_opfs(name: &str, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let pool = pool().await?;
    let mut source = pool.open_export(name).map_err(refused)?;
    let (mut at, mut stretch) = (0, vec![0; STRETCH]);
    while at < source.size() {
        let read = source.read_at(at, &mut stretch).map_err(refused)?;
        match stretch.get(..read) {
            None | Some([]) => return Err(Error::Browser("the database's file ends too early".to_owned())),
            Some(bytes) => take(bytes)?,
        }
        at += read as u64;
    }
    Ok(())
}

/// A database's file that is put in place as it is, encrypted; nothing of it stays unless it is finished.
pub struct OpfsImport<'a>(DbImport<OpfsSAHImportTarget<'a>>);

impl std::fmt::Debug for OpfsImport<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpfsImport")
    }
}

/// The pool, for [`OpfsPool::import`].
pub struct OpfsPool(OpfsSAHPoolUtil);

impl std::fmt::Debug for OpfsPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpfsPool")
    }
}

impl OpfsPool {
    /// The worker's, with room for one database more.
    ///
    /// # Errors
    ///
    /// As [`open_opfs`], as far as the browser is concerned.
    pub async fn with_room() -> Result<Self, Error> {
        let pool = pool().await?;
        let used = pool.len().map_err(refused)?;
        pool.ensure_capacity(used + FILES_PER_DATABASE).await.map_err(refused)?;
        Ok(Self(pool))
    }

    /// Begins to put a database's file of so many bytes in place, under a name that is free.
    ///
    /// # Errors
    ///
    /// The browser's.
    pub fn import(&self, name: &str, bytes: u64) -> Result<OpfsImport<'_>, Error> {
        self.0.begin_import_unchecked(name, bytes).map(OpfsImport).map_err(refused)
    }
}

impl OpfsImport<'_> {
    /// The next bytes.
    ///
    /// # Errors
    ///
    /// The browser's; or if there are more than was said.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(bytes).map_err(refused)
    }

    /// All of it was written.
    ///
    /// # Errors
    ///
    /// The browser's; or if there are fewer bytes than was said.
    pub fn finish(self) -> Result<(), Error> {
        self.0.finish().map_err(refused)
    }
}

/// The worker's pool, installed when first asked for.
async fn pool() -> Result<OpfsSAHPoolUtil, Error> {
    let options =
        OpfsSAHPoolCfgBuilder::new().vfs_name(POOL).directory(FOLDER).initial_capacity(FILES_PER_DATABASE).build();
    for _ in 0..TRIES {
        match install::<WasmOsCallback>(&options, false).await {
            Err(error) if is_held(&error) => pause().await?,
            other => return other.map_err(refused),
        }
    }
    Err(Error::OpenElsewhere)
}

/// Whether the browser says that somebody else has the file open.
fn is_held(error: &OpfsSAHError) -> bool {
    let OpfsSAHError::Opfs { value, .. } = error else {
        return false;
    };
    js_sys::Reflect::get(value, &"name".into())
        .is_ok_and(|name| name.as_string().as_deref() == Some("NoModificationAllowedError"))
}

async fn pause() -> Result<(), Error> {
    let worker: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().map_err(|_| Error::Browser("this is not a dedicated worker".to_owned()))?;
    let promise = Promise::new(&mut |resolve, _| {
        // Without a timer the promise would never settle: resolve at once and try again.
        if worker.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, MILLISECONDS_BETWEEN_TRIES).is_err() {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    JsFuture::from(promise).await.map(drop).map_err(|error| Error::Browser(format!("{error:?}")))
}

fn refused(error: OpfsSAHError) -> Error {
    Error::Browser(error.to_string())
}
