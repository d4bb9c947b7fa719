//! A switchboard that sequences falsely for the other side: what it sends on is dropped, altered, replaced by something
//! older, or exchanged, under numbers that look right.

use std::collections::BTreeMap;

use protocol::federation::{Parcel, PeerMessage};
use protocol::frames::Outcome;
use protocol::{EnvelopeHash, MailboxId, Refusal, RefusalCode};
use rand_chacha::ChaCha20Rng;
use serde_bytes::ByteBuf;

use crate::network::{below, chance};

/// A false switchboard.
#[derive(Debug)]
pub struct Hostile {
    /// Which.
    pub office: usize,
    /// Of 1000 deliveries, so many are tampered with.
    pub of_1000: u64,
    /// Deliveries that were.
    pub tampered: u64,
    /// What it has seen for each mailbox.
    past: BTreeMap<MailboxId, Vec<ByteBuf>>,
}

/// How a switchboard withholds what others send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withholds {
    /// It does not answer.
    Silently,
    /// It says that it has stored it, and has not.
    Falsely,
}

impl Hostile {
    /// One that tampers with so many of 1000 deliveries to the other side.
    pub const fn new(office: usize, of_1000: u64) -> Self {
        Self { office, of_1000, tampered: 0, past: BTreeMap::new() }
    }

    /// Tampers with what it sends.
    pub(crate) fn tamper(&mut self, rng: &mut ChaCha20Rng, parcel: &mut Parcel) {
        let mut before: Option<usize> = None;
        for at in 0..parcel.messages.len() {
            let (earlier, rest) = parcel.messages.split_at_mut(at);
            let Some(message) = rest.first_mut() else { return };
            let PeerMessage::Deliver(delivery) = message else { continue };
            let past = self.past.entry(delivery.mailbox).or_default();
            let honest = delivery.envelope.clone();
            if chance(rng, self.of_1000) {
                self.tampered += 1;
                match below(rng, 4) {
                    0 => *message = blank(),
                    1 => {
                        let byte = below(rng, delivery.envelope.len() as u64) as usize;
                        delivery.envelope[byte] ^= 1 << below(rng, 8);
                    }
                    2 => {
                        if let Some(old) = past.get(below(rng, past.len() as u64) as usize) {
                            delivery.envelope = old.clone();
                        }
                    }
                    _ => {
                        if let Some(PeerMessage::Deliver(other)) = before.and_then(|before| earlier.get_mut(before)) {
                            std::mem::swap(&mut other.envelope, &mut delivery.envelope);
                        }
                    }
                }
            }
            past.push(honest);
            before = Some(at);
        }
    }
}

/// Stands for a message that was dropped, so that the parcel's numbers stay whole.
fn blank() -> PeerMessage {
    let outcome = Outcome::Refused(Refusal::new(RefusalCode::Unavailable, ""));
    PeerMessage::Outcome { mailbox: MailboxId::new([0; 32]), of: EnvelopeHash::new([0; 32]), outcome }
}
