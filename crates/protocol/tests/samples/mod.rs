//! One sample of everything on the wire. [`every!`] does not compile while a variant has none.

use protocol::content::{Content, FilePart, Voice, What};
use protocol::documents::{HandsetEntry, HandsetList, SigningPublic};
use protocol::expiry::{Expires, ExpiryWord, Term};
use protocol::federation::{
    Fetch, FetchBlob, FetchReply, Parcel, ParcelReply, PeerMessage, SignedBytes, SwitchboardInfo,
};
use protocol::frames::{
    Answer, Deed, Delivery, FetchedSlot, FromSwitchboard, Greeting, Item, ItemBody, MailboxAddress, Outcome, Question,
    Routing, SealedSlot, Submission, ToSwitchboard, Way,
};
use protocol::inside::{Inside, Numbered, Status};
use protocol::intake::{Bundle, IntakeAddress, Introduction, Pairing, Slot};
use protocol::wake::{PushOutcome, Pushed, Subscription, Urgency, Wake};
use protocol::{
    BlobId, Capability, CapabilityHash, ContentId, ConversationId, EnvelopeHash, FileKey, GenerationId, HandsetId,
    InvitationSecret, LineId, LookupId, MailboxId, QueueId, Refusal, RefusalCode, ReservationId, RestoreId,
    SwitchboardAddress, Ticket, Timestamp, Token,
};
use serde_bytes::ByteBuf;

/// Samples of an enum, named, in their order; a variant without a pattern here is an error.
macro_rules! every {
    ($type:ident: $($name:literal $pattern:pat => $sample:expr,)+) => {{
        #[allow(dead_code)]
        fn is_here(value: &$type) {
            match value {
                $($pattern => {})+
            }
        }
        vec![$(($name, $sample)),+]
    }};
}

fn bytes(text: &str) -> ByteBuf {
    ByteBuf::from(text.as_bytes())
}

fn here() -> SwitchboardAddress {
    "line.tarn.example".parse().unwrap()
}

fn there() -> SwitchboardAddress {
    "line.marsh.example:8443".parse().unwrap()
}

const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const LINE: LineId = LineId::new([1; 32]);
const HANDSET: HandsetId = HandsetId::new([2; 16]);
const MAILBOX: MailboxId = MailboxId::new([3; 32]);
const LOOKUP: LookupId = LookupId::new([4; 32]);
const RESERVATION: ReservationId = ReservationId::new([5; 16]);
const GENERATION: GenerationId = GenerationId::new([6; 32]);
const ENVELOPE: EnvelopeHash = EnvelopeHash::new([7; 32]);
const BLOB: BlobId = BlobId::new([8; 32]);
const CONTENT: ContentId = ContentId::new([9; 32]);
const NEXT: CapabilityHash = CapabilityHash::new([10; 32]);

fn refusal() -> Refusal {
    Refusal::new(RefusalCode::CardUsedUp, "this card is used up: ask for another")
}

fn signing() -> SigningPublic {
    SigningPublic { ed25519: vec![11; 3], ml_dsa_65: vec![12; 4] }
}

pub(crate) fn greeting() -> Greeting {
    Greeting {
        context: "entrenous greeting".into(),
        nonce: bytes("nonce"),
        address: here(),
        line: LINE,
        handset: HANDSET,
    }
}

pub(crate) fn to_switchboard() -> Vec<(&'static str, ToSwitchboard)> {
    let (handsets, signature) = (bytes("list"), bytes("signature"));
    let mut all = every!(ToSwitchboard:
        "Hello" ToSwitchboard::Hello { .. } =>
            ToSwitchboard::Hello { version: 1, line: LINE, handset: HANDSET, signature: signature.clone() },
        "Claim" ToSwitchboard::Claim { .. } => ToSwitchboard::Claim {
            version: 1,
            invitation: InvitationSecret::new([13; 16]),
            identity: signing(),
            handsets: handsets.clone(),
            handset: HANDSET,
            signature: signature.clone(),
        },
        "Restore" ToSwitchboard::Restore { .. } =>
            ToSwitchboard::Restore { version: 1, identity: signing(), handsets, handset: HANDSET, signature },
        "Ack" ToSwitchboard::Ack { .. } => ToSwitchboard::Ack { through: 300 },
        "Do" ToSwitchboard::Do { .. } => ToSwitchboard::Do { number: 1, deed: Deed::CloseMailbox { mailbox: MAILBOX } },
        "Ask" ToSwitchboard::Ask { .. } => ToSwitchboard::Ask { id: 1, question: Question::Ticket },
    );
    all.extend(deeds().into_iter().map(|(name, deed)| (name, ToSwitchboard::Do { number: 70_000, deed })));
    all.extend(questions().into_iter().map(|(name, question)| (name, ToSwitchboard::Ask { id: 2, question })));
    all
}

