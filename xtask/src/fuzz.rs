//! `cargo xtask fuzz`: feeds garbage to what reads bytes from strangers, by cargo-fuzz (libFuzzer).
//!
//! Seeds that are checked in lie in `fuzz/seeds/TARGET`; what a run finds goes to `fuzz/corpus/TARGET`, which is not.

use std::fs;

use crate::deny;
use crate::setup;
use crate::shell::{self, Failure};

const SECONDS: u32 = 60;

/// Fuzzes one target, or each in turn.
///
/// # Errors
///
/// Misuse for an unknown target or a number that is none; otherwise what is missing, or that a target crashed
/// (cargo-fuzz prints the input and how to run it again).
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let (names, seconds) = arguments(args)?;
    let all = targets()?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(Failure::Misuse(format!("There is no fuzz target {unknown:?}; there are {}.", all.join(", "))));
    }
    setup::require(&[&setup::C_COMPILER, &setup::CXX_COMPILER])?;
    install()?;
    let mut crashed = Vec::new();
    for name in if names.is_empty() { &all } else { &names } {
        println!("\n=== {name}: {seconds} seconds");
        if fuzz(name, seconds).is_err() {
            crashed.push(name.as_str());
        }
    }
    println!();
    if crashed.is_empty() {
        println!("No crash found.");
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "These fuzz targets failed: {}; what they printed above says how.",
        crashed.join(", ")
    )))
}

fn arguments(args: &[String]) -> Result<(Vec<String>, u32), Failure> {
    let mut names = Vec::new();
    let mut seconds = SECONDS;
    for arg in args {
        if arg.starts_with(|c: char| c.is_ascii_digit()) {
            let misuse = || Failure::Misuse(format!("{arg:?} is not a number of seconds."));
            seconds = arg.parse().map_err(|_| misuse())?;
        } else {
            names.push(arg.clone());
        }
    }
    Ok((names, seconds))
}

/// The targets are the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = shell::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
    let stems = files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let mut names: Vec<String> = stems.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn install() -> Result<(), Failure> {
    if shell::has("cargo-fuzz") || deny::tools().join("bin/cargo-fuzz").is_file() {
        return Ok(());
    }
    println!("Installing cargo-fuzz under target/tools (under a minute, once).");
    deny::install(&mut shell::cargo(["install", "cargo-fuzz", "--locked", "--debug", "--quiet"]))
}

fn fuzz(name: &str, seconds: u32) -> Result<(), String> {
    let corpus = format!("fuzz/corpus/{name}");
    let seeds = format!("fuzz/seeds/{name}");
    let make = |folder: &str| fs::create_dir_all(shell::root().join(folder)).map_err(|e| format!("{folder}: {e}."));
    make(&corpus)?;
    let mut command = shell::cargo(["fuzz", "run", name, &corpus]);
    if shell::root().join(&seeds).is_dir() {
        command.arg(&seeds);
    }
    command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=10", "-rss_limit_mb=2048"]);
    // Sanitizers are unstable flags of the compiler; this lets the stable one take them, for this build alone.
    command.env("RUSTC_BOOTSTRAP", "1").env("PATH", path_with_tools());
    shell::run(&mut command)
}

fn path_with_tools() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(deny::tools().join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(dirs).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_and_seconds_stand_in_either_order() {
        let parsed = |args: &[&str]| arguments(&args.iter().map(|&a| a.to_owned()).collect::<Vec<_>>()).expect("fine");
        assert_eq!(parsed(&[]), (vec![], SECONDS));
        assert_eq!(parsed(&["card", "5"]), (vec!["card".to_owned()], 5));
        assert_eq!(parsed(&["5", "card"]), (vec!["card".to_owned()], 5));
    }

    #[test]
    fn a_number_that_is_none_is_misuse() {
        assert!(matches!(arguments(&["5m".to_owned()]), Err(Failure::Misuse(_))));
    }
}
