//! A handset that the operator takes out of service, over the real binary.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::backups::{acquainted, backup, notices, path, texts};
use crate::support::{Handset, World, exit_within, records};

const ADA: &str = "Ada Marsh";

/// What an `office` command about Aldmoor's switchboard prints; its data directory comes from the environment.
fn order(world: &World, arguments: &[&str]) -> (i32, Vec<Value>) {
    let mut command = world.command(&[&["office"], arguments, &["--json"]].concat());
    let output = command.env("ENTRENOUS_DATA", world.path("Aldmoor")).output().unwrap();
    (output.status.code().unwrap(), records(&output))
}

fn claim<'w>(world: &'w World, label: &str, name: &str) -> Handset<'w> {
    let (_, invited) = order(world, &["invite", "--for", label]);
    let handset = world.handset(name);
    handset.done(&["claim", invited[0]["claim_url"].as_str().unwrap(), "--as", name]);
    handset
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
    }
}

#[test]
fn a_handset_out_of_service_is_off_contacts_see_it_and_a_restored_one_goes_on() {
    let world = World::new();
    let (_aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let ada = claim(&world, "the envoy", ADA);
    let oda = claim(&world, "1", "Oda Lund");
    let ivo = world.principal(&veresk, "Ivo Tarn");
    acquainted(&ada, &ivo);
    std::fs::write(world.path("of-backups"), "a long voyage\n").unwrap();
    let (of_backups, file) = (world.path("of-backups"), world.path("ada.backup"));
    let of_backups = ["--backup-passphrase-file", path(&of_backups)];
    ada.done(&backup(&file, &of_backups));

    let (_, lines) = order(&world, &["lines"]);
    let told = |line: &Value| (line["line"].clone(), line["for"].clone(), line["handsets"].clone());
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [(1.into(), "the envoy".into(), 1.into()), (2.into(), "1".into(), 1.into())]
    );
    assert!(lines.iter().all(|line| line["revoked_at"].is_null() && line["claimed_at"].is_string()));
    let refused = |arguments: &[&str]| {
        let (exit, records) = order(&world, arguments);
        (exit, records[0]["error"].as_str().unwrap().to_owned())
    };
    for (which, code) in [("7", "line-unknown"), ("", "line-unknown"), ("1", "line-ambiguous")] {
        assert_eq!(refused(&["revoke-handset", which, "--yes"]), (1, code.to_owned()));
    }
    assert_eq!(refused(&["revoke-handset", "the envoy"]), (1, "not-confirmed".to_owned()));
    assert_eq!(refused(&["reinstate", "#1"]), (1, "line-in-service".to_owned()));

    let mut command = ada.command(&["read", "Ivo", "--follow"]);
    let mut open = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let (exit, revoked) = order(&world, &["revoke-handset", "the envoy", "--yes"]);
    assert_eq!((exit, revoked[0]["revoked_at"].is_string()), (0, true));
    assert_eq!(exit_within(&mut open, Duration::from_secs(30)), Some(1), "what it had open is ended");
    for words in [&["sync"][..], &["text", "Ivo", "Hello?"]] {
        assert_eq!(ada.fails(words), (1, "handset-revoked".to_owned()));
    }
    assert_eq!(ada.run(&["status"]).0, 1);
    assert_eq!(texts(&ada, "Ivo"), ["Before the backup."], "what it has can be read");
    oda.done(&["sync"]);

    until("the contact sees it", || {
        ivo.done(&["sync"]);
        notices(&ivo, ADA) == ["out-of-service"]
    });

    let new = world.handset("new");
    new.done(&[&["restore", path(&file)][..], &of_backups].concat());
    until("they talk again", || {
        ivo.done(&["sync"]);
        new.done(&["sync"]);
        notices(&ivo, ADA).contains(&"contact-restored".to_owned())
    });
    new.done(&["text", "Ivo", "Here again."]);
    ivo.done(&["text", ADA, "Good."]);
    until("the answer arrives", || texts(&new, "Ivo").contains(&"Good.".to_owned()));
    assert!(texts(&ivo, ADA).contains(&"Here again.".to_owned()));
    assert_eq!(notices(&ivo, ADA), ["out-of-service", "contact-restored"], "once");
    assert_eq!(ada.fails(&["sync"]), (1, "restored-elsewhere".to_owned()));
    let (_, lines) = order(&world, &["lines"]);
    assert!(lines[0]["revoked_at"].is_null(), "the new handset is in service: {lines:?}");
}

#[test]
fn a_handset_that_was_found_again_is_reinstated() {
    let world = World::new();
    let _aldmoor = world.office("Aldmoor");
    let (ada, ivo) = (claim(&world, "", ADA), claim(&world, "", "Ivo Tarn"));
    acquainted(&ada, &ivo);
    order(&world, &["revoke-handset", "1", "--yes"]);
    until("the contact sees it", || {
        ivo.done(&["sync"]);
        notices(&ivo, ADA) == ["out-of-service"]
    });
    assert_eq!(ada.fails(&["card", "new", "--for", "Oda"]), (1, "handset-revoked".to_owned()));
    let (exit, lines) = order(&world, &["reinstate", "1"]);
    assert_eq!((exit, &lines[0]["revoked_at"]), (0, &Value::Null));
    until("the contact sees that, too", || {
        ivo.done(&["sync"]);
        notices(&ivo, ADA) == ["out-of-service", "back-in-service"]
    });
    ada.done(&["sync"]);
    assert!(ada.done(&["card", "new", "--for", "Oda"])["url"].is_string());
}