fn slots() -> Vec<SealedSlot> {
    vec![SealedSlot { mailbox: MAILBOX, sealed: bytes("slot") }]
}

fn submission(commit: Option<Routing>) -> Submission {
    Submission {
        generation: GENERATION,
        epoch: 3,
        capability: Capability::new([14; 32]),
        commit,
        reply_to: MAILBOX,
        urgent: Urgency::Waiting,
        envelope: bytes("envelope"),
    }
}

fn routing() -> Routing {
    let add = vec![MailboxAddress { address: there(), mailbox: MAILBOX }];
    Routing { capability: NEXT, add, remove: vec![MailboxId::new([15; 32])] }
}

fn deeds() -> Vec<(&'static str, Deed)> {
    let mut all = every!(Deed:
        "Deed::OpenMailbox" Deed::OpenMailbox { .. } => Deed::OpenMailbox { mailbox: MAILBOX, from: there() },
        "Deed::CloseMailbox" Deed::CloseMailbox { .. } => Deed::CloseMailbox { mailbox: MAILBOX },
        "Deed::OpenIntake" Deed::OpenIntake { .. } => Deed::OpenIntake {
            lookup: LOOKUP,
            bundle: bytes("bundle"),
            slots: slots(),
            expires_at: Some(AT),
            last_resort: false,
        },
        "Deed::AddSlots" Deed::AddSlots { .. } => Deed::AddSlots { lookup: LOOKUP, slots: slots() },
        "Deed::RevokeIntake" Deed::RevokeIntake { .. } => Deed::RevokeIntake { lookup: LOOKUP },
        "Deed::Found" Deed::Found { .. } => Deed::Found {
            generation: GENERATION,
            epoch: 1,
            capability: NEXT,
            members: routing().add,
        },
        "Deed::Introduce" Deed::Introduce { .. } => Deed::Introduce {
            to: there(),
            lookup: LOOKUP,
            reservation: RESERVATION,
            reply_to: MAILBOX,
            sealed: bytes("introduction"),
        },
        "Deed::Submit" Deed::Submit { .. } => Deed::Submit { to: there(), submission: submission(None) },
        "Deed::PutHandsets" Deed::PutHandsets { .. } => Deed::PutHandsets { handsets: bytes("list") },
        "Deed::OpenBlob" Deed::OpenBlob { .. } => Deed::OpenBlob { blob: BLOB, size: 1 << 20, copies: 1 },
        "Deed::ReleaseBlob" Deed::ReleaseBlob { .. } => Deed::ReleaseBlob { at: there(), blob: BLOB },
        "Deed::RemoveBlob" Deed::RemoveBlob { .. } => Deed::RemoveBlob { blob: BLOB },
        "Deed::SetWake" Deed::SetWake { .. } => Deed::SetWake { subscription: Some(subscription()) },
    );
    all.push(("Deed::SetWake none", Deed::SetWake { subscription: None }));
    let call = Submission { urgent: Urgency::Call, ..submission(None) };
    all.push(("Deed::Submit a call", Deed::Submit { to: there(), submission: call }));
    all.push(("Deed::Submit a commit", Deed::Submit { to: there(), submission: submission(Some(routing())) }));
    all
}

fn questions() -> Vec<(&'static str, Question)> {
    every!(Question:
        "Question::FetchSlot" Question::FetchSlot { .. } =>
            Question::FetchSlot { at: there(), lookup: LOOKUP, reservation: RESERVATION },
        "Question::Ticket" Question::Ticket => Question::Ticket,
        "Question::Way" Question::Way { .. } => Question::Way { to: there() },
        "Question::Wake" Question::Wake => Question::Wake,
        "Question::TryWake" Question::TryWake => Question::TryWake,
    )
}

fn fetched() -> FetchedSlot {
    FetchedSlot { bundle: bytes("bundle"), slot: bytes("slot") }
}

fn subscription() -> Subscription {
    let endpoint = "https://push.example/send/abc".to_owned();
    Subscription { endpoint, p256dh: ByteBuf::from([4; 65]), auth: ByteBuf::from([17; 16]) }
}

