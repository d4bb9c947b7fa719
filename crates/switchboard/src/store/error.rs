//! Why the store did not do something.

use database::rusqlite;

/// What kind of failure it is, as far as it matters to what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFailure {
    /// No space left; nothing of the transaction is kept.
    Full,
    /// Another process holds the database; nothing of the transaction is kept.
    Busy,
    /// The database is damaged, or holds what this program never writes.
    Damaged,
    /// The disk or its file system failed: whether a commit was kept is not known.
    InputOutput,
    /// Written by a newer version of this program, or by another program.
    Foreign,
    /// Anything else: a fault of this program.
    Fault,
}

/// A failure of the store: the operator's to mend, never a handset's or a peer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct StoreError {
    kind: StoreFailure,
    code: &'static str,
    sentence: String,
}

impl StoreError {
    /// A failure with its sentence.
    pub fn new(kind: StoreFailure, sentence: impl Into<String>) -> Self {
        let code = match kind {
            StoreFailure::Full => "disk-full",
            StoreFailure::Busy => "database-busy",
            StoreFailure::Damaged => "database-damaged",
            StoreFailure::InputOutput => "database-input-output",
            StoreFailure::Foreign => "database-newer-version",
            StoreFailure::Fault => "database-failed",
        };
        Self { kind, code, sentence: sentence.into() }
    }

    /// A row that this program never writes.
    pub(crate) fn damaged(what: &str) -> Self {
        Self::new(StoreFailure::Damaged, format!("the database is damaged ({what}), so restore it from a copy"))
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> StoreFailure {
        self.kind
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether it is certain that nothing of the transaction was kept. Otherwise it may have been, and whoever asked
    /// has to ask again.
    pub fn nothing_kept(&self) -> bool {
        matches!(self.kind, StoreFailure::Full | StoreFailure::Busy)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let failure = database::failure_of(&error);
        let kind = match failure {
            database::Failure::DiskFull => StoreFailure::Full,
            database::Failure::Busy => StoreFailure::Busy,
            database::Failure::Damaged => StoreFailure::Damaged,
            database::Failure::InputOutput => StoreFailure::InputOutput,
            database::Failure::Value | database::Failure::Other => StoreFailure::Fault,
        };
        // SQLite's own words name tables and columns, never values.
        Self { kind, code: failure.code(), sentence: format!("{}: {error}", failure.sentence()) }
    }
}

impl From<database::Error> for StoreError {
    fn from(error: database::Error) -> Self {
        let kind = match &error {
            database::Error::NewerVersion { .. } | database::Error::OtherApplication { .. } => StoreFailure::Foreign,
            _ => StoreFailure::InputOutput,
        };
        match error {
            database::Error::Sqlite(error) => error.into(),
            other => Self { kind, code: other.code(), sentence: other.to_string() },
        }
    }
}
