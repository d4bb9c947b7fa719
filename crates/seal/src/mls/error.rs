//! What can go wrong with MLS, by who has to do something about it.

use super::StorageError;

/// Why an MLS operation did not come about.
///
/// After [`MlsError::Storage`] and [`MlsError::Fault`] the table and the [`Group`](super::Group) may be half-changed:
/// roll the transaction (or a savepoint) back, drop the group and load it again. After every other error both are as
/// they were and go on working, so that the outcome can be written down in the same transaction; what was
/// [`MlsError::NotAllowed`] counts as processed.
#[derive(Debug, thiserror::Error)]
pub enum MlsError {
    /// Nobody's fault: one's own message came back, which its sender cannot decrypt. That it is one's own is what the
    /// message says, and another member can make one that says so: which of one's own it is, and whether the
    /// sequencer numbered a commit that waits, goes by the hash of the envelope.
    #[error("this message is one's own: nothing to do")]
    Own,
    /// Nobody's fault: the message belongs to another epoch than the group is in. From an earlier one it is too late to
    /// read it; from a later one a commit is missing.
    #[error("this message is of epoch {message} and the conversation in epoch {group}: catch up, or send it again")]
    Stale {
        /// The message's epoch.
        message: u64,
        /// The group's epoch.
        group: u64,
    },
    /// Nobody's fault: this message, or this Welcome, was processed before.
    #[error("this message was processed before: nothing to do")]
    Duplicate,
    /// The Welcome is for a key package that is not here: used before, forgotten, or another handset's.
    #[error(
        "this invitation uses a key package that is not here any more: the other side must found anew with another"
    )]
    NoKeyPackage,
    /// The other side did what MLS allows and a conversation between two lines does not.
    #[error("the other side changed the conversation in a way that is not allowed ({0}): found it anew")]
    NotAllowed(&'static str),
    /// The other side, or somebody on the way, sent what MLS refuses.
    #[error("what arrived is not valid in this conversation ({0}): it was dropped")]
    Invalid(String),
    /// Misuse: a commit of one's own waits for the sequencer's answer.
    #[error("a change of keys is under way already: confirm or discard it first")]
    Pending,
    /// Misuse: no commit of one's own waits.
    #[error("no change of keys is under way: nothing to confirm or discard")]
    NotPending,
    /// Misuse, or a fault in this program or in OpenMLS.
    #[error("the conversation's keys could not be used, which is a fault in this program: {0}")]
    Fault(String),
    /// The database failed; the error says how.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl MlsError {
    /// A stable name for this error, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Own => "mls-own",
            Self::Stale { .. } => "mls-stale",
            Self::Duplicate => "mls-duplicate",
            Self::NoKeyPackage => "mls-no-key-package",
            Self::NotAllowed(_) => "mls-not-allowed",
            Self::Invalid(_) => "mls-invalid",
            Self::Pending => "mls-pending",
            Self::NotPending => "mls-not-pending",
            Self::Fault(_) => "mls-fault",
            Self::Storage(error) => error.code(),
        }
    }
}