fn wake(outcome: PushOutcome) -> Wake {
    let last = Some(Pushed { at: AT, outcome });
    Wake { key: Some(ByteBuf::from([4; 65])), stored: true, last }
}

fn answers() -> Vec<(&'static str, Answer)> {
    let mut all = every!(Answer:
        "Answer::Slot" Answer::Slot(_) => Answer::Slot(fetched()),
        "Answer::Ticket" Answer::Ticket(_) => Answer::Ticket(Ticket::new([16; 32])),
        "Answer::Way" Answer::Way(_) => Answer::Way(Way { waits_since: Some(AT), confirmed_at: None }),
        "Answer::Wake" Answer::Wake(_) => Answer::Wake(wake(PushOutcome::Taken)),
    );
    all.push(("Answer::Wake none", Answer::Wake(Wake::default())));
    let outcomes = every!(PushOutcome:
        "Answer::Wake taken" PushOutcome::Taken => PushOutcome::Taken,
        "Answer::Wake gone" PushOutcome::Gone => PushOutcome::Gone,
        "Answer::Wake refused" PushOutcome::Refused => PushOutcome::Refused,
        "Answer::Wake unreachable" PushOutcome::Unreachable => PushOutcome::Unreachable,
    );
    all.extend(outcomes.into_iter().map(|(name, outcome)| (name, Answer::Wake(wake(outcome)))));
    all
}

fn delivery() -> Delivery {
    Delivery { mailbox: MAILBOX, number: 5, at: AT, urgent: Urgency::Quiet, envelope: bytes("envelope") }
}

fn outcomes() -> Vec<(&'static str, Outcome)> {
    every!(Outcome:
        "Outcome::Introduced" Outcome::Introduced => Outcome::Introduced,
        "Outcome::Stale" Outcome::Stale { .. } => Outcome::Stale { epoch: 4 },
        "Outcome::GenerationUnknown" Outcome::GenerationUnknown => Outcome::GenerationUnknown,
        "Outcome::Refused" Outcome::Refused(_) => Outcome::Refused(refusal()),
    )
}

fn items() -> Vec<(&'static str, ItemBody)> {
    let mut all = every!(ItemBody:
        "ItemBody::Envelope" ItemBody::Envelope(_) => ItemBody::Envelope(delivery()),
        "ItemBody::Outcome" ItemBody::Outcome { .. } =>
            ItemBody::Outcome { mailbox: MAILBOX, of: ENVELOPE, outcome: Outcome::Introduced },
        "ItemBody::Introduction" ItemBody::Introduction { .. } => ItemBody::Introduction {
            lookup: LOOKUP,
            mailbox: MAILBOX,
            from: there(),
            sealed: bytes("introduction"),
        },
        "ItemBody::OutOfService" ItemBody::OutOfService { .. } => ItemBody::OutOfService { mailbox: MAILBOX, at: AT },
        "ItemBody::BackInService" ItemBody::BackInService { .. } => ItemBody::BackInService { mailbox: MAILBOX, at: AT },
    );
    let outcome = |(name, outcome)| (name, ItemBody::Outcome { mailbox: MAILBOX, of: ENVELOPE, outcome });
    all.extend(outcomes().into_iter().map(outcome));
    all
}

pub(crate) fn from_switchboard() -> Vec<(&'static str, FromSwitchboard)> {
    let mut all = every!(FromSwitchboard:
        "Challenge" FromSwitchboard::Challenge { .. } => FromSwitchboard::Challenge {
            versions: vec![1],
            nonce: bytes("nonce"),
            address: here(),
            scheme: "https".into(),
            office: "Office of the Envoy".into(),
            now: AT,
        },
        "Welcome" FromSwitchboard::Welcome { .. } => FromSwitchboard::Welcome { done: 1, newest: 2 },
        "Refused" FromSwitchboard::Refused(_) => FromSwitchboard::Refused(refusal()),
        "Done" FromSwitchboard::Done { .. } => FromSwitchboard::Done { number: 3 },
        "NotDone" FromSwitchboard::NotDone { .. } => FromSwitchboard::NotDone { number: 4, refusal: refusal() },
        "Answer refused" FromSwitchboard::Answer { .. } => FromSwitchboard::Answer { id: 5, answer: Err(refusal()) },
        "Items none" FromSwitchboard::Items(_) => FromSwitchboard::Items(Vec::new()),
        "Superseded" FromSwitchboard::Superseded { .. } => FromSwitchboard::Superseded { handsets: bytes("list") },
        "Restored" FromSwitchboard::Restored(_) => FromSwitchboard::Restored(RestoreId::new([17; 16])),
    );
    let answer = |(name, answer)| (name, FromSwitchboard::Answer { id: 6, answer: Ok(answer) });
    all.extend(answers().into_iter().map(answer));
    all.extend(items().into_iter().map(|(name, body)| (name, FromSwitchboard::Items(vec![Item { number: 7, body }]))));
    let code = |code| (RefusalCode::as_str(code), FromSwitchboard::Refused(Refusal::new(code, "")));
    all.extend(refusals().into_iter().map(code));
    all
}

