//! The phone app: its two wasm modules and its assets, put together into one folder that a switchboard serves.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::setup;
use crate::shell::{self, Failure};

const TARGET: &str = "wasm32-unknown-unknown";
/// The page, and the worker that has the handset.
const MODULES: [&str; 2] = ["web", "worker"];

/// How it is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Small, and the same bytes wherever it is built: what people get.
    Release,
    /// Quickly, with checks for overflow and debug assertions: what tests drive.
    Dev,
}

/// An app that was put together.
pub(crate) struct App {
    /// Where.
    pub(crate) dir: PathBuf,
    /// SHA-256 of its service worker, which names that of every other file: the app's own, in hexadecimal.
    pub(crate) hash: String,
}

/// Builds the app alone, and says where it is and what it is.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let how = match args {
        [] => Build::Release,
        [flag] if flag == "--dev" => Build::Dev,
        [other, ..] => return Err(Failure::Misuse(format!("`cargo xtask app` does not know {other:?}."))),
    };
    let app = build(how)?;
    println!("{}\n{}", app.dir.display(), app.hash);
    Ok(())
}

/// Takes pictures of every screen.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed; what the browser says.
pub(crate) fn screens(args: &[String]) -> Result<(), Failure> {
    if let Some(other) = args.first() {
        return Err(Failure::Misuse(format!("`cargo xtask screens` takes no arguments, and got {other:?}.")));
    }
    setup::require(&[&setup::CHROMIUM, &setup::CHROMEDRIVER])?;
    let app = build(Build::Dev)?;
    shell::run(&mut shell::cargo(["build", "--workspace", "--bin", "entrenous", "--bin", "screens"]))?;
    let folder = shell::target_dir().join("screens");
    let mut take = shell::command(shell::built("screens"), [&folder]);
    take.env("ENTRENOUS_BIN", shell::built("entrenous")).env("ENTRENOUS_APP", &app.dir);
    shell::run(&mut take)?;
    println!("{}", folder.display());
    Ok(())
}

/// Sets up, builds both modules, and puts the app together.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed.
pub(crate) fn build(how: Build) -> Result<App, Failure> {
    setup::require(&[&setup::C_COMPILER, &setup::CLANG])?;
    setup::wasm_target()?;
    let (profile, folder, dir) = match how {
        Build::Release => ("web", "web", "app"),
        Build::Dev => ("dev", "debug", "app-dev"),
    };
    let packages = MODULES.iter().flat_map(|module| ["--package", module]);
    let mut modules = shell::cargo(["build", "--lib", "--target", TARGET, "--profile", profile]);
    modules.args(packages);
    if how == Build::Release {
        modules.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", without_paths());
    }
    shell::run(&mut modules)?;
    // Selected out of the whole workspace, so that it shares its dependencies with what tests build.
    shell::run(&mut shell::cargo(["build", "--workspace", "--bin", "xtask-wasm"]))?;
    let dir = shell::target_dir().join(dir);
    let mut assemble = shell::command(shell::built("xtask-wasm"), ["app"]);
    assemble.arg(shell::root().join("crates/web/assets")).arg(&dir);
    assemble.args(MODULES.map(|module| shell::target_dir().join(TARGET).join(folder).join(format!("{module}.wasm"))));
    let hash = shell::capture(&mut assemble)?.trim().to_owned();
    Ok(App { dir, hash })
}

/// Flags by which no path of this machine gets into a module, so that it is the same wherever it is built.
fn without_paths() -> String {
    let home = |variable, or: &str| {
        let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        env::var_os(variable).map_or_else(|| home.join(or), PathBuf::from)
    };
    let places = [(shell::root(), "/entrenous"), (home("CARGO_HOME", ".cargo"), "/cargo")];
    let sources = registry_sources(&places[1].0).into_iter().map(|path| (path, "/crates"));
    let remap = |(path, name): (PathBuf, &str)| format!("--remap-path-prefix={}={name}", path.display());
    // Of several that fit, the last one counts.
    places.into_iter().chain(sources).map(remap).collect::<Vec<_>>().join(" ")
}

/// Where crates lie once they are unpacked: a folder for each registry, named after where it was reached.
fn registry_sources(cargo_home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cargo_home.join("registry/src")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
