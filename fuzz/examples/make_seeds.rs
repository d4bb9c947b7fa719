//! Writes the seeds that are checked in: real messages of each kind, from the real encoders.

use std::fs;
use std::path::Path;
use std::time::Duration;

use entrenous_fuzz::{NOW, Pair};
use handset::NewCard;
use protocol::content::{Content, What};
use protocol::federation::{Fetch, Parcel, PeerMessage};
use protocol::frames::{Delivery, Deed, Outcome, ToSwitchboard};
use protocol::inside::{Inside, Status};
use protocol::intake::Bundle;
use protocol::{ContentId, EnvelopeHash, HandsetId, LookupId, MailboxId, QueueId, ReservationId, decode, encode};
use serde_bytes::ByteBuf;

fn main() {
    let mut pair = Pair::new();
    let card = NewCard { for_name: "a friend".into(), uses: 1, expires: Duration::from_secs(86_400), ask: false };
    let card = pair.handset.new_card(NOW, &card).expect("a card");
    pair.settle();
    write("card_text", "link", card.url.as_bytes());
    write("card_text", "words", card.words.as_bytes());
    write("card_text", "claim", b"https://line.example.org/claim#AAAAAAAAAAAAAAAAAAAAAA");
    for (i, frame) in pair.to_switchboard.iter().chain(&pair.to_handset).enumerate() {
        write("websocket_frame", &format!("frame-{i}"), frame);
    }
    let opened = pair.to_switchboard.iter().find_map(|frame| {
        match decode(frame, protocol::limits::FRAME_BYTES) {
            Ok(ToSwitchboard::Do { deed: Deed::OpenIntake { .. }, .. }) => Some(frame.clone()),
            _ => None,
        }
    });
    assert!(opened.is_some(), "the card was put up");
    let identity = seal::SigningKey::from_seed(&[1; 64]);
    let bundle = Bundle {
        name: "Ada Marsh".into(),
        identity: identity.public(),
        handsets: ByteBuf::from(vec![1; 100]),
        ask: false,
    };
    write("card_bundle", "bundle", &encode(&bundle));
    for (name, content) in [
        ("text", What::Text("Good evening.".into())),
        ("reaction", What::Reaction("👍".into())),
        ("retraction", What::Retraction),
    ] {
        let id = Some(ContentId::new([5; 32]));
        let (replaces, in_reply_to, files) = (id, id, Vec::new());
        let content = Content { salt: [1; 16], replaces, in_reply_to, expires: None, what: content, files };
        write("mimi_content", name, &content.to_bytes());
    }
    let status = Status { of: HandsetId::new([1; 16]), through: 7, missing: vec![3, 5], seen: Some(2), said: 9 };
    write("mimi_content", "status", &Inside::Status(status).to_padded());
    let peer: protocol::SwitchboardAddress = "127.0.0.1:4702".parse().expect("an address");
    let own: protocol::SwitchboardAddress = "127.0.0.1:4701".parse().expect("an address");
    let mailbox = MailboxId::new([2; 32]);
    let messages = vec![
        PeerMessage::Deliver(Delivery { mailbox, number: 1, at: NOW, urgent: true, envelope: ByteBuf::from([1; 64]) }),
        PeerMessage::Outcome { mailbox, of: EnvelopeHash::new([3; 32]), outcome: Outcome::Stale { epoch: 4 } },
        PeerMessage::Introduce {
            lookup: LookupId::new([4; 32]),
            reservation: ReservationId::new([5; 16]),
            reply_to: mailbox,
            sealed: ByteBuf::from([6; 64]),
        },
    ];
    let parcel =
        Parcel { from: peer.clone(), to: own.clone(), queue: QueueId::new([7; 16]), first: 1, messages };
    write("federation_request", "parcel", &encode(&parcel));
    let fetch = Fetch { from: peer, to: own, lookup: LookupId::new([4; 32]), reservation: ReservationId::new([5; 16]) };
    write("federation_request", "fetch", &encode(&fetch));
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a seed");
}
