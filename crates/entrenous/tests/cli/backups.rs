//! Backups, restores and exports over the real binary.

use std::path::Path;

use serde_json::Value;

use crate::support::{Handset, World, names_in};

const ADA: &str = "Ada Marsh";

/// Two principals of two offices who are contacts, and have said something.
pub(crate) fn acquainted(ada: &Handset<'_>, ivo: &Handset<'_>) {
    let card = ivo.done(&["card", "new", "--for", "Ada"]);
    ada.done(&["accept", card["url"].as_str().unwrap()]);
    ivo.done(&["sync"]);
    ada.done(&["sync"]);
    ada.done(&["text", "Ivo", "Before the backup."]);
    ivo.done(&["sync"]);
    ada.done(&["sync"]);
}

pub(crate) fn texts(handset: &Handset<'_>, person: &str) -> Vec<String> {
    handset.conversation(person).into_iter().map(|(_, text, _)| text).collect()
}

pub(crate) fn notices(handset: &Handset<'_>, person: &str) -> Vec<String> {
    let (_, records) = handset.run(&["read", person]);
    records.iter().filter_map(|record| record["notice"].as_str().map(str::to_owned)).collect()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn backup<'a>(file: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["backup", "--out", path(file)][..], more].concat()
}

#[test]
fn a_line_is_restored_and_its_old_handset_stops() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, ADA), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    let open_card = ada.done(&["card", "new", "--for", "Oda"]);
    std::fs::write(world.path("of-backups"), "a long voyage\n").unwrap();
    std::fs::write(world.path("another"), "a short voyage\n").unwrap();
    let (of_backups, another) = (world.path("of-backups"), world.path("another"));
    let (of_backups, another) =
        (["--backup-passphrase-file", path(&of_backups)], ["--backup-passphrase-file", path(&another)]);
    let file = world.path("ada.backup");
    assert_eq!(ada.done(&["status"])["last_backup"], Value::Null);
    let made = ada.done(&backup(&file, &of_backups));
    assert_eq!((&made["people"], &made["texts"]), (&1.into(), &1.into()));
    assert_eq!(ada.done(&["status"])["last_backup"], made["made_at"]);
    assert_eq!(ada.fails(&backup(&file, &of_backups)), (1, "file-exists".to_owned()));
    let forced = [&["--force"], &another[..]].concat();
    assert_eq!(ada.fails(&backup(&file, &forced)), (1, "wrong-backup-passphrase".to_owned()));
    ada.done(&backup(&file, &[&["--force"], &of_backups[..]].concat()));
    let left = names_in(file.parent().unwrap());
    assert!(!left.iter().any(|name| name.contains("entrenous-")), "nothing is left beside it: {left:?}");

    // A file that was fetched is not in a backup, and after a restore shown as what it is.
    let (draft, papers) = (world.path("draft.pdf"), world.path("papers"));
    std::fs::write(&draft, "page 1").unwrap();
    ivo.done(&["text", ADA, "", "--attach", path(&draft)]);
    ada.done(&["read", "Ivo", "--save", path(&papers)]);
    assert_eq!(ada.done(&backup(&file, &[&["--force"], &of_backups[..]].concat()))["files"], 1);

    ada.done(&["text", "Ivo", "After the backup."]);
    ivo.done(&["text", "Ada", "An answer."]);
    ada.done(&["sync"]);

    // What is no whole backup, or not ours to open, leaves nothing behind.
    let new = world.handset("new");
    let restore = |from: &Path, more: &[&str]| {
        let words: Vec<String> = ["restore", path(from)].iter().chain(more).map(|word| (*word).to_owned()).collect();
        words
    };
    let fails = |words: Vec<String>| new.fails(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(fails(restore(&file, &another)), (1, "wrong-backup-passphrase".to_owned()));
    assert_eq!(fails(restore(&world.path("none"), &of_backups)), (1, "file-unavailable".to_owned()));
    assert_eq!(ada.fails(&backup(&world.path("none/ada"), &of_backups)), (1, "no-directory".to_owned()));
    let damaged = world.path("damaged");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    assert_eq!(fails(restore(&damaged, &of_backups)), (1, "backup-damaged".to_owned()));
    std::fs::write(&damaged, &bytes[..bytes.len() / 3]).unwrap();
    assert_eq!(fails(restore(&damaged, &of_backups)), (1, "backup-damaged".to_owned()));
    std::fs::write(&damaged, b"a shopping list, long enough to be one").unwrap();
    assert_eq!(fails(restore(&damaged, &of_backups)), (1, "not-a-backup".to_owned()));
    assert!(!new.profile.exists());

    let words = restore(&file, &of_backups);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(ada.fails(&words), (1, "profile-not-empty".to_owned()));
    let restored = new.done(&words);
    assert_eq!((&restored["state"], &restored["people"]), (&"restored".into(), &1.into()));
    assert_eq!(restored["files"], 1);
    assert_eq!(new.run(&["read", "Ivo"]).1[1]["files"][0]["state"], "lost");
    for _ in 0..10 {
        ivo.done(&["sync"]);
        new.done(&["sync"]);
        if texts(&new, "Ivo").len() == 3 {
            break;
        }
    }
    new.done(&["text", "Ivo", "Here again."]);
    ivo.done(&["text", ADA, "Good."]);
    assert_eq!(texts(&new, "Ivo"), ["Before the backup.", "", "An answer.", "Here again.", "Good."]);
    let of_ivo = texts(&ivo, ADA);
    assert!(
        ["Before the backup.", "After the backup.", "An answer.", "Here again.", "Good."]
            .iter()
            .all(|text| of_ivo.contains(&(*text).to_owned())),
        "{of_ivo:?}"
    );
    assert_eq!(
        (notices(&new, "Ivo"), notices(&ivo, ADA)),
        (vec!["restored".to_owned()], vec!["contact-restored".to_owned()])
    );
    assert_eq!(ivo.done(&["people", "show", ADA])["verified"], "card");
    let cards = new.done(&["card", "list"]);
    assert_eq!((&cards["id"], &cards["state"]), (&open_card["id"], &"revoked".into()));

    // The handset in the drawer shows what it has, at once, and does no more.
    assert!(texts(&ada, "Ivo").contains(&"After the backup.".to_owned()));
    assert_eq!(ada.fails(&["sync"]), (1, "restored-elsewhere".to_owned()));
    assert_eq!(ada.fails(&["text", "Ivo", "Hello?"]), (1, "restored-elsewhere".to_owned()));
    assert_eq!(ada.fails(&backup(&file, &forced)), (1, "restored-elsewhere".to_owned()));
    assert_eq!(ada.run(&["status"]).0, 1);
    assert!(texts(&ada, "Ivo").contains(&"After the backup.".to_owned()), "what it has can be read");
    // The restored one makes backups under the same passphrase.
    assert_eq!(new.fails(&backup(&file, &forced)), (1, "wrong-backup-passphrase".to_owned()));
    new.done(&backup(&file, &[&["--force"], &of_backups[..]].concat()));
}

