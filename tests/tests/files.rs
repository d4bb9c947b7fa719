//! What becomes of files' rows and of their room at the switchboard. (Their bytes are carried in the terminal's tests.)

use std::time::Duration;

use handset::{Error, FileState, SealedFile};
use scenarios::World;
use scenarios::acts;

const HOUR: Duration = Duration::from_secs(3600);
const A: usize = 0;
const B: usize = 1;

/// Two lines that have met.
fn two_lines() -> World {
    let (mut world, _) = acts::two_lines(1, 3, (0, 1));
    settle(&mut world);
    world
}

/// Long enough for everything but the files' bytes, which nobody carries here.
fn settle(world: &mut World) {
    world.pass(HOUR);
}

fn a_file(world: &mut World, from: usize) -> SealedFile {
    let (blob, key) = world.phones[from].handset().draw_file();
    SealedFile { blob, key, name: "draft".to_owned(), media_type: "text/plain".to_owned(), size: 1000, voice: None }
}

fn send(world: &mut World, from: usize, to: usize, file: &SealedFile) {
    let to = world.phones[to].name.clone();
    let file = std::slice::from_ref(file);
    world.call(from, |handset, now| handset.text_with_files(now, &to, "See this.", None, file)).expect("a text");
}

fn state(world: &mut World, whose: usize, file: &SealedFile) -> Option<FileState> {
    world.phones[whose].handset().file_state(&file.blob).expect("a state")
}

/// Files that a switchboard keeps room for.
fn room(world: &mut World, office: usize) -> u64 {
    scenarios::phone::column(world.offices[office].database(), "SELECT count(*) FROM blobs", ())[0]
}

#[test]
fn who_is_blocked_for_a_while_keeps_nothing_from_us_and_nothing_is_fetched() {
    let mut world = two_lines();
    let (theirs, ours) = (a_file(&mut world, A), a_file(&mut world, B));
    send(&mut world, A, B, &theirs);
    send(&mut world, B, A, &ours);
    settle(&mut world);
    world.call(B, |handset, now| handset.want_file(now, &theirs.blob)).expect("a wish");
    world.call(B, |handset, now| handset.block_person(now, "Ada Marsh")).expect("blocked");
    assert_eq!(state(&mut world, B, &theirs), Some(FileState::Offered), "their office must not see us fetch");
    let wish = world.call(B, |handset, now| handset.want_file(now, &theirs.blob));
    assert!(matches!(wish, Err(Error::Blocked(_))), "{wish:?}");
    world.call(B, |handset, now| handset.unblock_person(now, "Ada Marsh")).expect("unblocked");
    settle(&mut world);
    assert_eq!(state(&mut world, B, &theirs), Some(FileState::Offered));
    assert_eq!(state(&mut world, B, &ours), Some(FileState::Opened));
    assert_eq!(room(&mut world, 1), 1, "ours still waits to be fetched");
}

#[test]
fn who_is_removed_can_fetch_nothing_any_more() {
    let mut world = two_lines();
    let file = a_file(&mut world, A);
    send(&mut world, A, B, &file);
    settle(&mut world);
    assert_eq!(room(&mut world, 0), 1);
    world.call(A, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
    settle(&mut world);
    assert_eq!(room(&mut world, 0), 0);
    assert_eq!(state(&mut world, A, &file), None);
}

#[test]
fn a_file_that_was_not_there_when_the_line_moved_is_not_waited_for() {
    let mut world = two_lines();
    let file = a_file(&mut world, A);
    send(&mut world, A, B, &file);
    settle(&mut world);
    assert_eq!(state(&mut world, A, &file), Some(FileState::Opened));
    acts::move_line(&mut world, A, 2);
    settle(&mut world);
    assert_eq!(state(&mut world, A, &file), Some(FileState::Refused));
    assert!(world.phones[A].handset().files_under_way().expect("files").is_empty());
}

#[test]
fn a_name_that_is_known_from_elsewhere_keeps_no_words() {
    let mut world = two_lines();
    let file = a_file(&mut world, A);
    send(&mut world, A, B, &file);
    settle(&mut world);
    // As a changed handset would: the same blob in a second text.
    send(&mut world, A, B, &file);
    settle(&mut world);
    let texts = world.phones[B].handset().read("Ada Marsh", None).expect("a conversation");
    assert_eq!(texts.iter().map(|text| text.files.len()).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_file_that_cannot_be_brought_again_was_sent_all_the_same() {
    let mut world = two_lines();
    let copy = world.offices[0].copy();
    let (older, newer) = (a_file(&mut world, A), a_file(&mut world, A));
    for file in [&older, &newer] {
        send(&mut world, A, B, file);
        settle(&mut world);
        world.call(A, |handset, now| handset.file_brought(now, &file.blob)).expect("brought");
    }
    // Room for one: for the newer, of which the handset has no bytes any more.
    world.set_limits(0, switchboard::Limits { blobs_per_line: 1, ..switchboard::Limits::default() });
    world.go_back(0, &copy);
    settle(&mut world);
    assert_eq!(
        [&older, &newer].map(|file| state(&mut world, A, file)),
        [Some(FileState::Stored), Some(FileState::Opened)]
    );
    world.call(A, |handset, now| handset.file_failed(now, &newer.blob)).expect("failed");
    settle(&mut world);
    assert_eq!(state(&mut world, A, &newer), Some(FileState::Stored));
    assert_eq!(room(&mut world, 0), 0, "nothing is kept for it");
}
