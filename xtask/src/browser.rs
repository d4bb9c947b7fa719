//! The browser stage: the engine and its storage compiled to wasm, what that asks of its host, and its tests there.

use std::fs;
use std::path::PathBuf;

use crate::setup;
use crate::shell::{self, Failure};
use crate::tally::Tally;
use crate::wasm_imports;

/// The module that holds the tests, and with them everything that runs in a browser.
const MODULE: &str = "web_tests.wasm";

/// Runs the tests in headless Chromium (`xtask/wasm` compiles and drives them), then looks at the module's imports.
///
/// # Errors
///
/// One sentence if something is missing, does not compile, or cannot be run.
pub(crate) fn test(build: fn() -> Result<(), Failure>) -> Result<Tally, Failure> {
    setup::require(&[&setup::C_COMPILER, &setup::CLANG, &setup::CHROMIUM, &setup::CHROMEDRIVER])?;
    setup::wasm_target()?;
    build()?;
    let runner = shell::target_dir().join("debug").join(format!("xtask-wasm{}", std::env::consts::EXE_SUFFIX));
    let shown = shell::show(&mut shell::command(runner, ["test"]))?;
    let mut tally = Tally::of_run(&shown.text, shown.success);
    tally += Tally::one(imports_are_clean()?);
    Ok(tally)
}

fn imports_are_clean() -> Result<bool, Failure> {
    let module = newest_module().ok_or_else(|| format!("No {MODULE} was built, so its imports cannot be checked."))?;
    let wasm = fs::read(&module).map_err(|error| format!("{} cannot be read: {error}.", module.display()))?;
    let foreign = wasm_imports::foreign(&wasm)?;
    if !foreign.is_empty() {
        let names: Vec<_> = foreign.into_iter().collect();
        eprintln!("{MODULE} imports what no browser provides: {}; a native dependency got in.", names.join(", "));
        return Ok(false);
    }
    Ok(true)
}

/// As cargo left it, in whichever profile.
fn newest_module() -> Option<PathBuf> {
    let profiles = fs::read_dir(shell::target_dir().join("wasm32-unknown-unknown")).ok()?;
    let modules = profiles.flatten().map(|profile| profile.path().join(MODULE)).filter(|path| path.is_file());
    modules.max_by_key(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok())
}
