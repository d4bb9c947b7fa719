//! Files and voice notes between two offices.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Handset, Office, World, names_in};
use crate::texts::acquainted;

/// Bytes that are nowhere else, so that they are found wherever they lie readable.
fn bytes(length: usize) -> Vec<u8> {
    b"the draft of the treaty, page by page. ".iter().copied().cycle().take(length).collect()
}

fn holds(dir: &Path, needle: &[u8]) -> bool {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            holds(&path, needle)
        } else {
            fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle)
        }
    })
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn path(world: &World, name: &str) -> String {
    world.path(name).to_str().unwrap().to_owned()
}

fn files_of(handset: &Handset<'_>, person: &str) -> Vec<serde_json::Value> {
    let texts = handset.run(&["read", person]).1;
    texts.iter().flat_map(|text| text["files"].as_array().unwrap().clone()).collect()
}

#[test]
fn files_come_out_as_they_went_in_and_lie_nowhere_readable() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    let (draft, note) = (bytes(3_000_000), path(&world, "note.wav"));
    fs::write(world.path("draft.pdf"), &draft).unwrap();
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(&note, spec).unwrap();
    (0..16_000i16).for_each(|n| wav.write_sample(n).unwrap());
    wav.finalize().unwrap();

    ada.done(&["text", "Ivo", "See page 3.", "--attach", &path(&world, "draft.pdf")]);
    ada.done(&["text", "Ivo", "--voice", &note]);
    let sent = files_of(&ada, "Ivo");
    assert_eq!(
        (&sent[0]["state"], &sent[0]["size"], &sent[0]["media_type"]),
        (&"stored".into(), &3_000_000.into(), &"application/pdf".into())
    );
    assert_eq!((&sent[1]["name"], &sent[1]["duration_ms"]), (&"note.wav".into(), &2000.into()));

    let offered = files_of(&ivo, "Ada");
    assert_eq!((&offered[0]["state"], &offered[0]["name"]), (&"offered".into(), &"draft.pdf".into()));
    assert_eq!(offered[1]["waveform"].as_array().unwrap().len(), 64);
    assert_eq!(names_in(&world.path("Aldmoor/blobs")).len(), 2);
    let papers = path(&world, "papers");
    // Where no directory can be, nothing is fetched.
    assert_eq!(ivo.fails(&["read", "Ada", "--save", &note]), (1, "not-a-directory".to_owned()));
    assert_eq!(files_of(&ivo, "Ada")[0]["state"], "offered");
    // No more at a time than was said; the words and the smaller file come all the same.
    let bounded = ivo.run(&["read", "Ada", "--save", &papers, "--up-to", "1MB"]);
    assert_eq!((bounded.0, &bounded.1[0]["text"]), (1, &"See page 3.".into()));
    assert_eq!(
        (names_in(&world.path("papers")), &files_of(&ivo, "Ada")[0]["state"]),
        (vec!["note.wav".to_owned()], &"offered".into())
    );
    let saved = ivo.run(&["read", "Ada", "--save", &papers]);
    assert_eq!(saved.0, 0);
    assert_eq!(saved.1[0]["files"][0]["path"], format!("{papers}/draft.pdf"));
    assert_eq!(fs::read(world.path("papers/draft.pdf")).unwrap(), draft);
    assert_eq!(fs::read(world.path("papers/note.wav")).unwrap(), fs::read(&note).unwrap());
    assert_eq!(files_of(&ivo, "Ada")[0]["state"], "here");
    until("nothing waits at the offices any more", || names_in(&world.path("Aldmoor/blobs")).is_empty());
    assert_eq!(names_in(&world.path("Veresk/blobs")), [""; 0]);
    for dir in ["Aldmoor", "Veresk", "Ada Marsh", "Ivo Tarn"] {
        assert!(!holds(&world.path(dir), &draft[..32]), "{dir} holds what was sent");
    }
    assert!(holds(&world.path("papers"), &draft[..32]), "what is looked for can be found");
    // Saved once more, it is still one; one's own file can be saved, too.
    ivo.done(&["read", "Ada", "--save", &papers]);
    assert_eq!(names_in(&world.path("papers")).len(), 2);
    ada.done(&["read", "Ivo", "--save", &path(&world, "own")]);
    assert_eq!(fs::read(world.path("own/draft.pdf")).unwrap(), draft);

    // Taken back, its sealed bytes go on both sides.
    let id = ada.run(&["read", "Ivo"]).1[0]["id"].as_str().unwrap().to_owned();
    ada.done(&["unsend", "Ivo", &id]);
    ivo.done(&["sync"]);
    assert_eq!((files_of(&ada, "Ivo").len(), files_of(&ivo, "Ada").len()), (1, 1));
    for handset in [&ada, &ivo] {
        assert_eq!(names_in(&handset.profile.join("files")).len(), 1);
    }
}

