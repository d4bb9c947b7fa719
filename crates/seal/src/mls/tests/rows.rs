//! What is in the table: nothing that is over, and failures that say whose they are.

use super::*;
use crate::mls::StorageError;

#[test]
fn deleting_a_generation_leaves_no_row() {
    let (mut founder, mut joiner) = pair();
    for _ in 0..2 {
        for swap in [false, true] {
            let (one, other) = if swap { (&mut joiner, &mut founder) } else { (&mut founder, &mut joiner) };
            let pending = one.with(|mls, group| group.self_update(mls)).unwrap();
            one.with(|mls, group| group.confirm(mls)).unwrap();
            other.hear(&pending.commit).unwrap();
            assert_talking(one, other);
        }
    }
    founder.with(|mls, group| group.self_update(mls)).unwrap();
    assert!(founder.rows() > 0);
    for handset in [&mut founder, &mut joiner] {
        handset.act(|mls| mls.delete(&GENERATION)).unwrap();
        assert_eq!(handset.rows(), 0);
        assert!(handset.act(|mls| mls.load(&GENERATION)).unwrap().is_none());
        handset.act(|mls| mls.delete(&GENERATION)).unwrap();
    }
}

#[test]
fn a_conversation_does_not_grow_in_the_table() {
    let (mut founder, mut joiner) = pair();
    let (ours, theirs) = (founder.rows(), joiner.rows());
    for _ in 0..3 {
        let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
        founder.with(|mls, group| group.confirm(mls)).unwrap();
        joiner.hear(&pending.commit).unwrap();
        assert_talking(&mut founder, &mut joiner);
    }
    assert_eq!((founder.rows(), joiner.rows()), (ours, theirs));
}

#[test]
fn a_forgotten_key_package_leaves_no_row() {
    let mut handset = Handset::new();
    for last_resort in [false, true] {
        let package = handset.package(last_resort);
        assert!(handset.rows() > 0);
        handset.act(|mls| mls.forget_key_package(&package.reference)).unwrap();
        assert_eq!(handset.rows(), 0);
    }
}

#[test]
fn deleting_one_generation_leaves_the_others_and_the_key_packages() {
    let (mut founder, mut joiner) = pair();
    let package = joiner.package(false);
    let other = GenerationId::new([9; 32]);
    let (_, welcome) = founder.act(|mls| mls.found(&other, &package.bytes)).unwrap();
    founder.act(|mls| mls.delete(&GENERATION)).unwrap();
    joiner.act(|mls| mls.delete(&GENERATION)).unwrap();
    joiner.act(|mls| mls.join(&welcome)).unwrap();
    (founder.generation, joiner.generation) = (other, other);
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_key_package_of_last_resort_serves_many() {
    let (mut one, mut two, mut joiner) = (Handset::new(), Handset::new(), Handset::new());
    let package = joiner.package(true);
    two.generation = GenerationId::new([9; 32]);
    let generations = [one.generation, two.generation];
    let (_, first) = one.act(|mls| mls.found(&generations[0], &package.bytes)).unwrap();
    let (_, second) = two.act(|mls| mls.found(&generations[1], &package.bytes)).unwrap();
    joiner.act(|mls| mls.join(&first)).unwrap();
    assert!(matches!(joiner.act(|mls| mls.join(&first)), Err(MlsError::Duplicate)));
    joiner.act(|mls| mls.join(&second)).unwrap();

    // Each conversation stands on its own, whatever becomes of the other and of the key package.
    assert_talking(&mut one, &mut joiner);
    joiner.act(|mls| mls.forget_key_package(&package.reference)).unwrap();
    joiner.act(|mls| mls.delete(&generations[0])).unwrap();
    joiner.generation = generations[1];
    assert_talking(&mut two, &mut joiner);
    let pending = joiner.with(|mls, group| group.self_update(mls)).unwrap();
    joiner.with(|mls, group| group.confirm(mls)).unwrap();
    two.hear(&pending.commit).unwrap();
    assert_talking(&mut two, &mut joiner);
    joiner.act(|mls| mls.delete(&generations[1])).unwrap();
    assert_eq!(joiner.rows(), 0);
}

#[test]
fn a_database_that_fails_is_blamed_as_such_by_every_operation() {
    let (mut founder, mut joiner) = pair();
    let package = joiner.package(false);
    let text = joiner.say("unheard");
    let commit = joiner.with(|mls, group| group.self_update(mls)).unwrap().commit;
    let other = GenerationId::new([9; 32]);
    let (_, welcome) = joiner.act(|mls| mls.found(&other, &package.bytes)).unwrap();
    founder.database.execute_batch("PRAGMA query_only=ON").unwrap();

    let failures = [
        founder.with(|mls, group| group.encrypt(mls, b"unsaid").map(drop)),
        founder.hear(&text).map(drop),
        founder.hear(&commit).map(drop),
        founder.with(|mls, group| group.self_update(mls).map(drop)),
        founder.act(|mls| mls.key_package(false).map(drop)),
        founder.act(|mls| mls.found(&other, &package.bytes).map(drop)),
        founder.act(|mls| mls.delete(&GENERATION)),
    ];
    for failure in failures {
        assert!(matches!(failure, Err(MlsError::Storage(StorageError::Sqlite(_)))), "{failure:?}");
    }
    joiner.database.execute_batch("PRAGMA query_only=ON").unwrap();
    assert!(matches!(joiner.act(|mls| mls.join(&welcome)), Err(MlsError::Storage(_))));

    founder.database.execute_batch("PRAGMA query_only=OFF").unwrap();
    assert_eq!(founder.read(&text), "unheard");
}

#[test]
fn a_damaged_row_is_blamed_on_the_database() {
    let (mut founder, _) = pair();
    for kind in ["leaf-key", "tree", "message-secrets", "config"] {
        let transaction = founder.database.transaction().unwrap();
        let changed = transaction.execute("UPDATE mls SET val = x'1903' WHERE kind = ?1", [kind]).unwrap();
        assert_eq!(changed, 1, "{kind}");
        let error = Mls::new(&transaction).load(&GENERATION).unwrap_err();
        assert_eq!(error.code(), "mls-state-unreadable");
        assert!(error.to_string().contains(kind));
    }
    assert!(founder.with(|_, group| Ok(group.epoch())).is_ok());
}

#[test]
fn what_secrets_are_printed_as_tells_nothing() {
    let (mut founder, mut joiner) = pair();
    let text = founder.say("secret");
    let heard = joiner.hear(&text).unwrap();
    let package = joiner.package(false);
    let printed = format!("{heard:?} {package:?} {:?}", joiner.with(|_, group| Ok(format!("{group:?}"))).unwrap());
    assert_eq!(printed, "Message KeyPackageMade \"Group { epoch: 1, .. }\"");
}
