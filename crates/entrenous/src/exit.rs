//! How a command ends: an exit code, and on failure a stable code with one sentence.

use std::borrow::Cow;
use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Refused, and nothing of it kept.
    Refused = 1,
    /// The command line is wrong.
    Misuse = 2,
    /// Kept on the handset; it goes later.
    Waiting = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable, for programs.
    pub(crate) code: Cow<'static, str>,
    /// For people: what happened and what to do.
    pub(crate) sentence: String,
    pub(crate) exit: Exit,
}

impl Failure {
    /// The usual failure: refused, nothing kept.
    pub(crate) fn refused(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), sentence: sentence.into(), exit: Exit::Refused }
    }

    /// The command line or its surroundings are wrong.
    pub(crate) fn misuse(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Misuse, ..Self::refused(code, sentence) }
    }

    /// Something is kept on the handset and waits.
    pub(crate) fn waiting(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Waiting, ..Self::refused(code, sentence) }
    }

    /// A file that cannot be read or written, in terms of what it is for.
    pub(crate) fn file(what: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::refused(
                database::Failure::DiskFull.code(),
                format!("{}; this was about {what}", database::Failure::DiskFull.sentence()),
            ),
            _ => Self::refused("file-unavailable", format!("{what} cannot be used: {error}")),
        }
    }
}

impl From<handset::Error> for Failure {
    fn from(error: handset::Error) -> Self {
        let code = match &error {
            handset::Error::Database(inner) => inner.code(),
            handset::Error::Sqlite(inner) => database::failure_of(inner).code(),
            other => other.code(),
        };
        Self::refused(code, error.to_string())
    }
}

impl From<database::Error> for Failure {
    fn from(error: database::Error) -> Self {
        Self::refused(error.code(), error.to_string())
    }
}

impl From<protocol::Refusal> for Failure {
    fn from(refusal: protocol::Refusal) -> Self {
        Self::refused(refusal.code.as_str(), refusal.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_error_keeps_its_code_and_a_database_one_its_own() {
        let own = Failure::from(handset::Error::OwnCard);
        assert_eq!((own.code.as_ref(), own.exit), ("own-card", Exit::Refused));
        let newer = handset::Error::Database(database::Error::NewerVersion { found: 2, known: 1 });
        assert_eq!(Failure::from(newer).code, "database-newer-version");
    }

    #[test]
    fn a_full_disk_is_called_so_whoever_meets_it() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(Failure::file("the profile", &full).code, "disk-full");
    }
}
