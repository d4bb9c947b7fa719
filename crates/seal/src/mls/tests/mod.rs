//! Two handsets, each with its own database and one transaction per step, groups loaded anew each time.

mod conversation;
mod refusals;
mod rows;

use database::rusqlite::Connection;
use protocol::{CapabilityHash, GenerationId};

use super::{Group, KeyPackageMade, Mls, MlsError, Processed, SCHEMA};
use crate::hash::capability_hash;

const GENERATION: GenerationId = GenerationId::new([7; 32]);

struct Handset {
    database: Connection,
    generation: GenerationId,
}

impl Handset {
    fn new() -> Self {
        Self::on(database::open_memory().unwrap())
    }

    fn on(database: Connection) -> Self {
        database.execute_batch(SCHEMA).unwrap();
        Self { database, generation: GENERATION }
    }

    /// One transaction, rolled back on an error.
    fn act<R>(&mut self, act: impl FnOnce(&Mls<'_>) -> Result<R, MlsError>) -> Result<R, MlsError> {
        let transaction = self.database.transaction().unwrap();
        let result = act(&Mls::new(&transaction))?;
        transaction.commit().unwrap();
        Ok(result)
    }

    fn with<R>(&mut self, act: impl FnOnce(&Mls<'_>, &mut Group) -> Result<R, MlsError>) -> Result<R, MlsError> {
        let generation = self.generation;
        self.act(|mls| act(mls, &mut mls.load(&generation)?.expect("the group is stored")))
    }

    fn package(&mut self, last_resort: bool) -> KeyPackageMade {
        self.act(|mls| mls.key_package(last_resort)).unwrap()
    }

    fn say(&mut self, text: &str) -> Vec<u8> {
        self.with(|mls, group| group.encrypt(mls, text.as_bytes())).unwrap()
    }

    fn hear(&mut self, message: &[u8]) -> Result<Processed, MlsError> {
        self.with(|mls, group| group.process(mls, message))
    }

    /// What a message says; panics when it says nothing.
    fn read(&mut self, message: &[u8]) -> String {
        match self.hear(message).unwrap() {
            Processed::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
            Processed::Commit { .. } => panic!("a commit is no text"),
        }
    }

    fn epoch(&mut self) -> u64 {
        self.with(|_, group| Ok(group.epoch())).unwrap()
    }

    fn capability(&mut self) -> CapabilityHash {
        self.with(|mls, group| Ok(capability_hash(&group.capability(mls)?))).unwrap()
    }

    fn leaf_keys(&mut self) -> Vec<Vec<u8>> {
        self.with(|_, group| Ok(group.leaf_keys())).unwrap()
    }

    fn rows(&self) -> i64 {
        self.database.query_row("SELECT count(*) FROM mls", (), |row| row.get(0)).unwrap()
    }
}

/// A founder and the one who joined, in epoch 1.
fn pair() -> (Handset, Handset) {
    pair_on(Handset::new(), Handset::new())
}

fn pair_on(mut founder: Handset, mut joiner: Handset) -> (Handset, Handset) {
    let package = joiner.package(false);
    let (_, welcome) = founder.act(|mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    joiner.act(|mls| mls.join(&welcome)).unwrap();
    (founder, joiner)
}

/// Both can read each other.
fn assert_talking(one: &mut Handset, other: &mut Handset) {
    let there = one.say("there");
    assert_eq!(other.read(&there), "there");
    let back = other.say("back");
    assert_eq!(one.read(&back), "back");
}
