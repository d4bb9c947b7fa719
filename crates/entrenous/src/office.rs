//! `office backup`, `office restore` and `office status`: what an operator does beside the running switchboard.

mod certificate;
mod invitations;
mod lines;

use std::path::Path;

use protocol::Timestamp;
use serde::Serialize;
use switchboard::{Backup, OfficeStatus, PeerStatus};

use crate::clock::{local_full, now, rfc3339};
use crate::exit::Failure;
use crate::output::style::{CARE, GOOD, QUIET, STRONG, styled};
use crate::output::table::{Cell, fields, table};
use crate::output::{Output, note};
use crate::passphrase;
use crate::serve::standing;

use certificate::CertificateRecord;
pub(crate) use invitations::{invitations, invite, revoke_invitation};
pub(crate) use lines::{lines, reinstate, revoke_handset};

#[derive(Debug, Serialize)]
struct BackupRecord<'a> {
    file: &'a Path,
    made_at: String,
    bytes: u64,
}

fn record<'a>(file: &'a Path, backup: &Backup) -> BackupRecord<'a> {
    BackupRecord { file, made_at: rfc3339(backup.made_at), bytes: backup.bytes }
}

/// Writes a backup.
///
/// # Errors
/// If it cannot be written whole; then there is none.
pub(crate) fn backup(data: &Path, out: &Path, passphrase: Option<&Path>, output: Output) -> Result<(), Failure> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
        let sentence = format!("there is no directory {}: make it, or give another --out", folder.display());
        return Err(Failure::refused("no-directory", sentence));
    }
    let passphrase = passphrase::of_backups(passphrase, true)?;
    let made = switchboard::backup(data, out, &passphrase)?;
    if !made.is_noted {
        note("The backup is good, but the switchboard's data could not be written: `office status` will not show it.");
    }
    output.result(&record(out, &made), || {
        format!(
            "{}\n\n  {}\n\nIt holds the switchboard's key, accounts and everything that waits, sealed under the passphrase;\n\
             no certificate. Keep the passphrase apart from it, and try a restore elsewhere now and then.",
            styled("The backup is written and checked.", GOOD),
            styled(&out.display().to_string(), STRONG)
        )
    });
    Ok(())
}

/// Makes a data directory from a backup.
///
/// # Errors
/// If it cannot be made whole; then the place is as it was.
pub(crate) fn restore(file: &Path, data: &Path, passphrase: Option<&Path>, output: Output) -> Result<(), Failure> {
    let passphrase = passphrase::of_backups(passphrase, false)?;
    let made = switchboard::restore(file, data, &passphrase)?;
    output.result(&record(data, &made), || {
        format!(
            "{} It is as it was on {}.\n\n\
             Start it as before, with --data {}, and never again the one that the backup was made of.\n\
             Handsets say again by themselves what may be lost, and put their cards up again; conversations are founded\n\
             again. What needs you:\n\n\
             - Claim links that nobody had taken up are withdrawn: make new ones.\n\
             - A handset that you took out of service since is in service again: look at `office lines`.\n\
             - A line that was claimed since needs a new claim link, and `claim --move`.\n\
             - Switchboards that you allowed, blocked or forgot since are as before: look at `office peers`.\n\
             - The certificate is not in the backup.",
            styled("The switchboard is restored.", GOOD),
            local_full(made.made_at),
            data.display()
        )
    });
    Ok(())
}

/// How the switchboard is.
///
/// # Errors
/// If there is none, or its database cannot be read.
pub(crate) fn status(data: &Path, output: Output) -> Result<(), Failure> {
    let status = switchboard::status(data)?;
    output.result(&StatusRecord::from(&status), || for_people(&status, now()));
    Ok(())
}

