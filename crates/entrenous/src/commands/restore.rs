//! `restore`: brings a line back from a backup, on a new handset.

use handset::{BackupView, ClaimLink, Event, Handset};

use crate::backup_file;
use crate::cli::{Global, Restore};
use crate::clock::{local_full, rfc3339};
use crate::exit::{Exit, Failure};
use crate::output::progress::Progress;
use crate::output::style::{GOOD, STRONG, harmless, styled};
use crate::output::{Output, json};
use crate::passphrase::{self, Passphrase};
use crate::profile::Profile;
use crate::session::{Session, dir, now};

pub(super) async fn run(args: &Restore, global: &Global, output: Output) -> Result<Exit, Failure> {
    let link: Option<ClaimLink> = args.claim.as_deref().map(str::parse).transpose()?;
    let profile = Profile::open_or_make(&dir(global)?)?;
    if profile.has_key() && !profile.is_half_restored() {
        return Err(Failure::refused(
            "profile-not-empty",
            "this profile has a line already: give an empty --profile for the one that is restored",
        ));
    }
    let (handset, view) = match begin(args, &profile, link.as_ref()) {
        Ok(begun) => begun,
        Err(failure) => {
            profile.remove();
            return Err(failure);
        }
    };
    let mut session = Session::of(profile, handset, global);
    if let Err(failure) = taken(&mut session).await {
        if failure.exit == Exit::Waiting {
            session.profile().end_restore()?;
            session.close().await?;
        } else {
            session.release().await.remove();
        }
        return Err(failure);
    }
    session.profile().end_restore()?;
    session.handset().erase_deleted()?;
    let status = session.handset().status()?;
    let record = json::Backup {
        file: args.file.display().to_string(),
        made_at: rfc3339(view.made_at),
        people: view.people,
        texts: view.texts,
        files: view.files,
        state: "restored",
    };
    let files = match view.files {
        0 => "",
        1 => "\nThe file that you had received is not here: whoever sent it can send it again.",
        _ => "\nThe files that you had received are not here: whoever sent them can send them again.",
    };
    output.result(&record, || {
        format!(
            "{} This handset is the line of {} at {}, as of {}.\n\
             Conversations are founded again, and contacts send again what they wrote since; what you wrote since is only \
             on their side.\nYour open cards were taken back: make new ones. Who became a contact since needs one too.{files}",
            styled("Welcome back.", GOOD),
            styled(&harmless(&status.name), STRONG),
            harmless(&status.office),
            local_full(view.made_at)
        )
    });
    // Conversations begin to be founded again.
    session.catch_up().await?;
    session.close().await?;
    Ok(Exit::Done)
}

/// Reads the backup into a new profile.
fn begin(args: &Restore, profile: &Profile, link: Option<&ClaimLink>) -> Result<(Handset, BackupView), Failure> {
    let of_backup: Passphrase = passphrase::of_backups(args.backup_passphrase_file.as_deref(), false)?;
    let (_copy, backup) = backup_file::open_within(&args.file, profile.dir(), &of_backup)?;
    Handset::look_at_backup(&backup)?;
    profile.begin_restore()?;
    let mut handset = profile.make(&passphrase::choose()?)?;
    let mut progress = Progress::of("Restoring");
    let view = handset.restore(now(), &backup, link, &mut |done, total| progress.tell(done, total))?;
    Ok((handset, view))
}

/// Waits until the switchboard has taken the restored line.
async fn taken(session: &mut Session) -> Result<(), Failure> {
    let taken = session.until(|_, event| Ok(matches!(event, Some(Event::Restored)).then_some(()))).await?;
    match taken {
        Some(()) => Ok(()),
        None if session.was_answered() => Err(Failure::waiting(
            "restore-waiting",
            "the switchboard has not taken the restored line yet: it is kept, and any later command asks again",
        )),
        None => Err(session.trouble().unwrap_or_else(|| {
            Failure::refused("switchboard-unreachable", "the switchboard does not answer: try again later")
        })),
    }
}
