//! `backup`: the line, its contacts and what was said, in one encrypted file.

use std::path::Path;

use handset::Handset;

use crate::backup_file::Draft;
use crate::cli::{Backup, Global};
use crate::clock::rfc3339;
use crate::exit::{Exit, Failure};
use crate::output::progress::Progress;
use crate::output::style::{GOOD, styled};
use crate::output::{Output, json, note};
use crate::passphrase;
use crate::session::{Session, now};

pub(super) async fn run(args: &Backup, global: &Global, output: Output) -> Result<Exit, Failure> {
    if args.out.exists() && !args.out.is_file() {
        let sentence = format!("the path {} is no file: give another --out", args.out.display());
        return Err(Failure::refused("not-a-file", sentence));
    }
    if args.out.exists() && !args.force {
        return Err(Failure::refused(
            "file-exists",
            "there is a file of that name already: give another --out, or --force to replace it",
        ));
    }
    let folder = args.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !folder.is_dir() {
        let sentence = format!("there is no directory {}: make it, or give another --out", folder.display());
        return Err(Failure::refused("no-directory", sentence));
    }
    let mut session = Session::open(global)?;
    // Most needed where the office let the handset in no more.
    session.catch_up_to_show().await?;
    let made = write(&mut session, args);
    session.close().await?;
    let made = made?;
    let files = match made.files {
        0 => "",
        1 => "\nThe file that you received is not in it: keep it with `read PERSON --save DIR`.",
        _ => "\nThe files that you received are not in it: keep them with `read PERSON --save DIR`.",
    };
    output.result(&made, || {
        format!(
            "{} {}: the line, {} and {}; read back and found whole.{files}\n\
             Keep it away from this handset, and its passphrase away from both: together they are the line.",
            styled("Kept in", GOOD),
            made.file,
            if made.people == 1 { "1 person".to_owned() } else { format!("{} people", made.people) },
            if made.texts == 1 {
                "1 text or reaction".to_owned()
            } else {
                format!("{} texts and reactions", made.texts)
            }
        )
    });
    Ok(Exit::Done)
}

fn write(session: &mut Session, args: &Backup) -> Result<json::Backup, Failure> {
    let is_first = session.handset().last_backup()?.is_none();
    let old = args.old_backup_passphrase_file.as_deref();
    let old = old.map(|file| passphrase::of_backups(Some(file), false)).transpose()?;
    let passphrase = passphrase::of_backups(args.backup_passphrase_file.as_deref(), is_first || old.is_some())?;
    if (is_first || old.is_some()) && session.profile().is_opened_by(&passphrase) {
        let sentence = "this is the handset's own passphrase: choose another one for backups";
        return Err(Failure::misuse("same-passphrase", sentence));
    }
    let handset = session.handset();
    let (draft, database) = Draft::begin(&args.out)?;
    let mut progress = Progress::of("Backing up");
    let old = old.as_ref().map(|old| old.as_str());
    let made = handset.write_backup(now(), &database, &passphrase, old, &mut |done, total| {
        progress.tell(done, total);
    })?;
    drop(progress);
    let mut made_at = None;
    draft.finish(database, &args.out, &passphrase, |reopened| {
        let view = Handset::look_at_backup(reopened)?;
        if (view.people, view.texts) != (made.people, made.texts) {
            return Err(handset::Error::BackupDamaged.into());
        }
        made_at = Some(view.made_at);
        Ok(())
    })?;
    handset.keep_backup(now(), &made)?;
    if is_beside(&args.out) {
        note("It lies on the same machine as the handset: copy it to another place.");
    }
    Ok(json::Backup {
        file: args.out.display().to_string(),
        made_at: made_at.map(rfc3339).unwrap_or_default(),
        people: made.people,
        texts: made.texts,
        files: made.files,
        state: "kept",
    })
}

/// Whether a file lies in a home directory, as profiles do.
fn is_beside(path: &Path) -> bool {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let absolute = std::path::absolute(path);
    home.zip(absolute.ok()).is_some_and(|(home, path)| path.starts_with(home))
}
