//! `export`: a conversation in files that other programs read (docs/export-format.md).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use handset::{Attachment, ExportedConversation, ExportedMessage, FileState, FileView, Handset, Written};
use serde::Serialize;

use crate::cli::{Export, Global};
use crate::clock::{local_full, rfc3339};
use crate::exit::{Exit, Failure};
use crate::files::Files;
use crate::output::style::one_line;
use crate::output::{Output, note};
use crate::profile::{make_private_dir, private_file};
use crate::session::{Session, now};

/// What the command prints.
#[derive(Debug, Serialize)]
struct Exported {
    person: String,
    directory: String,
    messages: usize,
}

pub(super) async fn run(args: &Export, global: &Global, output: Output) -> Result<Exit, Failure> {
    if args.out.exists() {
        return Err(Failure::refused(
            "directory-exists",
            "there is something of that name already: give another --out",
        ));
    }
    let mut session = Session::open(global)?;
    session.catch_up_to_show().await?;
    let exported = export(&mut session, args);
    session.close().await?;
    let exported = exported?;
    output.result(&exported, || {
        format!(
            "{} with {} {} in {}, readable by whoever can read your files.",
            if exported.messages == 1 { "1 text".to_owned() } else { format!("{} texts", exported.messages) },
            exported.person,
            if exported.messages == 1 { "is" } else { "are" },
            exported.directory
        )
    });
    Ok(Exit::Done)
}

fn export(session: &mut Session, args: &Export) -> Result<Exported, Failure> {
    let store = session.files();
    let handset = session.handset();
    let person = handset.person(&args.of.person)?;
    let (texts, own) = (handset.read(&person.person, None)?, handset.status()?);
    let notices = handset.notices(&person.person)?;
    let handset = &*handset;
    let times: (Written<'_>, Written<'_>) = (&rfc3339, &local_full);
    let about = ExportedConversation::of(&person, &own, &notices, texts.len(), now(), times);
    let unwritable = |error| Failure::file("the export's directory", &error);
    let draft = Draft::begin(&args.out).map_err(unwritable)?;
    draft
        .write("conversation.json", |file| serde_json::to_writer_pretty(file, &about).map_err(Into::into))
        .and_then(|()| {
            draft.write("messages.jsonl", |file| {
                for (order, text) in texts.iter().enumerate() {
                    let attachments = text.files.iter().map(|file| draft.attach(handset, &store, file));
                    let attachments = attachments.collect::<std::io::Result<_>>()?;
                    let message = ExportedMessage::of(order, text, attachments, &rfc3339);
                    serde_json::to_writer(&mut *file, &message)?;
                    file.write_all(b"\n")?;
                }
                Ok(())
            })
        })
        .and_then(|()| draft.keep(&args.out))
        .map_err(unwritable)?;
    Ok(Exported { person: person.person, directory: args.out.display().to_string(), messages: texts.len() })
}

/// A directory that is there whole or not at all.
struct Draft(PathBuf);

impl Draft {
    fn begin(out: &Path) -> std::io::Result<Self> {
        // A name that nobody else gives.
        let mut name = std::ffi::OsString::from(".");
        name.push(out.file_name().unwrap_or_default());
        name.push(".entrenous-new");
        let draft = Self(out.with_file_name(name));
        draft.remove();
        make_private_dir(&draft.0)?;
        Ok(draft)
    }

    fn write(
        &self,
        name: &str,
        fill: impl FnOnce(&mut std::io::BufWriter<std::fs::File>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let file = private_file().create_new(true).open(self.0.join(name))?;
        let mut file = std::io::BufWriter::new(file);
        fill(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()
    }

    /// Puts a file into `files/`, if its bytes are here.
    fn attach(&self, handset: &Handset, store: &Files, file: &FileView) -> std::io::Result<Attachment> {
        let is_elsewhere = matches!(file.state, FileState::Offered | FileState::Wanted | FileState::Lost);
        let path = if is_elsewhere || store.length(&file.blob) == 0 {
            None
        } else {
            let dir = self.0.join("files");
            make_private_dir(&dir)?;
            let (key, size) = handset.file_key(&file.blob).map_err(std::io::Error::other)?;
            match store.save(&file.blob, &key, size, &dir, &file.name) {
                Ok(path) => path.file_name().map(|name| format!("files/{}", name.to_string_lossy())),
                // One damaged file must not keep the rest.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    note(&format!("\"{}\" is left out: its copy on this handset is damaged.", one_line(&file.name)));
                    None
                }
                Err(error) => return Err(error),
            }
        };
        Ok(Attachment { name: file.name.clone(), media_type: file.media_type.clone(), bytes: file.size, path })
    }

    fn keep(&self, out: &Path) -> std::io::Result<()> {
        #[cfg(unix)]
        std::fs::File::open(&self.0)?.sync_all()?;
        std::fs::rename(&self.0, out)
    }

    fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.remove();
    }
}
