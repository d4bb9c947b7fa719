//! Reading where much was said: every text by the engine's own path, sent through two switchboards, and then read as the
//! app reads it, beside the same number of rows taken straight from the table.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use handset::{Handset, Place};
use protocol::Timestamp;

use crate::Result;
use crate::engine::Pair;
use crate::line::Board;
use crate::machine;
use crate::offices::{Authority, Office};
use crate::stats::Times;

const TEXTS: usize = 20_000;
/// Texts that are said before the handset looks at its connection again.
const AT_ONCE: usize = 100;
/// Entries of a page, as the app asks for them.
const PAGE: usize = 60;
const TIMES: usize = 50;

const WORDS: [&str; 12] = [
    "grain",
    "corridor",
    "opens",
    "Monday",
    "talks",
    "delegation",
    "capital",
    "tariffs",
    "before",
    "summit",
    "agree",
    "minutes",
];

/// Runs it.
pub(crate) fn run() -> Result<()> {
    // Beside the build, since a temporary folder may be in memory, where nothing is durable.
    let beside = std::env::current_exe()?.parent().ok_or("no folder")?.to_owned();
    let folder = tempfile::tempdir_in(beside)?;
    machine::print(folder.path())?;
    println!("\nreading one conversation of {TEXTS} texts, native, encrypted file");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let authority = Authority::new(folder.path())?;
        let offices =
            [Office::start(&authority, folder.path(), "Marsh")?, Office::start(&authority, folder.path(), "Tarn")?];
        let board = Arc::new(Mutex::new(Board::default()));
        let pair = Pair::meet(&authority.root, &offices, Some(folder.path()), 1, &board).await?;
        let begun = Instant::now();
        for first in (0..TEXTS).step_by(AT_ONCE) {
            pair.a.ask(move |handset, now| say(handset, now, first)).await?;
        }
        println!("said      all in {:.1} s", begun.elapsed().as_secs_f64());
        println!("{}", pair.a.ask(|handset, _| read(handset)).await?);
        Ok(())
    })
}

fn say(handset: &mut Handset, now: Timestamp, first: usize) -> Result<String> {
    for number in first..first + AT_ONCE {
        let words: Vec<&str> = (0..7).map(|at| WORDS[(number * 7919 + at * number + at) % WORDS.len()]).collect();
        handset.text(now, "Ivo Tarn", &format!("Please {} w{number}.", words.join(" ")), None)?;
    }
    Ok(String::new())
}

fn read(handset: &mut Handset) -> Result<String> {
    let person = handset.person("Ivo Tarn")?.id;
    let middle = handset.search("w10000", None, None, 1)?.pop().ok_or("the middle is not found")?.id;
    let floor = median(|| {
        let mut rows = handset.database().prepare_cached("SELECT text FROM message ORDER BY row DESC LIMIT ?1")?;
        let texts =
            rows.query_map([PAGE], |row| row.get::<_, String>(0))?.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(texts.len())
    })?;
    let mut out = vec![format!("floor     {}   ({PAGE} rows of the table)", floor.line())];
    let mut add = |what: &str, times: Times| {
        let ratio = times.percentile(50).as_secs_f64() / floor.percentile(50).as_secs_f64().max(f64::EPSILON);
        out.push(format!("{what:<18} {}   {ratio:.1} of the floor", times.line()));
    };
    add("list", median(|| Ok(handset.conversations()?.len()))?);
    add("newest", median(|| Ok(handset.page(person, Place::Newest, PAGE)?.entries.len()))?);
    add("before the middle", median(|| Ok(handset.page(person, Place::Before(middle), PAGE)?.entries.len()))?);
    add("around the middle", median(|| Ok(handset.page(person, Place::Around(middle), PAGE)?.entries.len()))?);
    for (what, words) in [("a rare word", "w10000"), ("in every text", "please"), ("begins many", "w1")] {
        add(what, median(|| Ok(handset.search(words, None, None, PAGE)?.len()))?);
    }
    Ok(out.join("\n"))
}

/// The times of something that has to give something.
fn median(mut step: impl FnMut() -> Result<usize>) -> Result<Times> {
    let mut times = Times::default();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let found = black_box(step()?);
        times.push(begun.elapsed());
        if found == 0 {
            return Err("nothing was read where something stands".into());
        }
    }
    Ok(times)
}