#[test]
fn a_file_waits_for_the_switchboard_and_the_words_do_not_wait_for_the_file() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    fs::write(world.path("map.png"), bytes(100_000)).unwrap();
    let listen = aldmoor.field("listening").to_owned();
    aldmoor.stop();
    let (exit, _) = ada.run(&["text", "Ivo", "The map.", "--attach", &path(&world, "map.png"), "--timeout", "2"]);
    assert_eq!(exit, 3);
    assert_eq!(files_of(&ada, "Ivo")[0]["state"], "sealed");
    fs::remove_file(world.path("map.png")).unwrap();
    let aldmoor = Office::start(&world, "Aldmoor", &listen, &[]);
    assert_eq!(ada.done(&["sync"])["pending"], 0);
    assert_eq!(files_of(&ada, "Ivo")[0]["state"], "stored");
    // Taken back before it was fetched: it is not to be had any more.
    ivo.done(&["sync"]);
    let id = ada.run(&["read", "Ivo"]).1[0]["id"].as_str().unwrap().to_owned();
    ada.done(&["unsend", "Ivo", &id]);
    assert_eq!(names_in(&world.path("Aldmoor/blobs")), [""; 0]);
    aldmoor.stop();
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is_kept() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    fs::write(world.path("a.txt"), "a").unwrap();
    fs::File::create(world.path("large.bin")).unwrap().set_len((100 << 20) + 1).unwrap();
    let file = |name: &str| path(&world, name);
    let attach = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| file(name)).collect();
        let mut all = vec!["text", "Ivo", "Here.", "--attach"];
        all.extend(names.iter().map(String::as_str));
        ada.fails(&all)
    };
    assert_eq!(attach(&["a.txt", "none.txt"]), (1, "file-unavailable".to_owned()));
    assert_eq!(ada.fails(&["text", "Ivo", "--voice", &file("none.wav")]), (1, "file-unavailable".to_owned()));
    assert_eq!(attach(&["a.txt", "large.bin"]), (1, "file-too-large".to_owned()));
    assert_eq!(attach(&["Aldmoor"]), (1, "not-a-file".to_owned()));
    assert_eq!(attach(&["a.txt"; 11]), (1, "too-many-files".to_owned()));
    assert_eq!(ada.fails(&["text", "Ivo", "--voice", &file("a.txt")]), (1, "not-a-voice-note".to_owned()));
    assert_eq!(ada.fails(&["text", "Nobody", "x", "--attach", &file("a.txt")]), (1, "unknown-person".to_owned()));
    assert_eq!(ada.run(&["read", "Ivo"]).1, Vec::<serde_json::Value>::new());
    assert!(!ada.profile.join("files").exists());
    assert_eq!(ada.run(&["text", "Ivo"]).0, 2, "nothing to say");
}

#[test]
fn a_file_for_which_there_is_no_room_is_told_of_and_its_words_go_once() {
    let world = World::new();
    let config = path(&world, "small.toml");
    fs::write(&config, "[limits]\nblob-bytes-per-line = \"1 MiB\"\n").unwrap();
    let limited = ["--config", config.as_str()];
    let aldmoor = Office::start(&world, "Aldmoor", "127.0.0.1:0", &limited);
    let veresk = world.office("Veresk");
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    fs::write(world.path("map.png"), bytes(2_000_000)).unwrap();
    let map = path(&world, "map.png");
    let refused = (1, "file-refused".to_owned());
    assert_eq!(ada.fails(&["text", "Ivo", "With the map.", "--attach", &map]), refused);
    // And where the switchboard says so only later.
    let listen = aldmoor.field("listening").to_owned();
    aldmoor.stop();
    assert_eq!(ada.run(&["text", "Ivo", "Without it.", "--attach", &map, "--timeout", "1"]).0, 3);
    let _aldmoor = Office::start(&world, "Aldmoor", &listen, &limited);
    let synced = ada.command(&["sync"]).output().unwrap();
    let said = String::from_utf8_lossy(&synced.stderr);
    assert!(said.contains("\"map.png\" for Ivo Tarn was not sent: our switchboard has no room"), "{said}");
    until("both came once", || {
        let texts: Vec<_> = ivo.run(&["read", "Ada"]).1.iter().map(|text| text["text"].clone()).collect();
        texts.ends_with(&["With the map.".into(), "Without it.".into()])
    });
}