fn refusals() -> Vec<RefusalCode> {
    use RefusalCode as Code;
    vec![
        Code::CardExpired,
        Code::CardRevoked,
        Code::CardUnknown,
        Code::CardUsedUp,
        Code::ReservationLapsed,
        Code::InvitationInvalid,
        Code::HandsetUnknown,
        Code::LineUnknown,
        Code::NotAuthentic,
        Code::Malformed,
        Code::TooLarge,
        Code::TooMany,
        Code::AtLimit,
        Code::PeerUnreachable,
        Code::PeerNotAllowed,
        Code::VersionUnknown,
        Code::Unavailable,
        Code::BlobUnknown,
        Code::BlobIncomplete,
        Code::HandsetRevoked,
    ]
}

pub(crate) fn info() -> SwitchboardInfo {
    SwitchboardInfo { versions: vec![1], address: here(), office: "Office of the Envoy".into(), key: bytes("key") }
}

pub(crate) fn signed() -> SignedBytes {
    SignedBytes { from: here(), payload: bytes("payload"), signature: bytes("signature") }
}

pub(crate) fn parcels() -> Vec<(&'static str, Parcel)> {
    let messages = every!(PeerMessage:
        "Submit" PeerMessage::Submit(_) => PeerMessage::Submit(submission(None)),
        "Deliver" PeerMessage::Deliver(_) => PeerMessage::Deliver(delivery()),
        "Outcome" PeerMessage::Outcome { .. } =>
            PeerMessage::Outcome { mailbox: MAILBOX, of: ENVELOPE, outcome: Outcome::Stale { epoch: 4 } },
        "Introduce" PeerMessage::Introduce { .. } => PeerMessage::Introduce {
            lookup: LOOKUP,
            reservation: RESERVATION,
            reply_to: MAILBOX,
            sealed: bytes("introduction"),
        },
        "ReleaseBlob" PeerMessage::ReleaseBlob { .. } => PeerMessage::ReleaseBlob { blob: BLOB },
        "OutOfService" PeerMessage::OutOfService { .. } => PeerMessage::OutOfService { mailbox: MAILBOX, at: AT },
        "DeliverOutOfService" PeerMessage::DeliverOutOfService { .. } =>
            PeerMessage::DeliverOutOfService { mailbox: MAILBOX, at: AT },
        "BackInService" PeerMessage::BackInService { .. } => PeerMessage::BackInService { mailbox: MAILBOX, at: AT },
        "DeliverBackInService" PeerMessage::DeliverBackInService { .. } =>
            PeerMessage::DeliverBackInService { mailbox: MAILBOX, at: AT },
    );
    let parcel = |(name, message)| {
        let messages = vec![message];
        (name, Parcel { from: here(), to: there(), queue: QueueId::new([18; 16]), first: 9, messages })
    };
    messages.into_iter().map(parcel).collect()
}

pub(crate) fn parcel_replies() -> Vec<(&'static str, ParcelReply)> {
    every!(ParcelReply:
        "Stored" ParcelReply::Stored { .. } => ParcelReply::Stored { through: 9 },
        "Behind" ParcelReply::Behind { .. } => ParcelReply::Behind { through: 8 },
        "Refused" ParcelReply::Refused(_) => ParcelReply::Refused(refusal()),
    )
}

pub(crate) fn fetch() -> Fetch {
    Fetch { from: here(), to: there(), lookup: LOOKUP, reservation: RESERVATION }
}

pub(crate) fn fetch_replies() -> Vec<(&'static str, FetchReply)> {
    vec![("a slot", Ok(fetched())), ("a refusal", Err(refusal()))]
}

pub(crate) fn fetch_blob() -> FetchBlob {
    FetchBlob { from: here(), to: there(), blob: BLOB, offset: 65_536 }
}

fn intake_address() -> IntakeAddress {
    IntakeAddress { address: here(), token: Token::new([19; 16]) }
}

