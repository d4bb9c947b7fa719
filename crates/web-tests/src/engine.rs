//! The engine in a browser, from a card to texts both ways.

use handset::{MessageState, MessageView};

use crate::tell;
use crate::world::{A, B, World};

crate::tests! {
    a_card_leads_to_texts_both_ways_and_they_are_there_after_a_reload: text_both_ways, read_again after reload;
    killed_amid_texts_both_sides_have_each_text_once_in_one_order: text_until_killed, settle_and_compare;
}

async fn text_both_ways() {
    let mut world = World::open("both").await;
    world.introduce();
    world.text(A, "Good morning.");
    world.run();
    world.text(B, "And to you.");
    world.run();
    assert_conversation(&world);
    std::mem::forget(world);
}

async fn read_again() {
    let mut world = World::open("both").await;
    assert_conversation(&world);
    assert_eq!(words(&world.handset(B).search("morning", None, None, 9).unwrap()), ["Good morning."]);
    world.run();
    world.text(B, "Tuesday, then.");
    world.run();
    let last = read(&world, A).pop().unwrap();
    assert_eq!(last.text, "Tuesday, then.");
}

fn assert_conversation(world: &World) {
    for (at, mine) in [(A, [true, false]), (B, [false, true])] {
        let read = read(world, at);
        assert_eq!(words(&read), ["Good morning.", "And to you."]);
        assert_eq!(read.iter().map(|text| text.mine).collect::<Vec<_>>(), mine);
        assert!(read.iter().all(|text| text.state >= MessageState::Delivered), "{read:?}");
    }
}

async fn text_until_killed() {
    let mut world = World::open("amid").await;
    world.introduce();
    tell("kill");
    for n in 0_u32.. {
        world.text(A, &format!("{n} from A"));
        world.text(B, &format!("{n} from B"));
        world.run();
    }
}

async fn settle_and_compare() {
    let mut world = World::open("amid").await;
    world.run();
    let [of_a, of_b] = [A, B].map(|at| read(&world, at));
    assert_eq!(words(&of_a), words(&of_b), "one order for both");
    for (side, mine) in [("A", &of_a), ("B", &of_b)] {
        let mine: Vec<&MessageView> = mine.iter().filter(|text| text.mine).collect();
        assert!(mine.len() > 1, "it was killed while they texted");
        let expected: Vec<String> = (0..mine.len()).map(|n| format!("{n} from {side}")).collect();
        assert_eq!(mine.iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), expected);
        assert!(mine.iter().all(|text| text.state >= MessageState::Delivered), "{side} knows that all arrived");
    }
}

fn read(world: &World, at: usize) -> Vec<MessageView> {
    world.handset(at).read(&world.person(at), None).unwrap()
}

fn words(texts: &[MessageView]) -> Vec<&str> {
    texts.iter().map(|text| text.text.as_str()).collect()
}
