//! Handsets that are away are woken by Web Push: once, with nothing but the urgency, and nobody else is asked anything.

mod net;
mod service;
mod world;

use std::time::Duration;

use net::{Board, Phone};
use protocol::RefusalCode;
use protocol::frames::{Answer, Deed, MailboxAddress, Question, Submission};
use protocol::wake::{PushOutcome, Subscription, Urgency, Wake};
use service::{Browser, Service};
use switchboard::Config;
use switchboard::core::Work;
use tokio::time::sleep;
use world::{GENERATION, Line, World, capability, mailbox, submission};

/// How long a connected handset has in these tests.
const PATIENCE: Duration = Duration::from_secs(1);

/// A switchboard with two lines that share a conversation, and the phone of the first.
struct Office {
    board: Board,
    ada: Line,
    ivo: Line,
    phone: Phone,
    sent: u8,
}

impl Office {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let board = Board::with(|config| {
            config.limits.wake_patience = PATIENCE;
            change(config);
        })
        .await;
        let (mut ada, mut ivo) = (Line::new(1), Line::new(2));
        let mut phone = Phone::claim(&board, &ada).await;
        let invited = switchboard::invite(&board.path(), "ivo", Duration::from_secs(60)).unwrap();
        let mut other = Phone::claim_with(&board, &ivo, &invited.claim_url).await;
        let from = board.address();
        phone.deed(&mut ada, Deed::OpenMailbox { mailbox: mailbox(1), from: from.clone() }).await.unwrap();
        other.deed(&mut ivo, Deed::OpenMailbox { mailbox: mailbox(2), from }).await.unwrap();
        let member = |n: u8| MailboxAddress { address: board.address(), mailbox: mailbox(n) };
        let found = Deed::Found {
            generation: GENERATION,
            epoch: 1,
            capability: seal::capability_hash(&capability(1)),
            members: vec![member(1), member(2)],
        };
        phone.deed(&mut ada, found).await.unwrap();
        Self { board, ada, ivo, phone, sent: 0 }
    }

    async fn connect(&self) -> Phone {
        Phone::hello(&self.board, &self.ivo).await
    }

    /// The other line's handset says where it is woken, and goes.
    async fn subscribe(&mut self, browser: &Browser) {
        self.put(Some(browser.subscription())).await;
    }

    async fn put(&mut self, subscription: Option<Subscription>) {
        let mut phone = self.connect().await;
        phone.deed(&mut self.ivo, Deed::SetWake { subscription }).await.unwrap();
        drop(phone);
        self.is_away().await;
    }

    /// Waits until only the first phone is connected.
    async fn is_away(&self) {
        for _ in 0..100 {
            if self.board.metric("handsets_connected").await == 1 {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the handset is still connected");
    }

    /// The first line says something.
    async fn say(&mut self, urgent: Urgency) {
        self.sent += 1;
        let submission = Submission { urgent, ..submission(1, 1, &[self.sent; 40]) };
        let deed = Deed::Submit { to: self.board.address(), submission };
        self.phone.deed(&mut self.ada, deed).await.unwrap();
    }

    async fn wake(&self) -> Wake {
        asked(&mut self.connect().await, Question::Wake).await
    }
}

async fn asked(phone: &mut Phone, question: Question) -> Wake {
    match phone.ask(question).await.unwrap() {
        Answer::Wake(wake) => wake,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_away_is_woken_once_with_nothing_but_the_urgency() {
    let (mut office, service) = (Office::new().await, Service::new().await);
    let browser = service.browser("one");
    office.subscribe(&browser).await;
    for _ in 0..10 {
        office.say(Urgency::Waiting).await;
    }
    let first = service.wait_for(1).await.remove(0);
    let wake = office.wake().await;
    assert!(wake.stored);
    assert_eq!(wake.last.map(|last| last.outcome), Some(PushOutcome::Taken));
    let key = wake.key.unwrap();
    browser.check(&first, &key, &office.board.running.public_url);
    assert_eq!(first.path, "/one");
    assert_eq!(browser.open(&first), b"0");
    assert_eq!((first.header("urgency"), first.header("topic")), ("normal", "0"));
    assert!(first.header("ttl").parse::<u64>().unwrap() > 24 * 60 * 60);

    // It has been connected since, so that it is woken again; and once more for a call.
    office.is_away().await;
    office.say(Urgency::Waiting).await;
    service.wait_for(2).await;
    office.say(Urgency::Call).await;
    office.say(Urgency::Call).await;
    let call = service.wait_for(3).await.remove(2);
    assert_eq!(browser.open(&call), b"1");
    assert_eq!((call.header("urgency"), call.header("ttl")), ("high", "60"));
    assert_eq!(call.body.len(), first.body.len(), "all have one size");
    assert_eq!(office.board.metric("pushes_sent_total").await, 3);
}

#[tokio::test]
async fn who_is_there_is_not_woken_unless_nothing_is_taken() {
    let (mut office, service) = (Office::new().await, Service::new().await);
    let browser = service.browser("one");
    office.subscribe(&browser).await;
    let mut phone = office.connect().await;
    office.say(Urgency::Waiting).await;
    phone.envelope().await;
    sleep(PATIENCE * 2).await;
    assert_eq!(service.messages().len(), 0, "taken in time");
    office.say(Urgency::Waiting).await;
    let message = service.wait_for(1).await.remove(0);
    assert_eq!(browser.open(&message), b"0", "there, but it takes nothing");
}

#[tokio::test]
async fn what_nobody_needs_to_see_now_wakes_nobody_nor_do_ones_own_words() {
    let (mut office, service) = (Office::new().await, Service::new().await);
    let (theirs, own) = (service.browser("theirs"), service.browser("own"));
    office.subscribe(&theirs).await;
    let deed = Deed::SetWake { subscription: Some(own.subscription()) };
    office.phone.deed(&mut office.ada, deed).await.unwrap();
    office.say(Urgency::Quiet).await;
    sleep(PATIENCE * 2).await;
    assert_eq!(service.messages().len(), 0);
    // The first phone never takes its own envelopes here, and yet is not woken by them.
    office.say(Urgency::Waiting).await;
    sleep(PATIENCE * 2).await;
    let messages = service.wait_for(1).await;
    assert_eq!(messages[0].path, "/theirs");
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_forgotten_and_one_that_was_taken_back_too() {
    let (mut office, service) = (Office::new().await, Service::new().await);
    let browser = service.browser("one");
    office.subscribe(&browser).await;
    service.answer(410);
    office.say(Urgency::Waiting).await;
    service.wait_for(1).await;
    let wake = office.wake().await;
    assert_eq!((wake.stored, wake.last.map(|last| last.outcome)), (false, Some(PushOutcome::Gone)));
    office.is_away().await;
    office.say(Urgency::Waiting).await;
    service.wait_for(1).await;
    assert_eq!(office.board.metric("pushes_gone_total").await, 1);
    service.answer(201);
    office.subscribe(&service.browser("two")).await;
    office.say(Urgency::Waiting).await;
    assert_eq!(service.wait_for(2).await[1].path, "/two");
    office.put(None).await;
    assert!(!office.wake().await.stored);
    office.is_away().await;
    office.say(Urgency::Call).await;
    service.wait_for(2).await;
}

#[tokio::test]
async fn a_handset_can_have_itself_woken() {
    let (mut office, service) = (Office::new().await, Service::new().await);
    let mut phone = office.connect().await;
    let wake = asked(&mut phone, Question::TryWake).await;
    assert_eq!((wake.stored, wake.last), (false, None), "there is nothing to try");
    let browser = service.browser("one");
    let deed = Deed::SetWake { subscription: Some(browser.subscription()) };
    phone.deed(&mut office.ivo, deed).await.unwrap();
    // Redirected: followed nowhere.
    service.answer(307);
    let wake = asked(&mut phone, Question::TryWake).await;
    assert_eq!((wake.stored, wake.last.map(|last| last.outcome)), (true, Some(PushOutcome::Refused)));
    assert_eq!(browser.open(&service.wait_for(1).await[0]), b"0");
    let again = phone.ask(Question::TryWake).await.unwrap_err();
    assert_eq!(again.code, RefusalCode::TooMany);
    service.wait_for(1).await;
}

#[tokio::test]
async fn the_key_stays_and_the_operator_can_have_nobody_woken() {
    let office = Office::new().await;
    let key = office.wake().await.key;
    assert!(key.is_some());
    let Office { board, ivo, .. } = office;
    let board = board.stop().await.start().await;
    let wake = asked(&mut Phone::hello(&board, &ivo).await, Question::Wake).await;
    assert_eq!(wake.key, key, "also after a start");

    let service = Service::new().await;
    let mut office = Office::with(|config| config.web_push = false).await;
    let browser = service.browser("one");
    office.subscribe(&browser).await;
    office.say(Urgency::Call).await;
    sleep(PATIENCE).await;
    let wake = asked(&mut office.connect().await, Question::TryWake).await;
    assert_eq!((wake.key, wake.last), (None, None));
    assert_eq!(service.messages().len(), 0);
}

#[test]
fn nobody_has_the_switchboard_ask_inside_its_own_network() {
    let mut world = World::new();
    let mut line = Line::new(1);
    world.claim(world::A, &line);
    let good = |endpoint: &str| Subscription {
        endpoint: endpoint.to_owned(),
        p256dh: serde_bytes::ByteBuf::from([4; 65]),
        auth: serde_bytes::ByteBuf::from([1; 16]),
    };
    let mut put = |subscription: Subscription| {
        world.deed(world::A, &mut line, Deed::SetWake { subscription: Some(subscription) }).map_err(|r| r.code)
    };
    assert_eq!(put(good("https://push.example/abc")), Ok(()));
    for endpoint in ["https://127.0.0.1/x", "https://10.0.0.1/x", "http://push.example/x", "https://inside:443/x"] {
        assert_eq!(put(good(endpoint)), Err(RefusalCode::Malformed), "{endpoint}");
    }
    let short = Subscription { auth: serde_bytes::ByteBuf::from([1; 15]), ..good("https://push.example/abc") };
    assert_eq!(put(short), Err(RefusalCode::Malformed));
}

#[test]
fn only_what_was_tried_is_forgotten() {
    let mut world = World::new();
    let mut line = Line::new(1);
    world.claim(world::A, &line);
    let of = |name: &str| Subscription {
        endpoint: format!("https://push.example/{name}"),
        p256dh: serde_bytes::ByteBuf::from([4; 65]),
        auth: serde_bytes::ByteBuf::from([1; 16]),
    };
    world.deed(world::A, &mut line, Deed::SetWake { subscription: Some(of("new")) }).unwrap();
    let (handset, line) = (line.handset, line.line);
    let gone = |name: &str| Work::WakeGone { line, handset, subscription: Box::new(of(name)) };
    let stored = |world: &mut World| {
        switchboard::core::reads::wake(world.boards[world::A].core.store(), &line, &handset).unwrap()
    };
    world.apply(world::A, gone("old"));
    assert_eq!(stored(&mut world), Some(of("new")), "put up since");
    world.apply(world::A, gone("new"));
    assert_eq!(stored(&mut world), None);
}
