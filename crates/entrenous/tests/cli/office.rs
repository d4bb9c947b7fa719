//! What an operator does beside the running switchboard.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Handset, Office, World, names_in, records};

/// What an `office` command prints, if it is done.
#[track_caller]
fn order(world: &World, arguments: &[&str]) -> Value {
    let output = world.command(&[&["office"], arguments, &["--json"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    records(&output).into_iter().next().unwrap_or_default()
}

/// The stable code of an `office` command's error.
fn refused(world: &World, arguments: &[&str]) -> String {
    let output = world.command(&[&["office"], arguments, &["--json"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    records(&output)[0]["error"].as_str().unwrap().to_owned()
}

/// Lets both come for what waits until one's texts are all delivered.
fn settle(one: &Handset<'_>, other: &Handset<'_>, person: &str) -> Vec<(String, String, String)> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        one.run(&["sync"]);
        other.run(&["sync"]);
        let said = one.conversation(person);
        if said.iter().all(|(_, _, state)| state == "delivered" || state == "seen") {
            return said;
        }
        assert!(Instant::now() < end, "{said:?}");
    }
}

#[test]
fn a_switchboard_comes_back_from_a_backup_and_no_text_is_lost_or_doubled() {
    let world = World::new();
    let (marsh, tarn) = (world.office("Marsh"), world.office("Tarn"));
    let (ada, ivo) = (world.principal(&marsh, "Ada Marsh"), world.principal(&tarn, "Ivo Tarn"));
    let card = ada.done(&["card", "new", "--for", "Ivo Tarn"]);
    ivo.done(&["accept", card["url"].as_str().unwrap()]);
    ada.done(&["text", "Ivo", "before"]);
    std::fs::write(world.path("page-3"), "the third page").unwrap();
    ada.done(&["text", "Ivo", "See page 3.", "--attach", world.path("page-3").to_str().unwrap()]);
    settle(&ada, &ivo, "Ivo");

    // While it runs.
    let (data, out) = (world.path("Marsh"), world.path("backup"));
    let (data, out) = (data.to_str().unwrap(), out.to_str().unwrap());
    let made = order(&world, &["backup", "--data", data, "--out", out]);
    assert!(made["bytes"].as_u64().unwrap() > 10_000);
    assert_eq!(refused(&world, &["backup", "--data", data, "--out", out]), "file-exists");
    assert!(order(&world, &["status", "--data", data])["last_backup"].is_string());
    let name = |name: &str| name.starts_with("backup");
    assert_eq!(names_in(world.path("backup").parent().unwrap()).into_iter().filter(|n| name(n)).count(), 1);
    let bytes = std::fs::read(out).unwrap();
    assert!(!bytes.windows(13).any(|part| part == b"SQLite format"), "it is sealed");

    ada.done(&["text", "Ivo", "while the backup ages"]);
    ivo.run(&["sync"]);
    ivo.done(&["text", "Ada", "an answer"]);
    ada.run(&["sync"]);
    // Still on its way when the switchboard is lost.
    ada.done(&["text", "Ivo", "the last before"]);

    let listen = marsh.field("listening").to_owned();
    drop(marsh);
    assert_eq!(refused(&world, &["restore", out, "--data", data]), "not-empty");
    std::fs::remove_dir_all(data).unwrap();
    std::fs::write(world.path("other"), "a long morning\n").unwrap();
    let other = world.path("other");
    let wrong = ["restore", out, "--data", data, "--passphrase-file", other.to_str().unwrap()];
    assert_eq!(refused(&world, &wrong), "wrong-passphrase");
    std::fs::write(world.path("cut"), &bytes[..bytes.len() - 5000]).unwrap();
    assert_eq!(refused(&world, &["restore", world.path("cut").to_str().unwrap(), "--data", data]), "not-a-backup");
    assert!(!world.path("Marsh").exists(), "nothing is left of what could not be restored");
    order(&world, &["restore", out, "--data", data]);
    let mut names = names_in(&world.path("Marsh"));
    names.sort();
    assert_eq!(names, ["lock", "switchboard.db", "switchboard.key"]);

    let marsh = Office::start(&world, "Marsh", &listen, &[]);
    ivo.done(&["text", "Ada", "after"]);
    ada.run(&["sync"]);
    ada.done(&["text", "Ivo", "after, too"]);
    settle(&ada, &ivo, "Ivo");
    settle(&ivo, &ada, "Ada");

    // Nobody had fetched it before, and no backup has its bytes.
    let (papers, end) = (world.path("papers"), Instant::now() + Duration::from_secs(60));
    while !papers.join("page-3").exists() {
        assert!(Instant::now() < end, "the file is lost");
        ada.run(&["sync"]);
        ivo.run(&["read", "Ada", "--save", papers.to_str().unwrap()]);
    }
    assert_eq!(std::fs::read_to_string(papers.join("page-3")).unwrap(), "the third page");

    let mut expected =
        ["before", "See page 3.", "while the backup ages", "an answer", "the last before", "after", "after, too"]
            .map(str::to_owned);
    expected.sort();
    for (whose, person) in [(&ada, "Ivo"), (&ivo, "Ada")] {
        let mut words: Vec<String> = whose.conversation(person).into_iter().map(|(_, text, _)| text).collect();
        words.sort();
        assert_eq!(words, expected);
    }
    assert_eq!(marsh.stop(), Some(0));
}

#[test]
fn invitations_are_listed_expire_and_can_be_withdrawn() {
    let world = World::new();
    let marsh = world.office("Marsh");
    let data = world.path("Marsh");
    let data = data.to_str().unwrap();
    let invite = |label, expires| order(&world, &["invite", "--data", data, "--for", label, "--expires", expires]);
    let (taken, withdrawn, short) = (invite("Ada", "14d"), invite("Ivo", "14d"), invite("Oda", "1s"));
    let url = |made: &Value| made["claim_url"].as_str().unwrap().to_owned();
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    assert!(!url(&withdrawn).contains(&id(&withdrawn)), "an id tells nothing of the secret");
    world.handset("Ada Marsh").done(&["claim", &url(&taken), "--as", "Ada Marsh"]);
    order(&world, &["revoke-invitation", &id(&withdrawn), "--data", data]);
    std::thread::sleep(Duration::from_millis(1100));
    for gone in [&withdrawn, &short] {
        let handset = world.handset("Late");
        assert_eq!(handset.fails(&["claim", &url(gone), "--as", "Late"]), (1, "invitation-invalid".to_owned()));
    }
    assert_eq!(refused(&world, &["revoke-invitation", &id(&taken), "--data", data]), "invitation-taken");
    assert_eq!(refused(&world, &["revoke-invitation", "00000000", "--data", data]), "invitation-unknown");

    let output = world.command(&["office", "invitations", "--data", data, "--json"]).output().unwrap();
    let states: Vec<(String, String)> = records(&output)
        .iter()
        .map(|record| (record["for"].as_str().unwrap().to_owned(), record["state"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(states.last().map(|(label, state)| (label.as_str(), state.as_str())), Some(("the first line", "open")));
    let state = |label: &str| states.iter().find(|(of, _)| of == label).map(|(_, state)| state.as_str());
    assert_eq!([state("Ada"), state("Ivo"), state("Oda")], [Some("taken"), Some("withdrawn"), Some("expired")]);
    let status = order(&world, &["status", "--data", data]);
    assert_eq!((status["lines"].as_u64(), status["invitations_open"].as_u64()), (Some(1), Some(1)), "the first one's");
    assert!(status["free_bytes"].as_u64().unwrap() > 0 && status["last_backup"].is_null());
    assert_eq!(status["certificate"], Value::Null, "plain http");
    assert_eq!(marsh.stop(), Some(0));
    assert_eq!(order(&world, &["status", "--data", data])["running"], Value::Null);
}
