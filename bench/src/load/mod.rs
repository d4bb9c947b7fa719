//! `cargo xtask bench load`: what a switchboard carries, in CPU seconds, memory and storage, beside a bare server and
//! beside what offices could run instead, all in one run on one machine.

mod bare;
mod blobs;
mod drive;
mod lines;
mod others;
mod pair;
mod phone;
mod plain;
mod process;
mod xmpp;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::frames::{Deed, ToSwitchboard};
use tokio::task::JoinSet;

use crate::engine;
use crate::line::{Board, trust};
use crate::offices::{Authority, Office};
use crate::{Result, floor, machine};
use drive::{Pairs, Saturation, Way};
use others::Other;
use process::Memory;

/// The argument that makes this program the floor.
pub(crate) const FLOOR: &str = bare::SERVE;

/// A text of this many bytes.
const LENGTH: usize = 300;
/// Pairs that text at once at saturation.
const PAIRS: usize = 100;
/// Texts of each that are under way.
const WINDOW: usize = 16;
/// They gain nothing by more than one, since they write each on its own, and more would have to wait for its turn.
const WINDOW_OF_OTHERS: usize = 1;
const WARM: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(10);
/// Handsets that are connected in all, as many as a switchboard takes by default, and those of them that text.
const HANDSETS: usize = 10_000;
const TEXTING: usize = 200;
/// Texts a second while the others idle, and how many are measured.
const RATE: u32 = 100;
const TEXTS: usize = 3000;
/// Texts that are stored for each of some lines that are away.
const STORED: usize = 200;
const AWAY: usize = 50;

/// Who is measured at saturation.
const SATURATION: [&str; 4] = ["floor", "one", "two", "others"];
/// How one of the others is started in a directory.
type Start = fn(&Path) -> Result<Other>;
const OTHERS: [(&str, Start); 2] = [("ejabberd", Other::ejabberd), ("Prosody", Other::prosody)];

/// What there is to reach.
const GOAL_ONE: f64 = 20_000.0;
const GOAL_TWO: f64 = 10_000.0;
const GOAL_IDLE: f64 = 16.0;

/// Serves as the floor, in a process of its own.
pub(crate) fn serve_floor() -> Result<()> {
    let folder = std::env::args().nth(2).ok_or("the floor needs a folder")?;
    bare::serve(Path::new(&folder))
}

pub(crate) fn run() -> Result<()> {
    // Beside the build, since a temporary folder may be in memory, where nothing is durable.
    let beside = std::env::current_exe()?.parent().ok_or("no folder")?.to_owned();
    let folder = tempfile::tempdir_in(beside)?;
    machine::print(folder.path())?;
    // One section alone can be asked for.
    let only = std::env::args().nth(2);
    let wants = |section: &str| only.as_deref().is_none_or(|only| only == section);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let envelope = envelope(&within(folder.path(), "envelope")?).await?;
        println!(
            "text      {LENGTH} bytes, as the real engine seals and pads it: an envelope of {envelope} bytes; ours always \
             over TLS 1.3\n"
        );
        if SATURATION.into_iter().any(&wants) {
            saturation(folder.path(), envelope, &wants).await?;
        }
        if wants("idle") {
            idle(&within(folder.path(), "idle")?, envelope).await?;
        }
        if wants("storage") {
            storage(&within(folder.path(), "storage")?, envelope).await?;
        }
        if wants("blobs") {
            blobs::run(&within(folder.path(), "blobs")?).await?;
        }
        Ok(())
    })
}

