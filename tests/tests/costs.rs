//! What a text costs a handset does not grow with what was said before.

use std::time::Duration;

use scenarios::acts::two_lines;
use scenarios::{Conversation, World};

/// How many texts and reactions make a history.
const MANY: usize = 1500;

/// As long as a text takes to be delivered, with all that follows.
const SETTLED: Duration = Duration::from_secs(2);

/// What the engines of both handsets do in their databases for a text of the first to the second.
fn cost(world: &mut World, [from, to]: [usize; 2]) -> u64 {
    let worked = |world: &World| world.phones[from].worked() + world.phones[to].worked();
    let before = worked(world);
    world.call(from, |handset, now| handset.text(now, "Ivo Tarn", "One more.", None)).expect("a text");
    world.pass(SETTLED);
    worked(world) - before
}

#[test]
fn a_text_costs_the_same_after_a_long_history() {
    let (mut world, Conversation { a, b, .. }) = two_lines(1, 2, (0, 1));
    let pair = [a, b];
    world.pass(SETTLED);
    let least = |world: &mut World| (0..5).map(|_| cost(world, pair)).min().expect("five");
    let before = least(&mut world);
    for number in 0..MANY {
        let talk = world.call(pair[0], |handset, now| {
            let id = handset.text(now, "Ivo Tarn", &format!("Word {number} of many."), None)?;
            handset.react(now, "Ivo Tarn", &id.to_text(), "👍")
        });
        talk.expect("a text and a reaction");
        world.pass(Duration::from_millis(400));
    }
    world.pass(SETTLED);
    let after = least(&mut world);
    assert!(before > 0, "the count counts");
    assert!(after * 2 < before * 3, "{before} before, {after} after {MANY} texts");
}
