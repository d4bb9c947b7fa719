//! What the phone app needs of a handset beside a conversation: drafts, numbers of people, and being woken.

use std::time::Duration;

use handset::{Error, Event, Place};
use protocol::wake::Subscription;
use scenarios::acts::{a_card, move_line, stored_card, take_up, two_lines};
use scenarios::restores::{back_up, restore};
use scenarios::{Conversation, World};
use serde_bytes::ByteBuf;

const SETTLED: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3600);

fn met() -> (World, usize, usize) {
    let (mut world, Conversation { a, b, .. }) = two_lines(1, 2, (0, 1));
    world.pass(SETTLED);
    (world, a, b)
}

fn subscription(name: &str) -> Subscription {
    let endpoint = format!("http://127.0.0.1:9/{name}");
    Subscription { endpoint, p256dh: ByteBuf::from([4; 65]), auth: ByteBuf::from([7; 16]) }
}

/// Whether a subscription is set, and whether the switchboard has it, as the handset knows.
fn woken(world: &mut World, phone: usize) -> (bool, bool) {
    let wake = world.phones[phone].handset().wake().expect("a view");
    (wake.is_set, wake.is_stored)
}

/// Where the switchboard wakes anybody.
fn endpoints(world: &mut World, office: usize) -> Vec<String> {
    scenarios::phone::column(world.offices[office].database(), "SELECT endpoint FROM wakes", ())
}

#[test]
fn a_draft_goes_with_the_text_that_is_sent_and_into_no_backup() {
    let (mut world, a, _) = met();
    let id = world.phones[a].handset().person("Ivo Tarn").expect("a person").id;
    let set = |world: &mut World, text: &'static str| {
        world.call(a, |handset, now| handset.set_draft(now, id, text, None)).expect("a draft");
    };
    set(&mut world, "Half a thought");
    world.call(a, |handset, now| handset.react(now, "Ivo Tarn", "AAAAA", "👍")).expect_err("no such text");
    let draft = world.phones[a].handset().draft(id).expect("a look").expect("a draft");
    assert_eq!(draft.text, "Half a thought");
    let failed = world.call(a, |handset, now| handset.text(now, "Ivo Tarn", "A whole one", Some("no-such-id")));
    assert!(matches!(failed, Err(Error::UnknownMessage(_))));
    assert!(world.phones[a].handset().draft(id).expect("a look").is_some(), "what was not sent is still there");
    world.call(a, |handset, now| handset.text(now, "Ivo Tarn", "A whole thought", None)).expect("a text");
    assert_eq!(world.phones[a].handset().draft(id).expect("a look"), None);
    world.pass(SETTLED);
    let page = world.phones[a].handset().page(id, Place::Newest, 10).expect("a page");
    let whole = world.phones[a].handset().conversation("Ivo Tarn", None).expect("a conversation");
    assert_eq!(page.entries, whole);

    set(&mut world, "Never said");
    world.call(a, |handset, now| handset.set_setting(now, "theme", Some("dark"))).expect("a setting");
    let backup = back_up(&mut world, a);
    restore(&mut world, a, &backup);
    let handset = world.phones[a].handset();
    assert_eq!((handset.draft(id).expect("a look"), handset.setting("theme").expect("a look")), (None, None));
    assert_eq!(handset.page(id, Place::Newest, 10).expect("a page").entries, whole, "people keep their numbers");
    assert_eq!(handset.search("thought", Some(id), None, 9).expect("a search").len(), 1);
}

#[test]
fn a_number_that_named_somebody_names_nobody_else_later() {
    let (mut world, a, b) = met();
    let c = world.add_phone("Oona Kell", 1);
    world.pass(SETTLED);
    let first = world.phones[a].handset().person("Ivo Tarn").expect("a person").id;
    world.call(a, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
    for (taker, name) in [(c, "Oona Kell"), (b, "Ivo Tarn")] {
        let card = stored_card(&mut world, a, &a_card(1, false));
        take_up(&mut world, taker, a, &card.url);
        assert!(world.phones[a].handset().person(name).expect("a person").id > first, "{name}");
    }
    assert!(matches!(world.phones[a].handset().person_by_id(first), Err(Error::UnknownPerson(_))));
}

#[test]
fn a_switchboard_learns_where_a_handset_is_woken_and_that_it_is_not_any_more() {
    let (mut world, a, _) = met();
    assert_eq!(world.phones[a].handset().wake_key().expect("a look"), None, "nobody has asked yet");
    assert!(world.call(a, |handset, now| handset.ask_about_wake(now)).expect("asked"));
    world.pass(SETTLED);
    assert_eq!(world.phones[a].handset().wake_key().expect("a look").map(|key| key.len()), Some(65));
    let bad = Subscription { auth: ByteBuf::new(), ..subscription("x") };
    let refused = world.call(a, |handset, now| handset.set_wake(now, Some(&bad)));
    assert!(matches!(refused, Err(Error::NoSubscription)));
    // While it is off, it is kept here, and the last one counts.
    world.set_on(a, false);
    for name in ["one", "two"] {
        world.call(a, |handset, now| handset.set_wake(now, Some(&subscription(name)))).expect("set");
    }
    assert_eq!(woken(&mut world, a), (true, false));
    assert!(!world.call(a, |handset, now| handset.test_wake(now)).expect("no error"), "nobody to ask");
    world.set_on(a, true);
    world.pass(SETTLED);
    assert_eq!(woken(&mut world, a), (true, true));
    assert_eq!(endpoints(&mut world, 0), ["http://127.0.0.1:9/two"]);
    assert!(world.phones[a].saw(|event| *event == Event::WakeChanged));
    // One that the switchboard refuses: inside somebody's network.
    let inside = Subscription { endpoint: "https://10.0.0.1/x".to_owned(), ..subscription("x") };
    world.call(a, |handset, now| handset.set_wake(now, Some(&inside))).expect("set");
    world.pass(SETTLED);
    assert_eq!(woken(&mut world, a), (true, false));
    world.call(a, |handset, now| handset.set_wake(now, None)).expect("set");
    world.pass(SETTLED);
    assert_eq!((woken(&mut world, a), endpoints(&mut world, 0).len()), ((false, true), 0));
}

#[test]
fn a_switchboard_that_went_back_is_told_again_and_another_is_not() {
    let (mut world, a, _) = met();
    let before = world.offices[0].copy();
    world.call(a, |handset, now| handset.set_wake(now, Some(&subscription("one")))).expect("set");
    world.pass(SETTLED);
    world.go_back(0, &before);
    assert_eq!(endpoints(&mut world, 0).len(), 0);
    world.pass(HOUR);
    assert_eq!(endpoints(&mut world, 0), ["http://127.0.0.1:9/one"]);
    assert_eq!(woken(&mut world, a), (true, true));
    move_line(&mut world, a, 1);
    world.pass(HOUR);
    assert_eq!(woken(&mut world, a), (false, false), "the browser made it for the other switchboard's key");
    assert_eq!(endpoints(&mut world, 1).len(), 0);
}
