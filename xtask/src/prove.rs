//! `cargo xtask prove`: attacks the models in `proofs/` with Verifpal, and compares what it finds with what each model
//! says must hold, or must fail.
//!
//! Verifpal's search is bounded: a query that holds means that no attack was found, not that there is none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::deny;
use crate::shell::{self, Failure};
use crate::tally::Tally;

/// Another version may search further or less far, so that verdicts are only comparable with this one.
const VERSION: &str = "1.6.7";

/// No model takes two minutes on two free cores; one that takes this long found a search without end.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// A model and what it promises.
#[derive(Debug, PartialEq, Eq)]
struct Model {
    attacker: String,
    sessions: u32,
    queries: Vec<Query>,
}

/// A query with the line before it: `// holds: SENTENCE` or `// fails: SENTENCE`.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    /// What it asks, as the tool's result code abbreviates it: `c` for confidentiality, and so on.
    kind: char,
    holds: bool,
    sentence: String,
}

/// Runs all models, or those named, and says what holds against whom.
///
/// # Errors
///
/// Misuse for an unknown model; otherwise that a verdict was not the expected one, or what is missing.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let tally = models(args)?;
    println!("\nNo attack found is not a proof: the search is bounded. proofs/README.md says what is modelled.");
    println!("{tally}");
    if tally.failed == 0 { Ok(()) } else { Err(Failure::Reported) }
}

fn models(names: &[String]) -> Result<Tally, Failure> {
    let files = files(names)?;
    let program = program()?;
    let mut tally = Tally::default();
    for file in files {
        tally += examine(&program, &file)?;
    }
    Ok(tally)
}

/// The models named, or all of them.
fn files(names: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let folder = shell::root().join("proofs");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
    let mut all: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "vp"))
        .collect();
    all.sort();
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|path| stem(path) != name.as_str())) {
        let known: Vec<&str> = all.iter().map(|path| stem(path)).collect();
        return Err(Failure::Misuse(format!("There is no model {unknown:?}; there are {}.", known.join(", "))));
    }
    if all.is_empty() {
        return Err(Failure::Failed(format!("There are no models in {}.", folder.display())));
    }
    all.retain(|path| names.is_empty() || names.iter().any(|name| name == stem(path)));
    Ok(all)
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// Runs one model and prints one line for each of its queries. A model that cannot be run is one failure.
fn examine(program: &Path, file: &Path) -> Result<Tally, Failure> {
    let source = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
    let start = Instant::now();
    let verdicts = parse(&source).and_then(|model| {
        println!("\n{}: against {}", stem(file), model.attacker);
        let report = attack(program, file, model.sessions)?;
        let verdicts = verdicts(&report, &model.queries)?;
        Ok((model, report, verdicts))
    });
    let (model, report, verdicts) = match verdicts {
        Ok(found) => found,
        Err(sentence) => {
            println!("  WRONG  {}: {sentence}", stem(file));
            return Ok(Tally::one(false));
        }
    };
    let mut tally = Tally::default();
    for (query, &held) in model.queries.iter().zip(&verdicts) {
        println!("  {}", line(query, held));
        tally += Tally::one(query.holds == held);
    }
    println!("  (runs of everybody: {}; {:.1} s)", model.sessions, start.elapsed().as_secs_f64());
    if tally.failed > 0 {
        println!("{report}");
    }
    Ok(tally)
}

fn line(query: &Query, held: bool) -> String {
    let said = if query.holds { "holds" } else { "fails" };
    match (query.holds == held, held) {
        (true, _) => format!("ok     {said}: {}", query.sentence),
        (false, false) => format!("WRONG  an attack was found, though this should hold: {}", query.sentence),
        (false, true) => format!("WRONG  no attack was found, though this should fail: {}", query.sentence),
    }
}

/// Reads what a model promises. Strict, so that no query can be added without saying what is expected of it.
fn parse(source: &str) -> Result<Model, String> {
    let attacker = header(source, "// attacker: ")?.to_owned();
    let sessions = header(source, "// sessions: ")?;
    let sessions = sessions.parse().map_err(|_| format!("{sessions:?} is not a number of sessions."))?;
    let (_, block) = source.split_once("\nqueries[\n").ok_or("it has no block of queries.")?;
    let mut expected = None;
    let mut queries = Vec::new();
    for text in block.lines().map(str::trim).filter(|text| !text.is_empty() && *text != "]") {
        if let Some(comment) = text.strip_prefix("//") {
            let expectation = expectation(comment).ok_or_else(|| format!("{text:?} is no expectation."))?;
            if expected.replace(expectation).is_some() {
                return Err(format!("there is no query between {text:?} and the expectation before it."));
            }
        } else {
            let (holds, sentence) = expected.take().ok_or_else(|| format!("{text:?} has no expectation before it."))?;
            let kind = text.chars().next().unwrap_or_default();
            queries.push(Query { kind, holds, sentence });
        }
    }
    if expected.is_some() || queries.is_empty() {
        return Err("its last expectation has no query.".to_owned());
    }
    Ok(Model { attacker, sessions, queries })
}

fn header<'a>(source: &'a str, key: &str) -> Result<&'a str, String> {
    let mut found = source.lines().filter_map(|line| line.strip_prefix(key));
    match (found.next(), found.next()) {
        (Some(value), None) => Ok(value.trim()),
        _ => Err(format!("it needs exactly one line that begins with {key:?}.")),
    }
}

fn expectation(comment: &str) -> Option<(bool, String)> {
    let (verdict, sentence) = comment.trim().split_once(": ")?;
    let holds = match verdict {
        "holds" => true,
        "fails" => false,
        _ => return None,
    };
    Some((holds, sentence.to_owned()))
}

