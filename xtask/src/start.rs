//! `cargo xtask start` and `cargo xtask build`: from a fresh machine to a running switchboard.

use std::path::PathBuf;
use std::process::Command;

use crate::app;
use crate::setup;
use crate::shell::{self, Failure};

/// What `serve` is given unless the person says otherwise: a flag, and its value if it takes one.
const DEFAULTS: [(&str, Option<&str>); 4] = [
    ("--data", Some("data/switchboard")),
    ("--listen", Some("127.0.0.1:4700")),
    ("--office", Some("Example Office")),
    ("--insecure-loopback", None),
];

/// Builds the release binary and becomes it, so that signals reach it.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let (ours, theirs) = split(args);
    let demo = match ours {
        [] => false,
        [flag] if flag == "--demo" => true,
        [other, ..] => {
            return Err(Failure::Misuse(format!(
                "`cargo xtask start` does not know {other:?}; put what `entrenous` itself should get after `--`."
            )));
        }
    };
    let binary = release_binary()?;
    let args = if demo { [&["demo".to_owned()], theirs].concat() } else { serve_arguments(theirs) };
    Ok(become_program(&mut shell::command(binary, args))?)
}

/// Builds the release binary.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed.
pub(crate) fn build(args: &[String]) -> Result<(), Failure> {
    if let Some(other) = args.first() {
        return Err(Failure::Misuse(format!("`cargo xtask build` takes no arguments, and got {other:?}.")));
    }
    println!("{}", release_binary()?.display());
    Ok(())
}

/// Sets up, builds and returns the path of the release binary.
///
/// # Errors
///
/// One sentence: a missing tool, or a build that failed.
pub(crate) fn release_binary() -> Result<PathBuf, Failure> {
    setup::require(&[&setup::C_COMPILER])?;
    let app = app::build(app::Build::Release)?;
    println!("The app's hash is {}.", app.hash);
    shell::run(shell::cargo(["build", "--release", "--package", "entrenous"]).env("ENTRENOUS_APP_INSIDE", &app.dir))?;
    Ok(shell::target_dir().join("release").join(format!("entrenous{}", std::env::consts::EXE_SUFFIX)))
}

fn split(args: &[String]) -> (&[String], &[String]) {
    match args.iter().position(|arg| arg == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[]),
    }
}

fn serve_arguments(theirs: &[String]) -> Vec<String> {
    let given = |flag: &str| {
        theirs.iter().any(|arg| arg.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    // A certificate or an https address asks for TLS, which is what the development flag turns off.
    let tls = theirs.iter().any(|arg| arg.starts_with("--tls") || arg.contains("https://"));
    let mut all = vec!["serve".to_owned()];
    for (flag, value) in DEFAULTS {
        let clashes = tls && flag == "--insecure-loopback";
        if !given(flag) && !clashes {
            all.push(flag.to_owned());
            all.extend(value.map(str::to_owned));
        }
    }
    all.extend_from_slice(theirs);
    all
}

#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<(), String> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(format!("`{}` could not be run: {error}.", shell::line(command)))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<(), String> {
    shell::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn serve_gets_defaults_for_what_was_not_given() {
        let args = serve_arguments(&words("--listen=127.0.0.1:9 --office Elsewhere"));
        assert_eq!(
            args,
            words("serve --data data/switchboard --insecure-loopback --listen=127.0.0.1:9 --office Elsewhere")
        );
    }

    #[test]
    fn asking_for_tls_turns_the_development_flag_off() {
        for given in ["--tls-cert a.pem", "--public-url https://line.example.org"] {
            let args = serve_arguments(&words(given));
            assert!(!args.contains(&"--insecure-loopback".to_owned()), "{args:?}");
        }
    }

    #[test]
    fn what_follows_two_dashes_is_not_ours() {
        let args = words("--demo -- --json");
        assert_eq!(split(&args), (&args[..1], &args[2..]));
    }
}
