//! What is refused, by whose fault, and that the conversation goes on afterwards.

use openmls::prelude::{
    Extension, Extensions, LeafNodeIndex, LeafNodeParameters, MlsGroup, MlsMessageOut, NewSignerBundle,
    RequiredCapabilitiesExtension,
};

use super::super::provider::{LeafKey, Provider};
use super::super::{group_id, leaf_key_of};
use super::*;

#[test]
fn ones_own_messages_come_back_as_ones_own() {
    let (mut founder, _) = pair();
    let text = founder.say("to you");
    assert!(matches!(founder.hear(&text), Err(MlsError::Own)));
    let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
    assert!(matches!(founder.hear(&pending.commit), Err(MlsError::Own)));
    assert!(founder.with(|_, group| Ok(group.has_pending())).unwrap());
    founder.with(|mls, group| group.confirm(mls)).unwrap();
    assert!(matches!(founder.hear(&pending.commit), Err(MlsError::Stale { message: 1, group: 2 })));
}

#[test]
fn a_repeated_message_is_a_duplicate() {
    let (mut founder, mut joiner) = pair();
    let texts = [founder.say("one"), founder.say("two"), founder.say("three")];
    for text in [&texts[0], &texts[2], &texts[1]] {
        joiner.hear(text).unwrap();
    }
    for text in &texts {
        assert!(matches!(joiner.hear(text), Err(MlsError::Duplicate)));
    }
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn messages_of_other_epochs_are_stale_in_either_direction() {
    let (mut founder, mut joiner) = pair();
    let old = founder.say("before");
    let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
    founder.with(|mls, group| group.confirm(mls)).unwrap();
    let new = founder.say("after");

    assert!(matches!(joiner.hear(&new), Err(MlsError::Stale { message: 2, group: 1 })));
    joiner.hear(&pending.commit).unwrap();
    assert!(matches!(joiner.hear(&old), Err(MlsError::Stale { message: 1, group: 2 })));
    assert!(matches!(joiner.hear(&pending.commit), Err(MlsError::Stale { message: 1, group: 2 })));
    assert_eq!(joiner.read(&new), "after");
}

#[test]
fn what_is_not_for_this_group_changes_nothing_even_without_a_rollback() {
    let (mut founder, mut joiner) = pair();
    let text = founder.say("once");
    joiner.hear(&text).unwrap();
    let mut spoiled_text = founder.say("spoiled");
    *spoiled_text.last_mut().unwrap() ^= 1;
    let own = joiner.say("own");
    let pending = founder.with(|mls, group| group.self_update(mls)).unwrap();
    founder.with(|mls, group| group.confirm(mls)).unwrap();
    let later = founder.say("later");

    let mls = Mls::new(&joiner.database);
    let mut group = mls.load(&GENERATION).unwrap().unwrap();
    let before = joiner.database.total_changes();
    assert!(matches!(group.process(&mls, &text), Err(MlsError::Duplicate)));
    assert!(matches!(group.process(&mls, &spoiled_text), Err(MlsError::Invalid(_))));
    assert!(matches!(group.process(&mls, &own), Err(MlsError::Own)));
    assert!(matches!(group.process(&mls, &later), Err(MlsError::Stale { message: 2, group: 1 })));
    assert_eq!(joiner.database.total_changes(), before);
    assert_eq!(group.process(&mls, &pending.commit).unwrap(), Processed::Commit { epoch: 2 });
    assert!(matches!(group.process(&mls, &later).unwrap(), Processed::Message { .. }));
}

#[test]
fn garbage_is_invalid_and_uses_nothing_up() {
    let (mut founder, mut joiner) = pair();
    let text = founder.say("whole");
    let commit = founder.with(|mls, group| group.self_update(mls)).unwrap().commit;
    for message in [&text, &commit] {
        for garbage in spoiled(message) {
            match joiner.hear(&garbage) {
                // A changed epoch or an unencrypted wire format are told apart before anything is decrypted.
                Err(MlsError::Invalid(_) | MlsError::Stale { .. } | MlsError::NotAllowed(_)) => {}
                other => panic!("spoiled message: {other:?}"),
            }
        }
    }
    assert_eq!(joiner.read(&text), "whole");
    joiner.hear(&commit).unwrap();
}

#[test]
fn garbage_is_no_key_package_and_no_welcome() {
    let (mut founder, mut joiner) = (Handset::new(), Handset::new());
    let package = joiner.package(false);
    for garbage in spoiled(&package.bytes) {
        assert!(matches!(leaf_key_of(&garbage), Err(MlsError::Invalid(_))));
        assert!(matches!(founder.act(|mls| mls.found(&GENERATION, &garbage)), Err(MlsError::Invalid(_))));
    }
    assert_eq!(founder.rows(), 0);

    let (_, welcome) = founder.act(|mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    for garbage in spoiled(&welcome) {
        match joiner.act(|mls| mls.join(&garbage)) {
            Err(MlsError::Invalid(_) | MlsError::NoKeyPackage) => {}
            other => panic!("spoiled Welcome: {other:?}"),
        }
    }
    assert!(matches!(joiner.act(|mls| mls.join(&package.bytes)), Err(MlsError::Invalid(_))));
    assert!(matches!(founder.hear(&welcome), Err(MlsError::Invalid(_))));
    joiner.act(|mls| mls.join(&welcome)).unwrap();
    assert_talking(&mut founder, &mut joiner);
}

/// The message with a bit changed here and there, cut, and with more at its end; and what was never a message.
fn spoiled(message: &[u8]) -> Vec<Vec<u8>> {
    let mut spoiled: Vec<_> = (0..message.len())
        .step_by(message.len().div_ceil(40))
        .map(|at| {
            let mut changed = message.to_vec();
            changed[at] ^= 0x10;
            changed
        })
        .collect();
    spoiled.push(message[..message.len() - 1].to_vec());
    spoiled.push([message, &[0]].concat());
    spoiled.push(Vec::new());
    spoiled.push(b"The envoy arrives on Tuesday.".to_vec());
    spoiled
}

#[test]
fn another_conversations_messages_are_invalid() {
    let (mut founder, mut joiner) = pair();
    let (mut stranger, mut third) = (Handset::new(), Handset::new());
    stranger.generation = GenerationId::new([8; 32]);
    let package = third.package(false);
    let generation = stranger.generation;
    stranger.act(|mls| mls.found(&generation, &package.bytes)).unwrap();
    let foreign = stranger.say("not for you");
    assert!(matches!(joiner.hear(&foreign), Err(MlsError::Invalid(_))));

    // The same generation id with other keys behind it.
    let (mut impostor, _) = pair();
    let forged = impostor.say("from your friend");
    assert!(matches!(joiner.hear(&forged), Err(MlsError::Invalid(_))));
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_welcome_is_used_once_and_needs_its_key_package() {
    let (mut founder, mut joiner) = (Handset::new(), Handset::new());
    let package = joiner.package(false);
    let (_, welcome) = founder.act(|mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    assert!(matches!(Handset::new().act(|mls| mls.join(&welcome)), Err(MlsError::NoKeyPackage)));
    joiner.act(|mls| mls.join(&welcome)).unwrap();
    assert!(matches!(joiner.act(|mls| mls.join(&welcome)), Err(MlsError::NoKeyPackage)));

    let forgotten = joiner.package(false);
    let other = GenerationId::new([9; 32]);
    let (_, welcome) = founder.act(|mls| mls.found(&other, &forgotten.bytes)).unwrap();
    joiner.act(|mls| mls.forget_key_package(&forgotten.reference)).unwrap();
    joiner.act(|mls| mls.forget_key_package(&forgotten.reference)).unwrap();
    assert!(matches!(joiner.act(|mls| mls.join(&welcome)), Err(MlsError::NoKeyPackage)));
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn a_generation_is_founded_once() {
    let (mut founder, mut joiner) = pair();
    let package = joiner.package(false);
    assert!(matches!(founder.act(|mls| mls.found(&GENERATION, &package.bytes)), Err(MlsError::Fault(_))));
    assert_talking(&mut founder, &mut joiner);
}

/// Founds a group with OpenMLS itself, under any id and with any number of peers.
fn found_by_hand(founder: &mut Handset, id: &[u8], peers: &[&KeyPackageMade]) -> Vec<u8> {
    let founded = founder.act(|mls| {
        let validate = |peer: &&KeyPackageMade| super::super::validate(&Default::default(), &peer.bytes);
        let peers = peers.iter().map(validate).collect::<Result<Vec<_>, _>>()?;
        let (key, credential) = mls.0.draw_leaf()?;
        let id = openmls::prelude::GroupId::from_slice(id);
        let config = super::super::create_config();
        let mut group = MlsGroup::new_with_group_id(&mls.0, &key, &config, id, credential).unwrap();
        let (_, welcome, _) = group.add_members_without_update(&mls.0, &key, &peers).unwrap();
        Ok(welcome.to_bytes().unwrap())
    });
    founded.unwrap()
}

#[test]
fn a_group_whose_id_is_no_generation_is_not_joined_and_uses_no_key_package_up() {
    let (mut founder, mut joiner) = (Handset::new(), Handset::new());
    let package = joiner.package(false);
    let welcome = found_by_hand(&mut founder, &[1; 16], &[&package]);
    let rows = joiner.rows();
    assert!(matches!(Mls::new(&joiner.database).join(&welcome), Err(MlsError::Invalid(_))));
    assert_eq!(joiner.rows(), rows);
    let (_, welcome) = founder.act(|mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    joiner.act(|mls| mls.join(&welcome)).unwrap();
}

#[test]
fn a_group_of_three_is_joined_and_shows_its_three_leaves() {
    let (mut founder, mut joiner, mut third) = (Handset::new(), Handset::new(), Handset::new());
    let packages = [joiner.package(false), third.package(false)];
    let welcome = found_by_hand(&mut founder, GENERATION.as_bytes(), &[&packages[0], &packages[1]]);
    joiner.act(|mls| mls.join(&welcome)).unwrap();
    third.act(|mls| mls.join(&welcome)).unwrap();
    assert_eq!(joiner.leaf_keys()[1..], [packages[0].leaf_key.clone(), packages[1].leaf_key.clone()]);
    assert_talking(&mut joiner, &mut third);
}

/// The founder does with OpenMLS itself what our own code never does; the joiner must refuse it and go on.
fn assert_not_allowed(hostile: impl FnOnce(&Provider<'_>, &mut MlsGroup, &LeafKey) -> MlsMessageOut) {
    let (mut founder, mut joiner) = pair();
    let transaction = founder.database.transaction().unwrap();
    let message = {
        let mls = Mls::new(&transaction);
        let id = group_id(&GENERATION);
        let mut group = MlsGroup::load(openmls_traits::OpenMlsProvider::storage(&mls.0), &id).unwrap().unwrap();
        let key = mls.0.group_leaf_key(&id).unwrap().unwrap();
        hostile(&mls.0, &mut group, &key).to_bytes().unwrap()
    };
    drop(transaction);

    let before = joiner.leaf_keys();
    assert!(matches!(joiner.hear(&message), Err(MlsError::NotAllowed(_))));
    assert_eq!(joiner.epoch(), 1);
    assert_eq!(joiner.leaf_keys(), before);
    assert_talking(&mut founder, &mut joiner);
}

#[test]
fn removing_a_member_is_not_allowed() {
    assert_not_allowed(|provider, group, key| group.remove_members(provider, key, &[LeafNodeIndex::new(1)]).unwrap().0);
}

#[test]
fn adding_a_member_is_not_allowed() {
    let package = Handset::new().package(false);
    let package = super::super::validate(&Default::default(), &package.bytes).unwrap();
    assert_not_allowed(|provider, group, key| group.add_members(provider, key, &[package]).unwrap().0);
}

#[test]
fn changing_the_groups_settings_is_not_allowed() {
    let required = Extension::RequiredCapabilities(RequiredCapabilitiesExtension::default());
    let extensions = Extensions::single(required).unwrap();
    assert_not_allowed(|provider, group, key| {
        group.update_group_context_extensions(provider, extensions, key).unwrap().0
    });
}

#[test]
fn a_proposal_on_its_own_is_not_allowed() {
    assert_not_allowed(|provider, group, key| {
        group.propose_self_update(provider, key, LeafNodeParameters::default()).unwrap().0
    });
    assert_not_allowed(|provider, group, key| {
        group.propose_remove_member(provider, key, LeafNodeIndex::new(1)).unwrap().0
    });
}

#[test]
fn changing_the_leaf_key_is_not_allowed() {
    assert_not_allowed(|provider, group, key| {
        let (new_key, credential) = provider.draw_leaf().unwrap();
        let signer = NewSignerBundle { signer: &new_key, credential_with_key: credential };
        group.self_update_with_new_signer(provider, key, signer, LeafNodeParameters::default()).unwrap().into_commit()
    });
}

#[test]
fn coming_in_from_outside_is_not_allowed() {
    assert_not_allowed(|provider, group, key| {
        let crypto = openmls_traits::OpenMlsProvider::crypto(provider);
        let info = group.export_group_info(crypto, key, true).unwrap().to_bytes().unwrap();
        let Ok(openmls::prelude::MlsMessageBodyIn::GroupInfo(info)) = super::super::parse(&info) else {
            panic!("a GroupInfo")
        };
        let stranger = Handset::new();
        let outside = Provider::new(&stranger.database);
        let (new_key, credential) = outside.draw_leaf().unwrap();
        let parameters = LeafNodeParameters::builder().with_capabilities(super::super::capabilities()).build();
        let (_, bundle) = MlsGroup::external_commit_builder()
            .with_config(super::super::join_config())
            .build_group(&outside, info, credential)
            .unwrap()
            .leaf_node_parameters(parameters)
            .load_psks(openmls_traits::OpenMlsProvider::storage(&outside))
            .unwrap()
            .build(
                openmls_traits::OpenMlsProvider::rand(&outside),
                openmls_traits::OpenMlsProvider::crypto(&outside),
                &new_key,
                |_| true,
            )
            .unwrap()
            .finalize(&outside)
            .unwrap();
        bundle.into_commit()
    });
}
