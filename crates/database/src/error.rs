//! What can go wrong with a database, in words for a person and codes for a program.

use rusqlite::ErrorCode;

/// Why a database could not be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key does not open the file, or the file is damaged where the key is checked: SQLite cannot
    /// tell the two apart.
    #[error("the database does not open with this key: check the passphrase; if it is right, the file is damaged")]
    WrongKey,
    /// A later version of this program has written the file.
    #[error(
        "the database was written by a newer version of this program (format {found}, known up to {known}): update the program"
    )]
    NewerVersion {
        /// The file's format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is a database, but of another program or for another purpose.
    #[error(
        "this file is another program's database (application id {found:#010x}, not {expected:#010x}): choose another place"
    )]
    OtherApplication {
        /// The application id in the file.
        found: u32,
        /// The application id asked for.
        expected: u32,
    },
    /// The file could not be made or reached.
    #[error("the database file cannot be opened: {0}")]
    File(#[from] std::io::Error),
    /// Another tab or window has the browser's files open.
    #[error("the app is open in another tab or window: close it there, then try again")]
    OpenElsewhere,
    /// The browser's private file system refused.
    #[error("the browser does not let this app store its data: {0}")]
    Browser(String),
    /// SQLite failed; [`failure_of`] says how.
    #[error("{what}: {0}", what = failure_of(.0).sentence())]
    Sqlite(#[from] rusqlite::Error),
}

impl Error {
    /// A stable name for this error, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongKey => "database-wrong-key",
            Self::NewerVersion { .. } => "database-newer-version",
            Self::OtherApplication { .. } => "database-other-application",
            Self::OpenElsewhere => "database-open-elsewhere",
            Self::File(error) if error.kind() == std::io::ErrorKind::StorageFull => Failure::DiskFull.code(),
            Self::File(_) | Self::Browser(_) => "database-unavailable",
            Self::Sqlite(error) => failure_of(error).code(),
        }
    }
}

/// How SQLite failed, as far as it matters to what happens next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// No space left: nothing was written; try again once there is space.
    DiskFull,
    /// Another connection or process holds the database: try again.
    Busy,
    /// The file is damaged or no database: restore a copy.
    Damaged,
    /// The disk or its file system failed, or refuses writing: look there.
    InputOutput,
    /// A value that does not fit: a number beyond 63 bits, a second row under one key. The file is as it was.
    Value,
    /// Anything else: a wrong statement, a column of another type.
    Other,
}

impl Failure {
    /// A stable name for this failure, for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::Busy => "database-busy",
            Self::Damaged => "database-damaged",
            Self::InputOutput => "database-input-output",
            Self::Value => "database-value",
            Self::Other => "database-failed",
        }
    }

    /// One plain sentence without its full stop: what happened and what to do.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::DiskFull => "the disk is full and nothing was written, so make space and try again",
            Self::Busy => "another process is using this database, so close it or try again",
            Self::Damaged => "the database file is damaged, so restore it from a copy",
            Self::InputOutput => {
                "the disk does not read or write the database file, so check the disk and its permissions"
            }
            Self::Value => "the database does not take such a value and is as it was",
            Self::Other => "the database refused, which is a fault in this program",
        }
    }
}

/// <https://www.sqlite.org/rescode.html#ioerr_shmsize>
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// How SQLite failed, by its result code (<https://www.sqlite.org/rescode.html>).
#[must_use]
pub fn failure_of(error: &rusqlite::Error) -> Failure {
    if matches!(error, rusqlite::Error::ToSqlConversionFailure(_)) {
        return Failure::Value;
    }
    match error.sqlite_error_code() {
        // A full disk shows first where SQLite makes the shared memory of its log.
        _ if error.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_IOERR_SHMSIZE) => Failure::DiskFull,
        Some(ErrorCode::DiskFull) => Failure::DiskFull,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Failure::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Failure::Damaged,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed,
        ) => Failure::InputOutput,
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => Failure::Value,
        _ => Failure::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_too_full_for_the_logs_index_is_a_full_disk() {
        let error = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert_eq!(failure_of(&error(SQLITE_IOERR_SHMSIZE)), Failure::DiskFull);
        assert_eq!(failure_of(&error(rusqlite::ffi::SQLITE_IOERR_READ)), Failure::InputOutput);
    }

    #[test]
    fn a_value_that_does_not_fit_is_told_from_a_database_that_fails() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch("CREATE TABLE t (number INTEGER PRIMARY KEY) STRICT").unwrap();
        let insert = |number: u64| database.execute("INSERT INTO t VALUES (?1)", [number]);
        insert(1).unwrap();
        for number in [1, u64::MAX] {
            assert_eq!(failure_of(&insert(number).unwrap_err()), Failure::Value, "{number}");
        }
        let wrong = database.execute("INSERT INTO nowhere VALUES (1)", []).unwrap_err();
        assert_eq!(failure_of(&wrong), Failure::Other);
    }
}
