//! What works: texts, fresh keys, and their races.

use super::*;

#[test]
fn both_read_each_other_and_know_the_leaf_that_spoke() {
    let (mut founder, mut joiner) = pair();
    let keys = founder.leaf_keys();
    assert_eq!(keys, joiner.leaf_keys());
    assert_eq!(keys.len(), 2);
    assert_eq!(founder.with(|_, group| Ok(group.own_leaf_key())).unwrap(), keys[0]);
    assert_eq!(joiner.with(|_, group| Ok(group.own_leaf_key())).unwrap(), keys[1]);
    assert_eq!((founder.epoch(), joiner.epoch()), (1, 1));

    let text = founder.say("Good morning.");
    let heard = joiner.hear(&text).unwrap();
    assert_eq!(heard, Processed::Message { sender: keys[0].clone(), plaintext: b"Good morning.".to_vec() });
    assert_talking(&mut joiner, &mut founder);
}

#[test]
fn a_key_package_tells_its_leaf_key_and_never_expires() {
    let mut handset = Handset::new();
    for last_resort in [false, true] {
        let package = handset.package(last_resort);
        assert_eq!(super::super::leaf_key_of(&package.bytes).unwrap(), package.leaf_key);
        let parsed = super::super::validate(&Default::default(), &package.bytes).unwrap();
        assert_eq!((parsed.life_time().not_before(), parsed.life_time().not_after()), (0, u64::MAX));
        assert_eq!(parsed.last_resort(), last_resort);
    }
}

