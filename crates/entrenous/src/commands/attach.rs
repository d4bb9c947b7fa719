//! Files on their way out of and into the file system: sealed before they go with a text, saved once they are here.

use std::path::{Path, PathBuf};

use handset::{FileState, FileView, SealedFile};
use protocol::{BlobId, limits};

use crate::cli::Text;
use crate::exit::{Exit, Failure};
use crate::output::note;
use crate::output::progress::Bars;
use crate::output::style::harmless;
use crate::session::{Session, now};
use crate::voice;

/// Seals what is to go with a text.
///
/// # Errors
/// If a file cannot be read or is too large, or the disk does not take its sealed bytes; nothing is kept then.
pub(super) async fn seal(session: &mut Session, args: &Text) -> Result<Vec<SealedFile>, Failure> {
    let mut sources = Vec::new();
    for path in &args.attach {
        sources.push((path, None));
    }
    if let Some(path) = &args.voice {
        let voice = voice::read(path).map_err(|error| Failure::refused("not-a-voice-note", unusable(path, &error)))?;
        sources.push((path, Some(voice)));
    }
    if sources.len() > limits::FILES {
        return Err(handset::Error::TooManyFiles { count: sources.len(), limit: limits::FILES }.into());
    }
    // All are looked at before the first is sealed.
    let mut files = Vec::new();
    for (path, voice) in sources {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !metadata.is_file() {
            return Err(Failure::refused(
                "not-a-file",
                format!("{} is no file: give files one by one", path.display()),
            ));
        }
        if metadata.len() > limits::FILE_BYTES || name.len() > limits::FILE_NAME_BYTES {
            return Err(handset::Error::FileTooLarge(name).into());
        }
        let (blob, key) = session.handset().draw_file();
        let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
        files.push((path.clone(), SealedFile { blob, key, name, media_type, size: metadata.len(), voice }));
    }
    let store = session.files();
    let sealed = tokio::task::spawn_blocking(move || {
        let mut bars = Bars::default();
        files.iter().for_each(|(_, file)| bars.add("sealing", &file.name, file.size));
        for (place, (path, file)) in files.iter().enumerate() {
            let mut done = 0;
            let progress = |more| {
                done += more;
                bars.set(place, done);
            };
            if let Err(error) = store.seal(path, &file.blob, &file.key, file.size, progress) {
                files.iter().for_each(|(_, file)| store.remove(&file.blob));
                return Err(unreadable(path, &error));
            }
        }
        Ok(files.into_iter().map(|(_, file)| file).collect())
    });
    sealed.await.map_err(|error| Failure::refused("file-unavailable", error.to_string()))?
}

/// Waits until our switchboard has the files that go with a text, as long as bytes move.
pub(super) async fn bring(session: &mut Session, files: &[SealedFile]) -> Result<Exit, Failure> {
    let wanted: Vec<(BlobId, String, u64)> =
        files.iter().map(|file| (file.blob, file.name.clone(), file.size)).collect();
    let exit = session.carry("sending", &wanted).await?;
    for file in files {
        if session.handset().file_state(&file.blob)? == Some(FileState::Refused) {
            return Err(Failure::refused(
                "file-refused",
                format!(
                    "our switchboard does not take \"{}\": too many files wait there; the text went without it",
                    harmless(&file.name)
                ),
            ));
        }
    }
    if exit == Exit::Waiting && !files.is_empty() {
        note("The files are kept here, and go on as soon as our switchboard answers (`entrenous sync`).");
    }
    Ok(exit)
}

/// Fetches files and puts them into a directory; gives where each is.
pub(super) async fn save(
    session: &mut Session,
    files: &[FileView],
    dir: &Path,
) -> Result<(Exit, Vec<(BlobId, PathBuf)>), Failure> {
    let mut wanted = Vec::new();
    for file in files {
        if matches!(file.state, FileState::Offered | FileState::Lost | FileState::Wanted) {
            session.handset().want_file(now(), &file.blob)?;
            wanted.push((file.blob, file.name.clone(), file.size));
        }
    }
    let mut exit = session.carry("fetching", &wanted).await?;
    let store = session.files();
    let mut saved = Vec::new();
    for file in files {
        match session.handset().file_state(&file.blob)? {
            Some(FileState::Lost) => {
                exit = Exit::Refused;
                note(&format!(
                    "\"{}\" is not to be had any more: it was taken back, or fetched before a restore, or its time at their office is over.",
                    file.name
                ));
                continue;
            }
            Some(FileState::Wanted) => {
                note(&format!("\"{}\" is not here yet: their handset has still to send it, or try again.", file.name));
                continue;
            }
            None => continue,
            Some(_) => {}
        }
        let (key, size) = session.handset().file_key(&file.blob)?;
        match store.save(&file.blob, &key, size, dir, &file.name) {
            Ok(path) => saved.push((file.blob, path)),
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                return Err(Failure::file(&dir.display().to_string(), &error));
            }
            // One file must not keep the others, nor the words.
            Err(error) => {
                exit = Exit::Refused;
                note(&format!("\"{}\" cannot be saved: {}.", file.name, not_saved(store.length(&file.blob), &error)));
            }
        }
    }
    Ok((exit, saved))
}

/// Why a file was not saved, of which so many sealed bytes are here.
fn not_saved(here: u64, error: &std::io::Error) -> String {
    if here == 0 { "its bytes are not on this handset, as after a restore".to_owned() } else { error.to_string() }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::file(&format!("the file {}", path.display()), error)
}

fn unusable(path: &Path, error: &voice::NotAVoiceNote) -> String {
    format!("{} is no voice note: {error}", path.display())
}
