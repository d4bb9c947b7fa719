//! `cargo xtask bench`: measurements, in release mode, by the package `bench`.

use crate::setup;
use crate::shell::{self, Failure};

/// Builds and runs one benchmark, or all there are.
///
/// # Errors
///
/// Misuse for an unknown benchmark; otherwise what failed.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = args.first().filter(|arg| *arg != "text") {
        return Err(Failure::Misuse(format!("There is no benchmark {unknown:?}; there is text.")));
    }
    setup::require(&[&setup::C_COMPILER])?;
    let mut command = shell::cargo(["run", "--release", "--package", "bench", "--"]);
    Ok(shell::run(command.args(args))?)
}
