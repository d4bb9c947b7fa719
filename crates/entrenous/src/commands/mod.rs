//! What each command of a handset does.

mod accept;
mod attach;
mod backup;
mod cards;
mod claim;
mod expiry;
mod export;
mod people;
mod read;
mod restore;
mod save;
mod status;
mod write;

use crate::cli::{Cli, Command, Global};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs a handset's command.
///
/// # Errors
/// With what the person is to be told.
pub(crate) async fn run(command: Command, global: &Global, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Claim(args) => claim::run(&args, global, output).await,
        Command::Card(args) => cards::run(args, global, output).await,
        Command::Accept(args) => accept::run(&args, global, output).await,
        Command::People { command } => people::run(command, global, output).await,
        Command::Text(args) => write::text(&args, global, output).await,
        Command::React(args) => write::react(&args, global, output).await,
        Command::Unsend(args) => write::unsend(&args, global, output).await,
        Command::Expiry(args) => expiry::run(&args, global, output).await,
        Command::Read(args) => read::read(&args, global, output).await,
        Command::Search(args) => read::search(&args, global, output).await,
        Command::Sync => status::sync(global, output).await,
        Command::Backup(args) => backup::run(&args, global, output).await,
        Command::Restore(args) => restore::run(&args, global, output).await,
        Command::Export(args) => export::run(&args, global, output).await,
        Command::Status => status::status(global, output).await,
        Command::Serve(_) | Command::Office(_) | Command::Demo(_) | Command::Completions { .. } => {
            Err(Failure::misuse("not-a-handset-command", "this is no command of a handset"))
        }
    }
}

/// The completion script for a shell, on stdout.
pub(crate) fn completions(shell: clap_complete::Shell) {
    let mut command = <Cli as clap::CommandFactory>::command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "entrenous", &mut script);
    let _ = std::io::Write::write_all(&mut std::io::stdout(), &script);
}
