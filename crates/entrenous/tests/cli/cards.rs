//! Cards: taking them up, and everything that is wrong with one.

use crate::support::World;

#[test]
fn a_card_is_taken_up_by_link_or_words_and_no_more_often_than_it_says() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let (eve, odo) = (world.principal(&aldmoor, "Eve Holt"), world.principal(&aldmoor, "Odo Lang"));

    let card = ivo.done(&["card", "new", "--for", "the delegation", "--uses", "2"]);
    let (url, words) = (card["url"].as_str().unwrap(), card["words"].as_str().unwrap());
    assert_eq!(card["uses_left"], 2);
    let by_link = ada.done(&["accept", url, "--as", "Ivo"]);
    assert_eq!(
        (&by_link["person"], &by_link["verified"], &by_link["state"]),
        (&"Ivo".into(), &"card".into(), &"open".into())
    );
    let words: Vec<&str> = words.split(' ').collect();
    let by_words = eve.done(&[["accept"].as_slice(), &words].concat());
    assert_eq!(by_words["line"], by_link["line"]);
    assert_eq!(odo.fails(&["accept", url]), (1, "card-used-up".to_owned()));
    assert_eq!(odo.run(&["people"]).1.len(), 0, "a refusal keeps nothing");

    ivo.done(&["sync"]);
    let card = ivo.done(&["card", "list"]);
    assert_eq!((&card["state"], card["taken_by"].as_array().unwrap().len()), (&"used".into(), 2));
    let ada_here = ivo.done(&["people", "show", "Ada Marsh"]);
    let ivo_there = ada.done(&["people", "show", "Ivo"]);
    assert_eq!(ada_here["safety_words"], ivo_there["safety_words"]);
    assert_eq!(ada_here["safety_words"].as_str().unwrap().split(' ').count(), 10);
    assert_eq!((&ivo_there["verified"], &ada_here["via_card"]), (&"card".into(), &card["id"]));
    assert_eq!(ada.fails(&["people", "verify", "Ivo"]), (1, "not-compared".to_owned()));
    assert_eq!(ada.done(&["people", "verify", "Ivo", "--yes"])["verified"], "in person");
    assert_eq!(ada.done(&["people", "rename", "Ivo", "Ivo Tarn"])["person"], "Ivo Tarn");
    assert_eq!(ivo.done(&["people", "verify", "Ada", "--yes"])["verified"], "in person");
    assert_eq!(ada.done(&["people", "block", "Ivo"])["state"], "blocked");
    assert_eq!(ada.fails(&["text", "Ivo", "hello"]), (1, "blocked".to_owned()));
    assert_eq!(ada.done(&["people", "unblock", "Ivo"])["state"], "open");
    assert_eq!(ada.fails(&["people", "remove", "Ivo"]), (1, "not-removed".to_owned()));
    assert_eq!(ada.done(&["people", "remove", "Ivo", "--yes"])["state"], "removed");
    assert_eq!(ada.run(&["people"]).1.len(), 0);
}

#[test]
fn whoever_is_to_be_asked_is_asked() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let eve = world.principal(&aldmoor, "Eve Holt");
    let card = ivo.done(&["card", "new", "--for", "whoever asks", "--uses", "2", "--ask"]);
    let url = card["url"].as_str().unwrap();
    assert_eq!(ada.done(&["accept", url])["state"], "asked");
    assert_eq!(eve.done(&["accept", url])["state"], "asked");
    ada.done(&["text", "Ivo", "It is I."]);
    let (_, requests) = ivo.run(&["people", "requests"]);
    assert_eq!((requests.len(), &requests[0]["state"]), (2, &"requested".into()));
    assert_eq!(ivo.run(&["people"]).1.len(), 0);
    assert_eq!(ivo.done(&["people", "refuse", "Eve Holt"])["state"], "refused");
    let admitted = ivo.done(&["people", "admit", "Ada Marsh"]);
    assert_eq!((&admitted["state"], &admitted["via_card"]), (&"open".into(), &card["id"]));
    assert_eq!(ivo.conversation("Ada")[0].1, "It is I.");
    assert_eq!(ivo.run(&["people", "requests"]).1.len(), 0);
    assert_eq!(ivo.fails(&["people", "admit", "Eve Holt"]), (1, "unknown-person".to_owned()));
    assert_eq!(ada.done(&["people", "show", "Ivo"])["state"], "open");
}

#[test]
fn every_bad_card_has_its_code_and_keeps_nothing() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let url = |card: &serde_json::Value| card["url"].as_str().unwrap().to_owned();

    let card = ivo.done(&["card", "new", "--for", "Ada"]);
    let good = url(&card);
    assert_eq!(ivo.fails(&["accept", &good]), (1, "own-card".to_owned()));
    let revoked = ivo.done(&["card", "new", "--for", "Ada"]);
    assert_eq!(ivo.done(&["card", "revoke", revoked["id"].as_str().unwrap()])["state"], "revoked");
    assert_eq!(ada.fails(&["accept", &url(&revoked)]), (1, "card-revoked".to_owned()));
    let brief = ivo.done(&["card", "new", "--for", "Ada", "--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(ada.fails(&["accept", &url(&brief)]), (1, "card-expired".to_owned()));
    let (place, fingerprint) = good.rsplit_once('.').unwrap();
    let other = "A".repeat(fingerprint.len());
    assert_eq!(ada.fails(&["accept", &format!("{place}.{other}")]), (1, "fingerprint-mismatch".to_owned()));
    let unknown = format!("{}#{}.{fingerprint}", good.split('#').next().unwrap(), "A".repeat(22));
    assert_eq!(ada.fails(&["accept", &unknown]), (1, "card-unknown".to_owned()));
    for (garbage, code) in [
        ("hello", "not-a-card"),
        (&good[..good.len() - 3], "not-a-card"),
        ("line.example.org one two three", "not-a-card"),
        ("line.example.org a a a a a a a xyzzy", "unknown-word"),
    ] {
        assert_eq!(ada.fails(&["accept", garbage]), (1, code.to_owned()), "{garbage}");
    }
    let nowhere = format!("http://127.0.0.1:9/c#{}", good.split_once('#').unwrap().1);
    assert_eq!(ada.fails(&["accept", &nowhere]), (1, "peer-unreachable".to_owned()));
    assert_eq!(ada.done(&["status"])["pending"], 0);
    assert_eq!(ada.run(&["people"]).1.len(), 0);
    assert_eq!(ada.done(&["accept", &good])["person"], "Ivo Tarn", "and the good one is still good");
    assert_eq!(ivo.fails(&["card", "revoke", "nonsense"]), (1, "unknown-card".to_owned()));
}

#[test]
fn a_card_waits_while_our_own_switchboard_is_off() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let card = ivo.done(&["card", "new", "--for", "Ada"]);
    let listening = aldmoor.field("listening").to_owned();
    drop(aldmoor);
    let (code, records) = ada.run(&["accept", card["url"].as_str().unwrap(), "--timeout", "1"]);
    assert_eq!((code, &records[0]["state"]), (3, &"waiting".into()));
    let _aldmoor = crate::support::Office::start(&world, "Aldmoor", &listening, &[]);
    ada.done(&["sync"]);
    assert_eq!(ada.done(&["people"])["person"], "Ivo Tarn");
}
