//! `cargo xtask bench text`: how long a text takes from handset to handset, beside the same syncs and hops without us.
//! `cargo xtask bench history`: how long reading takes where much was said, beside rows of the table.
//! `cargo xtask bench load`: what a switchboard carries, beside a bare server and what offices could run instead.

mod engine;
mod floor;
mod history;
mod line;
mod load;
mod machine;
mod offices;
mod stats;
mod text;

use std::process::ExitCode;

fn main() -> ExitCode {
    let which = std::env::args().nth(1).unwrap_or_else(|| "text".to_owned());
    let result = match which.as_str() {
        "text" => text::run(),
        "load" => load::run(),
        "history" => history::run(),
        load::FLOOR => load::serve_floor(),
        other => Err(format!("there is no benchmark {other:?} yet; there are text, load and history").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whatever goes wrong ends the benchmark with its sentence.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
