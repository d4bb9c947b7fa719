//! The benchmark of texts.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::Result;
use crate::engine::Pair;
use crate::line::Board;
use crate::offices::{Authority, Office};
use crate::stats::Times;
use crate::{floor, machine};

/// Pairs of contacts that text at once.
const PAIRS: usize = 20;
/// Texts a second, over all pairs.
const RATE: u32 = 100;
/// Texts measured.
const TEXTS: usize = 2000;
/// A text of this many bytes.
const LENGTH: usize = 300;

pub(crate) fn run() -> Result<()> {
    // Beside the build, since a temporary folder may be in memory, where nothing is durable.
    let beside = std::env::current_exe()?.parent().ok_or("no folder")?.to_owned();
    let folder = tempfile::tempdir_in(beside)?;
    machine::print(folder.path())?;
    let every = Duration::from_secs(1) / RATE;
    println!("\nhandset to handset, {LENGTH} bytes, {RATE} texts/s over {PAIRS} pairs, TLS, every hop durable");
    let before = floor::run(folder.path(), TEXTS / 2, every)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let measured = runtime.block_on(texts(folder.path(), PAIRS, true, TEXTS, every))?;
    let after = floor::run(folder.path(), TEXTS / 2, every)?;
    let took: Times = measured.took.iter().copied().collect();
    println!("floor     {}   (before)", before.line());
    println!("floor     {}   (after)", after.line());
    println!("ours      {}", took.line());
    let ratio = |p: usize| {
        let floor = (before.percentile(p) + after.percentile(p)) / 2;
        took.percentile(p).as_secs_f64() / floor.as_secs_f64()
    };
    println!("ratio     p50 {:.2} (goal 2)   p99 {:.2} (goal 3)", ratio(50), ratio(99));

    println!("\nengine time, databases in memory, one pair, one text at a time");
    let measured = runtime.block_on(texts(folder.path(), 1, false, 1000, Duration::from_millis(5)))?;
    println!("say       {}   (goal p50 0.1)", measured.said.iter().copied().collect::<Times>().line());
    println!("frame     {}   (goal p50 0.4)", measured.taken.iter().copied().collect::<Times>().line());
    starts(folder.path())
}

/// Has pairs text each other, and gives what was measured.
async fn texts(folder: &Path, pairs: usize, durable: bool, count: usize, every: Duration) -> Result<Board> {
    let folder = folder.join(if durable { "durable" } else { "memory" });
    std::fs::create_dir_all(&folder)?;
    let authority = Authority::new(&folder)?;
    let offices = [Office::start(&authority, &folder, "Marsh")?, Office::start(&authority, &folder, "Tarn")?];
    let board = Arc::new(Mutex::new(Board::default()));
    let mut all = Vec::new();
    for number in 0..pairs {
        let file = durable.then_some(folder.as_path());
        all.push(Pair::meet(&authority.root, &offices, file, number as u64, &board).await?);
    }
    // Vouching and first statuses are over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    *board.lock().map_err(|_| "the board")? = Board::default();
    let text = "x".repeat(LENGTH);
    let beginning = Instant::now();
    for i in 0..count {
        let due = beginning + every * u32::try_from(i)?;
        tokio::time::sleep_until(due.into()).await;
        let pair = &all[i % pairs];
        if (i / pairs).is_multiple_of(2) { pair.a.text("Ivo Tarn", &text) } else { pair.b.text("Ada Marsh", &text) }
    }
    for _ in 0..3000 {
        if board.lock().map_err(|_| "the board")?.took.len() == count {
            return Ok(std::mem::take(&mut *board.lock().map_err(|_| "the board")?));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let arrived = board.lock().map_err(|_| "the board")?.took.len();
    Err(format!("only {arrived} of {count} texts arrived within 30 seconds of the last").into())
}

/// Cold start, and memory when nothing happens.
fn starts(folder: &Path) -> Result<()> {
    let folder = folder.join("starts");
    std::fs::create_dir_all(&folder)?;
    let authority = Authority::new(&folder)?;
    let mut times = Times::default();
    let mut memory = Vec::new();
    for i in 0..10 {
        let office = Office::start(&authority, &folder, &format!("office-{i}"))?;
        times.push(office.started_in);
        std::thread::sleep(Duration::from_millis(300));
        memory.push(office.memory()?);
    }
    memory.sort_unstable();
    println!("\nswitchboard, new data directory");
    println!("start     {}   (goal 50)", times.line());
    println!("idle      {:.1} MB   (goal 20)", memory[memory.len() / 2] as f64 / 1024.0);
    Ok(())
}
