//! Files whose transfer is killed half-way go on from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Handset, Running, World, names_in, signal};
use crate::texts::acquainted;

const SIZE: usize = 30_000_000;

/// Runs a command, and kills it once part of a file is in the directory; gives that file and how much of it is there.
fn killed_half_way(handset: &Handset<'_>, arguments: &[&str], arrives_in: &Path) -> (PathBuf, u64) {
    let process = handset.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = Running(process);
    let deadline = Instant::now() + Duration::from_secs(60);
    let first = || Some(fs::read_dir(arrives_in).ok()?.next()?.ok()?.path());
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let path = loop {
        assert!(Instant::now() < deadline, "{arguments:?} brings nothing");
        if let Some(path) = first().filter(|path| length(path) > 1_000_000) {
            break path;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    signal(&process.0, "KILL");
    drop(process);
    // What the network still holds may arrive after that.
    let mut before = 0;
    while length(&path) != before {
        before = length(&path);
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(before < SIZE as u64, "it was killed half-way");
    (path, before)
}

/// Spoils the beginning of sealed bytes: who takes them once more gets a file that does not open.
fn spoil(path: &Path, bytes: u64) {
    let mut sealed = fs::read(path).unwrap();
    sealed[..usize::try_from(bytes / 2).unwrap()].fill(0);
    fs::write(path, sealed).unwrap();
}

#[test]
fn a_killed_transfer_goes_on_and_nothing_is_carried_twice() {
    let world = World::new();
    let (aldmoor, veresk) = (world.office("Aldmoor"), world.office("Veresk"));
    let (ada, ivo) = (world.principal(&aldmoor, "Ada Marsh"), world.principal(&veresk, "Ivo Tarn"));
    acquainted(&ada, &ivo);
    let draft: Vec<u8> = (0..SIZE).map(|n| (n % 251) as u8).collect();
    fs::write(world.path("draft.pdf"), &draft).unwrap();
    let (source, papers) = (world.path("draft.pdf"), world.path("papers"));
    let (source, papers) = (source.to_str().unwrap(), papers.to_str().unwrap());

    let blobs = world.path("Aldmoor/blobs");
    let (blob, there) = killed_half_way(&ada, &["text", "Ivo", "See page 3.", "--attach", source], &blobs);
    let sealed = ada.profile.join("files").join(blob.file_name().unwrap());
    spoil(&sealed, there);
    fs::remove_file(source).unwrap();
    assert_eq!(ada.done(&["sync"])["pending"], 0);
    let whole = fs::metadata(&blob).unwrap().len();
    assert!(whole > SIZE as u64 && whole == fs::metadata(&sealed).unwrap().len());

    ivo.done(&["sync"]);
    let save = ["read", "Ada", "--save", papers];
    let (part, here) = killed_half_way(&ivo, &save, &ivo.profile.join("files"));
    spoil(&blob, here);
    assert_eq!(ivo.run(&save).0, 0);
    assert_eq!(names_in(Path::new(papers)), ["draft.pdf"]);
    assert!(fs::read(world.path("papers/draft.pdf")).unwrap() == draft, "as it went in");
    assert_eq!(fs::metadata(&part).unwrap().len(), whole);
    let said: Vec<String> = ivo.conversation("Ada").into_iter().map(|(_, text, _)| text).collect();
    assert_eq!(said.iter().filter(|text| *text == "See page 3.").count(), 1, "and the words once: {said:?}");
}
