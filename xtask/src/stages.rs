//! The stages of `cargo xtask test`, in the order in which they run: what fails fastest comes first.
//!
//! Everything is built once, in the dev profile (dependencies optimised, overflow and debug assertions on), and always
//! for the whole workspace: choosing single packages would change which features their dependencies get, and with that
//! build those dependencies a second time. What a stage leaves out, it leaves out of the run, not of the build.

use std::process::Command;

use crate::app;
use crate::browser;
use crate::deny;
use crate::house;
use crate::purity;
use crate::setup;
use crate::shell::{self, Failure};
use crate::tally::Tally;
use crate::targets::Targets;

/// The package of the long tests over two switchboards, and its folder.
const SCENARIOS: (&str, &str) = ("scenarios", "tests");

/// The package of the tests that use the phone app in a browser.
const APP: &str = "app-tests";

/// How many of these are run at a time: each has two browsers and two switchboards of its own.
const BROWSERS: &str = "2";

/// How many schedules the simulator plays, unless the environment's SEEDS says otherwise: about five minutes on two
/// cores.
const SEEDS: &str = "2000";

/// One part of the tests.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it checks, in a few words.
    pub(crate) what: &'static str,
    /// Whether `--quick` runs it.
    pub(crate) quick: bool,
    /// Sets up what it needs, and runs it.
    pub(crate) run: fn() -> Result<Tally, Failure>,
}

/// All of them.
pub(crate) const STAGES: [Stage; 9] = [
    Stage { name: "format", what: "rustfmt", quick: true, run: format },
    Stage { name: "house", what: "crate boundaries and file sizes", quick: true, run: house::check },
    Stage { name: "lint", what: "clippy, the purity of the engine included", quick: true, run: lint },
    Stage { name: "deny", what: "licences, sources and advisories of dependencies", quick: false, run: deny::check },
    Stage { name: "unit", what: "every crate's own tests", quick: true, run: unit },
    Stage { name: "doc", what: "examples in the documentation", quick: true, run: doc },
    Stage { name: "browser", what: "storage and engine as wasm in Chromium", quick: false, run: browser::test },
    Stage { name: "app", what: "the phone app in Chromium, over two switchboards", quick: false, run: phone_app },
    Stage { name: "scenarios", what: "two switchboards: simulator, crashes, privacy", quick: false, run: scenarios },
];

fn format() -> Result<Tally, Failure> {
    setup::component("fmt", "rustfmt")?;
    Ok(shell::checked(&mut shell::cargo(["fmt", "--all", "--check"])))
}

fn lint() -> Result<Tally, Failure> {
    setup::require(&[&setup::C_COMPILER])?;
    setup::component("clippy", "clippy")?;
    let mut tally = purity::prove()?;
    tally += shell::checked(&mut shell::cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]));
    Ok(tally)
}

fn unit() -> Result<Tally, Failure> {
    setup::require(&[&setup::PEBBLE])?;
    build()?;
    run_tests(false)
}

fn scenarios() -> Result<Tally, Failure> {
    build()?;
    run_tests(true)
}

fn phone_app() -> Result<Tally, Failure> {
    setup::require(&[&setup::CHROMIUM, &setup::CHROMEDRIVER])?;
    let app = app::build(app::Build::Dev)?;
    build()?;
    let mut command = shell::cargo(["test", "--workspace", "--no-fail-fast", "--test", "app"]);
    command.args(["--", "--test-threads", BROWSERS]);
    command.env("ENTRENOUS_BIN", shell::built("entrenous")).env("ENTRENOUS_APP", &app.dir);
    counted(&mut command)
}

fn doc() -> Result<Tally, Failure> {
    setup::require(&[&setup::C_COMPILER])?;
    counted(&mut shell::cargo(["test", "--workspace", "--doc", "--no-fail-fast"]))
}

/// Builds every test and, since crash tests start it, the real binary, with the same features.
fn build() -> Result<(), Failure> {
    setup::require(&[&setup::C_COMPILER])?;
    Ok(shell::run(&mut shell::cargo(["build", "--workspace", "--bins", "--tests"]))?)
}

/// Runs the scenarios, or everything but them.
fn run_tests(scenarios: bool) -> Result<Tally, Failure> {
    let targets = Targets::read()?;
    let (package, folder) = SCENARIOS;
    if scenarios && !targets.has(package) {
        return Err(Failure::Failed(format!("The workspace has no package {package:?} to test.")));
    }
    let mut command = if has_nextest() {
        nextest(package, scenarios, &targets)
    } else {
        // The scenarios' own lie in a folder within theirs; the phone app's beside it.
        let within = if scenarios { shell::root().join(folder).join("tests") } else { shell::root().join(folder) };
        libtest(&targets.tests(&within, scenarios), scenarios)
    };
    if std::env::var_os("SEEDS").is_none() {
        command.env("SEEDS", SEEDS);
    }
    command.env("ENTRENOUS_BIN", shell::built("entrenous"));
    counted(&mut command)
}

fn nextest(package: &str, scenarios: bool, targets: &Targets) -> Command {
    let mut command = shell::cargo(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"]);
    // A filter that names no package of the workspace is an error to nextest.
    if targets.has(package) {
        let which = if scenarios {
            format!("package({package})")
        } else {
            format!("not package({package}) & not package({APP})")
        };
        command.args(["--status-level", "slow", "-E", &which]);
    }
    command
}

fn libtest(tests: &[&str], scenarios: bool) -> Command {
    let mut command = shell::cargo(["test", "--workspace", "--no-fail-fast"]);
    if !scenarios {
        command.args(["--lib", "--bins"]);
    }
    command.args(tests.iter().flat_map(|test| ["--test", test]));
    command
}

fn has_nextest() -> bool {
    shell::capture(&mut shell::cargo(["nextest", "--version"])).is_ok()
}

/// A command that says how many tests passed.
fn counted(command: &mut Command) -> Result<Tally, Failure> {
    let shown = shell::show(command)?;
    Ok(Tally::of_run(&shown.text, shown.success))
}
