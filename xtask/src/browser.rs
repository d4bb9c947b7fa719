//! The browser stage: the engine and its storage compiled to wasm, what that asks of its host, and its tests there.

use std::fs;
use std::path::Path;

use crate::setup;
use crate::shell::{self, Failure};
use crate::tally::Tally;
use crate::wasm_imports;

const TARGET: &str = "wasm32-unknown-unknown";

/// The crate that holds the tests, and with them everything that runs in a browser.
const TESTS: (&str, &str) = ("web-tests", "web_tests.wasm");

/// Compiles the module, looks at its imports, and runs its tests in headless Chromium (`xtask/wasm` drives it).
///
/// # Errors
///
/// One sentence if something is missing, does not compile, or cannot be run.
pub(crate) fn test() -> Result<Tally, Failure> {
    setup::require(&[&setup::C_COMPILER, &setup::CLANG, &setup::CHROMIUM])?;
    setup::wasm_target()?;
    setup::component("clippy", "clippy")?;
    let (package, file) = TESTS;
    let on_wasm = |command: &str| shell::cargo([command, "--package", package, "--target", TARGET]);
    // What is compiled for the browser alone, no other stage sees.
    let mut tally =
        shell::checked(on_wasm("clippy").args(["--package", "web", "--package", "worker", "--", "--deny", "warnings"]));
    shell::run(&mut on_wasm("build"))?;
    let module = shell::target_dir().join(TARGET).join("debug").join(file);
    tally += Tally::one(imports_are_clean(&module)?);
    // Selected out of the whole workspace, so that it shares its dependencies with what other stages build.
    shell::run(&mut shell::cargo(["build", "--workspace", "--bin", "xtask-wasm"]))?;
    let runner = shell::built("xtask-wasm");
    let shown = shell::show(shell::command(runner, ["test"]).arg(&module))?;
    tally += Tally::of_run(&shown.text, shown.success);
    Ok(tally)
}

fn imports_are_clean(module: &Path) -> Result<bool, Failure> {
    let wasm = fs::read(module).map_err(|error| format!("{} cannot be read: {error}.", module.display()))?;
    let foreign: Vec<_> = wasm_imports::foreign(&wasm)?.into_iter().collect();
    if !foreign.is_empty() {
        let names = foreign.join(", ");
        eprintln!("{} imports what no browser provides: {names}; a native dependency got in.", module.display());
    }
    Ok(foreign.is_empty())
}
