//! Files on their way out of the file system: sealed before they go with a text, and brought to our switchboard.

use std::io::ErrorKind;
use std::path::Path;

use handset::{FileState, SealedFile};
use protocol::{BlobId, limits};

use crate::cli::Text;
use crate::exit::{Exit, Failure};
use crate::output::bars::Bars;
use crate::output::note;
use crate::output::style::one_line;
use crate::session::Session;
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
        std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
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
                format!("the path {} is no file: give files one by one; nothing was sent", path.display()),
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

/// Waits until our switchboard has the files that go with a text, as long as bytes move; gives the names of those that it
/// does not take.
pub(super) async fn bring(session: &mut Session, files: &[SealedFile]) -> Result<(Exit, Vec<String>), Failure> {
    let wanted: Vec<(BlobId, String, u64)> =
        files.iter().map(|file| (file.blob, file.name.clone(), file.size)).collect();
    session.tell_of_files();
    let exit = session.carry("sending", &wanted).await?;
    let mut refused = Vec::new();
    for file in files {
        if session.handset().file_state(&file.blob)? == Some(FileState::Refused) {
            refused.push(format!("\"{}\"", one_line(&file.name)));
        }
    }
    if exit == Exit::Waiting && !files.is_empty() {
        note("The files are kept here, and go on as soon as our switchboard answers (`entrenous sync`).");
    }
    Ok((exit, refused))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    let why = match error.kind() {
        ErrorKind::NotFound => format!("there is no file {path}: look at its name; nothing was sent"),
        ErrorKind::PermissionDenied => format!("the file {path} is not yours to read; nothing was sent"),
        // What sealing says: it grew or shrank.
        ErrorKind::Other => {
            format!("the file {path} cannot be sent, since {error}: wait until it is written; nothing was sent")
        }
        _ => return Failure::file(&format!("the file {path}"), error),
    };
    Failure::refused("file-unavailable", why)
}

fn unusable(path: &Path, error: &voice::NotAVoiceNote) -> String {
    format!(
        "the file {} is no voice note, since {error}: record it as WAV, or send it with --attach; nothing was sent",
        path.display()
    )
}
