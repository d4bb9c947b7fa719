//! Writes the seeds that are checked in: a sample of everything on the wire, and what a handset and its switchboard really
//! say to each other.

use std::fs;
use std::path::Path;
use std::time::Duration;

use entrenous_fuzz::{NOW, Pair};
use handset::NewCard;
use protocol::encode;

#[path = "../../crates/protocol/tests/samples/mod.rs"]
mod samples;

fn main() {
    let mut pair = Pair::new();
    let card = NewCard { for_name: "a friend".into(), uses: 1, expires: Duration::from_secs(86_400), ask: false };
    let card = pair.handset.new_card(NOW, &card).expect("a card");
    pair.settle();
    write("card_text", "link", card.url.as_bytes());
    write("card_text", "words", card.words.as_bytes());
    write("card_text", "claim", b"https://line.example.org/claim#AAAAAAAAAAAAAAAAAAAAAA");
    for (i, frame) in pair.to_switchboard.iter().chain(&pair.to_handset).enumerate() {
        write("websocket_frame", &format!("said-{i}"), frame);
    }
    all("websocket_frame", samples::to_switchboard().iter().map(|(name, frame)| (*name, encode(frame))));
    all("websocket_frame", samples::from_switchboard().iter().map(|(name, frame)| (*name, encode(frame))));
    all("federation_request", samples::parcels().iter().map(|(name, parcel)| (*name, encode(parcel))));
    all("federation_request", samples::parcel_replies().iter().map(|(name, reply)| (*name, encode(reply))));
    all("federation_request", samples::fetch_replies().iter().map(|(name, reply)| (*name, encode(reply))));
    write("federation_request", "fetch", &encode(&samples::fetch()));
    write("federation_request", "fetch-blob", &encode(&samples::fetch_blob()));
    write("federation_request", "signed", &encode(&samples::signed()));
    write("federation_request", "info", &encode(&samples::info()));
    all("mimi_content", samples::content().iter().map(|(name, content)| (*name, content.to_bytes())));
    all("mimi_content", samples::inside().iter().map(|(name, inside)| (*name, inside.to_padded())));
    write("card_bundle", "bundle", &encode(&samples::bundle()));
    write("card_bundle", "slot", &encode(&samples::slot()));
    all("card_bundle", samples::introductions().iter().map(|(name, introduction)| (*name, encode(introduction))));
    all("card_bundle", samples::handset_lists().iter().map(|(name, list)| (*name, encode(list))));
}

fn all<'n>(target: &str, seeds: impl Iterator<Item = (&'n str, Vec<u8>)>) {
    for (name, bytes) in seeds {
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        write(target, &name, &bytes);
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a seed");
}
