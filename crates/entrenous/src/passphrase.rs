//! Where the passphrase comes from: a file that the environment names, or the person.

use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::Failure;

/// Names the file that holds the passphrase.
const FILE_VARIABLE: &str = "ENTRENOUS_PASSPHRASE_FILE";

/// A passphrase; wiped from memory when dropped.
pub(crate) type Passphrase = Zeroizing<String>;

/// The passphrase of a profile that exists.
///
/// # Errors
/// If there is neither file nor terminal.
pub(crate) fn ask() -> Result<Passphrase, Failure> {
    match from_file()? {
        Some(passphrase) => Ok(passphrase),
        None => prompt("Passphrase: "),
    }
}

/// The passphrase of a profile that is being made, asked for twice.
///
/// # Errors
/// If there is neither file nor terminal, or the passphrase is empty or not the same twice.
pub(crate) fn choose() -> Result<Passphrase, Failure> {
    not_empty(match from_file()? {
        Some(passphrase) => passphrase,
        None => prompt_twice("Choose a passphrase for this handset: ")?,
    })
}

/// The passphrase of backups: from a file, or asked for; twice if it is `new`.
///
/// # Errors
/// If there is neither file nor terminal, or the passphrase is empty or not the same twice.
pub(crate) fn of_backups(file: Option<&Path>, new: bool) -> Result<Passphrase, Failure> {
    let passphrase = match file {
        Some(file) => read(file)?,
        None if new => prompt_twice("Choose a passphrase for backups, used for nothing else: ")?,
        None => prompt("Passphrase of the backups: ")?,
    };
    if new && passphrase.chars().count() < SHORTEST {
        let sentence =
            format!("a backup can be tried as often as somebody likes: choose at least {SHORTEST} characters");
        return Err(Failure::misuse("short-passphrase", sentence));
    }
    not_empty(passphrase)
}

/// Characters of a passphrase for backups, at least.
const SHORTEST: usize = 10;

fn prompt_twice(question: &str) -> Result<Passphrase, Failure> {
    let first = prompt(question)?;
    if *first != *prompt("The same again: ")? {
        return Err(Failure::misuse("passphrases-differ", "the two passphrases are not the same: try again"));
    }
    Ok(first)
}

fn not_empty(passphrase: Passphrase) -> Result<Passphrase, Failure> {
    if passphrase.is_empty() {
        return Err(Failure::misuse("empty-passphrase", "an empty passphrase protects nothing: choose another"));
    }
    Ok(passphrase)
}

fn from_file() -> Result<Option<Passphrase>, Failure> {
    let Some(path) = std::env::var_os(FILE_VARIABLE) else { return Ok(None) };
    read(Path::new(&path)).map(Some)
}

fn read(path: &Path) -> Result<Passphrase, Failure> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Failure {
        exit: crate::exit::Exit::Misuse,
        ..Failure::file(&format!("the passphrase file {}", path.display()), &error)
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

fn prompt(question: &str) -> Result<Passphrase, Failure> {
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(|_| {
        Failure::misuse(
            "no-passphrase",
            format!(
                "there is no terminal to ask for the passphrase: put it into a file and its path into {FILE_VARIABLE} \
                 (for backups, ENTRENOUS_BACKUP_PASSPHRASE_FILE)"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_not_part_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        for (text, passphrase) in [("a b\n", "a b"), ("a b\r\n", "a b"), ("a b", "a b"), ("a \n\n", "a \n")] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(*read(&path).unwrap(), *passphrase);
        }
        assert_eq!(read(&dir.path().join("none")).unwrap_err().code, "file-unavailable");
    }
}
