//! `cargo xtask bench`: measurements, in release mode, by the package `bench`.

use crate::setup;
use crate::shell::{self, Failure};

const KNOWN: [&str; 3] = ["text", "load", "history"];

/// Builds and runs one benchmark, or all there are.
///
/// # Errors
///
/// Misuse for an unknown benchmark; otherwise what failed.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = args.first().filter(|arg| !KNOWN.contains(&arg.as_str())) {
        return Err(Failure::Misuse(format!("There is no benchmark {unknown:?}; there are {}.", KNOWN.join(", "))));
    }
    setup::require(&[&setup::C_COMPILER])?;
    // The switchboards that are measured are processes of the release binary, beside the benchmark's own.
    shell::run(&mut shell::cargo(["build", "--release", "--package", "entrenous", "--package", "bench"]))?;
    Ok(shell::run(&mut shell::command(shell::target_dir().join("release/bench"), args))?)
}