#[derive(Debug, Serialize)]
struct StatusRecord<'a> {
    public_url: &'a str,
    version: &'static str,
    running: Option<RunningRecord<'a>>,
    certificate: Option<CertificateRecord<'a>>,
    lines: u64,
    mailboxes: u64,
    items_waiting: u64,
    item_bytes: u64,
    invitations_open: u64,
    database_bytes: u64,
    file_bytes: u64,
    free_bytes: Option<u64>,
    last_backup: Option<String>,
    peers: Vec<PeerRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct RunningRecord<'a> {
    said_at: String,
    since: String,
    version: &'a str,
    handsets_connected: u64,
}

/// A peer, as `office peers` and `office status` have it.
#[derive(Debug, Serialize)]
pub(crate) struct PeerRecord<'a> {
    peer: &'a str,
    standing: &'static str,
    pinned: bool,
    key_differs: bool,
    ahead: bool,
    waiting: u64,
    waiting_bytes: u64,
    waiting_since: Option<String>,
    confirmed_at: Option<String>,
    failures: u32,
}

impl<'a> From<&'a OfficeStatus> for StatusRecord<'a> {
    fn from(status: &'a OfficeStatus) -> Self {
        let report = status.report.as_ref();
        let running = report.filter(|_| status.is_running).map(|report| RunningRecord {
            said_at: rfc3339(report.at),
            since: rfc3339(report.since),
            version: &report.version,
            handsets_connected: report.handsets,
        });
        Self {
            public_url: &status.public_url,
            version: env!("CARGO_PKG_VERSION"),
            running,
            certificate: status.certificate.as_ref().map(CertificateRecord::from),
            lines: status.inventory.lines,
            mailboxes: status.inventory.mailboxes,
            items_waiting: status.inventory.items,
            item_bytes: status.inventory.item_bytes,
            invitations_open: status.inventory.invitations,
            database_bytes: status.database_bytes,
            file_bytes: status.inventory.blob_bytes,
            free_bytes: status.free_bytes,
            last_backup: status.last_backup.map(rfc3339),
            peers: status.peers.iter().map(PeerRecord::from).collect(),
        }
    }
}

impl<'a> From<&'a PeerStatus> for PeerRecord<'a> {
    fn from(peer: &'a PeerStatus) -> Self {
        Self {
            peer: peer.address.as_str(),
            standing: standing(peer.standing),
            pinned: peer.is_pinned,
            key_differs: peer.key_differs,
            ahead: peer.is_ahead,
            waiting: peer.waiting,
            waiting_bytes: peer.waiting_bytes,
            waiting_since: peer.waiting_since.map(rfc3339),
            confirmed_at: peer.confirmed_at.map(rfc3339),
            failures: peer.failures,
        }
    }
}

fn for_people(status: &OfficeStatus, now: Timestamp) -> String {
    let counts = &status.inventory;
    let heard = status.report.as_ref().filter(|_| status.is_running);
    let running = match (heard, &status.report) {
        (Some(report), _) => format!(
            "since {}, version {} (as of {} ago)",
            local_full(report.since),
            report.version,
            ago(report.at, now)
        ),
        (None, Some(silent)) => styled(&format!("no; it ended out of order after {}", local_full(silent.at)), CARE),
        (None, None) if status.is_running => "yes, since a moment ago".to_owned(),
        (None, None) => "no".to_owned(),
    };
    let connected = heard
        .map_or_else(String::new, |report| format!(", {} connected", count(report.handsets, "handset", "handsets")));
    let mut text = fields(&[
        ("Reached at", styled(&status.public_url, STRONG)),
        ("Running", running),
        ("Lines", format!("{}{connected}; {}", counts.lines, count(counts.mailboxes, "mailbox", "mailboxes"))),
        ("Waiting for lines", format!("{}, {}", count(counts.items, "item", "items"), size(counts.item_bytes))),
        ("Invitations open", counts.invitations.to_string()),
        (
            "Database",
            format!("{}; {} free", size(status.database_bytes), status.free_bytes.map_or_else(|| "?".to_owned(), size)),
        ),
        ("Certificate", certificate::for_people(status, now)),
        ("Last backup", status.last_backup.map_or_else(|| styled("none yet", CARE), local_full)),
    ]);
    text.push('\n');
    text.push_str(&peers(&status.peers, now));
    text
}

