//! Keys and MLS groups in a browser, the groups on the origin-private file system.

use database::rusqlite::Connection;
use database::{DatabaseKey, open_opfs};
use protocol::GenerationId;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use seal::mls::{Group, Mls, MlsError, Processed, SCHEMA};
use seal::{KemKey, SigningKey, WrappedKey, draw_card_words, draw_database_key, line_id, safety_words};

use crate::{rng, tell};

crate::tests! {
    randomness_is_the_browsers: draw_twice;
    a_database_key_comes_back_with_its_passphrase_alone: wrap_a_key;
    keys_are_the_same_natively_and_here: derive_known_keys;
    two_handsets_text_and_renew_their_keys_across_reloads: found, go_on after reload, go_on;
    what_is_rolled_back_has_not_happened: roll_back;
    a_worker_killed_while_it_texts_loses_and_doubles_nothing: text_until_killed, read_what_was_texted;
}

const FOUNDER: &str = "founder";
const JOINER: &str = "joiner";
const GENERATION: GenerationId = GenerationId::new([7; 32]);

async fn draw_twice() {
    let (mut one, mut other) = (rng(), rng());
    assert_ne!(one.next_u64(), other.next_u64());
    assert_eq!(draw_card_words(&mut one).len(), 8);
    assert_ne!(draw_card_words(&mut one), draw_card_words(&mut other));
}

async fn wrap_a_key() {
    let mut rng = rng();
    let key = draw_database_key(&mut rng);
    let wrapped = WrappedKey::wrap(&key, "a passphrase", &mut rng).unwrap();
    assert_eq!(wrapped.unwrap("a passphrase").unwrap().as_bytes(), key.as_bytes());
    assert!(wrapped.unwrap("another").is_err());
}

/// Values written down from a native run.
async fn derive_known_keys() {
    let identity = |byte| line_id(&SigningKey::from_seed(&[byte; SigningKey::SEED_BYTES]).public());
    let words = safety_words(&identity(1), &identity(2));
    assert_eq!(words.join(" "), KNOWN_WORDS);

    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let key = KemKey::generate(&mut rng);
    let (encapsulated, ours) = KemKey::encapsulate(&key.public(), &mut rng).unwrap();
    assert!(KemKey::from_bytes(&key.to_bytes()).unwrap().decapsulate(&encapsulated).unwrap() == ours);
    assert_eq!(seal::sha256(&encapsulated)[..8], KNOWN_ENCAPSULATED);
}

const KNOWN_WORDS: &str = "maid tomato sudden maple nice race client more cube cost";
const KNOWN_ENCAPSULATED: [u8; 8] = [209, 61, 40, 76, 22, 104, 9, 101];

/// One handset: a database and the group in it, loaded anew for each transaction.
struct Handset(Connection);

