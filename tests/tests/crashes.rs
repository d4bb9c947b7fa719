//! The real binaries, killed at random instants while texts flow: nothing is lost, nothing doubled.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::network::{below, chance};
use scenarios::processes::{Folder, Office, Serving, objects};
use scenarios::seeds::from_env;
use serde_json::Value;

/// Processes killed, handsets and switchboards together.
const KILLS: u64 = 100;

#[test]
fn killing_processes_at_random_loses_and_doubles_nothing() {
    let seed = from_env("SEED", 1);
    let kills = from_env("KILLS", KILLS);
    println!("SEED={seed} KILLS={kills}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let folder = Folder::new("crashes");
    let mut offices = ["Marsh", "Tarn"].map(|name| Office::new(&folder.0, name, Serving::default()));
    let lines = [("Ada Marsh", "Ivo Tarn"), ("Ivo Tarn", "Ada Marsh")];
    for (office, (name, _)) in offices.iter().zip(lines) {
        office.handset(&["claim", &office.claim_url, "--as", name]).done();
    }
    let card = offices[0].handset(&["card", "new", "--for", "a friend"]).done();
    let url = card[0]["url"].as_str().expect("a link").to_owned();
    offices[1].handset(&["accept", &url]).done();
    offices[0].handset(&["sync"]).done();

    let mut printed: Vec<Vec<String>> = vec![Vec::new(), Vec::new()];
    let (mut killed, mut said) = (0, 0);
    while killed < kills {
        if chance(&mut rng, 150) {
            let office = &mut offices[below(&mut rng, 2) as usize];
            office.kill();
            sleep(Duration::from_millis(below(&mut rng, 300)));
            office.start();
            killed += 1;
            continue;
        }
        let from = below(&mut rng, 2) as usize;
        let (_, other) = lines[from];
        said += 1;
        let text = format!("words {said}");
        let mut child = offices[from].spawn(&["text", other, &text, "--timeout", "5"]);
        if chance(&mut rng, 800) {
            sleep(Duration::from_millis(below(&mut rng, 700)));
            child.kill().expect("a process of our own");
            killed += 1;
        }
        let output = child.wait_with_output().expect("an end");
        // What was printed was written; what was not printed may have been written all the same.
        for line in objects(&output) {
            if let Some(id) = line["id"].as_str() {
                printed[from].push(id.to_owned());
            }
        }
    }

    let texts = settle(&offices, lines);
    for (side, ids) in printed.iter().enumerate() {
        for id in ids {
            assert_eq!(texts[side].iter().filter(|(i, _)| i == id).count(), 1, "a printed text is there once");
        }
    }
    let order = |side: usize| texts[side].iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    assert_eq!(order(0), order(1), "both have the same texts in the same order");
    let mut words: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, text) in &texts[0] {
        *words.entry(text).or_default() += 1;
    }
    assert!(words.values().all(|count| *count == 1), "no words twice");
    assert!(texts[0].len() >= printed.iter().map(Vec::len).sum(), "everything printed is there");
    println!(
        "{killed} processes killed, {} of {said} texts were written, {} printed",
        texts[0].len(),
        printed.concat().len()
    );
    assert!(texts[0].len() > 5, "texts did flow");
}

/// Lets both sides sync until nothing waits; what each has then.
fn settle(offices: &[Office; 2], lines: [(&str, &str); 2]) -> [Vec<(String, String)>; 2] {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let waits = |said: &Value| said["pending"].as_u64().unwrap_or(1) + said["undelivered"].as_u64().unwrap_or(1);
        let pending: u64 =
            offices.iter().map(|office| office.handset(&["sync"]).objects().last().map_or(1, waits)).sum();
        if pending == 0 {
            break;
        }
        assert!(Instant::now() < end, "nothing waits any more in two minutes");
        sleep(Duration::from_millis(200));
    }
    [0, 1].map(|side| {
        let read = offices[side].handset(&["read", lines[side].1]).done();
        read.iter()
            .filter(|m| m["notice"].is_null())
            .map(|m| {
                let field = |name: &str| m[name].as_str().unwrap_or_default().to_owned();
                (field("id"), field("text"))
            })
            .collect()
    })
}
