//! The demonstration, tried by one person alone.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Running, World, exit_within, signal};

#[test]
fn the_counterpart_hands_out_takes_up_and_answers() {
    let world = World::new();
    let data = world.path("demo");
    let mut command = world.command(&["demo", "--json", "--data", data.to_str().unwrap()]);
    let mut demo = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(demo.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();

    let ada = world.handset("Ada Marsh");
    ada.done(&["claim", ready["claim_url"].as_str().unwrap(), "--as", "Ada Marsh"]);
    let person = ada.done(&["accept", ready["card_words"].as_str().unwrap()]);
    assert_eq!((&person["person"], &person["verified"]), (&"Demonstration".into(), &"card".into()));
    ada.done(&["text", "Demonstration", "Good evening.", "--wait", "delivered"]);
    wait_for(|| {
        ada.conversation("Demonstration")
            .iter()
            .any(|(from, text, _)| from == "Demonstration" && text.contains("Your 2 words"))
    });
    let texts = ada.conversation("Demonstration");
    assert!(texts.iter().all(|(from, text, _)| from == "me" || text.contains("demonstration")), "{texts:?}");

    let card = ada.done(&["card", "new", "--for", "Demonstration"]);
    ada.done(&["text", "Demonstration", card["url"].as_str().unwrap()]);
    wait_for(|| ada.done(&["card", "list"])["state"] == "used");
    signal(&demo.0, "INT");
    assert_eq!(exit_within(&mut demo.0, Duration::from_secs(10)), Some(0));
}

#[track_caller]
fn wait_for(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < deadline, "it did not happen in time");
        std::thread::sleep(Duration::from_millis(100));
    }
}
