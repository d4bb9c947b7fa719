//! `cargo xtask test`: every check there is, each with its name and time, and one line at the end that adds them up.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::shell::Failure;
use crate::stages::{STAGES, Stage};
use crate::tally::Tally;

struct Done {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

/// Runs all stages, the quick ones (`--quick`), or those named. All of them run even if one fails.
///
/// # Errors
///
/// Misuse for an unknown stage; otherwise that something failed, all of it printed by then.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let chosen = choose(args)?;
    let mut done = Vec::new();
    for stage in chosen {
        println!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let tally = (stage.run)().unwrap_or_else(|failure| {
            match failure {
                Failure::Misuse(sentence) | Failure::Failed(sentence) => eprintln!("{sentence}"),
                Failure::Reported => {}
            }
            Tally::one(false)
        });
        let took = start.elapsed();
        println!("=== {}: {tally} in {}", stage.name, seconds(took));
        done.push(Done { name: stage.name, tally, took });
    }
    let (table, total) = summary(&done);
    println!("\n{table}{total}");
    if total.failed == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// The stages, for `cargo xtask help`.
pub(crate) fn help() -> String {
    let mut text = String::from("\nStages of `cargo xtask test`, those of --quick marked *:\n\n");
    for stage in STAGES {
        let mark = if stage.quick { '*' } else { ' ' };
        let _ = writeln!(text, "  {mark} {:<11}{}", stage.name, stage.what);
    }
    text
}

fn choose(args: &[String]) -> Result<Vec<&'static Stage>, Failure> {
    let quick = args.iter().any(|arg| arg == "--quick");
    let names: Vec<&str> = args.iter().map(String::as_str).filter(|arg| *arg != "--quick").collect();
    if let Some(unknown) = names.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        return Err(Failure::Misuse(format!(
            "There is no stage {unknown:?}; there are {}.",
            STAGES.map(|stage| stage.name).join(", ")
        )));
    }
    let wanted = |stage: &&Stage| (names.is_empty() || names.contains(&stage.name)) && (!quick || stage.quick);
    Ok(STAGES.iter().filter(wanted).collect())
}

fn summary(done: &[Done]) -> (String, Tally) {
    let mut table = String::new();
    let mut total = Tally::default();
    for Done { name, tally, took } in done {
        let _ = writeln!(table, "{name:<11} {:>8}  {tally}", seconds(*took));
        total += *tally;
    }
    (table, total)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Vec<&'static str> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        choose(&args).expect("known stages").iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn all_stages_run_unless_some_are_named() {
        assert_eq!(names(&[]).len(), STAGES.len());
        assert_eq!(names(&["unit", "format"]), ["format", "unit"]);
        let quick = names(&["--quick"]);
        assert!(quick.contains(&"unit") && !quick.contains(&"scenarios"), "{quick:?}");
    }

    #[test]
    fn an_unknown_stage_is_misuse() {
        assert!(matches!(choose(&["units".to_owned()]), Err(Failure::Misuse(_))));
    }

    #[test]
    fn the_last_line_adds_everything_up() {
        let done = |tally| Done { name: "unit", tally, took: Duration::from_millis(1500) };
        let (table, total) = summary(&[done(Tally { passed: 3, failed: 0 }), done(Tally { passed: 4, failed: 2 })]);
        assert_eq!(total.to_string(), "7 passed, 2 failed");
        assert!(table.contains("1.5 s  4 passed, 2 failed"), "{table}");
    }
}
