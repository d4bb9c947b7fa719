//! A claimed line and its switchboard, connected, for the targets that speak to one of the two.

use handset::{ClaimLink, Handset, Output as FromHandset};
use protocol::{Timestamp, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use switchboard::Limits;
use switchboard::core::connection::{Connection, Output};
use switchboard::core::{Core, Done, Federation, Office, Work, reads};
use switchboard::store::SqliteStore;

/// A moment after which nothing expires in a run.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// A handset that is let in at its switchboard.
pub struct Pair {
    pub core: Core<SqliteStore>,
    pub connection: Connection,
    pub handset: Handset,
    /// What each said to the other, for seeds.
    pub to_switchboard: Vec<Vec<u8>>,
    pub to_handset: Vec<Vec<u8>>,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    /// Claims a line and lets the handset in.
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let office = Office {
            address: "127.0.0.1:4701".parse().expect("an address"),
            name: "An office".to_owned(),
            federation: Federation::Open,
            loopback_only: true,
            plain_http: true,
        };
        let store = SqliteStore::in_memory().expect("a store");
        let mut core =
            Core::new(store, office.clone(), Limits::default(), Box::new(ChaCha20Rng::seed_from_u64(2)));
        let invited = core.apply(NOW, vec![Work::Invite { keep_secret: false }]).expect("an invitation").done.pop();
        let Some(Done::Invited(invitation)) = invited else { panic!("no invitation") };
        let db = database::open_memory().expect("a database");
        let mut handset = Handset::open(db, ChaCha20Rng::seed_from_u64(3)).expect("a handset");
        let link = ClaimLink { scheme: "http".to_owned(), address: office.address.clone(), invitation };
        handset.claim(NOW, &link, "Ada Marsh", false).expect("a claim");
        handset.connected();
        let connection = Connection::new(office, NOW, &mut rng);
        let mut pair = Self { core, connection, handset, to_switchboard: Vec::new(), to_handset: Vec::new() };
        pair.settle();
        assert!(pair.connection.is_open(), "the handset is in");
        pair
    }

    /// Carries what each has to say to the other until both are quiet.
    pub fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.handset.poll_output() {
                quiet = false;
                if let FromHandset::Send(frame) = output {
                    self.connection.receive(&frame);
                    self.to_switchboard.push(frame);
                }
            }
            while let Some(output) = self.connection.poll() {
                quiet = false;
                self.drive(output);
            }
            if quiet {
                return;
            }
        }
    }

    fn drive(&mut self, output: Output) {
        match output {
            Output::Send(frame) => {
                let frame = encode(&*frame);
                // What the handset thinks of it is its own matter; it must only not panic.
                let _ = self.handset.receive(NOW, &frame);
                self.to_handset.push(frame);
            }
            Output::Look { line, handset } => {
                let known = reads::known(self.core.store(), &line, &handset).expect("a look");
                self.connection.known(known);
            }
            Output::Apply(work) => {
                let mut applied = self.core.apply(NOW, vec![work]).expect("a store that works");
                if let Some(done) = applied.done.pop() {
                    self.connection.done(done);
                }
                if !applied.lines.is_empty() {
                    self.connection.wake();
                }
            }
            Output::Read { line, handset, after, count, bytes } => {
                let items = reads::items(self.core.store(), &line, &handset, after, count, bytes).expect("items");
                self.connection.items(items);
            }
            // What needs others, or the edge: nobody is there.
            _ => {}
        }
    }
}
