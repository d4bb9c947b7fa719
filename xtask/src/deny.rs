//! Licences, sources, banned crates and known vulnerabilities of what we depend on, by cargo-deny.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Failure};
use crate::tally::Tally;

/// Runs cargo-deny, installing it under `target/tools` first if it is nowhere.
///
/// The advisory database comes by git over the network. Where that is out of reach, everything else is still
/// checked, and the output says that advisories were not.
///
/// # Errors
///
/// One sentence if cargo-deny is missing and cannot be installed.
pub(crate) fn check() -> Result<Tally, Failure> {
    let program = program()?;
    let deny = |args: &[&str]| shell::command(&program, args);
    let advisories = match shell::capture(&mut deny(&["--color", "never", "fetch", "db"])) {
        Ok(_) => Some(shell::show(&mut deny(&["check", "advisories"]))?.success),
        Err(_) => None,
    };
    let rest = shell::show(&mut deny(&[
        "check",
        "--hide-inclusion-graph",
        "--allow",
        "duplicate",
        "bans",
        "licenses",
        "sources",
    ]))?
    .success;
    let mut tally = Tally::one(rest);
    match advisories {
        Some(passed) => tally += Tally::one(passed),
        None => println!(
            "ADVISORIES WERE NOT CHECKED: the advisory database could not be fetched. Run `cargo xtask test deny` \
             again where the network reaches it."
        ),
    }
    Ok(tally)
}

fn program() -> Result<PathBuf, Failure> {
    if shell::has("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    if !installed().is_file() {
        println!("Installing cargo-deny under target/tools (about two minutes on two cores, once).");
        install(&mut shell::cargo(["install", "cargo-deny", "--locked", "--debug", "--quiet"]))?;
    }
    Ok(installed())
}

/// Completes and runs a `cargo install` into our own folder. Unoptimised: a tool that runs for a second is not worth
/// minutes of optimising.
///
/// # Errors
///
/// One sentence if it cannot be downloaded or built.
pub(crate) fn install(command: &mut Command) -> Result<(), Failure> {
    command.arg("--root").arg(tools()).env("CARGO_PROFILE_DEV_DEBUG", "0");
    Ok(shell::run(command)?)
}

/// Where our own tools are installed.
pub(crate) fn tools() -> PathBuf {
    shell::target_dir().join("tools")
}

fn installed() -> PathBuf {
    tools().join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX))
}