/// Peers as a table.
pub(crate) fn peers(peers: &[PeerStatus], now: Timestamp) -> String {
    if peers.is_empty() {
        return "No other switchboard yet.".to_owned();
    }
    let plain = anstyle::Style::new();
    let row = |peer: &PeerStatus| -> Vec<Cell> {
        let key = match (peer.key_differs, peer.is_pinned) {
            (true, _) => ("CHANGED".to_owned(), CARE),
            (false, true) => ("pinned".to_owned(), plain),
            (false, false) => ("none yet".to_owned(), QUIET),
        };
        let waiting = match peer.waiting_since {
            Some(since) if peer.waiting > 0 => {
                format!("{} ({}) for {}", peer.waiting, size(peer.waiting_bytes), ago(since, now))
            }
            _ => peer.waiting.to_string(),
        };
        vec![
            (peer.address.to_string(), STRONG),
            (standing(peer.standing).to_owned(), plain),
            key,
            (waiting, plain),
            (peer.confirmed_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", ago(at, now))), plain),
            (peer.failures.to_string(), if peer.failures > 0 { CARE } else { plain }),
        ]
    };
    let headings = ["peer", "standing", "key", "waiting", "last confirmed", "failures"];
    let mut text = table(&headings, &peers.iter().map(row).collect::<Vec<_>>());
    if peers.iter().any(|peer| peer.key_differs) {
        text.push_str(
            "\nA peer with another key than before gets nothing and is not heard. Ask its operator in person whether the\n\
             key is theirs; then: entrenous office forget PEER\n",
        );
    }
    if peers.iter().any(|peer| peer.is_ahead) {
        let ahead: Vec<&str> = peers.iter().filter(|peer| peer.is_ahead).map(|peer| peer.address.as_str()).collect();
        let said = format!(
            "\n{}: more came from here, they say, than these data know of. If these are an older copy, which must never\n\
             be started: stop the switchboard, and go back with `entrenous office restore`.\n",
            ahead.join(", ")
        );
        text.push_str(&styled(&said, CARE));
    }
    text
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => count(bytes, "byte", "bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        10_000_000..=9_999_999_999 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_in_trouble_says_what_to_do() {
        let peer = PeerStatus {
            address: "b.example".parse().unwrap(),
            standing: switchboard::store::Standing::Unknown,
            is_pinned: true,
            key_differs: false,
            is_ahead: false,
            waiting: 0,
            waiting_bytes: 0,
            waiting_since: None,
            confirmed_at: None,
            failures: 0,
        };
        let now = Timestamp::from_millis(1);
        let said = |peer: &PeerStatus| peers(std::slice::from_ref(peer), now);
        assert!(!said(&peer).contains("office forget") && !said(&peer).contains("office restore"));
        assert!(said(&PeerStatus { key_differs: true, ..peer.clone() }).contains("office forget"));
        assert!(said(&PeerStatus { is_ahead: true, ..peer }).contains("b.example: more came from here"));
    }

    #[test]
    fn ages_and_sizes_are_read_at_a_glance() {
        let at = Timestamp::from_millis;
        for (seconds, said) in [(5, "5 s"), (600, "10 min"), (10_000, "2 h"), (864_000, "10 days")] {
            assert_eq!(ago(at(1000), at(1000 + seconds * 1000)), said);
        }
        assert_eq!(ago(at(5000), at(1000)), "0 s", "a clock set back");
        assert_eq!(
            [size(1), size(5), size(20_000), size(20_000_000), size(20_000_000_000)],
            ["1 byte", "5 bytes", "20 kB", "20 MB", "20 GB"]
        );
    }
}