fn pairing(mac: Option<ByteBuf>) -> Pairing {
    Pairing { encapsulated: bytes("encapsulated"), mac }
}

pub(crate) fn inside() -> Vec<(&'static str, Inside)> {
    every!(Inside:
        "Content" Inside::Content(_) =>
            Inside::Content(Numbered { handset: HANDSET, number: 1, sent_at: AT, mimi: bytes("content") }),
        "Status" Inside::Status(_) =>
            Inside::Status(Status { of: HANDSET, through: 4, missing: vec![2, 3], seen: Some(1), said: 7 }),
        "Vouch" Inside::Vouch { .. } => Inside::Vouch {
            handset: HANDSET,
            pairing: pairing(Some(bytes("mac"))),
            intake: intake_address(),
            name: "Ivo Tarn".into(),
        },
    )
}

fn said(what: What) -> Content {
    Content { salt: [20; 16], replaces: None, in_reply_to: None, expires: None, what, files: Vec::new() }
}

fn file(voice: Option<Voice>) -> FilePart {
    FilePart {
        name: "draft.pdf".into(),
        media_type: "application/pdf".into(),
        size: 1000,
        at: here(),
        blob: BLOB,
        key: FileKey::new([21; 32]),
        voice,
    }
}

pub(crate) fn content() -> Vec<(&'static str, Content)> {
    let answer = |word| Content { in_reply_to: Some(CONTENT), ..said(What::Expiry(word)) };
    let words = every!(ExpiryWord:
        "a proposal" ExpiryWord::Propose { .. } => said(What::Expiry(ExpiryWord::Propose { term: Term::Week, after: 2 })),
        "an acceptance" ExpiryWord::Accept => answer(ExpiryWord::Accept),
        "a declining" ExpiryWord::Decline => answer(ExpiryWord::Decline),
        "a withdrawal" ExpiryWord::Withdraw => answer(ExpiryWord::Withdraw),
    );
    let mut all = every!(What:
        "a text" What::Text(_) => said(What::Text("Good evening.".into())),
        "a reaction" What::Reaction(_) => Content { in_reply_to: Some(CONTENT), ..said(What::Reaction("👍".into())) },
        "a retraction" What::Retraction => Content { replaces: Some(CONTENT), ..said(What::Retraction) },
        "words about expiry" What::Expiry(_) => answer(ExpiryWord::Accept),
        "something unknown" What::Unknown => said(What::Unknown),
    );
    all.extend(words);
    let expires = Some(Expires { relative: true, time: 86_400 });
    let reply = Content { in_reply_to: Some(CONTENT), expires, ..said(What::Text("And to you.".into())) };
    all.push(("a reply that expires", reply));
    let voice = Voice { duration: 3200, waveform: vec![0, 128, 255] };
    let with_files = |text: &str, files| Content { files, ..said(What::Text(text.into())) };
    all.push(("a text with files", with_files("See page 3.", vec![file(None), file(None)])));
    all.push(("a voice note", with_files("", vec![file(Some(voice))])));
    all
}

pub(crate) fn handset_lists() -> Vec<(&'static str, HandsetList)> {
    let list = |restored: u64| HandsetList {
        line: LINE,
        number: restored + 1,
        previous: (restored > 0).then(|| bytes("hash")),
        successor: bytes("successor"),
        handsets: vec![HandsetEntry { handset: HANDSET, signing: signing(), kem: vec![22; 5] }],
        made_at: AT,
        restored,
        successor_key: (restored > 0).then(signing),
    };
    vec![("first", list(0)), ("restored", list(1))]
}

pub(crate) fn bundle() -> Bundle {
    Bundle { name: "Ada Marsh".into(), identity: signing(), handsets: bytes("list"), ask: true }
}

pub(crate) fn slot() -> Slot {
    Slot { handset: HANDSET, key_package: bytes("key package"), mailbox: MAILBOX }
}

pub(crate) fn introductions() -> Vec<(&'static str, Introduction)> {
    let introduction = |mac| Introduction {
        name: "Ivo Tarn".into(),
        identity: signing(),
        handsets: bytes("list"),
        handset: HANDSET,
        conversation: ConversationId::new([23; 32]),
        number: 1,
        generation: GENERATION,
        sequencer: here(),
        welcome: bytes("welcome"),
        intake: intake_address(),
        pairing: pairing(mac),
        made_at: AT,
    };
    vec![("by a card", introduction(None)), ("again", introduction(Some(bytes("mac"))))]
}
