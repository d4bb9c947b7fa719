//! Running other programs.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::tally::Tally;

/// Why a command of ours did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The person asked for something that does not exist. One sentence; exit code 2.
    Misuse(String),
    /// Something went wrong. One sentence with what to do; exit code 1.
    Failed(String),
    /// Everything there is to say was already printed. Exit code 1.
    Reported,
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Failed(sentence)
    }
}

/// What a program did when its output was shown and kept at once.
pub(crate) struct Shown {
    /// Whether it exited with 0.
    pub(crate) success: bool,
    /// Its standard output and standard error, each in order, the first before the second.
    pub(crate) text: String,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable when it runs us; the compiled-in path would be stale in a moved work tree.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().map_or_else(|| manifest.clone(), Path::to_path_buf)
}

/// Where the workspace is built.
pub(crate) fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Where a program of ours lies once it is built in the dev profile.
pub(crate) fn built(program: &str) -> PathBuf {
    target_dir().join("debug").join(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// A cargo command at the root of the workspace.
pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(args: I) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(cargo, args)
}

/// Any command at the root of the workspace.
pub(crate) fn command<P, I, S>(program: P, args: I) -> Command
where
    P: AsRef<OsStr>,
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs a command with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status}).", line(command))) }
}

/// Runs a command that passes or does not as one check; it says itself why.
pub(crate) fn checked(command: &mut Command) -> Tally {
    let ran = run(command);
    if let Err(sentence) = &ran {
        eprintln!("{sentence}");
    }
    Tally::one(ran.is_ok())
}

/// Runs a command silently and returns its standard output; on failure the error carries its standard error.
pub(crate) fn capture(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{}` failed: {}", line(command), said.trim()))
    }
}

/// Runs a command, passes its output on line by line as it comes, and keeps it too.
pub(crate) fn show(command: &mut Command) -> Result<Shown, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let errors = child.stderr.take().map(|pipe| thread::spawn(move || pass_on(pipe, io::stderr())));
    let mut text = child.stdout.take().map(|pipe| pass_on(pipe, io::stdout())).unwrap_or_default();
    if let Some(Ok(said)) = errors.map(thread::JoinHandle::join) {
        text.push_str(&said);
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok(Shown { success: status.success(), text })
}

/// Whether a program is on the search path.
pub(crate) fn has(program: &str) -> bool {
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(&name).is_file()))
}

/// A command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

fn pass_on(from: impl Read, mut to: impl Write) -> String {
    let mut kept = String::new();
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        // A closed terminal must not stop us from reading, or the child would block on a full pipe.
        let _ = to.write_all(&bytes);
        kept.push_str(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
    let _ = to.flush();
    kept
}

fn not_started(command: &Command, error: &io::Error) -> String {
    format!("`{}` could not be run: {error}.", line(command))
}
