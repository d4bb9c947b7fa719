//! What a person is told, and spared, when something does not go as it should.

use std::fs::OpenOptions;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Office, World};
use crate::texts::acquainted;

#[test]
fn commands_at_once_on_one_profile_wait_for_each_other() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    let begun: Vec<_> = ["One.", "Two.", "Three."]
        .map(|text| {
            let mut command = ada.command(&["text", "Ivo", text, "--timeout", "60"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .into();
    for mut one in begun {
        assert_eq!(one.wait().unwrap().code(), Some(0));
    }
    let mut texts: Vec<_> = ivo.conversation("Ada").into_iter().map(|(_, text, _)| text).collect();
    texts.sort();
    assert_eq!(texts, ["One.", "Three.", "Two."]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let world = World::new();
    let aldmoor = world.office("Aldmoor");
    let ada = world.principal(&aldmoor, "Ada Marsh");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = ada.command(&["status"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be written"), "{output:?}");
    // Who stops reading wants no more.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(ada.command(&["status"]).stdout(writer).status().unwrap().code(), Some(0));
}

#[test]
fn a_card_that_turns_out_to_be_over_is_told_of() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    let made = Instant::now();
    let card = ivo.done(&["card", "new", "--for", "Ada", "--expires", "2s"]);
    let listen = aldmoor.field("listening").to_owned();
    aldmoor.stop();
    let accept = ["accept", card["url"].as_str().unwrap(), "--as", "Ivo", "--timeout", "1"];
    assert_eq!(ada.run(&accept).0, 3);
    std::thread::sleep(Duration::from_secs(3).saturating_sub(made.elapsed()));
    let _aldmoor = Office::start(&world, "Aldmoor", &listen, &[]);
    let synced = ada.command(&["sync"]).output().unwrap();
    let said = String::from_utf8_lossy(&synced.stderr);
    assert!(said.contains("A card that you took up (as Ivo) came to nothing"), "{said}");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_done() {
    let world = World::new();
    let aldmoor = world.office("Aldmoor");
    let ada = world.principal(&aldmoor, "Ada Marsh");
    let text = |name: &str| world.path(name).to_str().unwrap().to_owned();
    let (own, backup, nowhere) = (text("passphrase"), text("ada.backup"), text("none/ada.backup"));
    let under = ["--backup-passphrase-file", own.as_str()];
    let fails = |arguments: &[&str]| ada.fails(arguments).1;
    assert_eq!(fails(&[&["backup", "--out", &backup], &under[..]].concat()), "same-passphrase");
    assert_eq!(fails(&[&["backup", "--out", &nowhere], &under[..]].concat()), "no-directory");
    assert_eq!(fails(&["backup", "--out", "/dev/null", "--force"]), "not-a-file");
    assert_eq!(fails(&["status", "--trust-root", &nowhere]), "trust-root-unreadable");
    let new = world.handset("new");
    let claim = ["claim", &aldmoor.claim_url(&world), "--as", "Oda Kell", "--move"];
    assert_eq!(new.fails(&claim), (1, "nothing-to-move".to_owned()));
    assert!(!new.profile.exists());
}
