//! Profiles and claims: what is kept, and what is not.

use std::process::Stdio;

use crate::support::{World, names_in};

#[test]
fn a_refused_claim_leaves_nothing_behind() {
    let world = World::new();
    let office = world.office("Aldmoor");
    let first = office.field("claim_url").to_owned();
    let ada = world.handset("Ada Marsh");
    let claimed = ada.done(&["claim", &first, "--as", "Ada Marsh"]);
    assert_eq!((&claimed["name"], &claimed["office"]), (&"Ada Marsh".into(), &"Aldmoor".into()));
    assert_eq!(claimed["switchboard"], office.field("listening"));

    let ivo = world.handset("Ivo Tarn");
    assert_eq!(ivo.fails(&["claim", &first, "--as", "Ivo Tarn"]), (1, "invitation-invalid".to_owned()));
    assert!(!ivo.profile.exists());
    assert_eq!(
        ivo.fails(&["claim", "http://127.0.0.1:9/claim#AAAAAAAAAAAAAAAAAAAAAA", "--as", "I"]),
        (1, "switchboard-unreachable".to_owned())
    );
    assert!(!ivo.profile.exists());
    assert_eq!(ivo.fails(&["claim", "https://example.org", "--as", "I"]), (1, "not-a-claim-link".to_owned()));
    assert_eq!(ivo.fails(&["claim", &office.claim_url(&world), "--as", " "]), (1, "bad-name".to_owned()));
    assert!(!ivo.profile.exists());
    assert_eq!(ivo.fails(&["people"]), (1, "not-claimed".to_owned()));
    assert!(!ivo.profile.exists());

    let second = office.claim_url(&world);
    assert_eq!(ada.fails(&["claim", &second, "--as", "Ada"]), (1, "already-claimed".to_owned()));
    assert_eq!(
        ada.fails(&["claim", &first[..first.len() - 1], "--as", "Ada", "--move"]),
        (1, "not-a-claim-link".to_owned())
    );
    let unknown = format!("{}#{}", first.split('#').next().unwrap(), "A".repeat(22));
    assert_eq!(ada.fails(&["claim", &unknown, "--as", "Ada", "--move"]), (1, "invitation-invalid".to_owned()));
    assert_eq!(ada.done(&["status"])["name"], "Ada Marsh", "and the line is where it was");
    ivo.done(&["claim", &second, "--as", "Ivo Tarn"]);
    assert!(names_in(&ivo.profile).contains(&"key".to_owned()));
}

#[test]
fn a_profile_is_for_one_process_and_one_passphrase() {
    let world = World::new();
    let office = world.office("Aldmoor");
    let ada = world.principal(&office, "Ada Marsh");
    let ivo = world.principal(&office, "Ivo Tarn");
    let card = ada.done(&["card", "new", "--for", "Ivo"]);
    ivo.done(&["accept", card["url"].as_str().unwrap()]);

    let mut held = ivo.command(&["read", "Ada", "--follow"]).stdout(Stdio::null()).spawn().unwrap();
    while std::fs::File::open(ivo.profile.join("lock")).unwrap().try_lock().is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(ivo.fails(&["people"]), (1, "profile-in-use".to_owned()));
    held.kill().unwrap();
    held.wait().unwrap();
    assert_eq!(ivo.run(&["people"]).0, 0);

    std::fs::write(world.path("passphrase"), "a long morning\n").unwrap();
    assert_eq!(ada.fails(&["people"]), (1, "wrong-passphrase".to_owned()));
    std::fs::write(world.path("passphrase"), "\n").unwrap();
    let new = world.handset("new");
    assert_eq!(new.fails(&["claim", &office.claim_url(&world), "--as", "N"]), (2, "empty-passphrase".to_owned()));
    assert!(!new.profile.exists());
}

#[test]
fn misuse_is_told_from_refusal() {
    let world = World::new();
    let ada = world.handset("Ada Marsh");
    assert_eq!(ada.fails(&["text", "Ivo"]).0, 2);
    assert_eq!(ada.fails(&["card", "new", "--for", "Ivo", "--expires", "soon"]), (2, "misuse".to_owned()));
    let data = world.path("x");
    let data = data.to_str().unwrap();
    let outside = ["serve", "--data", data, "--office", "X", "--listen", "0.0.0.0:0", "--insecure-loopback"];
    assert_eq!(ada.fails(&outside), (2, "not-loopback".to_owned()));
    assert_eq!(ada.fails(&["office", "invite", "--data", data]), (1, "no-data".to_owned()));
    let no_certificate = ["serve", "--data", data, "--office", "X", "--public-url", "https://line.example.org"];
    assert_eq!(ada.fails(&no_certificate), (1, "certificate".to_owned()));
    let completions = world.command(&["completions", "bash"]).output().unwrap();
    assert!(String::from_utf8_lossy(&completions.stdout).contains("entrenous"));
}
