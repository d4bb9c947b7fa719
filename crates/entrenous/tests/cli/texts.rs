//! Texts between two offices, online and not.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Handset, Running, World, exit_within, signal};

/// Two principals of two offices who are contacts, by a card of the second.
pub(crate) fn acquainted(ada: &Handset<'_>, ivo: &Handset<'_>) {
    let card = ivo.done(&["card", "new", "--for", "Ada"]);
    ada.done(&["accept", card["url"].as_str().unwrap()]);
    // The second handset joins and vouches, and the first hears of it.
    ivo.done(&["sync"]);
    ada.done(&["sync"]);
}

fn triple(from: &str, text: &str, state: &str) -> (String, String, String) {
    (from.to_owned(), text.to_owned(), state.to_owned())
}

#[test]
fn texts_go_both_ways_and_every_state_is_earned() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);

    let sent = ada.done(&["text", "Ivo Tarn", "Good evening."]);
    assert_eq!(sent["state"], "sent");
    assert_eq!(ada.conversation("Ivo"), [triple("me", "Good evening.", "sent")]);
    let received = ivo.done(&["sync"]);
    assert_eq!((&received["received"], &received["pending"]), (&1.into(), &0.into()));
    assert_eq!(ada.conversation("Ivo"), [triple("me", "Good evening.", "delivered")]);
    let read = ivo.done(&["read", "Ada Marsh"]);
    assert_eq!(read["id"], sent["id"], "a text's id is the same on both sides");
    assert_eq!(ada.conversation("Ivo"), [triple("me", "Good evening.", "seen")]);

    let id = sent["id"].as_str().unwrap();
    ivo.done(&["text", "Ada", "Gladly.", "--reply-to", id]);
    ivo.done(&["react", "Ada", &id[..6], "👍"]);
    let (_, texts) = ada.run(&["read", "Ivo", "--since", id]);
    assert_eq!((texts.len(), &texts[0]["text"], &texts[0]["reply_to"]), (1, &"Gladly.".into(), &sent["id"]));
    let all = ada.run(&["read", "Ivo"]).1;
    assert_eq!(all[0]["reactions"][0]["emoji"], "👍");
    assert_eq!(all[0]["reactions"][0]["from"], "Ivo Tarn");

    let found = ivo.done(&["search", "good", "EVEN"]);
    assert_eq!((&found["person"], &found["from"]), (&"Ada Marsh".into(), &"Ada Marsh".into()));
    ada.done(&["unsend", "Ivo", id]);
    let texts = ivo.run(&["read", "Ada"]).1;
    assert_eq!((&texts[0]["text"], &texts[0]["gone"]), (&"".into(), &true.into()));
    assert_eq!(ivo.run(&["search", "evening"]).1, Vec::<Value>::new());

    assert_eq!(ada.fails(&["text", "Nobody", "hello"]), (1, "unknown-person".to_owned()));
    assert_eq!(ada.fails(&["text", "Ivo", "  "]), (1, "empty-text".to_owned()));
    assert_eq!(ada.fails(&["text", "Ivo", &"x".repeat(20_000)]), (1, "text-too-long".to_owned()));
    assert_eq!(ada.fails(&["react", "Ivo", "AAAA", "👍"]), (1, "unknown-message".to_owned()));
    assert_eq!(ivo.fails(&["unsend", "Ada", id]), (1, "not-yours".to_owned()));
    assert_eq!((aldmoor.stop(), veresk.stop()), (Some(0), Some(0)), "SIGTERM drains");
}

#[test]
fn how_long_texts_stay_is_agreed() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    assert_eq!(ada.done(&["expiry", "Ivo"])["expiry"], "off");
    ada.done(&["text", "Ivo", "before"]);
    assert_eq!(ada.done(&["expiry", "Ivo", "1w"])["expiry_asked"], "1w");
    assert_eq!(ada.fails(&["expiry", "Ivo", "1w"]), (1, "expiry-same".to_owned()));
    assert_eq!(ada.fails(&["expiry", "Ivo", "--accept"]), (1, "nothing-proposed".to_owned()));
    assert_eq!(ivo.done(&["people"])["expiry_proposed"], "1w");
    assert_eq!(ivo.done(&["expiry", "Ada", "--accept"])["expiry"], "1w");
    ivo.done(&["text", "Ada", "after"]);
    let held = ada.done(&["expiry", "Ivo"]);
    assert_eq!((&held["expiry"], &held["expiry_asked"]), (&"1w".into(), &Value::Null));
    let all = ada.run(&["read", "Ivo"]).1;
    let acts: Vec<_> = all.iter().map(|entry| (&entry["expiry"]["act"], &entry["expiry"]["term"])).collect();
    let (proposed, accepted, term) = ("proposed".into(), "accepted".into(), "1w".into());
    assert_eq!(
        acts,
        [(&Value::Null, &Value::Null), (&proposed, &term), (&accepted, &term), (&Value::Null, &Value::Null)]
    );
    assert_eq!((&all[0]["expires_at"], all[3]["expires_at"].is_string()), (&Value::Null, true));
    assert_eq!(ada.fails(&["expiry", "Ivo", "2d"]).0, 2);
}

