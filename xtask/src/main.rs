//! The commands that the README calls: `cargo xtask help` lists them.
//!
//! Standard library only: this is the first thing a fresh machine compiles, before anybody has seen anything.

mod app;
mod bench;
mod browser;
mod deny;
mod fuzz;
mod house;
mod mutants;
mod prove;
mod purity;
mod setup;
mod shell;
mod stages;
mod start;
mod tally;
mod targets;
mod test;
mod wasm_imports;

use std::process::ExitCode;

use shell::Failure;

const HELP: &str = "\
Entrenous: the commands of its workshop.

  cargo xtask start [--demo] [-- ARGS]   set up, build, and run one switchboard (or the demonstration)
  cargo xtask build                      set up and build target/release/entrenous
  cargo xtask app [--dev]                build the phone app alone; print its folder and its hash
  cargo xtask screens                    take pictures of every screen of the app, into target/screens
  cargo xtask test [--quick] [STAGE..]   set up and run every check, or only the stages named
  cargo xtask mutants [NAME..]           break one thing after the other, and see the simulator catch it
  cargo xtask fuzz [TARGET] [SECONDS]    fuzz one target, or each in turn (60 seconds each)
  cargo xtask prove [MODEL..]            attack the models in proofs/, or those named, with Verifpal
  cargo xtask bench [text|load|history]  measure, in release mode
  cargo xtask help                       this page

ARGS go to `entrenous serve` (or `demo`) and win over the defaults: --data data/switchboard,
--listen 127.0.0.1:4700, --office \"Example Office\", --insecure-loopback.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Misuse(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
        Err(Failure::Reported) => ExitCode::FAILURE,
    }
}

fn dispatch(args: &[String]) -> Result<(), Failure> {
    let (command, rest) = args.split_first().map_or(("help", args), |(first, rest)| (first.as_str(), rest));
    match command {
        "start" => start::run(rest),
        "build" => start::build(rest),
        "app" => app::run(rest),
        "screens" => app::screens(rest),
        "test" => test::run(rest),
        "mutants" => mutants::run(rest),
        "fuzz" => fuzz::run(rest),
        "prove" => prove::run(rest),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}{}", test::help());
            Ok(())
        }
        other => Err(Failure::Misuse(format!("There is no command {other:?}; `cargo xtask help` lists them."))),
    }
}
