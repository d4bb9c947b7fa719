//! Two handsets that text each other over a conversation between them.

use protocol::frames::{Deed, FromSwitchboard, ItemBody, MailboxAddress, Submission, ToSwitchboard};
use protocol::wake::Urgency;
use protocol::{Capability, GenerationId, MailboxId, SwitchboardAddress};
use rand_core::Rng as _;

use super::drive::Way;
use super::phone::{Identity, Phone};
use crate::Result;

/// A pair, of which the first speaks and the second listens.
pub(crate) struct Pair {
    speaker: Phone,
    listener: Option<Phone>,
    template: Submission,
    sequencer: SwitchboardAddress,
    identity: Identity,
}

/// What either of a pair heard.
pub(crate) enum Heard {
    Speaker(FromSwitchboard),
    Listener(FromSwitchboard),
}

/// A handset, who it is, and where.
pub(crate) type Side = (Phone, Identity, SwitchboardAddress);

impl Pair {
    /// Founds a conversation at the speaker's switchboard, or at the listener's.
    pub(crate) async fn found(
        (mut speaker, mut identity, here): Side,
        (mut listener, _, there): Side,
        at_speaker: bool,
        envelope: usize,
    ) -> Result<Self> {
        let mut drawn = [[0; 32]; 4];
        drawn.iter_mut().for_each(|bytes| identity.rng.fill_bytes(bytes));
        let [of_speaker, of_listener] = [MailboxId::new(drawn[0]), MailboxId::new(drawn[1])];
        let (generation, capability) = (GenerationId::new(drawn[2]), Capability::new(drawn[3]));
        let sequencer = if at_speaker { here.clone() } else { there.clone() };
        speaker.done(Deed::OpenMailbox { mailbox: of_speaker, from: sequencer.clone() }).await?;
        listener.done(Deed::OpenMailbox { mailbox: of_listener, from: sequencer.clone() }).await?;
        let founder = if at_speaker { &mut speaker } else { &mut listener };
        let members = vec![
            MailboxAddress { address: here, mailbox: of_speaker },
            MailboxAddress { address: there, mailbox: of_listener },
        ];
        let capability_hash = seal::capability_hash(&capability);
        founder.done(Deed::Found { generation, epoch: 1, capability: capability_hash, members }).await?;
        let template = Submission {
            generation,
            epoch: 1,
            capability,
            commit: None,
            reply_to: of_speaker,
            urgent: Urgency::Waiting,
            envelope: vec![0; envelope].into(),
        };
        Ok(Self { speaker, listener: Some(listener), template, sequencer, identity })
    }

    /// The listener hangs up.
    pub(crate) fn alone(mut self) -> Self {
        self.listener = None;
        self
    }

    async fn take_all(phone: &mut Phone, first: FromSwitchboard) -> Result<(usize, usize)> {
        let (mut arrived, mut kept, mut next) = (0, 0, Some(first));
        while let Some(frame) = next {
            match frame {
                FromSwitchboard::Done { .. } => kept += 1,
                FromSwitchboard::Items(items) => {
                    let envelopes = items.iter().filter(|item| matches!(item.body, ItemBody::Envelope(_))).count();
                    if envelopes != items.len() {
                        return Err("something else than a text arrived".into());
                    }
                    arrived += envelopes;
                    // As a real handset does: what it has, it says once for each frame.
                    if let Some(last) = items.last() {
                        phone.say(&ToSwitchboard::Ack { through: last.number }).await?;
                    }
                }
                other => return Err(format!("a switchboard said {other:?}").into()),
            }
            next = phone.heard()?;
        }
        phone.flush().await?;
        Ok((arrived, kept))
    }
}

impl Way for Pair {
    type Heard = Heard;

    async fn send(&mut self, texts: usize) -> Result<()> {
        for _ in 0..texts {
            let mut submission = self.template.clone();
            self.identity.rng.fill_bytes(&mut submission.envelope);
            self.speaker.deed(Deed::Submit { to: self.sequencer.clone(), submission }).await?;
        }
        self.speaker.flush().await
    }

    async fn hear(&mut self) -> Result<Heard> {
        let listener = async {
            match &mut self.listener {
                Some(listener) => listener.hear().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            frame = self.speaker.hear() => Ok(Heard::Speaker(frame?)),
            frame = listener => Ok(Heard::Listener(frame?)),
        }
    }

    async fn take(&mut self, heard: Heard) -> Result<(usize, usize)> {
        match (heard, &mut self.listener) {
            // What comes back to the speaker is no arrival.
            (Heard::Speaker(frame), _) => Ok((0, Self::take_all(&mut self.speaker, frame).await?.1)),
            (Heard::Listener(frame), Some(listener)) => Ok((Self::take_all(listener, frame).await?.0, 0)),
            (Heard::Listener(_), None) => Ok((0, 0)),
        }
    }
}
