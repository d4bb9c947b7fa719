//! Offices and contacts that say the same thing again and again: it costs the other side little, and fills no
//! conversation.

use std::time::Duration;

use scenarios::acts::{self, calm_down, say};
use scenarios::checks::agree;
use scenarios::restores::{back_up, notices, restore};
use scenarios::{Conversation, Weather, World};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Two lines that have met, at two offices, in calm weather.
fn two_lines() -> (World, Conversation) {
    let (mut world, mut conversation) = acts::two_lines(1, 2, (0, 1));
    world.weather = Weather::CALM;
    let a = conversation.a;
    say(&mut world, &mut conversation, a, "Good evening.");
    calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
    (world, conversation)
}

#[test]
fn an_office_that_says_again_and_again_that_it_went_back_has_conversations_founded_once_an_hour() {
    let (mut world, mut conversation) = two_lines();
    let a = conversation.a;
    let newest = |world: &World| world.phones[a].column::<u64>("SELECT max(number) FROM generation", ())[0];
    let before = newest(&world);
    for _ in 0..8 {
        let copy = world.offices[0].copy();
        world.go_back(0, &copy);
        world.pass(5 * MINUTE);
    }
    let founded = newest(&world) - before;
    assert!((1..=2).contains(&founded), "founded {founded} times in forty minutes");
    conversation.ordered = false;
    calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
    say(&mut world, &mut conversation, a, "Still here.");
    calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
    agree(&mut world, &conversation);
}

#[test]
fn a_contact_that_is_restored_again_and_again_is_told_of_once_a_day() {
    let (mut world, conversation) = two_lines();
    let (a, b) = (conversation.a, conversation.b);
    let backup = back_up(&mut world, a);
    let mut believed = vec![0];
    for _ in 0..3 {
        restore(&mut world, a, &backup);
        world.pass(60 * MINUTE);
        let list: Vec<Vec<u8>> = world.phones[b].column("SELECT handsets FROM contact", ());
        believed.push(seal::read_handset_list(&list[0]).expect("a list").restored);
    }
    assert!(believed.is_sorted_by(|one, next| one < next), "each is believed: {believed:?}");
    assert_eq!(notices(&mut world, b, a), ["contact-restored"]);
    world.pass(DAY);
    restore(&mut world, a, &backup);
    world.pass(60 * MINUTE);
    assert_eq!(notices(&mut world, b, a), ["contact-restored", "contact-restored"]);
}
