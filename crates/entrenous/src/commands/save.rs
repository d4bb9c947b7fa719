//! Files on their way into the file system: fetched within bounds, and opened into a directory.

use std::path::{Path, PathBuf};

use handset::{FileState, FileView};
use protocol::{BlobId, files};

use crate::exit::{Exit, Failure};
use crate::output::bars::bytes;
use crate::output::note;
use crate::output::style::one_line;
use crate::session::{Session, now};

/// What is left free on a disk: a handset that cannot write takes no texts.
const LEFT_FREE: u64 = 64 << 20;

/// Fetches files, no more bytes of them than `most`, and puts them into a directory; gives where each is.
///
/// # Errors
/// If the disk is full after all, or storage fails.
pub(super) async fn save(
    session: &mut Session,
    files: &[FileView],
    dir: &Path,
    most: u64,
) -> Result<(Exit, Vec<(BlobId, PathBuf)>), Failure> {
    if dir.exists() && !dir.is_dir() {
        let sentence = format!("the path {} is no directory: give one to --save; nothing was fetched", dir.display());
        return Err(Failure::refused("not-a-directory", sentence));
    }
    let mut exit = fetch(session, files, dir, most).await?;
    let store = session.files();
    let is_off = session.handset().superseded()?.is_some();
    let mut saved = Vec::new();
    for file in files {
        let name = one_line(&file.name);
        match session.handset().file_state(&file.blob)? {
            Some(FileState::Lost) => {
                exit = Exit::Refused;
                note(&format!(
                    "\"{name}\" is not to be had any more: it was taken back, or fetched before a restore, or its time at their office is over; or it never came there, or not as they sent it. Ask them to send it again."
                ));
                continue;
            }
            Some(FileState::Wanted | FileState::Offered) if is_off => {
                exit = Exit::Refused;
                note(&format!("\"{name}\" was not fetched while this handset was in use: read it on the new one."));
                continue;
            }
            Some(FileState::Wanted) => {
                note(&format!(
                    "\"{name}\" is not here yet: their handset has still to send it, or an office on the way does not answer. Try again later."
                ));
                continue;
            }
            // Left where it is, as was said.
            None | Some(FileState::Offered) => continue,
            Some(_) => {}
        }
        if store.length(&file.blob) == 0 {
            exit = Exit::Refused;
            note(&format!(
                "\"{name}\" cannot be saved: it went from the handset before this one, which kept its bytes."
            ));
            continue;
        }
        let (key, size) = session.handset().file_key(&file.blob)?;
        match store.save(&file.blob, &key, size, dir, &file.name) {
            Ok(path) => saved.push((file.blob, path)),
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                return Err(Failure::file(&dir.display().to_string(), &error));
            }
            // One file must not keep the others, nor the words.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                exit = Exit::Refused;
                note(&format!(
                    "\"{name}\" cannot be saved: its copy on this handset is damaged. Ask them to send it again."
                ));
            }
            Err(error) => {
                exit = Exit::Refused;
                note(&format!("\"{name}\" cannot be saved in {}: {error}.", dir.display()));
            }
        }
    }
    Ok((exit, saved))
}

/// Fetches what is to be fetched, if there is room for it.
async fn fetch(session: &mut Session, files: &[FileView], dir: &Path, most: u64) -> Result<Exit, Failure> {
    if session.handset().superseded()?.is_some() {
        return Ok(Exit::Done);
    }
    let due = |file: &&FileView| matches!(file.state, FileState::Offered | FileState::Lost | FileState::Wanted);
    let (wanted, left) = within(files.iter().filter(due), most);
    let store = session.files();
    let to_come = wanted.iter().map(|file| files::sealed(file.size).saturating_sub(store.length(&file.blob))).sum();
    if let Some(short) = shortage(session.profile().dir(), to_come, dir, wanted.iter().map(|file| file.size).sum()) {
        note(&short);
        return Ok(Exit::Refused);
    }
    for file in &wanted {
        session.handset().want_file(now(), &file.blob)?;
    }
    let wanted: Vec<_> = wanted.iter().map(|file| (file.blob, file.name.clone(), file.size)).collect();
    let exit = session.carry("fetching", &wanted).await?;
    if left.is_empty() {
        return Ok(exit);
    }
    note(&format!(
        "{} ({}) left where they lie: no more than {} is fetched at a time; --up-to SIZE says how much that is.",
        if left.len() == 1 { "1 file was".to_owned() } else { format!("{} files were", left.len()) },
        bytes(left.iter().map(|file| file.size).sum()),
        bytes(most),
    ));
    Ok(Exit::Refused)
}

/// The files that make no more than so many bytes, in their order, and the others.
fn within<'f>(files: impl Iterator<Item = &'f FileView>, most: u64) -> (Vec<&'f FileView>, Vec<&'f FileView>) {
    let mut room = most;
    files.partition(|file| match room.checked_sub(file.size) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    })
}

/// What to say if there is no room for so many bytes beside the profile and, after that, in the directory.
fn shortage(profile: &Path, fetched: u64, dir: &Path, opened: u64) -> Option<String> {
    let at = dir.ancestors().find(|at| at.exists()).unwrap_or_else(|| Path::new("."));
    let at = if at.as_os_str().is_empty() { Path::new(".") } else { at };
    let needed = if on_one_disk(profile, at) { (fetched + opened, fetched + opened) } else { (fetched, opened) };
    [(profile, needed.0), (at, needed.1)].into_iter().find_map(|(place, needed)| {
        let free = switchboard::free_bytes(place)?.saturating_sub(LEFT_FREE);
        (fetched > 0 && free < needed).then(|| {
            format!(
                "Nothing was fetched: that takes {} on the disk of {}, which has room for {}. Make room there, or save fewer at a time (--since ID, --up-to SIZE).",
                bytes(needed),
                place.display(),
                bytes(free)
            )
        })
    })
}

fn on_one_disk(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let disk = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.dev());
        disk(one) == disk(other)
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64) -> FileView {
        let (name, media_type) = ("a".to_owned(), "text/plain".to_owned());
        FileView { blob: BlobId::new([1; 32]), name, media_type, size, voice: None, state: FileState::Offered }
    }

    #[test]
    fn no_more_is_fetched_than_was_said() {
        let files = [file(50), file(60), file(40), file(10), file(1)];
        let (wanted, left) = within(files.iter(), 100);
        let sizes = |files: Vec<&FileView>| files.iter().map(|file| file.size).collect::<Vec<_>>();
        assert_eq!((sizes(wanted), sizes(left)), (vec![50, 40, 10], vec![60, 1]));
        assert_eq!(within(files.iter(), u64::MAX).1, Vec::<&FileView>::new());
    }

    #[test]
    fn a_disk_without_room_is_named_before_anything_is_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let to_be = dir.path().join("none/yet");
        assert_eq!(shortage(dir.path(), 1000, &to_be, 1000), None);
        let said = shortage(dir.path(), 1 << 60, &to_be, 1000).unwrap();
        assert!(
            said.starts_with("Nothing was fetched: ") && said.contains(&dir.path().display().to_string()),
            "{said}"
        );
        assert!(shortage(dir.path(), 1, &to_be, 1 << 60).is_some());
        assert_eq!(shortage(dir.path(), 0, &to_be, 1 << 60), None, "nothing is to be fetched");
    }
}
