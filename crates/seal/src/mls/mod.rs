//! MLS (RFC 9420): the groups of handsets that conversations are, kept in the caller's SQLite transaction.
//!
//! [`Mls`] is built per transaction from its connection; everything that it and its [`Group`]s do is written there and
//! stands or falls with the transaction. When the transaction is rolled back, for whatever reason, drop every group
//! that was used in it and load it again: the object has moved on, and a ciphertext made after that would share its
//! key with one made before. For the same reason ciphertexts must leave only after the commit.
//!
//! Leaves carry a random credential and an Ed25519 key made for one key package or one group. Nothing here says whose
//! leaf it is: handsets vouch for leaf keys to each other outside MLS, so leaf keys never change within a group.
//!
//! OpenMLS draws its own randomness and reads the clock; the clock decides nothing here (see [`Mls::key_package`]).

mod error;
mod group;
mod provider;
mod storage;
#[cfg(test)]
mod tests;

use std::fmt;

use database::rusqlite::Connection;
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _, VLBytes};
use openmls::prelude::{
    Capabilities, Ciphersuite, ExtensionType, GroupId, KeyPackage, KeyPackageBundle, KeyPackageRef, Lifetime, MlsGroup,
    MlsGroupCreateConfig, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
    PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, ProtocolVersion, SenderRatchetConfiguration, StagedWelcome, Welcome,
    WelcomeError,
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::storage::StorageProvider as _;
use protocol::GenerationId;

pub use error::MlsError;
pub use group::{Group, PendingCommit, Processed};
use provider::Provider;
pub use storage::{SCHEMA, StorageError};

/// 0x004E (draft-ietf-mls-pq-ciphersuites): ML-KEM-768 with X25519, AES-256-GCM, SHA-384, Ed25519.
const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;

/// How far back from the newest message of one sender in one epoch, itself counted, keys are kept for those that arrive
/// late.
const OUT_OF_ORDER: u32 = 64;

/// How many messages of one sender may be missing in one epoch before the next that arrives.
const FORWARD: u32 = 2000;

/// MLS on one connection, normally a transaction's.
pub struct Mls<'a>(Provider<'a>);

/// A key package for somebody else to found a group with; its private keys stay in the table.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPackageMade {
    /// An MLSMessage that holds the KeyPackage.
    pub bytes: Vec<u8>,
    /// Its leaf's public signature key.
    pub leaf_key: Vec<u8>,
    /// Its KeyPackageRef (RFC 9420, section 5.2), to forget it by.
    pub reference: Vec<u8>,
}

impl<'a> Mls<'a> {
    /// MLS on the table [`SCHEMA`] of this connection.
    pub fn new(connection: &'a Connection) -> Self {
        Self(Provider::new(connection))
    }

    /// Makes a key package and keeps its private keys until it is used; with `last_resort` until it is forgotten.
    ///
    /// Its lifetime never ends: clocks may be days off on either side, and whoever hands key packages out says when
    /// one is out of date.
    ///
    /// # Errors
    ///
    /// [`MlsError::Storage`], [`MlsError::Fault`].
    pub fn key_package(&self, last_resort: bool) -> Result<KeyPackageMade, MlsError> {
        let (key, credential) = self.0.draw_leaf()?;
        let mut builder = KeyPackage::builder().key_package_lifetime(any_time()).leaf_node_capabilities(capabilities());
        if last_resort {
            builder = builder.mark_as_last_resort();
        }
        let bundle = self.0.ours(builder.build(SUITE, &self.0, &key, credential))?;
        self.0.keep_package_leaf_key(&key)?;

        let package = bundle.into_key_package();
        let reference = self.0.ours(package.hash_ref(self.0.crypto()))?.as_slice().to_vec();
        let bytes = self.0.ours(MlsMessageOut::from(package).to_bytes())?;
        Ok(KeyPackageMade { bytes, leaf_key: key.public(), reference })
    }

