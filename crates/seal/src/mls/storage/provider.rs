//! OpenMLS's storage trait in terms of rows: every method is one row or one list of the table.

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};

use super::{Failed, NONE, Storage};

/// What a row holds. These names are in databases: never change one.
mod kind {
    pub(super) const CONFIG: &str = "config";
    pub(super) const CONFIRMATION_TAG: &str = "confirmation-tag";
    pub(super) const CONTEXT: &str = "context";
    pub(super) const ENCRYPTION_KEY: &str = "encryption-key";
    pub(super) const EPOCH_KEYS: &str = "epoch-keys";
    pub(super) const EPOCH_SECRETS: &str = "epoch-secrets";
    pub(super) const INTERIM_HASH: &str = "interim-hash";
    pub(super) const KEY_PACKAGE: &str = "key-package";
    pub(super) const MESSAGE_SECRETS: &str = "message-secrets";
    pub(super) const OWN_INDEX: &str = "own-index";
    pub(super) const OWN_LEAF: &str = "own-leaf";
    pub(super) const PROPOSAL: &str = "proposal";
    pub(super) const PSK: &str = "psk";
    pub(super) const RESUMPTION: &str = "resumption";
    pub(super) const SIGNATURE_KEY: &str = "signature-key";
    pub(super) const STATE: &str = "state";
    pub(super) const TREE: &str = "tree";
}

const V: u16 = CURRENT_VERSION;

impl StorageProvider<V> for Storage<'_> {
    type Error = Failed;

    // What a group has one of.

    fn write_mls_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::CONFIG, group, NONE, value)
    }

    fn mls_group_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::CONFIG, group, NONE)
    }

    fn delete_group_config<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::CONFIG, group, NONE)
    }

    fn write_tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, group: &G, value: &T) -> Result<(), Failed> {
        self.put(kind::TREE, group, NONE, value)
    }

    fn tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, group: &G) -> Result<Option<T>, Failed> {
        self.get(kind::TREE, group, NONE)
    }

    fn delete_tree<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::TREE, group, NONE)
    }

    fn write_interim_transcript_hash<G: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::INTERIM_HASH, group, NONE, value)
    }

    fn interim_transcript_hash<G: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::INTERIM_HASH, group, NONE)
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::INTERIM_HASH, group, NONE)
    }

    fn write_context<G: traits::GroupId<V>, T: traits::GroupContext<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::CONTEXT, group, NONE, value)
    }

    fn group_context<G: traits::GroupId<V>, T: traits::GroupContext<V>>(&self, group: &G) -> Result<Option<T>, Failed> {
        self.get(kind::CONTEXT, group, NONE)
    }

    fn delete_context<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::CONTEXT, group, NONE)
    }

    fn write_confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::CONFIRMATION_TAG, group, NONE, value)
    }

    fn confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::CONFIRMATION_TAG, group, NONE)
    }

    fn delete_confirmation_tag<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::CONFIRMATION_TAG, group, NONE)
    }

    fn write_group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::STATE, group, NONE, value)
    }

    fn group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(&self, group: &G) -> Result<Option<T>, Failed> {
        self.get(kind::STATE, group, NONE)
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::STATE, group, NONE)
    }

    fn write_message_secrets<G: traits::GroupId<V>, T: traits::MessageSecrets<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::MESSAGE_SECRETS, group, NONE, value)
    }

    fn message_secrets<G: traits::GroupId<V>, T: traits::MessageSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::MESSAGE_SECRETS, group, NONE)
    }

    fn delete_message_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::MESSAGE_SECRETS, group, NONE)
    }

    fn write_resumption_psk_store<G: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::RESUMPTION, group, NONE, value)
    }

    fn resumption_psk_store<G: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::RESUMPTION, group, NONE)
    }

    fn delete_all_resumption_psk_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::RESUMPTION, group, NONE)
    }

    fn write_own_leaf_index<G: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::OWN_INDEX, group, NONE, value)
    }

    fn own_leaf_index<G: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::OWN_INDEX, group, NONE)
    }

    fn delete_own_leaf_index<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::OWN_INDEX, group, NONE)
    }

    fn write_group_epoch_secrets<G: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::EPOCH_SECRETS, group, NONE, value)
    }

    fn group_epoch_secrets<G: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::EPOCH_SECRETS, group, NONE)
    }

    fn delete_group_epoch_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove(kind::EPOCH_SECRETS, group, NONE)
    }

    // What a group has several of.

    fn append_own_leaf_node<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), Failed> {
        self.append(kind::OWN_LEAF, group, value)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, T: traits::LeafNode<V>>(&self, group: &G) -> Result<Vec<T>, Failed> {
        self.list(kind::OWN_LEAF, group)
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove_kind(kind::OWN_LEAF, group)
    }

    fn queue_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
        reference: &R,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::PROPOSAL, group, reference, &(reference, value))
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, Failed> {
        let queued: Vec<(R, serde::de::IgnoredAny)> = self.list(kind::PROPOSAL, group)?;
        Ok(queued.into_iter().map(|(reference, _)| reference).collect())
    }

    fn queued_proposals<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<(R, T)>, Failed> {
        self.list(kind::PROPOSAL, group)
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), Failed> {
        self.remove(kind::PROPOSAL, group, reference)
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, group: &G) -> Result<(), Failed> {
        self.remove_kind(kind::PROPOSAL, group)
    }

    fn write_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
        pairs: &[T],
    ) -> Result<(), Failed> {
        self.put(kind::EPOCH_KEYS, group, &(epoch, leaf_index), &pairs)
    }

    fn encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<T>, Failed> {
        Ok(self.get(kind::EPOCH_KEYS, group, &(epoch, leaf_index))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<(), Failed> {
        self.remove(kind::EPOCH_KEYS, group, &(epoch, leaf_index))
    }

    // What goes with no group.

    fn write_signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::SIGNATURE_KEY, NONE, key, value)
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::SIGNATURE_KEY, NONE, key)
    }

    fn delete_signature_key_pair<K: traits::SignaturePublicKey<V>>(&self, key: &K) -> Result<(), Failed> {
        self.remove(kind::SIGNATURE_KEY, NONE, key)
    }

    fn write_encryption_key_pair<K: traits::EncryptionKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::ENCRYPTION_KEY, NONE, key, value)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::ENCRYPTION_KEY, NONE, key)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<V>>(&self, key: &K) -> Result<(), Failed> {
        self.remove(kind::ENCRYPTION_KEY, NONE, key)
    }

    fn write_key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        reference: &K,
        value: &T,
    ) -> Result<(), Failed> {
        self.put(kind::KEY_PACKAGE, NONE, reference, value)
    }

    fn key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        reference: &K,
    ) -> Result<Option<T>, Failed> {
        self.get(kind::KEY_PACKAGE, NONE, reference)
    }

    fn delete_key_package<K: traits::HashReference<V>>(&self, reference: &K) -> Result<(), Failed> {
        self.remove(kind::KEY_PACKAGE, NONE, reference)
    }

    fn write_psk<K: traits::PskId<V>, T: traits::PskBundle<V>>(&self, id: &K, value: &T) -> Result<(), Failed> {
        self.put(kind::PSK, NONE, id, value)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(&self, id: &K) -> Result<Option<T>, Failed> {
        self.get(kind::PSK, NONE, id)
    }

    fn delete_psk<K: traits::PskId<V>>(&self, id: &K) -> Result<(), Failed> {
        self.remove(kind::PSK, NONE, id)
    }
}
