//! The sealed bytes of files, in a profile's `files` directory, each under its blob's name; sealing into it, and opening
//! out of it, piece by piece.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use protocol::files::PIECE_BYTES;
use protocol::{BlobId, FileKey};
use seal::FileSeal;

use crate::profile::{make_private_dir, private_file, sync_dir};

/// Where a profile's sealed files are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    dir: PathBuf,
}

impl Files {
    /// In this directory, which is made with the first file.
    pub(crate) fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Where a blob's bytes are.
    pub(crate) fn path(&self, blob: &BlobId) -> PathBuf {
        self.dir.join(blob.to_text())
    }

    /// How many bytes of a blob are here.
    pub(crate) fn length(&self, blob: &BlobId) -> u64 {
        fs::metadata(self.path(blob)).map_or(0, |metadata| metadata.len())
    }

    /// A file to which a blob's bytes are added.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn append(&self, blob: &BlobId) -> io::Result<File> {
        make_private_dir(&self.dir)?;
        private_file().create(true).truncate(false).append(true).open(self.path(blob))
    }

    /// Seals a file of `length` bytes, and makes that last; `progress` hears of every piece's bytes.
    ///
    /// # Errors
    /// The file system's; if the file has another length by now.
    pub(crate) fn seal(
        &self,
        source: &Path,
        blob: &BlobId,
        key: &FileKey,
        length: u64,
        mut progress: impl FnMut(u64),
    ) -> io::Result<()> {
        make_private_dir(&self.dir)?;
        let seal = FileSeal::new(key, length);
        let mut plain = BufReader::new(File::open(source)?);
        let mut sealed = private_file().create(true).truncate(true).open(self.path(blob))?;
        let mut piece_bytes = zeroize::Zeroizing::new(vec![0; PIECE_BYTES]);
        for piece in 0..seal.pieces() {
            let bytes = piece_bytes.get_mut(..seal.plain_bytes(piece)).unwrap_or_default();
            plain.read_exact(bytes).map_err(|_| changed())?;
            sealed.write_all(&seal.seal(piece, bytes).map_err(|_| changed())?)?;
            progress(bytes.len() as u64);
        }
        if plain.read(&mut [0])? > 0 {
            return Err(changed());
        }
        sealed.sync_all()?;
        sync_dir(&self.dir)
    }

    /// Opens a file into `out`.
    ///
    /// # Errors
    /// The file system's; [`io::ErrorKind::InvalidData`] if the bytes are not what they should be.
    pub(crate) fn open(&self, blob: &BlobId, key: &FileKey, length: u64, out: &mut impl io::Write) -> io::Result<()> {
        let seal = FileSeal::new(key, length);
        let mut sealed = BufReader::new(File::open(self.path(blob))?);
        let mut bytes = vec![0; PIECE_BYTES + protocol::files::TAG_BYTES];
        let spoiled = || io::Error::new(io::ErrorKind::InvalidData, "these bytes are not what was sealed");
        for piece in 0..seal.pieces() {
            let bytes = bytes.get_mut(..seal.sealed_bytes(piece)).unwrap_or_default();
            sealed.read_exact(bytes).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => spoiled(),
                _ => error,
            })?;
            out.write_all(&zeroize::Zeroizing::new(seal.open(piece, bytes).map_err(|_| spoiled())?))?;
        }
        if sealed.read(&mut [0])? > 0 { Err(spoiled()) } else { Ok(()) }
    }

    /// Opens a file into a directory under a name that is safe there; one that is there already with the same bytes is
    /// left. Gives where it is.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn save(
        &self,
        blob: &BlobId,
        key: &FileKey,
        length: u64,
        dir: &Path,
        name: &str,
    ) -> io::Result<PathBuf> {
        fs::create_dir_all(dir)?;
        let part = dir.join(format!(".{}.part", blob.to_text()));
        let saved = (|| {
            let mut out = private_file().create(true).truncate(true).open(&part)?;
            self.open(blob, key, length, &mut out)?;
            out.sync_all()?;
            let (stem, extension) = split(&safe_name(name));
            for number in 1u32.. {
                let name =
                    if number == 1 { format!("{stem}{extension}") } else { format!("{stem} ({number}){extension}") };
                let path = dir.join(name);
                match put(&part, &path, |from, to| fs::hard_link(from, to)) {
                    Ok(()) => return Ok(path),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        if same_bytes(&part, &path)? {
                            return Ok(path);
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(io::ErrorKind::AlreadyExists.into())
        })();
        let _ = fs::remove_file(&part);
        saved
    }

    /// Removes a blob's bytes; none does nothing.
    pub(crate) fn remove(&self, blob: &BlobId) {
        let _ = fs::remove_file(self.path(blob));
    }

    /// Removes all blobs' bytes that `is_known` does not know: of texts that are no more, or that never came to be. What
    /// else may be in the directory is not ours.
    pub(crate) fn remove_unknown(&self, is_known: impl Fn(&BlobId) -> bool) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let blob = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if blob.is_some_and(|blob| !is_known(&blob)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was read")
}

/// A name that is one, wherever it is put: no path, nothing hidden, nothing that a terminal or a file system minds.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = crate::output::style::harmless(last);
    let safe: String = seen.chars().map(|c| if c.is_control() || "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let trimmed = safe.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    if trimmed.is_empty() {
        return "file".to_owned();
    }
    // Shorter than any file system minds, a number behind it included.
    let (stem, extension) = split(trimmed);
    format!("{}{}", cut(&stem, 160), cut(&extension, 40))
}

/// The beginning of a text, of so many bytes at most.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// A name in two: what is before its extension, and that.
fn split(name: &str) -> (String, String) {
    match name.rfind('.') {
        Some(at) if at > 0 => (name[..at].to_owned(), name[at..].to_owned()),
        _ => (name.to_owned(), String::new()),
    }
}

/// Gives a file another name, unless somebody has that already, whoever comes in between. Where there are no two names for
/// one file, as on the disks of cameras and sticks, its bytes are copied.
fn put(part: &Path, path: &Path, link: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    match link(part, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {}
        done => return done,
    }
    let mut out = private_file().create_new(true).open(path)?;
    let copied = File::open(part).and_then(|mut part| io::copy(&mut part, &mut out)).and_then(|_| out.sync_all());
    if copied.is_err() {
        let _ = fs::remove_file(path);
    }
    copied
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        let (left, right) = (left.get(..read).unwrap_or_default(), right.get_mut(..read).unwrap_or_default());
        if other.read_exact(right).is_err() || left != right {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: BlobId = BlobId::new([1; 32]);

    #[test]
    fn a_file_comes_out_as_it_went_in_and_twice_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let (files, source) = (Files::in_dir(dir.path().join("files")), dir.path().join("source"));
        let bytes: Vec<u8> = (0..200_000u32).map(|n| u8::try_from(n % 247).unwrap()).collect();
        fs::write(&source, &bytes).unwrap();
        let key = FileKey::new([2; 32]);
        let mut done = 0;
        files.seal(&source, &BLOB, &key, 200_000, |more| done += more).unwrap();
        assert_eq!((done, files.length(&BLOB)), (200_000, protocol::files::sealed(200_000)));
        let out = dir.path().join("out");
        let save = |name: &str| files.save(&BLOB, &key, 200_000, &out, name).unwrap();
        let first = save("../../Draft treaty.pdf");
        assert_eq!(first, out.join("Draft treaty.pdf"));
        assert_eq!(fs::read(&first).unwrap(), bytes);
        assert_eq!(save("Draft treaty.pdf"), first, "the same is not saved twice");
        fs::write(&first, "somebody else's").unwrap();
        assert_eq!(save("Draft treaty.pdf"), out.join("Draft treaty (2).pdf"));
        assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "and nothing is left beside them");
    }

    #[test]
    fn a_disk_without_links_gets_a_copy_and_never_another_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let (part, path) = (dir.path().join("part"), dir.path().join("draft"));
        let cannot = |_: &Path, _: &Path| Err(io::Error::from(io::ErrorKind::PermissionDenied));
        fs::write(&part, "page 1").unwrap();
        put(&part, &path, cannot).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"page 1");
        fs::write(&part, "page 2").unwrap();
        assert_eq!(put(&part, &path, cannot).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"page 1");
        let nothing = put(&dir.path().join("none"), &dir.path().join("other"), cannot);
        assert!(nothing.is_err() && !dir.path().join("other").exists(), "and nothing half-done is left");
    }

    #[test]
    fn what_was_spoiled_or_changed_is_not_saved() {
        let dir = tempfile::tempdir().unwrap();
        let (files, source) = (Files::in_dir(dir.path().join("files")), dir.path().join("source"));
        fs::write(&source, [7; 5000]).unwrap();
        let key = FileKey::new([2; 32]);
        assert!(files.seal(&source, &BLOB, &key, 4999, |_| {}).is_err(), "it grew");
        assert!(files.seal(&source, &BLOB, &key, 5001, |_| {}).is_err(), "it shrank");
        files.seal(&source, &BLOB, &key, 5000, |_| {}).unwrap();
        let mut sealed = fs::read(files.path(&BLOB)).unwrap();
        sealed[3000] ^= 1;
        fs::write(files.path(&BLOB), &sealed).unwrap();
        let error = files.save(&BLOB, &key, 5000, &dir.path().join("out"), "x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 0);
        files.remove_unknown(|_| false);
        assert_eq!(files.length(&BLOB), 0);
    }

    #[test]
    fn names_lead_nowhere() {
        for (name, safe) in [
            ("/etc/passwd", "passwd"),
            ("..\\..\\x.exe", "x.exe"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("..", "file"),
            ("", "file"),
            (&"\u{1}".repeat(255), "\u{fffd}"),
            (&format!("{}.pdf", "ü".repeat(120)), "üü"),
            ("a\u{1b}[31m\u{202e}fdp.exe\n", "a"),
        ] {
            let made = safe_name(name);
            assert!(
                made.starts_with(safe) && !made.contains(['/', '\\', '\n', '\u{1b}', '\u{202e}']),
                "{name:?}: {made:?}"
            );
        }
    }
}
