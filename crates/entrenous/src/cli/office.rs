//! What an operator orders.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use crate::clock::parse_duration;

#[derive(Debug, Subcommand)]
pub(crate) enum Office {
    /// Make a claim link for a further line, also while the switchboard runs
    #[command(after_help = "Examples:
  entrenous office invite --data data
  entrenous office invite --data data --for 'the envoy' --expires 3d")]
    Invite {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
        /// For whom it is; only the operator sees this
        #[arg(long = "for", value_name = "LABEL", default_value = "", hide_default_value = true)]
        label: String,
        /// How long it can be taken up
        #[arg(long, value_name = "TIME", default_value = "14d", value_parser = parse_duration)]
        expires: Duration,
    },
    /// All invitations, the newest first: for whom, until when, and what became of them
    #[command(after_help = "Example:\n  entrenous office invitations --data data")]
    Invitations {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Withdraw an invitation that nobody has taken up, for good
    #[command(after_help = "Example:\n  entrenous office revoke-invitation k3v9w2mx --data data")]
    RevokeInvitation {
        /// Its id, from `office invitations`
        #[arg(value_name = "ID")]
        id: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// All lines by number: for whom, since when, how many handsets, and whether these are out of service
    #[command(after_help = "Example:\n  entrenous office lines --data data")]
    Lines {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Take a line's handset out of service: a handset that is lost, or in the wrong hands
    #[command(after_help = "Examples:
  entrenous office revoke-handset 2 --data data
  entrenous office revoke-handset 'the envoy' --data data --yes

What it has open ends within seconds, and contacts see a line about it. A handset on which the line is restored from
its backup is let in.")]
    RevokeHandset {
        /// The line's number or label, from `office lines`
        #[arg(value_name = "LINE")]
        line: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Let a handset that was taken out of service in again
    #[command(after_help = "Example:\n  entrenous office reinstate 2 --data data")]
    Reinstate {
        /// The line's number or label, from `office lines`
        #[arg(value_name = "LINE")]
        line: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// The other switchboards that this one has had to do with
    #[command(after_help = "Example:\n  entrenous office peers --data data")]
    Peers {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Allow another switchboard
    #[command(after_help = "Example:\n  entrenous office allow other.example.org --data data")]
    Allow {
        /// Its address, host or host:port
        #[arg(value_name = "PEER")]
        peer: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Deal with another switchboard no more, and let go of what waits for it
    #[command(after_help = "Example:\n  entrenous office block other.example.org --data data")]
    Block {
        /// Its address, host or host:port
        #[arg(value_name = "PEER")]
        peer: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Forget another switchboard's key, so that the next one that it shows is pinned
    #[command(after_help = "Example:\n  entrenous office forget other.example.org --data data")]
    Forget {
        /// Its address, host or host:port
        #[arg(value_name = "PEER")]
        peer: String,
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// How the switchboard is: its peers and what waits for them, its lines as numbers, disk, certificate, last backup
    #[command(after_help = "Examples:
  entrenous office status --data data
  entrenous office status --data data --json")]
    Status {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
    },
    /// Write a backup, sealed under a passphrase, also while the switchboard runs
    #[command(after_help = "Example:
  entrenous office backup --data data --out /mnt/backup/office-1 --passphrase-file passphrase

The passphrase comes from that file, or else from a question on the terminal. Keep it apart from the backups.")]
    Backup {
        /// Where the switchboard keeps its data
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
        /// The file to write; nothing is replaced
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The file whose first line is the passphrase
        #[arg(long, value_name = "FILE", env = "ENTRENOUS_PASSPHRASE_FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Make a data directory from a backup, to start the switchboard on
    #[command(after_help = "Example:
  entrenous office restore /mnt/backup/office-1 --data data --passphrase-file passphrase

Never run the switchboard that the backup was made of again. Lines go on by themselves; what they said since the
backup is said again by their handsets.")]
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// An empty directory, or none yet
        #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
        data: PathBuf,
        /// The file whose first line is the passphrase
        #[arg(long, value_name = "FILE", env = "ENTRENOUS_PASSPHRASE_FILE")]
        passphrase_file: Option<PathBuf>,
    },
}