/// Whether each query held, from the result code in the report's last line: a letter and a digit for each query.
fn verdicts(report: &str, queries: &[Query]) -> Result<Vec<bool>, String> {
    let code = report.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let odd = || format!("Verifpal did not answer what was asked; it said:\n{report}");
    let code: Vec<char> = code.chars().collect();
    if code.len() != 2 * queries.len() {
        return Err(odd());
    }
    let verdict = |(query, pair): (&Query, &[char])| match pair {
        [kind, '0'] if *kind == query.kind => Ok(true),
        [kind, '1'] if *kind == query.kind => Ok(false),
        _ => Err(odd()),
    };
    queries.iter().zip(code.chunks(2)).map(verdict).collect()
}

/// Runs Verifpal on one model; its report, which stays in `target/prove` too.
fn attack(program: &Path, file: &Path, sessions: u32) -> Result<String, String> {
    let folder = shell::target_dir().join("prove");
    let kept = folder.join(stem(file)).with_extension("txt");
    let write = || fs::create_dir_all(&folder).and_then(|()| File::create(&kept));
    let output = write().map_err(|error| format!("{} cannot be written: {error}.", kept.display()))?;
    let errors = output.try_clone().map_err(|error| format!("{} cannot be written: {error}.", kept.display()))?;
    let mut command = Command::new(program);
    command.arg("verify").arg(file).args(["--result-code", "--color", "never", "--sessions", &sessions.to_string()]);
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    let could_not = |error| format!("{} could not be run: {error}.", program.display());
    let mut child = command.spawn().map_err(could_not)?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(could_not)? {
            break status;
        }
        if start.elapsed() > LIMIT {
            // It may have ended just now; either way it is over.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!(
                "the search did not end within {} minutes; make the model smaller.",
                LIMIT.as_secs() / 60
            ));
        }
        thread::sleep(Duration::from_millis(20));
    };
    let report = fs::read_to_string(&kept).map_err(|error| format!("{} cannot be read: {error}.", kept.display()))?;
    if status.success() { Ok(report) } else { Err(format!("Verifpal refused the model:\n{report}")) }
}

/// Verifpal in the version that we know, installed under `target/tools` if it is nowhere.
fn program() -> Result<PathBuf, Failure> {
    let name = format!("verifpal{}", std::env::consts::EXE_SUFFIX);
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let ours = deny::tools().join("bin").join(&name);
    let places = [Some(PathBuf::from(&name)), home.map(|home| home.join("bin").join(&name)), Some(ours.clone())];
    if let Some(found) = places.into_iter().flatten().find(|place| is_ours(place)) {
        return Ok(found);
    }
    println!("Installing Verifpal {VERSION} under target/tools (about two minutes on two cores, once).");
    // Its stated minimum is newer than what it needs; it builds with ours.
    deny::install(&mut shell::cargo([
        "install",
        "verifpal",
        "--version",
        VERSION,
        "--locked",
        "--ignore-rust-version",
        "--force",
        "--quiet",
    ]))?;
    if is_ours(&ours) { Ok(ours) } else { Err(Failure::Failed("Verifpal was installed but does not run.".to_owned())) }
}

fn is_ours(program: &Path) -> bool {
    shell::capture(Command::new(program).arg("--version"))
        .is_ok_and(|said| said.split_whitespace().any(|w| w == VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "// A title\n//\n// attacker: everybody\n// sessions: 2\n\nattacker[active]\n\nqueries[\n\
                         \t// holds: it stays closed\n\tconfidentiality? m\n\t// fails: it is anybody's\n\
                         \tauthentication? Alice -> Bob: m\n]\n";

    #[test]
    fn a_model_says_what_it_promises() {
        let model = parse(MODEL).expect("a good model");
        assert_eq!((model.attacker.as_str(), model.sessions), ("everybody", 2));
        let queries: Vec<_> = model.queries.iter().map(|q| (q.kind, q.holds, q.sentence.as_str())).collect();
        assert_eq!(queries, [('c', true, "it stays closed"), ('a', false, "it is anybody's")]);
    }

    #[test]
    fn a_query_without_expectation_is_refused() {
        assert!(parse(&MODEL.replace("\t// holds: it stays closed\n", "")).is_err());
        assert!(parse(&MODEL.replace("\tconfidentiality? m\n", "")).is_err());
        assert!(parse(&MODEL.replace("// holds: it", "// maybe: it")).is_err());
        assert!(parse(&MODEL.replace("\tauthentication? Alice -> Bob: m\n", "")).is_err());
        assert!(parse(&MODEL.replace("// sessions: 2\n", "")).is_err());
    }

    #[test]
    fn verdicts_are_read_only_if_they_answer_the_queries() {
        let queries = parse(MODEL).expect("a good model").queries;
        assert_eq!(verdicts("chatter\nc0a1\n", &queries), Ok(vec![true, false]));
        for wrong in ["", "c0", "a0c1", "c0a1c0", "c0a2", "chatter"] {
            assert!(verdicts(wrong, &queries).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_verdict_that_was_not_expected_is_said_to_be_wrong() {
        let queries = parse(MODEL).expect("a good model").queries;
        let lines: Vec<_> = queries.iter().flat_map(|query| [line(query, true), line(query, false)]).collect();
        let wrong: Vec<_> = lines.iter().map(|line| line.starts_with("WRONG")).collect();
        assert_eq!(wrong, [false, true, true, false]);
    }

    #[test]
    fn every_model_in_the_house_is_well_formed() {
        for file in files(&[]).expect("there are models") {
            let source = fs::read_to_string(&file).expect("readable");
            assert!(parse(&source).is_ok(), "{}: {:?}", file.display(), parse(&source));
        }
    }
}
