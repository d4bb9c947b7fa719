//! What OpenMLS is given: primitives, randomness, storage and a key to sign with.

use std::fmt::Display;

use database::rusqlite::Connection;
use ed25519_dalek::{Signer as _, SigningKey};
use openmls::prelude::{BasicCredential, CredentialWithKey, GroupId, OpenMlsRand};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use zeroize::Zeroizing;

use super::MlsError;
use super::storage::{NONE, Storage};

/// The row kind of [`LeafKey`]s. It is in databases: never change it.
const LEAF_KEY: &str = "leaf-key";

/// Length of the random credential in bytes: it names nobody, and only has to differ.
const CREDENTIAL_BYTES: usize = 16;

pub(super) struct Provider<'a> {
    crypto: RustCrypto,
    storage: Storage<'a>,
}

impl<'a> OpenMlsProvider for Provider<'a> {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = Storage<'a>;

    fn storage(&self) -> &Self::StorageProvider {
        &self.storage
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        &self.crypto
    }
}

impl<'a> Provider<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { crypto: RustCrypto::default(), storage: Storage::new(connection) }
    }

    /// A fresh leaf key and a credential that goes with it.
    pub(super) fn draw_leaf(&self) -> Result<(LeafKey, CredentialWithKey), MlsError> {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(self.random()?);
        let credential: [u8; CREDENTIAL_BYTES] = self.random()?;
        let key = LeafKey(SigningKey::from_bytes(&seed));
        let credential = CredentialWithKey {
            credential: BasicCredential::new(credential.to_vec()).into(),
            signature_key: key.public().into(),
        };
        Ok((key, credential))
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], MlsError> {
        self.crypto.random_array().map_err(|error| MlsError::Fault(error.to_string()))
    }

    /// Keeps the leaf key that goes with a key package.
    pub(super) fn keep_package_leaf_key(&self, key: &LeafKey) -> Result<(), MlsError> {
        self.ours(self.storage.put(LEAF_KEY, NONE, &Bytes::new(&key.public()), key))
    }

    pub(super) fn package_leaf_key(&self, public: &[u8]) -> Result<Option<LeafKey>, MlsError> {
        self.ours(self.storage.get(LEAF_KEY, NONE, &Bytes::new(public)))
    }

    pub(super) fn forget_package_leaf_key(&self, public: &[u8]) -> Result<(), MlsError> {
        self.ours(self.storage.remove(LEAF_KEY, NONE, &Bytes::new(public)))
    }

    /// Keeps the leaf key of a group; two groups joined by one last-resort key package have a copy each.
    pub(super) fn keep_group_leaf_key(&self, group: &GroupId, key: &LeafKey) -> Result<(), MlsError> {
        self.ours(self.storage.put(LEAF_KEY, group, NONE, key))
    }

    pub(super) fn group_leaf_key(&self, group: &GroupId) -> Result<Option<LeafKey>, MlsError> {
        self.ours(self.storage.get(LEAF_KEY, group, NONE))
    }

    pub(super) fn remove_group(&self, group: &GroupId) -> Result<(), MlsError> {
        self.ours(self.storage.remove_group(group))
    }

    /// Does all of it or, on an error, nothing.
    pub(super) fn whole<T>(&self, act: impl FnOnce() -> Result<T, MlsError>) -> Result<T, MlsError> {
        self.ours(self.storage.whole(act)).flatten()
    }

    /// The result of what only this program and its database can spoil.
    pub(super) fn ours<T, E: Display>(&self, result: Result<T, E>) -> Result<T, MlsError> {
        self.settle(result, |error| MlsError::Fault(error.to_string()))
    }

    /// The result of looking at what the other side made.
    pub(super) fn theirs<T, E: Display>(&self, result: Result<T, E>) -> Result<T, MlsError> {
        self.settle(result, |error| MlsError::Invalid(error.to_string()))
    }

    /// Puts a failure of the database before whatever OpenMLS made of it, even if it made nothing of it.
    pub(super) fn settle<T, E>(&self, result: Result<T, E>, blame: impl FnOnce(E) -> MlsError) -> Result<T, MlsError> {
        match self.storage.take_failure() {
            Some(failure) => Err(MlsError::Storage(failure)),
            None => result.map_err(blame),
        }
    }
}

/// The Ed25519 key of one leaf, made for one key package or group and signed by nothing: who it belongs to is vouched
/// for pairwise.
pub(super) struct LeafKey(SigningKey);

impl LeafKey {
    pub(super) fn public(&self) -> Vec<u8> {
        self.0.verifying_key().to_bytes().to_vec()
    }
}

impl Signer for LeafKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.0.try_sign(payload).map_err(|_| SignerError::SigningError)?;
        Ok(signature.to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl Serialize for LeafKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

impl<'de> Deserialize<'de> for LeafKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seed = Zeroizing::new(<serde_bytes::ByteArray<32>>::deserialize(deserializer)?.into_array());
        Ok(Self(SigningKey::from_bytes(&seed)))
    }
}
