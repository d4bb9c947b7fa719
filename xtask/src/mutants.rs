//! `cargo xtask mutants`: shows that the simulator bites.
//!
//! Each file in `tests/mutants` breaks one thing on purpose. It is applied to a copy of the workspace, the simulator is
//! built there and must fail within some hundred seeds. The product's own code knows nothing of it.
//!
//! A file says in its first line what is broken; then, for each change, the path of a file, and the old text between
//! `<<<<` and `====` and the new one up to `>>>>`, each without its last line break. The old text must be there just once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::setup;
use crate::shell::{self, Failure};
use crate::tally::Tally;

/// Where they are, from the root.
const FOLDER: &str = "tests/mutants";

/// Seeds that each has to survive in order to count as missed.
const SEEDS: &str = "400";

/// The simulator never takes as long for so many; a mutant that makes it run without end is caught, too.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is not copied.
const LEFT: [&str; 6] = ["target", ".git", "data", "fuzz", "proofs", "docs"];

/// A change that breaks something.
#[derive(Debug, PartialEq, Eq)]
struct Mutant {
    name: String,
    what: String,
    changes: Vec<Change>,
}

/// One replacement in one file.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    path: PathBuf,
    old: String,
    new: String,
}

/// What the simulator made of a mutant.
struct Verdict {
    caught: bool,
    how: String,
}

/// Runs all mutants, or those named.
///
/// # Errors
///
/// Misuse for an unknown name; otherwise that one was missed or could not be built, all of it printed by then.
pub(crate) fn run(names: &[String]) -> Result<(), Failure> {
    let tally = catch(names)?;
    println!("\n{tally}");
    if tally.failed == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// Whether each change still fits the sources: one check for all.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn fit() -> Result<Tally, Failure> {
    let mut all_fit = true;
    for mutant in read_all(&shell::root())? {
        if let Err(sentence) = mutant.apply(&shell::root(), false) {
            eprintln!("{sentence}");
            all_fit = false;
        }
    }
    Ok(Tally::one(all_fit))
}

fn catch(names: &[String]) -> Result<Tally, Failure> {
    setup::require(&[&setup::C_COMPILER])?;
    let mut mutants = read_all(&shell::root())?;
    if let Some(unknown) = names.iter().find(|name| mutants.iter().all(|mutant| mutant.name != **name)) {
        return Err(Failure::Misuse(format!("There is no mutant {unknown:?} in {FOLDER}.")));
    }
    mutants.retain(|mutant| names.is_empty() || names.contains(&mutant.name));
    let copy = shell::target_dir().join("mutants");
    copy_folder(&shell::root(), &copy)?;
    let mut tally = Tally::default();
    for mutant in &mutants {
        let start = Instant::now();
        mutant.apply(&copy, true)?;
        let verdict = judge(&copy);
        // Whatever came of it, the next one begins with the sources as they are.
        mutant.restore(&copy)?;
        let verdict = verdict?;
        let said = if verdict.caught { "caught" } else { "MISSED" };
        let seconds = start.elapsed().as_secs_f64();
        println!("{said}  {:<36} {seconds:>5.0} s  {}\n        {}", mutant.name, verdict.how, mutant.what);
        tally += Tally::one(verdict.caught);
    }
    Ok(tally)
}

