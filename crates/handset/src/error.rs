//! What can go wrong on a handset, by whose fault it is.

use protocol::Refusal;

/// Whose fault an error is, and so what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The person or program that called: do it differently.
    Misuse,
    /// The other side or a switchboard: it was refused.
    Peer,
    /// The connection: later.
    Network,
    /// This handset's storage: nothing works until it is mended.
    Fatal,
}

/// An error of the engine; nothing was changed by the call that gave it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The handset has no line yet.
    #[error("this handset has no line yet: claim one with the link from your office's operator")]
    NotClaimed,
    /// The handset has a line already.
    #[error("this handset has a line already: use another profile for another line, or --move to move this one")]
    AlreadyClaimed,
    /// A restored line that no switchboard has taken.
    #[error(
        "this line was restored here, and no switchboard has taken it yet: `sync` asks again; if its office does not know it any more, ask for a claim link and give it with `claim URL --as NAME --move`"
    )]
    NotTaken,
    /// No claim link.
    #[error("this is not a claim link: copy all of the link that your office's operator sent")]
    NotAClaimLink,
    /// Not a card.
    #[error(transparent)]
    NotACard(#[from] protocol::card::ParseCardError),
    /// A word that no card has.
    #[error(transparent)]
    UnknownWord(#[from] seal::UnknownWord),
    /// One's own card.
    #[error("this is your own card: give it to somebody else")]
    OwnCard,
    /// A card whose contents are not authentic.
    #[error(
        "this card is not what it says: its link was altered, or its office gives out another line's keys; ask for a new one"
    )]
    CardNotAuthentic,
    /// A fingerprint that is not the issuer's.
    #[error(
        "the line behind this card is not the one that the link names: do not use it, and ask the issuer for a new card in another way"
    )]
    FingerprintMismatch,
    /// A name that is empty or too long.
    #[error(
        "a name has between 1 and {0} bytes, all of them seen: no line breaks, no hidden or direction-changing characters"
    )]
    BadName(usize),
    /// A name that is taken.
    #[error("there is already somebody called \"{0}\": choose another name")]
    NameTaken(String),
    /// Nobody of that name.
    #[error("there is nobody called \"{0}\" here: see `people` for names")]
    UnknownPerson(String),
    /// More than one of that name.
    #[error("\"{0}\" could be more than one person: write the whole name")]
    AmbiguousPerson(String),
    /// No such card.
    #[error("there is no card \"{0}\": see `card list`")]
    UnknownCard(String),
    /// A card that cannot be made so.
    #[error("a card has between 1 and {0} uses and a time of between 1 second and 1 year")]
    BadCard(usize),
    /// No such message.
    #[error("there is no text with the id {0} in this conversation: ids are in `read --json`")]
    UnknownMessage(String),
    /// Somebody else's message.
    #[error("only what you wrote yourself can be taken back")]
    NotYours,
    /// A reaction that is none.
    #[error("a reaction is one emoji: choose one, or give an empty one to take yours back")]
    NotAnEmoji,
    /// A setting that is too large, or one too many.
    #[error("this is more than the app may remember: {count} settings of {limit} bytes each, with names of 64")]
    BadSetting {
        /// Settings that there may be.
        count: u32,
        /// Bytes of each.
        limit: usize,
    },
    /// Something that is no push subscription.
    #[error("this is no push subscription: have the browser make another")]
    NoSubscription,
    /// An empty text.
    #[error("an empty text says nothing: write something")]
    EmptyText,
    /// A text that is too long.
    #[error("this text has {length} bytes, and a text may have at most {limit}: send it in parts")]
    TextTooLong {
        /// Bytes of the text.
        length: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// More files than may go with one text.
    #[error("{count} files are too many for one text, which may have {limit}: send some with another")]
    TooManyFiles {
        /// Files given.
        count: usize,
        /// Files that are allowed.
        limit: usize,
    },
    /// A file that is too large, or whose name or waveform is.
    #[error(
        "\"{0}\" cannot be sent: a file may have at most 100 MiB, and its name 255 bytes; send it in parts, or under a shorter name"
    )]
    FileTooLarge(String),
    /// No such file.
    #[error("there is no such file here any more: its text was taken back or has expired")]
    UnknownFile,
    /// What holds or is proposed already.
    #[error("this is what holds with \"{0}\", or what you proposed: there is nothing to agree on")]
    ExpirySame(String),
    /// No proposal to answer.
    #[error("there is no open proposal with \"{0}\": see `expiry` for what holds")]
    NothingProposed(String),
    /// A blocked person.
    #[error("\"{0}\" is blocked: unblock before you write")]
    Blocked(String),
    /// Somebody whose handset has not shown that it is theirs.
    #[error(
        "\"{0}\" cannot be verified yet: their handset has not confirmed that it is theirs; wait until `people` shows \"card\""
    )]
    NotVouched(String),
    /// Somebody whose card was not good any more.
    #[error(
        "\"{0}\" is not reachable: the card was not good any more when it arrived; ask for a new one and take it up"
    )]
    CardRefused(String),
    /// Said no by a switchboard.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The switchboard speaks no version that this handset knows, or not our protocol.
    #[error("the switchboard does not speak this handset's language: one of the two needs an update")]
    ProtocolMismatch,
    /// Something that does not follow from what was asked.
    #[error("the switchboard sent something that does not belong here; connecting again")]
    PeerMisbehaved,
    /// Bytes that cannot be read.
    #[error(transparent)]
    Malformed(#[from] protocol::DecodeError),
    /// A signature, seal or proof that does not hold.
    #[error(transparent)]
    NotAuthentic(#[from] seal::NotAuthentic),
    /// MLS.
    #[error(transparent)]
    Mls(#[from] seal::mls::MlsError),
    /// Storage.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// Storage.
    #[error("the handset's database failed: {0}")]
    Sqlite(#[from] database::rusqlite::Error),
    /// A backup under another passphrase.
    #[error(
        "this is not the passphrase of your backups: give the one that you chose with the first backup, or the old one besides a new one"
    )]
    WrongBackupPassphrase,
    /// No backup, or a damaged one.
    #[error("this is no backup of a line, or it is damaged: use another copy of it")]
    BackupDamaged,
    /// A backup of a newer version.
    #[error("this backup was made by a newer version of this program: update the program")]
    BackupNewer,
    /// The line was restored on another handset.
    #[error(
        "this line was restored on another handset: this one is off for good; what it has can be read, and nothing goes or comes any more"
    )]
    RestoredElsewhere,
    /// Something stored that cannot be read back.
    #[error("the handset's database holds something unreadable ({0}): restore it from a backup")]
    Corrupt(&'static str),
}

