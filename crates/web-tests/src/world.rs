//! Two offices in one worker: two switchboards' cores and two handsets' engines, nothing but frames between them.

use std::collections::VecDeque;

use database::{DatabaseKey, open_opfs};
use handset::{ClaimLink, Event, Handset, NewCard};
use protocol::federation::FetchReply;
use protocol::{SwitchboardAddress, Timestamp, encode};
use rand_chacha::ChaCha20Rng;
use switchboard::Limits;
use switchboard::core::connection::{Connection, Output};
use switchboard::core::outgoing::{Next, PeerQueue};
use switchboard::core::{Applied, Core, Done, Federation, Office, Work, reads};
use switchboard::store::SqliteStore;

use crate::rng;

pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;
const NAMES: [&str; 2] = ["Ama", "Bertil"];

/// A switchboard, with its one line's handset and, if that is connected, the connection.
struct Side {
    core: Core<SqliteStore>,
    queue: PeerQueue,
    handset: Handset,
    connection: Option<Connection>,
    events: Vec<Event>,
}

pub(crate) struct World {
    now: Timestamp,
    sides: [Side; 2],
    rng: ChaCha20Rng,
}

impl World {
    /// All four databases on the origin-private file system, new or as they were left.
    pub(crate) async fn open(name: &str) -> Self {
        let sides = [Side::open(name, A).await, Side::open(name, B).await];
        Self { now: Timestamp::from_millis(1_900_000_000_000), sides, rng: rng() }
    }

    /// Both claim a line, A makes a card, and B takes it up.
    pub(crate) fn introduce(&mut self) {
        for at in [A, B] {
            let Some(Done::Invited(invitation)) = self.apply(at, Work::Invite { keep_secret: false }).pop() else {
                panic!("no invitation")
            };
            let link = ClaimLink { scheme: "https".to_owned(), address: address(at), invitation };
            self.sides[at].handset.claim(self.now, &link, NAMES[at], false).unwrap();
        }
        self.run();
        let card = NewCard {
            for_name: "the other side".to_owned(),
            uses: 1,
            expires: std::time::Duration::from_secs(86_400),
            ask: false,
        };
        let card = self.sides[A].handset.new_card(self.now, &card).unwrap();
        self.run();
        self.sides[B].handset.accept(self.now, &card.words, None).unwrap();
        self.run();
        for at in [A, B] {
            assert_eq!(self.sides[at].handset.people().unwrap().len(), 1, "{:?}", self.sides[at].events);
        }
    }

    pub(crate) fn handset(&self, at: usize) -> &Handset {
        &self.sides[at].handset
    }

    /// A text from one side to the other.
    pub(crate) fn text(&mut self, from: usize, words: &str) {
        let person = self.person(from);
        self.sides[from].handset.text(self.now, &person, words, None).unwrap();
    }

    /// What the other side is called here.
    pub(crate) fn person(&self, at: usize) -> String {
        self.sides[at].handset.people().unwrap()[0].person.clone()
    }