#[test]
fn what_cannot_go_waits_and_goes_later() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);

    let (code, records) = ada.run(&["text", "Ivo", "Are you there?", "--wait", "delivered", "--timeout", "1"]);
    assert_eq!((code, &records[0]["state"]), (3, &"sent".into()), "their handset is off");
    let listening = aldmoor.field("listening").to_owned();
    assert_eq!(aldmoor.stop(), Some(0));
    let (code, records) = ada.run(&["text", "Ivo", "And now?", "--timeout", "1"]);
    assert_eq!((code, &records[0]["state"]), (3, &"waiting".into()), "our switchboard is off");
    assert_eq!(ada.conversation("Ivo").len(), 2, "reading works offline");
    let status = ada.done(&["status", "--timeout", "1"]);
    assert_eq!((&status["pending"], &status["online"]), (&1.into(), &false.into()));
    let words = status["waiting"].to_string();
    assert!(words.contains("1 message to Ivo Tarn waits to be stored at our switchboard since"), "{words}");
    assert_eq!(ada.run(&["sync", "--timeout", "1"]).0, 3);
    let (code, records) = ada.run(&["card", "new", "--for", "Ivo", "--timeout", "1"]);
    assert_eq!((code, &records[0]["stored"]), (3, &false.into()));

    let _aldmoor = crate::support::Office::start(&world, "Aldmoor", &listening, &[]);
    let status = ada.done(&["sync"]);
    assert_eq!((&status["pending"], &status["undelivered"]), (&0.into(), &2.into()));
    let texts = ivo.conversation("Ada");
    let said: Vec<&str> = texts.iter().map(|(_, text, _)| text.as_str()).collect();
    assert_eq!(said, ["Are you there?", "And now?"]);
    assert!(ada.conversation("Ivo").iter().all(|(_, _, state)| state == "seen"));
    assert_eq!(ada.done(&["card", "list"])["stored"], true);
}

#[test]
fn following_shows_what_comes_and_ends_with_a_signal() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);

    let mut follow = Running(ivo.command(&["read", "Ada", "--follow"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(follow.0.stdout.take().unwrap()).lines();
    let sent = ada.done(&["text", "Ivo", "Good evening.", "--wait", "delivered"]);
    assert!(sent["state"] == "delivered" || sent["state"] == "seen", "{sent}");
    let shown: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(shown["id"], sent["id"]);
    assert_eq!(ada.conversation("Ivo")[0].2, "seen");
    ada.done(&["unsend", "Ivo", sent["id"].as_str().unwrap()]);
    let again: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&again["id"], &again["gone"]), (&sent["id"], &true.into()), "a change is printed again");
    signal(&follow.0, "TERM");
    assert_eq!(exit_within(&mut follow.0, Duration::from_secs(5)), Some(0));
}

#[test]
fn a_line_moves_when_its_office_is_gone_and_takes_every_word_along() {
    let world = World::new();
    let (aldmoor, veresk, third) = (world.office("Aldmoor"), world.office("Veresk"), world.office("Corran"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let card = ivo.done(&["card", "new", "--for", "Ada", "--uses", "2"]);
    ada.done(&["accept", card["url"].as_str().unwrap()]);
    ada.done(&["text", "Ivo", "Before."]);
    assert_eq!(ivo.conversation("Ada").len(), 1);
    // What his handset vouches with is lost with her office: the card's second use is the only way back to him.
    drop(aldmoor);
    assert_eq!(ada.run(&["text", "Ivo", "In between.", "--timeout", "0"]).0, 3);
    ada.done(&["claim", &third.claim_url(&world), "--as", "Ada Marsh", "--move"]);
    ada.done(&["text", "Ivo", "After."]);
    let said = |handset: &Handset<'_>, person: &str| -> Vec<String> {
        handset.conversation(person).into_iter().map(|(_, text, _)| text).collect()
    };
    for _ in 0..20 {
        if said(&ivo, "Ada").len() == 3 {
            break;
        }
        ada.done(&["sync"]);
    }
    assert_eq!(said(&ivo, "Ada"), ["Before.", "In between.", "After."]);
    ivo.done(&["text", "Ada", "Gladly."]);
    assert_eq!(said(&ada, "Ivo"), said(&ivo, "Ada"));
}
