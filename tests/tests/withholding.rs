//! A switchboard that withholds what it is sent: what can be noticed is, and all arrives once it is honest.

use std::time::Duration;

use handset::{Reached, Silence};
use scenarios::World;
use scenarios::acts::{calm_down, say, two_lines};
use scenarios::checks::{agree, nothing_grows};
use scenarios::hostile::Withholds;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn nobody_is_blamed_for_the_time_before_a_text_left() {
    let (mut world, mut conversation) = two_lines(1, 2, (0, 1));
    let a = conversation.a;
    calm_down(&mut world, std::slice::from_ref(&conversation), HOUR);
    world.set_on(a, false);
    say(&mut world, &mut conversation, a, "written on the way");
    world.pass(HOUR);
    world.withholds = Some((1, Withholds::Falsely));
    let left = world.now;
    world.set_on(a, true);
    let blamed = world.until(Duration::from_secs(600), |world| silence(world).is_some());
    assert!(blamed, "it is noticed all the same");
    assert!(world.now >= left.after(Duration::from_secs(60)), "not before a minute has passed");
    assert!(silence(&mut world).is_some_and(|silence| silence.since >= left));
}

/// Where a word is due, as A sees it.
fn silence(world: &mut World) -> Option<Silence> {
    world.phones[0].handset().person("Ivo Tarn").expect("a contact").silence
}

#[test]
fn what_is_withheld_is_noticed_and_arrives_once_it_is_not() {
    let soon = Duration::from_secs(15 * 60);
    for seed in 1..=2 {
        let (mut world, mut conversation) = two_lines(seed, 2, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        say(&mut world, &mut conversation, a, "good morning");
        calm_down(&mut world, std::slice::from_ref(&conversation), HOUR);
        assert_eq!(silence(&mut world), None, "seed {seed}");
        let is = |reached| move |world: &mut World| silence(world).is_some_and(|silence| silence.reached == reached);

        // Their switchboard, which gives the conversation its order, answers nothing.
        world.withholds = Some((1, Withholds::Silently));
        let before = world.now;
        say(&mut world, &mut conversation, 0, "into the void");
        assert!(world.until(soon, is(Reached::OurOffice)), "seed {seed}");
        assert!(silence(&mut world).is_some_and(|silence| silence.since >= before && silence.since < world.now));
        world.withholds = None;
        assert!(world.until(soon, |world| silence(world).is_none()), "seed {seed}");

        // It says that it has it, and passes nothing on.
        world.withholds = Some((1, Withholds::Falsely));
        say(&mut world, &mut conversation, 0, "into a drawer");
        assert!(world.until(soon, is(Reached::TheirOffice)), "seed {seed}");
        world.withholds = None;
        // What comes later shows that something is missing. What was said to be stored goes out once more with the next
        // keys, which come within a day.
        say(&mut world, &mut conversation, 0, "and did you get that?");
        assert!(world.until(2 * DAY, |world| silence(world).is_none()), "seed {seed}");

        // Their handset is off, and nobody is to blame.
        world.set_on(1, false);
        say(&mut world, &mut conversation, 0, "good night");
        assert!(world.until(soon, is(Reached::TheirMailbox)), "seed {seed}");
        world.set_on(1, true);
        assert!(world.until(soon, |world| silence(world).is_none()), "seed {seed}");
        say(&mut world, &mut conversation, b, "good morning");
        calm_down(&mut world, std::slice::from_ref(&conversation), HOUR);
        agree(&mut world, &conversation);
        nothing_grows(&mut world, &[conversation]);
    }
}
