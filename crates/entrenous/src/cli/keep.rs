//! The flags of `backup`, `restore` and `export`.

use std::path::PathBuf;

use clap::Args;

use super::Person;

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// The file with the passphrase of backups, which is not the handset's
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_BACKUP_PASSPHRASE_FILE")]
    pub(crate) backup_passphrase_file: Option<PathBuf>,
    /// The file with the passphrase of earlier backups, to change it
    #[arg(long, value_name = "FILE")]
    pub(crate) old_backup_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file with the passphrase of backups
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_BACKUP_PASSPHRASE_FILE")]
    pub(crate) backup_passphrase_file: Option<PathBuf>,
    /// A link from the office's operator, if the office does not have the line any more
    #[arg(long, value_name = "URL")]
    pub(crate) claim: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) of: Person,
    /// The directory to make
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