/// Builds the simulator over the mutant, and runs it until it fails or the seeds are over.
fn judge(copy: &Path) -> Result<Verdict, Failure> {
    let mut build = shell::cargo(["test", "--workspace", "--test", "simulator", "--no-run", "--message-format=json"]);
    // Its own folder: to cargo, the packages of both workspaces are the same ones.
    let built = shell::capture(build.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target")))?;
    let program = executable(&built).ok_or_else(|| "Cargo does not say where the simulator is.".to_owned())?;
    let output = copy.join("output.txt");
    let file = fs::File::create(&output).map_err(|error| format!("{} cannot be made: {error}.", output.display()))?;
    let both = file.try_clone().map_err(|error| format!("{} cannot be used: {error}.", output.display()))?;
    let mut command = shell::command(program, ["--exact", "nothing_is_lost_or_doubled_whatever_happens"]);
    command.env("SEEDS", SEEDS).env("FIRST_SEED", "1").env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(file).stderr(both);
    let mut child = command.spawn().map_err(|error| format!("The simulator could not be run: {error}."))?;
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(|error| format!("The simulator got lost: {error}."))? {
            Some(status) => break Some(status),
            None if Instant::now() > end => {
                // What cannot be ended has ended.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let said = fs::read_to_string(&output).unwrap_or_default();
    Ok(match status {
        None => Verdict { caught: true, how: "it does not come to an end".to_owned() },
        Some(status) if status.success() => Verdict { caught: false, how: format!("survives {SEEDS} seeds") },
        Some(_) => Verdict { caught: true, how: complaint(&said) },
    })
}

/// Where the test is, from cargo's messages.
fn executable(messages: &str) -> Option<PathBuf> {
    let path = messages.rsplit("\"executable\":\"").next().filter(|rest| rest.len() < messages.len())?;
    path.split_once('"').map(|(path, _)| path.into())
}

/// The seed that failed, and what the first check that failed said.
fn complaint(said: &str) -> String {
    let seed = said.lines().find_map(|line| line.strip_prefix("seed ")?.split_once(" fails")).map_or("?", |(n, _)| n);
    let mut lines = said.lines().skip_while(|line| !line.contains("panicked at"));
    let place = lines.next().and_then(|line| line.split("panicked at ").nth(1)).unwrap_or_default();
    let why: String = lines.next().unwrap_or_default().chars().take(90).collect();
    format!("seed {seed}: {why} ({})", place.trim_end_matches(':'))
}

impl Mutant {
    fn parse(name: &str, text: &str) -> Option<Self> {
        let (what, mut rest) = text.split_once('\n')?;
        let mut changes = Vec::new();
        while let Some((path, after)) = rest.split_once("\n<<<<\n") {
            let (old, after) = after.split_once("====\n")?;
            let (new, after) = after.split_once(">>>>\n")?;
            let text = |block: &str| block.strip_suffix('\n').unwrap_or(block).to_owned();
            changes.push(Change { path: path.trim().into(), old: text(old), new: text(new) });
            rest = after;
        }
        let whole = !changes.is_empty() && rest.trim().is_empty();
        whole.then(|| Self { name: name.to_owned(), what: what.to_owned(), changes })
    }

    /// Checks that each old text is there just once, and replaces it if asked to.
    fn apply(&self, root: &Path, write: bool) -> Result<(), String> {
        for Change { path, old, new } in &self.changes {
            let file = root.join(path);
            let text = read(&file)?;
            let found = text.matches(old.as_str()).count();
            if found != 1 {
                return Err(format!(
                    "The mutant {} does not fit {}: its old text is there {found} times. Write it anew.",
                    self.name,
                    path.display()
                ));
            }
            if write {
                write_file(&file, text.replacen(old.as_str(), new, 1).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Undoes the changes.
    fn restore(&self, copy: &Path) -> Result<(), String> {
        self.changes.iter().try_for_each(|change| {
            let text = read(&shell::root().join(&change.path))?;
            write_file(&copy.join(&change.path), text.as_bytes())
        })
    }
}

fn read_all(root: &Path) -> Result<Vec<Mutant>, String> {
    let folder = root.join(FOLDER);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "mutant"));
    let mut mutants = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mutant = Mutant::parse(&name, &read(&path)?)
            .ok_or_else(|| format!("{} is not written as a mutant is.", path.display()))?;
        mutants.push(mutant);
    }
    // Those of one crate after each other, since each change builds its crate anew, and so does its undoing.
    mutants.sort_by_key(|mutant| (mutant.changes.first().map(|change| change.path.clone()), mutant.name.clone()));
    Ok(mutants)
}

/// Makes a folder the same as another. What is the same already keeps its time, so that it is not built again.
fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|error| format!("{} cannot be made: {error}.", to.display()))?;
    let entries = fs::read_dir(from).map_err(|error| format!("{} cannot be read: {error}.", from.display()))?;
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if LEFT.iter().any(|left| name == *left) {
            continue;
        }
        let target = to.join(&name);
        names.push(name);
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            let bytes = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
            if fs::read(&target).ok().as_ref() != Some(&bytes) {
                write_file(&target, &bytes)?;
            }
        }
    }
    // What is there no more would still be built.
    for entry in fs::read_dir(to).into_iter().flatten().flatten() {
        if !names.contains(&entry.file_name()) && entry.file_name() != "target" {
            let path = entry.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|error| format!("{} cannot be removed: {error}.", path.display()))?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Nothing works.\n\nsrc/a.rs\n<<<<\nold\n====\nnew\n>>>>\n\nsrc/b.rs\n<<<<\nx\n====\n>>>>\n";

    #[test]
    fn a_mutant_says_what_it_breaks_and_where() {
        let mutant = Mutant::parse("m", TEXT).expect("a mutant");
        assert_eq!((mutant.name.as_str(), mutant.what.as_str()), ("m", "Nothing works."));
        let [first, second] = mutant.changes.as_slice() else { panic!("{mutant:?}") };
        assert_eq!(
            (first.path.as_path(), first.old.as_str(), first.new.as_str()),
            (Path::new("src/a.rs"), "old", "new")
        );
        assert_eq!((second.path.as_path(), second.new.as_str()), (Path::new("src/b.rs"), ""));
        assert_eq!(Mutant::parse("m", "Nothing.\n"), None);
    }

    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let root = std::env::temp_dir().join(format!("entrenous-mutants-{}", std::process::id()));
        fs::create_dir_all(root.join("src")).expect("a folder");
        fs::write(root.join("src/a.rs"), "old\nold\n").expect("a file");
        let mutant = Mutant::parse("m", "Broken.\nsrc/a.rs\n<<<<\nold\n====\nnew\n>>>>\n").expect("a mutant");
        let twice = mutant.apply(&root, true);
        fs::write(root.join("src/a.rs"), "just old\n").expect("a file");
        let once = mutant.apply(&root, true);
        let left = fs::read_to_string(root.join("src/a.rs")).expect("a file");
        fs::remove_dir_all(&root).expect("removed");
        assert!(twice.is_err_and(|sentence| sentence.contains("2 times")));
        assert_eq!((once, left.as_str()), (Ok(()), "just new\n"));
    }

    #[test]
    fn the_executable_is_found_in_cargos_messages() {
        let said = "{\"executable\":null}\n{\"executable\":\"/t/debug/deps/simulator-1\",\"fresh\":false}\n";
        assert_eq!(executable(said), Some("/t/debug/deps/simulator-1".into()));
        assert_eq!(executable("{\"executable\":null}"), None);
    }

    #[test]
    fn a_complaint_names_seed_and_check() {
        let said =
            "\nthread '<unnamed>' (7) panicked at tests/src/acts.rs:129:9:\nnobody is stuck\nseed 5 fails; play\n";
        assert_eq!(complaint(said), "seed 5: nobody is stuck (tests/src/acts.rs:129:9)");
    }
}