/// Texts per server CPU second, of everybody.
async fn saturation(folder: &Path, envelope: usize, wants: impl Fn(&str) -> bool) -> Result<()> {
    println!(
        "saturation: {PAIRS} pairs with {WINDOW} texts of each under way ({WINDOW_OF_OTHERS} with the others), every text \
         durable before it is confirmed or delivered"
    );
    let floor = if wants("floor") {
        let floor = bare::Floor::start(folder)?;
        let mut ways = Vec::new();
        for number in 0..PAIRS {
            ways.push(bare::Pair::connect(&floor, u32::try_from(number)?, envelope).await?);
        }
        measure("floor", ways, &[floor.pid()], WINDOW).await?
    } else {
        Saturation::NONE
    };
    let one = if wants("one") { one(&within(folder, "one")?, envelope).await? } else { Saturation::NONE };
    let two = if wants("two") { two(&within(folder, "two")?, envelope).await? } else { Saturation::NONE };
    let of = |ours: Saturation, theirs: f64| ours.texts_per_cpu_second / theirs;
    println!(
        "ratio     one {:.2} of the goal of {GOAL_ONE:.0}, {:.2} of the floor; two {:.2} of the goal of {GOAL_TWO:.0}, {:.2} \
         of the floor",
        of(one, GOAL_ONE),
        of(one, floor.texts_per_cpu_second),
        of(two, GOAL_TWO),
        of(two, floor.texts_per_cpu_second)
    );
    let missing = if wants("others") { others::missing() } else { Vec::new() };
    if !missing.is_empty() {
        println!("others    not measured: install {}", missing.join(" "));
    } else if wants("others") {
        for (name, start) in OTHERS {
            match other(folder, name, start).await {
                Ok(other) => {
                    let theirs = other.texts_per_cpu_second;
                    println!("ratio     one {:.1} and two {:.1} times {name}", of(one, theirs), of(two, theirs));
                }
                Err(error) => println!("{name:9} not measured: {error}"),
            }
        }
    }
    println!();
    Ok(())
}

/// Both of each pair at one switchboard.
async fn one(folder: &Path, envelope: usize) -> Result<Saturation> {
    let authority = Authority::new(folder)?;
    let tls = trust(&authority.root)?;
    let office = Office::start(&authority, folder, "Marsh")?;
    let ways = lines::pairs(&tls, [&office, &office], PAIRS, envelope, 1).await?;
    measure("ours, one", ways, &[office.pid()], WINDOW).await
}

/// One of each pair at each of two switchboards.
async fn two(folder: &Path, envelope: usize) -> Result<Saturation> {
    let authority = Authority::new(folder)?;
    let tls = trust(&authority.root)?;
    let offices = [Office::start(&authority, folder, "Marsh")?, Office::start(&authority, folder, "Tarn")?];
    let ways = lines::pairs(&tls, [&offices[0], &offices[1]], PAIRS, envelope, 3).await?;
    measure("ours, two", ways, &offices.each_ref().map(Office::pid), WINDOW).await
}

async fn other(folder: &Path, name: &str, start: fn(&Path) -> Result<Other>) -> Result<Saturation> {
    let server = start(folder)?;
    let mut ways = Vec::new();
    for number in 0..PAIRS {
        ways.push(xmpp::Pair::connect(server.port, number, LENGTH).await?);
    }
    let measured = measure(name, ways, &server.pids(), WINDOW_OF_OTHERS).await?;
    let (archived, least) = (server.archived()? as f64, measured.texts_per_second * LONG.as_secs_f64());
    if archived < least {
        return Err(format!("it kept {archived} of at least {least:.0} texts, so this is no durable server").into());
    }
    Ok(measured)
}

async fn measure<W: Way>(name: &str, ways: Vec<W>, servers: &[u32], window: usize) -> Result<Saturation> {
    let measured = Pairs::new(ways).saturate(servers, window, WARM, LONG).await?;
    println!("{name:9} {}   load {}", measured.line(), process::load());
    Ok(measured)
}

