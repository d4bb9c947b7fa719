//! Why a switchboard does not start, or does not do what its operator asks.

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// Why a switchboard does not start. All are the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be made or used.
    #[error("the data directory {path} cannot be used: {error}")]
    Data {
        /// The directory, or a file in it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another switchboard runs on this data directory.
    #[error("another switchboard is running on the data directory {0}: stop it first, or choose another directory")]
    Running(PathBuf),
    /// The database.
    #[error("the switchboard's database: {0}")]
    Store(#[from] StoreError),
    /// The switchboard's own key is damaged.
    #[error("the switchboard's key {0} is damaged: restore it from a copy, since peers know this switchboard by it")]
    Key(PathBuf),
    /// The key for waking handsets cannot be made, or is damaged.
    #[error("the switchboard's key for waking handsets is damaged: restore the data from a copy")]
    WakeKey,
    /// A restore that did not come to its end.
    #[error(
        "a restore into {0} was cut off, so what is there is no switchboard: remove that directory, and restore the backup again"
    )]
    Restoring(PathBuf),
    /// The address to listen on is taken or not allowed.
    #[error("the switchboard cannot listen there: {0}")]
    Listen(io::Error),
    /// The development flag and an address that others reach.
    #[error(
        "with --insecure-loopback the switchboard listens on loopback addresses only, such as 127.0.0.1:4700: leave the flag out, or choose such an address"
    )]
    NotLoopback,
    /// No public URL.
    #[error("say where this switchboard is reached, with --public-url https://line.example.org")]
    PublicUrlMissing,
    /// A public URL that is none.
    #[error("the public URL must be {0}:// and a host, with a port if need be, and nothing after it")]
    PublicUrl(&'static str),
    /// Lines know the switchboard by another address.
    #[error(
        "this switchboard has been reached at {0} until now, and its lines know it by that address: start it with that public URL, or with another data directory"
    )]
    AddressChanged(String),
    /// An empty or very long name.
    #[error("the office needs a name, of at most 128 bytes, that is more than spaces")]
    OfficeName,
    /// Certificate or key.
    #[error(
        "the certificate {path} cannot be used ({reason}): put certificate and key there, name others with --tls-cert and --tls-key, have one obtained with --domain, or use --insecure-loopback to try things out"
    )]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Terms that nobody has agreed to.
    #[error(
        "certificates from {0} need your consent to that authority's terms: read them, then start with --acme-agree (acme-agree = true in the configuration file)"
    )]
    AcmeTerms(String),
    /// A certificate for another name than the one that the switchboard is reached at.
    #[error("the certificate would be for {0}, but the public URL has another host: let them be the same")]
    AcmeDomain(String),
    /// Asking the authority.
    #[error("no authority can be asked for a certificate: {0}")]
    AcmeClient(String),
    /// The trust roots.
    #[error("the trust roots {path} cannot be used: {reason}")]
    TrustRoots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl StartError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Data { .. } => "data-directory",
            Self::Running(_) => "already-running",
            Self::Store(error) => error.code(),
            Self::Key(_) => "key-damaged",
            Self::WakeKey => "wake-key-damaged",
            Self::Restoring(_) => "restore-cut-off",
            Self::Listen(_) => "cannot-listen",
            Self::NotLoopback => "not-loopback",
            Self::PublicUrlMissing => "public-url-missing",
            Self::PublicUrl(_) => "public-url",
            Self::AddressChanged(_) => "address-changed",
            Self::OfficeName => "office-name",
            Self::Certificate { .. } => "certificate",
            Self::AcmeTerms(_) => "acme-terms",
            Self::AcmeDomain(_) => "acme-domain",
            Self::AcmeClient(_) => "acme-client",
            Self::TrustRoots { .. } => "trust-roots",
        }
    }
}

/// Why an operator's order is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// There is no switchboard's data there.
    #[error("there is no switchboard's data in {0}: start the switchboard once, or name its data directory")]
    NoData(PathBuf),
    /// Another user's data.
    #[error("{0} cannot be read, permission denied: run this as the user that the switchboard runs as")]
    Denied(PathBuf),
    /// The database.
    #[error("the switchboard's database: {0}")]
    Store(#[from] StoreError),
    /// A peer that is not known.
    #[error("this switchboard has never had to do with that one")]
    PeerUnknown,
    /// An invitation that is not known.
    #[error("there is no invitation {0}: ids are in `office invitations`")]
    InvitationUnknown(String),
    /// An invitation that cannot be withdrawn.
    #[error("this invitation was taken up already, and its line stays")]
    InvitationTaken,
    /// A line that is not known.
    #[error("there is no line {0} here: numbers and labels are in `office lines`")]
    LineUnknown(String),
    /// A number or label of several lines.
    #[error("{0} may be more than one line: say which by its number in quotes, such as '#2', from `office lines`")]
    LineAmbiguous(String),
    /// Nothing to undo.
    #[error("no handset of this line is out of service")]
    LineInService,
    /// The data directory or the switchboard's key.
    #[error(transparent)]
    Data(#[from] StartError),
    /// A file that cannot be read or written.
    #[error("{path} cannot be used: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is in the way.
    #[error("there is a file {0} already: name another, since a backup replaces nothing")]
    Exists(PathBuf),
    /// The place for a restored switchboard is not empty.
    #[error("there is something in {0} already: restore into an empty directory")]
    NotEmpty(PathBuf),
    /// The database itself is damaged.
    #[error("the switchboard's database is damaged, so that a backup would be, too: restore the last good backup")]
    Damaged,
    /// Not a backup.
    #[error("this is not a switchboard's backup, or was cut off or altered: use another copy of it")]
    NotABackup,
    /// A wrong passphrase.
    #[error("this is not the passphrase of this backup, or the backup was altered: try again")]
    WrongPassphrase,
}

impl OperatorError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoData(_) => "no-data",
            Self::Denied(_) => "permission-denied",
            Self::Store(error) => error.code(),
            Self::PeerUnknown => "peer-unknown",
            Self::InvitationUnknown(_) => "invitation-unknown",
            Self::InvitationTaken => "invitation-taken",
            Self::LineUnknown(_) => "line-unknown",
            Self::LineAmbiguous(_) => "line-ambiguous",
            Self::LineInService => "line-in-service",
            Self::Data(error) => error.code(),
            Self::File { error, .. } if error.kind() == io::ErrorKind::StorageFull => "disk-full",
            Self::File { .. } => "file-unavailable",
            Self::Exists(_) => "file-exists",
            Self::NotEmpty(_) => "not-empty",
            Self::Damaged => "database-damaged",
            Self::NotABackup => "not-a-backup",
            Self::WrongPassphrase => "wrong-passphrase",
        }
    }
}
