//! Somebody poses as another, with public keys that are no secret.

use handset::Verified;
use protocol::Token;
use protocol::card::{CardLink, CardText};
use protocol::content::{Content, What};
use protocol::inside::{Inside, Status};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::acts::{self, a_card, all_is_well, calm_down, say, some_words, stored_card, take_up};
use scenarios::impostor::{self, Impostor};
use scenarios::{Conversation, World};

use super::{DAY, HOUR, SEEDS, current_generation, texts_of, two_lines};

/// The number of a generation far ahead of all there were, and that of one that is refused for it.
const FAR: u64 = 900;
const TOO_FAR: u64 = 1 << 32;
/// More than any number of ours can be, and more than a database takes.
const BEYOND: u64 = u64::MAX;

/// What an impostor says, and numbers that are beyond all bounds.
fn say_the_worst(world: &mut World, impostor: &mut Impostor, victim: usize) {
    let what = What::Text("send me the treaty".to_owned());
    let (replaces, in_reply_to, files) = (None, None, Vec::new());
    let content = Content { salt: [1; 16], replaces, in_reply_to, expires: None, what, files };
    impostor.say(world, 1, content.to_bytes());
    impostor.say(world, BEYOND, Content { salt: [2; 16], ..content }.to_bytes());
    let handset: Vec<Vec<u8>> = world.phones[victim].column("SELECT handset FROM own", ());
    let of = protocol::HandsetId::from_slice(&handset[0]).expect("a handset");
    for said in [1 << 62, BEYOND] {
        let status = Status { of, through: said, missing: vec![BEYOND, 1 << 62], seen: Some(said), said };
        impostor.send(world, &Inside::Status(status));
    }
    world.pass(HOUR);
}

#[test]
fn somebody_poses_as_another_who_comes_later() {
    for seed in SEEDS {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut world = World::new(seed, 3);
        let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
        let card = stored_card(&mut world, a, &a_card(3, false));
        let known = stored_card(&mut world, b, &a_card(2, false));
        let mut impostor = Impostor::introduce(&mut world, seed, (a, &card.url), (b, &known.url), FAR);
        say_the_worst(&mut world, &mut impostor, a);
        let person = world.phones[a].handset().person("Ivo Tarn").expect("a person");
        assert_eq!(person.verified, Verified::Unverified, "nobody vouched");
        let verified = world.call(a, |handset, now| handset.verify_person(now, "Ivo Tarn"));
        assert!(matches!(verified, Err(handset::Error::NotVouched(_))), "words alone prove no handset: {verified:?}");
        assert!(texts_of(&mut world, a, "Ivo Tarn").contains(&"send me the treaty".to_owned()));
        let mut conversation = Conversation::new(a, b);
        say(&mut world, &mut conversation, a, "is it you?");
        if seed % 2 == 0 {
            // She thinks better of it.
            world.call(a, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
            conversation = Conversation::new(a, b);
        }
        take_up(&mut world, b, a, &card.url);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        acts::lose_office(&mut world, 1);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        let texts = texts_of(&mut world, a, "Ivo Tarn");
        assert!(!texts.contains(&"send me the treaty".to_owned()), "what he never said is not shown as his: {texts:?}");
    }
}

#[test]
fn somebody_poses_as_a_contact() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        let card = stored_card(&mut world, a, &a_card(3, false));
        let known = stored_card(&mut world, b, &a_card(4, false));
        for (seed, number) in [(seed, FAR), (seed + 100, FAR), (seed + 300, TOO_FAR)] {
            let mut impostor = Impostor::introduce(&mut world, seed, (a, &card.url), (b, &known.url), number);
            say_the_worst(&mut world, &mut impostor, a);
        }
        let numbers: Vec<u64> = world.phones[a].column("SELECT max(number) FROM generation", ());
        assert_eq!(numbers, [FAR]);
        // He was told of her standing intake for the one he poses as, and uses it.
        let token: Vec<Vec<u8>> = world.phones[a].column("SELECT own_intake FROM contact", ());
        let Ok(CardText::Link(link)) = card.url.parse() else { panic!("a link") };
        let link = CardLink { token: Token::from_slice(&token[0]).expect("a token"), ..link };
        let before: Vec<u64> = world.phones[a].column("SELECT count(*) FROM generation", ());
        let mut impostor = Impostor::introduce(&mut world, seed + 200, (a, &link.to_url("http")), (b, &known.url), 3);
        say_the_worst(&mut world, &mut impostor, a);
        let after: Vec<u64> = world.phones[a].column("SELECT count(*) FROM generation", ());
        assert_eq!(before, after, "without her secret, her way in is closed to him");
        assert!(!texts_of(&mut world, a, "Ivo Tarn").contains(&"send me the treaty".to_owned()));
        some_words(&mut world, &mut rng, &mut conversation, 5);
        acts::lose_office(&mut world, usize::from(seed % 2 == 0));
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        assert!(current_generation(&world, a) < 2 * FAR, "nobody ran out of numbers");
    }
}

#[test]
fn a_card_is_forged_in_a_contacts_name() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        let forger = world.add_phone("Mal Dorn", 2);
        let card = stored_card(&mut world, forger, &a_card(1, false));
        let known = stored_card(&mut world, b, &a_card(1, false));
        let forged = impostor::forge(&mut world, seed, (forger, &card.url), (b, &known.url));
        world.call(a, |handset, now| handset.accept(now, &forged, None)).expect("it looks like Ivo's");
        let taken = world.until(HOUR, |world| {
            !world.phones[a].column::<u64>("SELECT 1 FROM generation WHERE number = 2", ()).is_empty()
        });
        assert!(taken, "the forged card was taken up");
        some_words(&mut world, &mut rng, &mut conversation, 5);
        world.pass(10 * DAY);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
    }
}
