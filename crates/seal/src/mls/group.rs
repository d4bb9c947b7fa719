//! One generation of a conversation, as its handsets have it.

use std::fmt;

use openmls::framing::errors::MessageDecryptionError;
use openmls::prelude::{
    LeafNodeParameters, MlsGroup, MlsMessageBodyIn, PrivateMessageIn, ProcessMessageError, ProcessedMessage,
    ProcessedMessageContent, ProtocolMessage, Sender, StagedCommit, ValidationError,
};
use openmls_traits::OpenMlsProvider as _;
use protocol::{Capability, CapabilityHash, GenerationId};
use zeroize::Zeroizing;

use super::provider::LeafKey;
use super::{Mls, MlsError, invalid, parse};
use crate::hash::capability_hash;

/// The label under which an epoch's capability is exported (RFC 9420, section 8.5).
const CAPABILITY_LABEL: &str = "entrenous capability";

/// An MLS group of one generation.
///
/// It is the state of one transaction: see [`MlsError`] for what to do with it after an error.
pub struct Group {
    group: MlsGroup,
    generation: GenerationId,
    leaf_key: LeafKey,
}

/// What a message turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub enum Processed {
    /// A member's message.
    Message {
        /// The sender's leaf signature key.
        sender: Vec<u8>,
        /// What was encrypted.
        plaintext: Vec<u8>,
    },
    /// A member's fresh keys: the group is in its next epoch, and a commit of one's own that waited is discarded.
    Commit {
        /// The epoch that the group is in now.
        epoch: u64,
    },
}

/// A commit of one's own that holds once the sequencer has numbered it as its epoch's first.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingCommit {
    /// The commit, an MLSMessage.
    pub commit: Vec<u8>,
    /// The hash of the capability of the epoch that the commit leads to.
    pub capability: CapabilityHash,
}

impl Group {
    pub(super) fn new(group: MlsGroup, generation: GenerationId, leaf_key: LeafKey) -> Self {
        Self { group, generation, leaf_key }
    }

    /// The generation that this group is.
    pub fn generation(&self) -> GenerationId {
        self.generation
    }

    /// The epoch that the group is in; 1 when it was founded.
    pub fn epoch(&self) -> u64 {
        self.group.epoch().as_u64()
    }

    /// This epoch's proof of membership.
    ///
    /// # Errors
    ///
    /// [`MlsError::Fault`].
    pub fn capability(&self, mls: &Mls<'_>) -> Result<Capability, MlsError> {
        let context = self.generation.as_bytes();
        let exported = self.group.export_secret(mls.0.crypto(), CAPABILITY_LABEL, context, Capability::LENGTH);
        to_capability(mls.0.ours(exported)?)
    }

    /// One's own leaf signature key, the same in all epochs.
    pub fn own_leaf_key(&self) -> Vec<u8> {
        self.leaf_key.public()
    }

    /// All members' leaf signature keys in the order of their leaves, one's own among them.
    pub fn leaf_keys(&self) -> Vec<Vec<u8>> {
        self.group.members().map(|member| member.signature_key).collect()
    }

    /// Encrypts a message to the others, an MLSMessage. It must leave only once the transaction is committed.
    ///
    /// # Errors
    ///
    /// [`MlsError::Storage`], [`MlsError::Fault`].
    pub fn encrypt(&mut self, mls: &Mls<'_>, plaintext: &[u8]) -> Result<Vec<u8>, MlsError> {
        let message = mls.0.ours(self.group.create_message(&mls.0, &self.leaf_key, plaintext))?;
        mls.0.ours(message.to_bytes())
    }