impl Handset {
    async fn open(name: &str) -> Self {
        let connection = open_opfs(name, &DatabaseKey::new([9; 32])).await.unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS heard(n INTEGER PRIMARY KEY)").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS outbox(n INTEGER PRIMARY KEY, message BLOB)").unwrap();
        if !connection.table_exists(None, "mls").unwrap() {
            connection.execute_batch(SCHEMA).unwrap();
        }
        Self(connection)
    }

    fn act<R>(&mut self, act: impl FnOnce(&Connection, &Mls<'_>) -> Result<R, MlsError>) -> Result<R, MlsError> {
        let transaction = self.0.transaction().unwrap();
        let result = act(&transaction, &Mls::new(&transaction))?;
        transaction.commit().unwrap();
        Ok(result)
    }

    fn with<R>(&mut self, act: impl FnOnce(&Mls<'_>, &mut Group) -> Result<R, MlsError>) -> Result<R, MlsError> {
        self.act(|_, mls| act(mls, &mut mls.load(&GENERATION)?.unwrap()))
    }

    fn say(&mut self, text: &str) -> Vec<u8> {
        self.with(|mls, group| group.encrypt(mls, text.as_bytes())).unwrap()
    }

    fn hear(&mut self, message: &[u8]) -> Result<Processed, MlsError> {
        self.with(|mls, group| group.process(mls, message))
    }

    fn read(&mut self, message: &[u8]) -> String {
        match self.hear(message).unwrap() {
            Processed::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
            Processed::Commit { .. } => panic!("a commit is no text"),
        }
    }
}

async fn pair() -> (Handset, Handset) {
    (Handset::open(FOUNDER).await, Handset::open(JOINER).await)
}

async fn found_pair() -> (Handset, Handset) {
    let (mut founder, mut joiner) = pair().await;
    for handset in [&mut founder, &mut joiner] {
        handset.act(|_, mls| mls.delete(&GENERATION)).unwrap();
        handset.0.execute_batch("DELETE FROM heard; DELETE FROM outbox;").unwrap();
    }
    let package = joiner.act(|_, mls| mls.key_package(false)).unwrap();
    let (_, welcome) = founder.act(|_, mls| mls.found(&GENERATION, &package.bytes)).unwrap();
    joiner.act(|_, mls| mls.join(&welcome)).unwrap();
    (founder, joiner)
}

fn assert_talking(one: &mut Handset, other: &mut Handset) {
    let there = one.say("there");
    assert_eq!(other.read(&there), "there");
    let back = other.say("back");
    assert_eq!(one.read(&back), "back");
}

fn renew(one: &mut Handset, other: &mut Handset) {
    let pending = one.with(|mls, group| group.self_update(mls)).unwrap();
    one.with(|mls, group| group.confirm(mls)).unwrap();
    assert!(matches!(other.hear(&pending.commit).unwrap(), Processed::Commit { .. }));
}

async fn found() {
    let (mut founder, mut joiner) = found_pair().await;
    assert_talking(&mut founder, &mut joiner);
    std::mem::forget((founder, joiner));
}

async fn go_on() {
    let (mut founder, mut joiner) = pair().await;
    assert_talking(&mut founder, &mut joiner);
    renew(&mut founder, &mut joiner);
    assert_talking(&mut joiner, &mut founder);
    renew(&mut joiner, &mut founder);
    assert_talking(&mut founder, &mut joiner);
    std::mem::forget((founder, joiner));
}

async fn roll_back() {
    let (mut founder, mut joiner) = found_pair().await;
    let transaction = founder.0.transaction().unwrap();
    {
        let mls = Mls::new(&transaction);
        let mut group = mls.load(&GENERATION).unwrap().unwrap();
        group.encrypt(&mls, b"never sent").unwrap();
        group.self_update(&mls).unwrap();
        group.confirm(&mls).unwrap();
    }
    transaction.rollback().unwrap();
    assert_talking(&mut founder, &mut joiner);
}

/// Each text is put into the outbox in the transaction that encrypts it; each one heard is noted in the one that
/// decrypts it.
async fn text_until_killed() {
    let (mut founder, mut joiner) = found_pair().await;
    tell("kill");
    for n in 0_u32.. {
        write(&mut founder, n);
        hear_all(&founder, &mut joiner);
    }
}

async fn read_what_was_texted() {
    let (mut founder, mut joiner) = pair().await;
    let next: u32 = founder.0.query_row("SELECT count(*) FROM outbox", (), |row| row.get(0)).unwrap();
    assert!(next > 1, "it was killed while it texted");
    write(&mut founder, next);
    hear_all(&founder, &mut joiner);
    let (heard, last): (u32, u32) =
        joiner.0.query_row("SELECT count(*), max(n) FROM heard", (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((heard, last), (next + 1, next), "every text was heard once");
    assert_talking(&mut founder, &mut joiner);
}

fn write(founder: &mut Handset, n: u32) {
    founder
        .act(|connection, mls| {
            let message = mls.load(&GENERATION)?.unwrap().encrypt(mls, &n.to_be_bytes())?;
            connection.execute("INSERT INTO outbox VALUES (?1, ?2)", (n, message)).unwrap();
            Ok(())
        })
        .unwrap();
}

/// Hears what is in the outbox and not heard yet.
fn hear_all(founder: &Handset, joiner: &mut Handset) {
    let from: u32 = joiner.0.query_row("SELECT count(*) FROM heard", (), |row| row.get(0)).unwrap();
    let mut waiting = founder.0.prepare_cached("SELECT message FROM outbox WHERE n >= ?1 ORDER BY n").unwrap();
    let waiting: Vec<Vec<u8>> = waiting.query_map([from], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for message in waiting {
        joiner
            .act(|connection, mls| {
                let heard = mls.load(&GENERATION)?.unwrap().process(mls, &message)?;
                let Processed::Message { plaintext, .. } = heard else { panic!("a commit is no text") };
                let n = u32::from_be_bytes(plaintext.try_into().unwrap());
                // A primary key: hearing one twice fails.
                connection.execute("INSERT INTO heard VALUES (?1)", [n]).unwrap();
                Ok(())
            })
            .unwrap();
    }
}