#[test]
fn the_joiner_has_the_leaf_key_of_its_key_package_and_the_generation_of_the_founder() {
    let (mut founder, mut joiner) = (Handset::new(), Handset::new());
    let package = joiner.package(false);
    let (group, welcome) = founder.act(|mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    assert_eq!(group.leaf_keys()[1], package.leaf_key);
    let joined = joiner.act(|mls| mls.join(&welcome)).unwrap();
    assert_eq!(joined.generation(), GENERATION);
    assert_eq!(joined.own_leaf_key(), package.leaf_key);
}

#[test]
fn messages_may_arrive_in_any_order_within_the_tolerance() {
    let (mut founder, mut joiner) = pair();
    let texts: Vec<_> = (0..64).map(|n| founder.say(&n.to_string())).collect();
    for n in (0..64).rev() {
        assert_eq!(joiner.read(&texts[n]), n.to_string());
    }
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_message_later_than_the_tolerance_is_dropped() {
    let (mut founder, mut joiner) = pair();
    let texts: Vec<_> = (0..65).map(|n| founder.say(&n.to_string())).collect();
    assert_eq!(joiner.read(&texts[64]), "64");
    assert!(matches!(joiner.hear(&texts[0]), Err(MlsError::Invalid(_))));
    assert_eq!(joiner.read(&texts[1]), "1");
}

#[test]
fn two_thousand_may_be_missing_and_no_more() {
    let (mut founder, mut joiner) = pair();
    let texts = founder.with(|mls, group| (0..2002).map(|_| group.encrypt(mls, b"x")).collect::<Result<Vec<_>, _>>());
    let texts = texts.unwrap();
    assert!(matches!(joiner.hear(&texts[2001]), Err(MlsError::Invalid(_))));
    assert_eq!(joiner.read(&texts[2000]), "x");
    assert_eq!(joiner.read(&texts[2001]), "x");
}

#[test]
fn fresh_keys_from_either_side_lead_both_to_the_capability_that_was_announced() {
    let (mut founder, mut joiner) = pair();
    let leaf_keys = founder.leaf_keys();
    for epoch in [2, 4, 6] {
        renew(&mut founder, &mut joiner, epoch);
        renew(&mut joiner, &mut founder, epoch + 1);
    }
    // What was vouched for stays what it was.
    assert_eq!(founder.leaf_keys(), leaf_keys);
    assert_eq!(joiner.leaf_keys(), leaf_keys);
}

fn renew(one: &mut Handset, other: &mut Handset, next_epoch: u64) {
    let before = one.capability();
    assert_eq!(before, other.capability());
    let pending = one.with(|mls, group| group.self_update(mls)).unwrap();
    assert_ne!(pending.capability, before);
    assert_eq!(one.capability(), before);

    one.with(|mls, group| group.confirm(mls)).unwrap();
    assert_eq!(other.hear(&pending.commit).unwrap(), Processed::Commit { epoch: next_epoch });
    assert_eq!(one.capability(), pending.capability);
    assert_eq!(other.capability(), pending.capability);
    assert_talking(one, other);
}

#[test]
fn a_commit_that_waits_survives_texts_both_ways_and_a_reload() {
    let (mut founder, mut joiner) = pair();
    let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
    assert!(founder.with(|_, group| Ok(group.has_pending())).unwrap());
    assert_talking(&mut founder, &mut joiner);
    assert_eq!(founder.epoch(), 1);

    founder.with(|mls, group| group.confirm(mls)).unwrap();
    assert!(!founder.with(|_, group| Ok(group.has_pending())).unwrap());
    joiner.hear(&pending.commit).unwrap();
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn of_two_commits_in_one_epoch_the_first_wins_and_the_other_is_discarded() {
    let (mut founder, mut joiner) = pair();
    let first = founder.with(|mls, group| group.self_update(mls)).unwrap();
    let second = joiner.with(|mls, group| group.self_update(mls)).unwrap();

    founder.with(|mls, group| group.confirm(mls)).unwrap();
    joiner.with(|mls, group| group.discard(mls)).unwrap();
    assert_eq!(joiner.hear(&first.commit).unwrap(), Processed::Commit { epoch: 2 });
    assert!(matches!(founder.hear(&second.commit), Err(MlsError::Stale { message: 1, group: 2 })));
    assert_eq!(joiner.capability(), first.capability);
    assert_talking(&mut founder, &mut joiner);
    renew(&mut joiner, &mut founder, 3);
}

#[test]
fn anothers_commit_discards_the_one_that_waits() {
    let (mut founder, mut joiner) = pair();
    let first = founder.with(|mls, group| group.self_update(mls)).unwrap();
    joiner.with(|mls, group| group.self_update(mls)).unwrap();
    founder.with(|mls, group| group.confirm(mls)).unwrap();

    assert_eq!(joiner.hear(&first.commit).unwrap(), Processed::Commit { epoch: 2 });
    assert!(!joiner.with(|_, group| Ok(group.has_pending())).unwrap());
    renew(&mut joiner, &mut founder, 3);
}

#[test]
fn one_commit_waits_at_a_time() {
    let (mut founder, _) = pair();
    assert!(matches!(founder.with(|mls, group| group.confirm(mls)), Err(MlsError::NotPending)));
    assert!(matches!(founder.with(|mls, group| group.discard(mls)), Err(MlsError::NotPending)));
    founder.with(|mls, group| group.self_update(mls)).unwrap();
    assert!(matches!(founder.with(|mls, group| group.self_update(mls)), Err(MlsError::Pending)));
    founder.with(|mls, group| group.discard(mls)).unwrap();
    founder.with(|mls, group| group.self_update(mls)).unwrap();
}

#[test]
fn what_is_rolled_back_has_not_happened() {
    let (mut founder, mut joiner) = pair();
    let before = founder.capability();
    let transaction = founder.database.transaction().unwrap();
    {
        let mls = Mls::new(&transaction);
        let mut group = mls.load(&GENERATION).unwrap().unwrap();
        group.encrypt(&mls, b"never sent").unwrap();
        group.self_update(&mls).unwrap();
        group.confirm(&mls).unwrap();
        assert_eq!(group.epoch(), 2);
    }
    transaction.rollback().unwrap();
    assert_eq!(founder.capability(), before);

    let text = founder.say("sent");
    let transaction = joiner.database.transaction().unwrap();
    {
        let mls = Mls::new(&transaction);
        let mut group = mls.load(&GENERATION).unwrap().unwrap();
        group.process(&mls, &text).unwrap();
    }
    drop(transaction);
    assert_eq!(joiner.read(&text), "sent");
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_conversation_goes_on_after_its_database_file_is_reopened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    let key = || database::DatabaseKey::new([3; 32]);
    let file = Handset::on(database::open_encrypted(&path, &key()).unwrap());
    let (mut founder, mut joiner) = pair_on(file, Handset::new());
    assert_talking(&mut founder, &mut joiner);
    let unread = joiner.say("while you were away");
    let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
    drop(founder);

    let database = database::open_encrypted(&path, &key()).unwrap();
    let mut founder = Handset { database, generation: GENERATION };
    assert_eq!(founder.read(&unread), "while you were away");
    founder.with(|mls, group| group.confirm(mls)).unwrap();
    joiner.hear(&pending.commit).unwrap();
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_group_kept_across_transactions_works_like_one_loaded_anew() {
    let (mut founder, mut joiner) = pair();
    let (mut ours, mut theirs) = (
        Mls::new(&founder.database).load(&GENERATION).unwrap().unwrap(),
        Mls::new(&joiner.database).load(&GENERATION).unwrap().unwrap(),
    );
    for _ in 0..3 {
        let text = founder.act(|mls| ours.encrypt(mls, b"kept")).unwrap();
        let pending = founder.act(|mls| ours.self_update(mls)).unwrap();
        founder.act(|mls| ours.confirm(mls)).unwrap();
        assert!(matches!(joiner.act(|mls| theirs.process(mls, &text)).unwrap(), Processed::Message { .. }));
        assert!(matches!(joiner.act(|mls| theirs.process(mls, &pending.commit)).unwrap(), Processed::Commit { .. }));
    }
    assert_talking(&mut founder, &mut joiner);
}