    /// Decrypts a message; a commit takes effect at once, and discards one's own that waited.
    ///
    /// Only commits that give their sender fresh keys are allowed, and they must keep its leaf signature key.
    ///
    /// # Errors
    ///
    /// [`MlsError::Own`], [`MlsError::Stale`], [`MlsError::Duplicate`]; [`MlsError::NotAllowed`] for members added or
    /// removed and everything else that changes more than the sender's keys; [`MlsError::Invalid`];
    /// [`MlsError::Storage`].
    pub fn process(&mut self, mls: &Mls<'_>, message: &[u8]) -> Result<Processed, MlsError> {
        let message = ProtocolMessage::from(private_message(message)?);
        if message.group_id() != self.group.group_id() {
            return Err(invalid("it belongs to another conversation"));
        }
        if message.epoch() != self.group.epoch() {
            return Err(MlsError::Stale { message: message.epoch().as_u64(), group: self.epoch() });
        }

        let processed = mls.0.settle(self.group.process_message(&mls.0, message), process_error)?;
        let sender = self.sender(&processed);
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                Ok(Processed::Message { sender: sender?, plaintext: message.into_bytes() })
            }
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                self.check_allowed(&sender?, &commit)?;
                mls.0.ours(self.group.merge_staged_commit(&mls.0, *commit))?;
                Ok(Processed::Commit { epoch: self.epoch() })
            }
            ProcessedMessageContent::OwnPrivateMessage | ProcessedMessageContent::OwnPendingCommit => {
                Err(MlsError::Own)
            }
            ProcessedMessageContent::ProposalMessage(_) | ProcessedMessageContent::ExternalJoinProposalMessage(_) => {
                Err(MlsError::NotAllowed("a proposal on its own"))
            }
        }
    }

    /// Makes a commit with fresh keys for one's own leaf, under the same leaf signature key. It waits: the group stays
    /// in its epoch until [`Self::confirm`] or [`Self::discard`], messages can be encrypted and processed meanwhile.
    ///
    /// # Errors
    ///
    /// [`MlsError::Pending`] when one waits already; [`MlsError::Storage`]; [`MlsError::Fault`].
    pub fn self_update(&mut self, mls: &Mls<'_>) -> Result<PendingCommit, MlsError> {
        if self.has_pending() {
            return Err(MlsError::Pending);
        }
        // Not `MlsGroup::self_update`, which signs a GroupInfo with the whole tree besides, for nobody.
        let builder = self
            .group
            .commit_builder()
            .leaf_node_parameters(LeafNodeParameters::default())
            .force_self_update(true)
            .consume_proposal_store(false);
        let builder = mls.0.ours(builder.load_psks(mls.0.storage()))?.create_group_info(false);
        let built = mls.0.ours(builder.build(mls.0.rand(), mls.0.crypto(), &self.leaf_key, |_| false))?;
        let commit = mls.0.ours(built.stage_commit(&mls.0))?.into_commit();

        Ok(PendingCommit { commit: mls.0.ours(commit.to_bytes())?, capability: self.pending_capability(mls)? })
    }

    /// Whether a commit of one's own waits.
    pub fn has_pending(&self) -> bool {
        self.group.pending_commit().is_some()
    }

    /// Goes to the epoch of one's own commit: the sequencer numbered it first.
    ///
    /// # Errors
    ///
    /// [`MlsError::NotPending`], [`MlsError::Storage`], [`MlsError::Fault`].
    pub fn confirm(&mut self, mls: &Mls<'_>) -> Result<(), MlsError> {
        if !self.has_pending() {
            return Err(MlsError::NotPending);
        }
        mls.0.ours(self.group.merge_pending_commit(&mls.0))
    }

    /// Gives one's own commit up: another was first.
    ///
    /// # Errors
    ///
    /// [`MlsError::NotPending`], [`MlsError::Storage`].
    pub fn discard(&mut self, mls: &Mls<'_>) -> Result<(), MlsError> {
        if !self.has_pending() {
            return Err(MlsError::NotPending);
        }
        mls.0.ours(self.group.clear_pending_commit(mls.0.storage()))
    }

    fn pending_capability(&self, mls: &Mls<'_>) -> Result<CapabilityHash, MlsError> {
        let pending = self.group.pending_commit().ok_or(MlsError::NotPending)?;
        let context = self.generation.as_bytes();
        let exported = pending.export_secret(mls.0.crypto(), CAPABILITY_LABEL, context, Capability::LENGTH);
        Ok(capability_hash(&to_capability(mls.0.ours(exported)?)?))
    }

    /// The sender's leaf signature key.
    fn sender(&self, processed: &ProcessedMessage) -> Result<Vec<u8>, MlsError> {
        let Sender::Member(index) = processed.sender() else {
            return Err(MlsError::NotAllowed("a message from outside"));
        };
        let member = self.group.member_at(*index).ok_or_else(|| invalid("its sender is no member"))?;
        Ok(member.signature_key)
    }

    fn check_allowed(&self, sender: &[u8], commit: &StagedCommit) -> Result<(), MlsError> {
        if commit.queued_proposals().next().is_some() {
            return Err(MlsError::NotAllowed("a change of members or settings"));
        }
        let leaf = commit.update_path_leaf_node().ok_or(MlsError::NotAllowed("a commit without fresh keys"))?;
        if leaf.signature_key().as_slice() != sender {
            return Err(MlsError::NotAllowed("a change of the leaf key that was vouched for"));
        }
        Ok(())
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Processed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { .. } => f.write_str("Message"),
            Self::Commit { epoch } => f.debug_struct("Commit").field("epoch", epoch).finish(),
        }
    }
}

impl fmt::Debug for PendingCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingCommit")
    }
}

/// Everything in a conversation is encrypted; what is not (an external commit or proposal, say) comes from outside.
fn private_message(message: &[u8]) -> Result<PrivateMessageIn, MlsError> {
    match parse(message)? {
        MlsMessageBodyIn::PrivateMessage(message) => Ok(message),
        MlsMessageBodyIn::PublicMessage(_) => Err(MlsError::NotAllowed("a message that is not encrypted")),
        _ => Err(invalid("it is not a message to a group")),
    }
}

fn process_error<E: fmt::Display>(error: ProcessMessageError<E>) -> MlsError {
    match error {
        // OpenMLS does not export the type of this inner error, only its words; a test pins them.
        ProcessMessageError::ValidationError(ValidationError::UnableToDecrypt(
            MessageDecryptionError::SecretTreeError(error),
        )) if format!("{error:?}") == "SecretReuseError" => MlsError::Duplicate,
        other => MlsError::Invalid(other.to_string()),
    }
}

fn to_capability(exported: Vec<u8>) -> Result<Capability, MlsError> {
    Capability::from_slice(&Zeroizing::new(exported))
        .ok_or_else(|| MlsError::Fault("an exported secret has another length".to_owned()))
}