    /// Forgets a key package's private keys; nothing happens when they are gone already.
    ///
    /// # Errors
    ///
    /// [`MlsError::Storage`], [`MlsError::Fault`].
    pub fn forget_key_package(&self, reference: &[u8]) -> Result<(), MlsError> {
        let reference = self.0.ours(key_package_ref(reference))?;
        let bundle: Option<KeyPackageBundle> = self.0.ours(self.0.storage().key_package(&reference))?;
        if let Some(bundle) = bundle {
            self.0.forget_package_leaf_key(bundle.key_package().leaf_node().signature_key().as_slice())?;
            self.0.ours(self.0.storage().delete_key_package(&reference))?;
        }
        Ok(())
    }

    /// Founds a generation with the owner of a key package: makes the group, adds the peer and goes to epoch 1 at once,
    /// since a founder alone has nobody to agree with about order. Gives the group and the Welcome (an MLSMessage, the
    /// ratchet tree inside).
    ///
    /// # Errors
    ///
    /// [`MlsError::Invalid`] when the key package is not valid; [`MlsError::Storage`]; [`MlsError::Fault`] when the
    /// generation exists already.
    pub fn found(&self, generation: &GenerationId, peer_key_package: &[u8]) -> Result<(Group, Vec<u8>), MlsError> {
        let peer = validate(self.0.crypto(), peer_key_package)?;
        self.0.whole(|| self.found_with(generation, peer))
    }

    /// Joins the group of a Welcome, which uses up the key package that it is for, unless that is one of last resort.
    ///
    /// Any number of members is accepted: [`Group::leaf_keys`] says how many there are.
    ///
    /// # Errors
    ///
    /// [`MlsError::NoKeyPackage`], also when the same Welcome was used before; [`MlsError::Duplicate`] when the group
    /// exists already; [`MlsError::Invalid`], also for another suite or a group id that is no generation;
    /// [`MlsError::Storage`].
    pub fn join(&self, welcome: &[u8]) -> Result<Group, MlsError> {
        let welcome = parse_welcome(welcome)?;
        // OpenMLS takes the key package out before it looks at the rest, and a refusal must use nothing up.
        self.0.whole(|| self.join_by(welcome))
    }

    /// Loads a generation's group as the table has it.
    ///
    /// # Errors
    ///
    /// [`MlsError::Storage`].
    pub fn load(&self, generation: &GenerationId) -> Result<Option<Group>, MlsError> {
        let id = group_id(generation);
        let group = self.0.ours(MlsGroup::load(self.0.storage(), &id))?;
        let key = self.0.group_leaf_key(&id)?;
        Ok(group.zip(key).map(|(group, key)| Group::new(group, *generation, key)))
    }

    /// Deletes everything that is kept for a generation; nothing happens when there is nothing.
    ///
    /// # Errors
    ///
    /// [`MlsError::Storage`].
    pub fn delete(&self, generation: &GenerationId) -> Result<(), MlsError> {
        self.0.remove_group(&group_id(generation))
    }

    fn found_with(&self, generation: &GenerationId, peer: KeyPackage) -> Result<(Group, Vec<u8>), MlsError> {
        let (key, credential) = self.0.draw_leaf()?;
        let id = group_id(generation);
        let created = MlsGroup::new_with_group_id(&self.0, &key, &create_config(), id.clone(), credential);
        let mut group = self.0.ours(created)?;
        self.0.keep_group_leaf_key(&id, &key)?;

        // Without an update path: the founder's leaf is as fresh as it can be, and the Welcome a kilobyte smaller.
        let (_commit, welcome, _info) = self.0.theirs(group.add_members_without_update(&self.0, &key, &[peer]))?;
        self.0.ours(group.merge_pending_commit(&self.0))?;
        let welcome = self.0.ours(welcome.to_bytes())?;
        Ok((Group::new(group, *generation, key), welcome))
    }