/// Memory of handsets that do nothing, and how long others' texts take meanwhile.
async fn idle(folder: &Path, envelope: usize) -> Result<()> {
    // Some for everything else that a process has open.
    let handsets = HANDSETS.min(process::open_files().saturating_sub(500));
    let idling = handsets - TEXTING;
    println!("idle: {handsets} handsets connected over TLS, of which {TEXTING} text {RATE} times a second in all");
    let authority = Authority::new(folder)?;
    let tls = trust(&authority.root)?;
    let office = Office::start(&authority, folder, "Marsh")?;
    let mut ways = Pairs::new(lines::pairs(&tls, [&office, &office], TEXTING / 2, envelope, 5).await?);
    let alone = ways.paced(RATE, TEXTS).await?;
    let before = Memory::of(office.pid())?;
    let mut phones = JoinSet::new();
    for (mut phone, ..) in lines::connect(&tls, &office, idling, 7).await? {
        phones.spawn(async move { while phone.hear().await.is_ok() {} });
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = Memory::of(office.pid())?;
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / idling as f64;
    let (pss, rss) = (each(before.pss, after.pss), each(before.rss, after.rss));
    println!(
        "memory    {pss:.1} KiB a handset (PSS; goal {GOAL_IDLE}), {rss:.1} KiB (RSS); all {:.1} MB PSS",
        after.pss as f64 / 1024.0
    );
    let busy = ways.paced(RATE, TEXTS).await?;
    let gone = phones.try_join_next().is_some();
    let floor = floor::run(folder, TEXTS / 3, Duration::from_secs(1) / RATE)?;
    println!("floor     {}   (four nodes in a chain that only write and pass on)", floor.line());
    println!("ours      {}   (nobody idle)", alone.line());
    println!("ours      {}   ({idling} idle)", busy.line());
    let ratio = |p: usize| busy.percentile(p).as_secs_f64() / floor.percentile(p).as_secs_f64();
    println!("ratio     p50 {:.2}   p99 {:.2}   load {}\n", ratio(50), ratio(99), process::load());
    if gone { Err("an idle handset lost its connection".into()) } else { Ok(()) }
}

/// What the database grows by while those who are written to are away.
async fn storage(folder: &Path, envelope: usize) -> Result<()> {
    let texts = STORED * AWAY;
    println!("storage: {texts} texts to {AWAY} lines that are away");
    let authority = Authority::new(folder)?;
    let tls = trust(&authority.root)?;
    let office = Office::start(&authority, folder, "Marsh")?;
    let mut ways = Vec::new();
    for pair in lines::pairs(&tls, [&office, &office], AWAY, envelope, 9).await? {
        ways.push(pair.alone());
    }
    let mut ways = Pairs::new(ways);
    let size = || -> Result<u64> {
        let db = database::open_plain(&office.data.join("switchboard.db"))?;
        let number = |sql: &str| db.query_row(sql, (), |row| row.get::<_, u64>(0));
        Ok((number("SELECT * FROM pragma_page_count")? - number("SELECT * FROM pragma_freelist_count")?)
            * number("SELECT * FROM pragma_page_size")?)
    };
    let before = size()?;
    ways.keep(STORED).await?;
    // What the speakers have themselves is acknowledged, and removed.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (size()? - before) as f64 / texts as f64;
    println!("stored    {each:.0} bytes a text, {:.2} times its envelope\n", each / envelope as f64);
    Ok(())
}

/// Bytes of the envelope that a real handset makes of a text.
async fn envelope(folder: &Path) -> Result<usize> {
    let authority = Authority::new(folder)?;
    let offices = [Office::start(&authority, folder, "Marsh")?, Office::start(&authority, folder, "Tarn")?];
    let board = Arc::new(Mutex::new(Board::default()));
    let pair = engine::Pair::meet(&authority.root, &offices, None, 0, &board).await?;
    // Vouching and first statuses are over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    board.lock().map_err(|_| "the board")?.sent.clear();
    let text = "x".repeat(LENGTH);
    pair.a.ask(move |handset, now| Ok(handset.text(now, "Ivo Tarn", &text, None)?.to_text())).await?;
    for _ in 0..500 {
        let sent = board.lock().map_err(|_| "the board")?.sent.clone();
        let submitted = sent.iter().find_map(|frame| match protocol::decode(frame, protocol::limits::FRAME_BYTES) {
            Ok(ToSwitchboard::Do { deed: Deed::Submit { submission, .. }, .. }) => Some(submission.envelope.len()),
            _ => None,
        });
        if let Some(length) = submitted {
            return Ok(length);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("no envelope was seen".into())
}

fn within(folder: &Path, name: &str) -> Result<std::path::PathBuf> {
    let path = folder.join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