    /// Lets time pass until nothing is left to do within a minute.
    pub(crate) fn run(&mut self) {
        let end = self.now.after(std::time::Duration::from_secs(60));
        loop {
            while self.step() {}
            let next = self.sides.iter().filter_map(|side| side.handset.next_timeout().unwrap()).min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => return,
            }
            for side in &mut self.sides {
                if side.handset.next_timeout().unwrap().is_some_and(|due| due <= self.now) {
                    side.handset.timeout(self.now).unwrap();
                }
            }
        }
    }

    /// Whether there was something to do.
    fn step(&mut self) -> bool {
        let mut busy = false;
        for at in [A, B] {
            self.connect(at);
            busy |= self.hear_handset(at) | self.hear_connection(at) | self.carry(at);
        }
        busy
    }

    fn connect(&mut self, at: usize) {
        let Self { now, sides, rng } = self;
        let side = &mut sides[at];
        if side.connection.is_none() && side.handset.switchboard_url().unwrap().is_some() {
            side.connection = Some(Connection::new(side.core.office().clone(), *now, rng));
            side.handset.connected();
        }
    }

    fn hear_handset(&mut self, at: usize) -> bool {
        let side = &mut self.sides[at];
        let mut busy = false;
        while let Some(output) = side.handset.poll_output() {
            busy = true;
            match output {
                handset::Output::Send(frame) => {
                    if let Some(connection) = &mut side.connection {
                        connection.receive(&frame);
                    }
                }
                handset::Output::Close => {
                    side.connection = None;
                    side.handset.disconnected();
                }
                handset::Output::Event(event) => side.events.push(event),
            }
        }
        busy
    }

    fn hear_connection(&mut self, at: usize) -> bool {
        let mut outputs = VecDeque::new();
        while let Some(output) = self.sides[at].connection.as_mut().and_then(Connection::poll) {
            outputs.push_back(output);
        }
        let busy = !outputs.is_empty();
        for output in outputs {
            self.serve(at, output);
        }
        busy
    }

    fn serve(&mut self, at: usize, output: Output) {
        match output {
            Output::Send(frame) => self.sides[at].handset.receive(self.now, &encode(&*frame)).unwrap(),
            Output::Look { line, handset } => {
                let known = reads::known(self.sides[at].core.store(), &line, &handset).unwrap();
                self.answer(at, |connection| connection.known(known));
            }
            Output::Apply(work) => {
                for done in self.apply(at, work) {
                    self.answer(at, |connection| connection.done(done));
                }
            }
            Output::Read { line, handset, after, count, bytes } => {
                let items = reads::items(self.sides[at].core.store(), &line, &handset, after, count, bytes).unwrap();
                self.answer(at, |connection| connection.items(items));
            }
            Output::Fetch { id, lookup, reservation, .. } => {
                let fetch = Work::Fetch { from: address(at), lookup, reservation, id };
                let reply: FetchReply = match self.apply(1 - at, fetch).pop() {
                    Some(Done::Fetched { reply, .. }) => reply,
                    other => panic!("{other:?}"),
                };
                self.answer(at, |connection| connection.fetched(id, reply));
            }
            Output::Way { id, line, to } => {
                let way = reads::way(self.sides[at].core.store(), &line, &to);
                self.answer(at, |connection| connection.way(id, way));
            }
            Output::Opened { .. } | Output::Ticket { .. } | Output::Wake { .. } => {}
            Output::Close => {
                self.sides[at].connection = None;
                self.sides[at].handset.disconnected();
            }
        }
    }

    fn answer(&mut self, at: usize, answer: impl FnOnce(&mut Connection)) {
        if let Some(connection) = &mut self.sides[at].connection {
            answer(connection);
        }
    }

    fn apply(&mut self, at: usize, work: Work) -> Vec<Done> {
        let side = &mut self.sides[at];
        let Applied { done, lines, peers, .. } = side.core.apply(self.now, vec![work]).unwrap();
        if !lines.is_empty() {
            self.answer(at, Connection::wake);
        }
        if !peers.is_empty() {
            self.sides[at].queue.wake();
        }
        done
    }

    /// One step of what goes from this switchboard to the other.
    fn carry(&mut self, at: usize) -> bool {
        match self.sides[at].queue.poll(self.now) {
            Next::Idle => return false,
            Next::Wait(until) => self.now = until,
            Next::Read { after, count, bytes } => {
                let side = &mut self.sides[at];
                let office = side.core.office().clone();
                let peer = side.queue.peer().clone();
                let waiting = reads::waiting(side.core.store(), &office, &peer, after, count, bytes).unwrap();
                side.queue.loaded(waiting);
            }
            Next::Send(parcel) => {
                let reply = match self.apply(1 - at, Work::Parcel(parcel)).pop() {
                    Some(Done::Parcel(reply)) => reply,
                    other => panic!("{other:?}"),
                };
                self.sides[at].queue.replied(self.now, &reply, &mut self.rng);
            }
            Next::Apply(work) => {
                self.apply(at, work);
                self.sides[at].queue.applied(true);
            }
        }
        true
    }
}

impl Side {
    async fn open(name: &str, at: usize) -> Self {
        let key = || DatabaseKey::new([5; 32]);
        let board = open_opfs(&format!("{name}-board-{at}"), &key()).await.unwrap();
        let handset = open_opfs(&format!("{name}-handset-{at}"), &key()).await.unwrap();
        let office = Office {
            address: address(at),
            name: format!("Office {at}"),
            federation: Federation::Open,
            loopback_only: false,
            plain_http: false,
        };
        let core = Core::new(SqliteStore::on(board).unwrap(), office, Limits::default(), Box::new(rng()));
        Self {
            core,
            queue: PeerQueue::new(address(at), address(1 - at)),
            handset: Handset::open(handset, rng()).unwrap(),
            connection: None,
            events: Vec::new(),
        }
    }
}

fn address(at: usize) -> SwitchboardAddress {
    ["a.example", "b.example:8443"][at].parse().unwrap()
}