    fn join_by(&self, welcome: Welcome) -> Result<Group, MlsError> {
        let join = StagedWelcome::build_from_welcome(&self.0, &join_config(), welcome);
        let join = self.0.settle(join, welcome_error)?;
        let last_resort = join.processed_welcome().own_key_package().is_some_and(KeyPackage::last_resort);
        let staged = self.0.settle(join.skip_lifetime_validation().build(), welcome_error)?;

        let generation = GenerationId::from_slice(staged.group_context().group_id().as_slice())
            .ok_or_else(|| invalid("its id is not that of a generation"))?;
        if staged.group_context().ciphersuite() != SUITE {
            return Err(invalid("it uses another cipher suite"));
        }
        let public = staged
            .own_leaf_node()
            .map(|leaf| leaf.signature_key().as_slice().to_vec())
            .ok_or_else(|| invalid("its tree has no leaf for this handset"))?;
        let key = self.0.package_leaf_key(&public)?.ok_or(MlsError::NoKeyPackage)?;

        let group = self.0.settle(staged.into_group(&self.0), welcome_error)?;
        self.0.keep_group_leaf_key(group.group_id(), &key)?;
        if !last_resort {
            self.0.forget_package_leaf_key(&public)?;
        }
        Ok(Group::new(group, generation, key))
    }
}

/// The public signature key of a key package's leaf, after its validation.
///
/// # Errors
///
/// [`MlsError::Invalid`] when it is no key package, or of another suite, or not signed by its own key.
pub fn leaf_key_of(key_package: &[u8]) -> Result<Vec<u8>, MlsError> {
    let package = validate(&RustCrypto::default(), key_package)?;
    Ok(package.leaf_node().signature_key().as_slice().to_vec())
}

impl fmt::Debug for Mls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mls")
    }
}

impl fmt::Debug for KeyPackageMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPackageMade")
    }
}

fn validate(crypto: &RustCrypto, key_package: &[u8]) -> Result<KeyPackage, MlsError> {
    let MlsMessageBodyIn::KeyPackage(package) = parse(key_package)? else {
        return Err(invalid("it is not a key package"));
    };
    let package =
        package.validate(crypto, ProtocolVersion::Mls10).map_err(|error| MlsError::Invalid(error.to_string()))?;
    if package.ciphersuite() != SUITE {
        return Err(invalid("it uses another cipher suite"));
    }
    Ok(package)
}

fn parse_welcome(welcome: &[u8]) -> Result<Welcome, MlsError> {
    match parse(welcome)? {
        MlsMessageBodyIn::Welcome(welcome) => Ok(welcome),
        _ => Err(invalid("it is not a Welcome")),
    }
}

fn parse(message: &[u8]) -> Result<MlsMessageBodyIn, MlsError> {
    MlsMessageIn::tls_deserialize_exact(message)
        .map(MlsMessageIn::extract)
        .map_err(|_| invalid("it is not an MLS message"))
}

fn invalid(why: &str) -> MlsError {
    MlsError::Invalid(why.to_owned())
}

fn welcome_error<E: fmt::Display>(error: WelcomeError<E>) -> MlsError {
    match error {
        WelcomeError::NoMatchingKeyPackage => MlsError::NoKeyPackage,
        WelcomeError::GroupAlreadyExists => MlsError::Duplicate,
        other => MlsError::Invalid(other.to_string()),
    }
}

fn group_id(generation: &GenerationId) -> GroupId {
    GroupId::from_slice(generation.as_bytes())
}

/// OpenMLS offers no other way from bytes to a reference.
fn key_package_ref(reference: &[u8]) -> Result<KeyPackageRef, openmls::prelude::tls_codec::Error> {
    KeyPackageRef::tls_deserialize_exact(VLBytes::from(reference).tls_serialize_detached()?)
}

/// A lifetime that no clock is outside of; OpenMLS has no bound for what it accepts in others.
fn any_time() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

/// Said in so many words, since OpenMLS's default leaves the suite out; the extension is for key packages of last
/// resort, and always named so that a leaf does not tell which kind it came by.
fn capabilities() -> Capabilities {
    Capabilities::builder().ciphersuites(vec![SUITE]).extensions(vec![ExtensionType::LastResort]).build()
}

fn ratchet_config() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD)
}

/// Nothing of past epochs is kept: the sequencer lets no message of another epoch through.
fn create_config() -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .capabilities(capabilities())
        .lifetime(any_time())
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(ratchet_config())
        .max_past_epochs(0)
        .build()
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(ratchet_config())
        .max_past_epochs(0)
        .build()
}