#[test]
fn an_export_is_there_whole_or_not_at_all() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, ADA), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    let answer = ivo.done(&["text", ADA, "Two\nlines."]);
    let regret = ivo.done(&["text", ADA, "What I regret."]);
    ada.done(&["react", "Ivo", answer["id"].as_str().unwrap(), "👍"]);
    ivo.done(&["unsend", ADA, regret["id"].as_str().unwrap()]);
    let out = world.path("ivo");
    let exported = ada.done(&["export", "Ivo", "--out", path(&out)]);
    assert_eq!(exported["messages"], 3);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let messages: Vec<Value> = read("messages.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field = |name: &str| messages.iter().map(|message| message[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("text"), ["Before the backup.", "Two\nlines.", ""]);
    assert_eq!(field("from"), ["me", "Ivo Tarn", "Ivo Tarn"]);
    assert_eq!(field("gone"), [false, false, true]);
    assert_eq!(field("order"), [0, 1, 2]);
    assert_eq!(messages[1]["id"], answer["id"]);
    assert_eq!(messages[1]["reactions"][0]["emoji"], "👍");
    assert_eq!(messages[0]["attachments"], Value::Array(Vec::new()));
    let about: Value = serde_json::from_str(&read("conversation.json")).unwrap();
    assert_eq!((&about["version"], &about["person"], &about["own_name"]), (&1.into(), &"Ivo Tarn".into(), &ADA.into()));
    #[cfg(unix)]
    for name in ["", "messages.jsonl", "conversation.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(out.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only its owner reads {name:?}");
    }
    assert_eq!(ada.fails(&["export", "Ivo", "--out", path(&out)]), (1, "directory-exists".to_owned()));
    let nowhere = world.path("none/ivo");
    let nobody = ada.fails(&["export", "Nobody", "--out", path(&nowhere)]);
    assert_eq!(nobody, (1, "unknown-person".to_owned()));
    assert!(!nowhere.exists() && !names_in(out.parent().unwrap()).iter().any(|name| name.contains("entrenous-")));
}