impl Error {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotClaimed => "not-claimed",
            Self::AlreadyClaimed => "already-claimed",
            Self::NotTaken => "restore-waiting",
            Self::NotAClaimLink => "not-a-claim-link",
            Self::NotACard(_) => "not-a-card",
            Self::UnknownWord(_) => "unknown-word",
            Self::OwnCard => "own-card",
            Self::CardNotAuthentic => "card-not-authentic",
            Self::FingerprintMismatch => "fingerprint-mismatch",
            Self::BadName(_) => "bad-name",
            Self::NameTaken(_) => "name-taken",
            Self::UnknownPerson(_) => "unknown-person",
            Self::AmbiguousPerson(_) => "ambiguous-person",
            Self::UnknownCard(_) => "unknown-card",
            Self::BadCard(_) => "bad-card",
            Self::UnknownMessage(_) => "unknown-message",
            Self::NotYours => "not-yours",
            Self::NotAnEmoji => "not-an-emoji",
            Self::BadSetting { .. } => "bad-setting",
            Self::NoSubscription => "no-subscription",
            Self::EmptyText => "empty-text",
            Self::TextTooLong { .. } => "text-too-long",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::FileTooLarge(_) => "file-too-large",
            Self::UnknownFile => "unknown-file",
            Self::ExpirySame(_) => "expiry-same",
            Self::NothingProposed(_) => "nothing-proposed",
            Self::Blocked(_) => "blocked",
            Self::NotVouched(_) => "not-vouched",
            Self::CardRefused(_) => "card-refused",
            Self::Refused(refusal) => refusal.code.as_str(),
            Self::ProtocolMismatch => "protocol-mismatch",
            Self::PeerMisbehaved => "peer-misbehaved",
            Self::Malformed(_) => "malformed",
            Self::NotAuthentic(_) => "not-authentic",
            Self::Mls(_) if self.is_full() => "disk-full",
            Self::Mls(_) => "mls",
            Self::Database(_) | Self::Sqlite(_) if self.is_full() => "disk-full",
            Self::Database(_) | Self::Sqlite(_) => "database",
            Self::WrongBackupPassphrase => "wrong-backup-passphrase",
            Self::BackupDamaged => "backup-damaged",
            Self::BackupNewer => "backup-newer-version",
            Self::RestoredElsewhere => "restored-elsewhere",
            Self::Corrupt(_) => "database-corrupt",
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(refusal) if refusal.code.is_passing() => Fault::Network,
            Self::Mls(seal::mls::MlsError::Storage(_)) => Fault::Fatal,
            Self::Refused(_)
            | Self::ProtocolMismatch
            | Self::PeerMisbehaved
            | Self::Malformed(_)
            | Self::NotAuthentic(_)
            | Self::CardNotAuthentic
            | Self::FingerprintMismatch
            | Self::Mls(_) => Fault::Peer,
            // We ourselves make no such values: they came from outside, and no storage failed.
            Self::Sqlite(error) if database::failure_of(error) == database::Failure::Value => Fault::Peer,
            Self::Database(_) | Self::Sqlite(_) | Self::Corrupt(_) => Fault::Fatal,
            _ => Fault::Misuse,
        }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(error)
            | Self::Database(database::Error::Sqlite(error))
            | Self::Mls(seal::mls::MlsError::Storage(seal::mls::StorageError::Sqlite(error))) => {
                database::failure_of(error) == database::Failure::DiskFull
            }
            _ => false,
        }
    }
}
