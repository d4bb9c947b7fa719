//! Entrenous in one binary: an office's switchboard, a handset in the terminal, and a demonstration of both.

mod app;
mod backup_file;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod driver;
mod exit;
mod files;
mod net;
mod notify;
mod office;
mod output;
mod passphrase;
mod profile;
mod random;
mod serve;
mod session;
mod signals;
mod transfers;
mod voice;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};
use exit::{Exit, Failure};
use output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misuse(&error),
    };
    let output = Output::new(cli.global.json);
    run(cli, output)
        .and_then(|exit| output::unwritten().map_or(Ok(exit), Err))
        .unwrap_or_else(|failure| {
            output.failure(&failure);
            failure.exit
        })
        .into()
}

fn run(cli: Cli, output: Output) -> Result<Exit, Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Completions { shell } => {
            commands::completions(shell);
            Ok(Exit::Done)
        }
        Command::Serve(args) => block_on(true, serve::serve(&args, &global, output)),
        Command::Office(command) => serve::office(&command, output),
        Command::Demo(args) => block_on(true, demo::run(&args, &global, output)),
        command => block_on(false, commands::run(command, &global, output)),
    }
}

/// Runs a command to its end, and waits for nothing that it began and gave up: a look-up of a name that nobody answers
/// may take longer than the person's patience.
fn block_on(many: bool, command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = runtime(many)?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}

/// One thread for a handset, as many as there are cores for a switchboard.
fn runtime(many: bool) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder =
        if many { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
    builder.enable_all().build().map_err(|error| {
        Failure::refused("no-runtime", format!("the operating system gives no timers or sockets: {error}"))
    })
}

/// What clap has to say: help and version on stdout, a mistake on stderr, and for programs an object on stdout.
fn misuse(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() && json {
        let text = error.render().to_string();
        let sentence: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let sentence = sentence.join(" ");
        let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
        Output::new(true).failure(&Failure::misuse("misuse", sentence));
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Misuse.into() } else { Exit::Done.into() }
}
