//! The walls of the house: which crate may know which, and that files stay small enough to read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::mutants;
use crate::shell::{self, Failure};
use crate::tally::Tally;
use crate::targets::Targets;

/// Nobody holds a longer file in their head.
const LONGEST_FILE: usize = 600;

/// A crate, what it must never depend on, however indirectly, and why.
struct Wall {
    package: &'static str,
    forbidden: &'static [&'static str],
    why: &'static str,
}

const WALLS: [Wall; 8] = [
    Wall {
        package: "protocol",
        forbidden: &["database", "seal", "handset", "switchboard", "rusqlite", "openmls", "tokio", "axum", "reqwest"],
        why: "it holds codecs only, for everybody",
    },
    Wall {
        package: "seal",
        forbidden: &["handset", "switchboard", "tokio", "axum", "reqwest"],
        why: "keys know nothing of how they travel",
    },
    Wall {
        package: "database",
        forbidden: &["protocol", "seal", "handset", "switchboard", "tokio", "axum", "reqwest"],
        why: "it is one SQLite and nothing else",
    },
    Wall {
        package: "handset",
        forbidden: &["switchboard", "tokio", "axum", "hyper", "reqwest", "mio", "socket2"],
        why: "the engine does no input or output of its own, and runs in a browser",
    },
    Wall {
        package: "talk",
        forbidden: &["database", "seal", "handset", "switchboard", "rusqlite", "openmls", "tokio", "web-sys"],
        why: "it holds what page and worker say to each other, and neither of them",
    },
    Wall {
        package: "web",
        forbidden: &["database", "seal", "handset", "worker", "switchboard", "rusqlite", "openmls"],
        why: "the page has no keys and no storage: it asks the worker",
    },
    Wall {
        package: "worker",
        forbidden: &["switchboard", "tokio", "axum", "hyper", "reqwest", "leptos"],
        why: "it runs in a browser, and shows nothing",
    },
    Wall {
        package: "switchboard",
        forbidden: &["handset"],
        why: "a switchboard knows nothing of what handsets keep or say to each other",
    },
];

/// Checks every wall, every file, and whether the mutants still fit; each wall counts as one check, the files together as
/// one, and the mutants too.
///
/// # Errors
///
/// What cargo said, if it cannot read the workspace.
pub(crate) fn check() -> Result<Tally, Failure> {
    let targets = Targets::read()?;
    let mut tally = Tally::default();
    for wall in WALLS.iter().filter(|wall| targets.has(wall.package)) {
        let found = crossings(&dependencies(wall.package)?, wall.forbidden);
        if !found.is_empty() {
            eprintln!("{} depends on {}, which it must not: {}.", wall.package, found.join(", "), wall.why);
        }
        tally += Tally::one(found.is_empty());
    }
    let long = too_long(&shell::root());
    for (path, lines) in &long {
        eprintln!("{} has {lines} lines; split it, the limit is {LONGEST_FILE}.", path.display());
    }
    tally += Tally::one(long.is_empty());
    tally += mutants::fit()?;
    Ok(tally)
}

/// Every crate that ends up in this one on any target, one `name vVERSION` per line.
fn dependencies(package: &str) -> Result<String, String> {
    shell::capture(&mut shell::cargo([
        "tree",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--target",
        "all",
        "--package",
        package,
    ]))
}

fn crossings<'a>(tree: &str, forbidden: &[&'a str]) -> Vec<&'a str> {
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    forbidden.iter().copied().filter(|name| names.contains(name)).collect()
}

/// The Rust files that are too long, with their numbers of lines.
fn too_long(root: &Path) -> Vec<(PathBuf, usize)> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "tests", "bench", "fuzz/fuzz_targets"] {
        collect(&root.join(folder), &mut files);
    }
    let lines = |path: &Path| fs::read_to_string(path).map_or(0, |text| text.lines().count());
    let counted = files.into_iter().map(|path| (lines(&path), path)).filter(|(lines, _)| *lines > LONGEST_FILE);
    counted.map(|(lines, path)| (path.strip_prefix(root).map(Path::to_path_buf).unwrap_or(path), lines)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossed_wall_is_named() {
        let tree = "handset v0.1.0 (/x/crates/handset)\nserde v1.0.0\ntokio v1.48.0\ntokio-macros v2.6.0\n";
        assert_eq!(crossings(tree, &["axum", "tokio"]), ["tokio"]);
        assert!(crossings(tree, &["axum", "toki"]).is_empty());
    }

    #[test]
    fn a_long_file_is_found_and_its_lines_counted() {
        let root = std::env::temp_dir().join(format!("entrenous-xtask-{}", std::process::id()));
        let folder = root.join("crates/a/src");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("long.rs"), "//\n".repeat(LONGEST_FILE + 1)).expect("a file");
        fs::write(folder.join("short.rs"), "//\n".repeat(LONGEST_FILE)).expect("a file");
        let found = too_long(&root);
        fs::remove_dir_all(&root).expect("removed");
        assert_eq!(found, [(PathBuf::from("crates/a/src/long.rs"), LONGEST_FILE + 1)]);
    }
}
