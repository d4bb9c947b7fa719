//! Restores that break off, and restored lines that no office takes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::backups::{acquainted, backup, notices, path, texts};
use crate::support::{Handset, Office, Running, World};

const ADA: &str = "Ada Marsh";

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Kills a restore while it waits for a switchboard that is not there, with all of the backup read in.
fn break_off(new: &Handset<'_>, words: &[&str]) {
    let words = [words, &["--timeout", "600"]].concat();
    let process = new.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = Running(process);
    let is_there = |name: &str| new.profile.join(name).exists();
    until("the profile is made", || is_there("key"));
    until("the backup is read", || !is_there(".backup.entrenous-opened"));
    assert!(is_there("restoring"));
    drop(process);
}

/// Both handsets look a few times, until what the restored one says arrives.
fn goes_on(new: &Handset<'_>, ivo: &Handset<'_>) {
    new.run(&["text", "Ivo", "Here again."]);
    for _ in 0..10 {
        ivo.done(&["sync"]);
        new.run(&["sync"]);
        if texts(ivo, ADA).len() == 2 {
            break;
        }
    }
    assert_eq!(texts(ivo, ADA), ["Before the backup.", "Here again."]);
}

/// Makes a backup of a line that has a contact, whose handset this gives.
fn back_up<'w>(world: &'w World, [own, other]: [&Office; 2], file: &Path, of_backups: &[&str; 2]) -> Handset<'w> {
    let (ada, ivo) = (world.principal(own, ADA), world.principal(other, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    std::fs::write(of_backups[1], "a long voyage\n").unwrap();
    ada.done(&backup(file, of_backups));
    ivo
}

#[test]
fn a_restore_that_was_killed_is_given_once_more() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (file, of_backups) = (world.path("ada.backup"), world.path("of-backups"));
    let (file, of_backups) = (file.as_path(), ["--backup-passphrase-file", path(&of_backups)]);
    let ivo = back_up(&world, [&aldmoor, &veresk], file, &of_backups);
    let (listen, another) = (aldmoor.field("listening").to_owned(), aldmoor.claim_url(&world));
    aldmoor.stop();

    let new = world.handset("new");
    let words = [&["restore", path(file)][..], &of_backups].concat();
    break_off(&new, &words);
    let _aldmoor = Office::start(&world, "Aldmoor", &listen, &[]);
    let unfinished = (1, "restore-unfinished".to_owned());
    assert_eq!(new.fails(&["sync"]), unfinished);
    assert_eq!(new.fails(&["claim", &another, "--as", ADA]), unfinished, "nor is another line put over it");
    assert_eq!(new.done(&words)["state"], "restored");
    assert_eq!(new.fails(&words), (1, "profile-not-empty".to_owned()));
    goes_on(&new, &ivo);
    assert_eq!(notices(&new, "Ivo"), ["restored"]);
}

#[test]
fn a_restored_line_that_its_office_does_not_know_is_kept_and_goes_to_another() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (file, of_backups) = (world.path("ada.backup"), world.path("of-backups"));
    let (file, of_backups) = (file.as_path(), ["--backup-passphrase-file", path(&of_backups)]);
    let ivo = back_up(&world, [&aldmoor, &veresk], file, &of_backups);
    let listen = aldmoor.field("listening").to_owned();
    aldmoor.stop();

    let new = world.handset("new");
    break_off(&new, &[&["restore", path(file)][..], &of_backups].concat());
    // As a restore leaves it to which the switchboard gave no answer.
    std::fs::remove_file(new.profile.join("restoring")).unwrap();
    let (_emptied, oster) = (Office::start(&world, "Emptied", &listen, &[]), world.office("Oster"));
    let waiting = (3, "restore-waiting".to_owned());
    assert_eq!(new.fails(&["sync"]), waiting);
    assert_eq!(new.fails(&["text", "Ivo", "Hello?"]), waiting);
    assert_eq!(texts(&new, "Ivo"), ["Before the backup."], "what it has can be read");
    let link = oster.claim_url(&world);
    assert_eq!(new.fails(&["claim", &link, "--as", "Oda Kell"]), (1, "restore-waiting".to_owned()));
    assert_eq!(new.done(&["claim", &link, "--as", ADA, "--move"])["name"], ADA);
    goes_on(&new, &ivo);
}
