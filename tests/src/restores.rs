//! Backups and restores in the simulator.

use std::time::Duration;

use database::rusqlite::Connection;
use handset::{ClaimLink, Event, NoticeView};
use rand_core::Rng as _;

use crate::phone::Phone;
use crate::traffic::Happening;
use crate::world::World;

/// What backups are under.
pub const PASSPHRASE: &str = "four words for backups";

/// Makes a backup of a handset.
///
/// # Panics
/// If there is none.
pub fn back_up(world: &mut World, phone: usize) -> Connection {
    let into = database::open_memory().expect("a database");
    world
        .call(phone, |handset, now| {
            let made = handset.write_backup(now, &into, PASSPHRASE, None, &mut |_, _| {})?;
            handset.keep_backup(now, &made)
        })
        .expect("a backup");
    into
}

/// Restores a line from a backup on a new handset, which takes the place of the old one here. The old one is at the end of
/// all handsets, and off.
///
/// # Panics
/// If the switchboard does not take it within an hour.
pub fn restore(world: &mut World, phone: usize, backup: &Connection) -> usize {
    let old = begin_to_restore(world, phone, backup);
    is_restored(world, phone);
    old
}

/// As [`restore`], at another office, whose operator gives a claim link for it.
///
/// # Panics
/// If that office does not take it within an hour.
pub fn restore_at(world: &mut World, phone: usize, office: usize, backup: &Connection) -> usize {
    let link = a_link(world, office);
    let old = begin(world, phone, office, backup, Some(&link));
    is_restored(world, phone);
    old
}

/// A claim link of an office.
pub fn a_link(world: &mut World, office: usize) -> ClaimLink {
    let invitation = world.offices[office].invite(world.now);
    ClaimLink { scheme: "http".to_owned(), address: world.offices[office].address.clone(), invitation }
}

fn is_restored(world: &mut World, phone: usize) {
    let restored = world.until(Duration::from_secs(3600), |world| world.phones[phone].saw(|e| *e == Event::Restored));
    assert!(restored, "the switchboard takes the restored line: {:?}", world.phones[phone].events);
}

/// As [`restore`], without waiting for the switchboard.
///
/// # Panics
/// If the backup cannot be restored.
pub fn begin_to_restore(world: &mut World, phone: usize, backup: &Connection) -> usize {
    let office = world.phones[phone].office;
    begin(world, phone, office, backup, None)
}

fn begin(world: &mut World, phone: usize, office: usize, backup: &Connection, link: Option<&ClaimLink>) -> usize {
    world.set_on(phone, false);
    let name = world.phones[phone].name.clone();
    let mut new = Phone::over(&name, office, world.rng.next_u64(), database::open_memory().expect("a database"));
    let now = world.now;
    new.call(|handset| handset.restore(now, backup, link, &mut |_, _| {})).expect("the backup is restored");
    let old = std::mem::replace(&mut world.phones[phone], new);
    world.phones.push(old);
    world.oracle.restored(&world.phones, phone, world.phones.len() - 1);
    world.soon(Duration::ZERO, Happening::Connect(phone));
    world.phones.len() - 1
}

/// The codes of the lines in a conversation that no side wrote.
///
/// # Panics
/// If there is no such person.
pub fn notices(world: &mut World, phone: usize, other: usize) -> Vec<String> {
    let name = world.phones[other].name.clone();
    let all: Vec<NoticeView> = world.phones[phone].handset().notices(&name).expect("notices");
    all.into_iter().map(|notice| notice.code).collect()
}
