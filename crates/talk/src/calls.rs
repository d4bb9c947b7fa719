//! Everything that a page can ask.

use serde::{Deserialize, Serialize};

use crate::conversation::{At, Draft, Found, Row, Stretch, Take};
use crate::line::{BackupAbout, Given, Me, Passkey, Room, Where, Wishes};
use crate::people::{Accepting, Card, Person, Request};
use crate::{Call, Millis, Secret};

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? } -> $answer:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Serialize, Deserialize)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

            impl Call for $name {
                type Answer = $answer;
            }

            impl From<$name> for Ask {
                fn from(call: $name) -> Self {
                    Self::$name(call)
                }
            }
        )*

        /// Any of them.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub enum Ask {
            $($(#[$doc])* $name($name),)*
        }
    };
}

calls! {
    // The handset on this device.

    /// Where the handset is.
    Stage {} -> Where;
    /// What a text is that was pasted or scanned.
    Look {
        /// The text.
        text: String,
    } -> Given;
    /// Claims a line; answered when the switchboard took it, or did not. If it does not answer at all, the stage is
    /// `Waiting`, and the claim goes on by itself.
    Claim {
        /// The link.
        link: String,
        /// One's name.
        name: String,
        /// What shall unlock the handset.
        secret: Secret,
        /// The passkey that the secret is of, if it is one's.
        passkey: Option<Passkey>,
    } -> ();
    /// Gives up a claim, or a restore, that no switchboard has answered.
    GiveUp {} -> ();
    /// Restores a line from a backup (beside it: the `File`); answered as a claim is.
    Restore {
        /// The backup's passphrase.
        backup: Secret,
        /// What shall unlock the handset.
        secret: Secret,
        /// The passkey that it is of, if it is one's.
        passkey: Option<Passkey>,
        /// Another switchboard's claim link, if the old one is no more.
        link: Option<String>,
    } -> BackupAbout;
    /// Unlocks.
    Unlock {
        /// With what.
        secret: Secret,
    } -> ();
    /// Locks.
    Lock {} -> ();
    /// Has the handset opened by one passphrase more, or another one instead; by a passkey besides.
    AddSecret {
        /// The passphrase as it is.
        passphrase: Secret,
        /// The new one.
        secret: Secret,
        /// The passkey that the new one is of.
        passkey: Option<Passkey>,
    } -> ();
    /// Takes all passkeys away; the passphrase stays.
    ForgetPasskeys {} -> ();
    /// Makes a backup (beside the answer: the `Blob`).
    Backup {
        /// Its passphrase.
        passphrase: Secret,
        /// That of earlier backups, to change it.
        old: Option<Secret>,
    } -> BackupAbout;
    /// Everything that was said, readable (beside the answer: the `Blob`; docs/export-format.md).
    Export {} -> ();
    /// Erases everything on this handset.
    Erase {} -> ();

    // The line.

    /// One's own line, and how it stands.
    Mine {} -> Me;
    /// What the principal wishes.
    GetWishes {} -> Wishes;
    /// Changes that.
    SetWishes {
        /// To this.
        wishes: Wishes,
    } -> ();
    /// What is used on this device.
    GetRoom {} -> Room;
    /// The page is seen, or not: nothing is announced that is on the screen.
    Seen {
        /// Whether it is.
        shown: bool,
        /// The conversation that is open.
        person: Option<i64>,
    } -> ();

    // People.

    /// All contacts, by name.
    People {} -> Vec<Person>;
    /// One of them.
    GetPerson {
        /// Which.
        person: i64,
    } -> Person;
    /// Says that the safety words were compared in person.
    Verify {
        /// With whom.
        person: i64,
    } -> Person;
    /// Gives a contact another name here.
    Rename {
        /// Which.
        person: i64,
        /// The name.
        to: String,
    } -> Person;
    /// Blocks or unblocks a contact.
    Block {
        /// Which.
        person: i64,
        /// Whether they shall be blocked.
        blocked: bool,
    } -> Person;
    /// Removes a contact, and all that was said.
    Remove {
        /// Which.
        person: i64,
    } -> ();
    /// Who asks to become a contact.
    Requests {} -> Vec<Request>;
    /// Lets somebody who asked in, or not.
    Answer {
        /// The name they gave.
        person: String,
        /// Whether they are admitted.
        admit: bool,
    } -> ();
    /// All cards, the newest first.
    Cards {} -> Vec<Card>;
    /// Makes a card.
    NewCard {
        /// For whom.
        for_name: String,
        /// How many may take it up.
        uses: usize,
        /// Days it is good for.
        days: u32,
        /// Whether to be asked first.
        ask: bool,
    } -> Card;
    /// Takes a card back.
    Revoke {
        /// Its id.
        card: String,
    } -> Card;
    /// Takes a card up: a link, or an address and eight words.
    Accept {
        /// The card.
        card: String,
        /// What its issuer shall be called here.
        petname: Option<String>,
    } -> Accepting;
    /// Reads a QR code in a picture (beside it: the `Blob`, or pixels as RGBA with their width).
    ReadQr {
        /// Pixels a row, if it is pixels.
        width: Option<u32>,
    } -> Option<String>;

    // Conversations.

    /// All, the newest first.
    Conversations {} -> Vec<Row>;
    /// A stretch of one.
    Read {
        /// Whose.
        person: i64,
        /// From where.
        at: At,
        /// Entries at most.
        limit: u32,
    } -> Stretch;
    /// One text, or none of that id.
    GetText {
        /// Whose conversation.
        person: i64,
        /// The text.
        id: String,
    } -> Option<crate::conversation::Text>;
    /// Writes a text (beside it: an array of `File`s that go with it); gives its id.
    Say {
        /// To whom.
        person: i64,
        /// The words.
        text: String,
        /// What it answers.
        reply_to: Option<String>,
    } -> String;
    /// Reacts; nothing takes it back.
    React {
        /// Whose conversation.
        person: i64,
        /// To which text.
        id: String,
        /// With what.
        emoji: String,
    } -> ();
    /// Takes a text back.
    Unsend {
        /// Whose conversation.
        person: i64,
        /// Which.
        id: String,
    } -> ();
    /// The principal saw a conversation so far.
    MarkSeen {
        /// Whose.
        person: i64,
    } -> ();
    /// Keeps what is being written.
    SetDraft {
        /// To whom.
        person: i64,
        /// The words; nothing forgets them.
        text: String,
        /// What they answer.
        reply_to: Option<String>,
    } -> ();
    /// What was being written.
    GetDraft {
        /// To whom.
        person: i64,
    } -> Draft;
    /// Texts with all of these words, the newest first.
    Search {
        /// The words.
        words: String,
        /// In one conversation only.
        person: Option<i64>,
        /// Older than this one.
        before: Option<String>,
        /// At most.
        limit: u32,
    } -> Vec<Found>;
    /// Says something about how long texts stay.
    Expire {
        /// To whom.
        person: i64,
        /// `propose`, `accept`, `decline` or `withdraw`.
        act: String,
        /// What is proposed: `off`, `1d`, `1w` or `4w`.
        term: Option<String>,
    } -> ();

    // Files and recordings.

    /// Fetches a file, or goes on with one that was paused.
    Carry {
        /// Which.
        blob: String,
    } -> ();
    /// Pauses one, either way.
    Pause {
        /// Which.
        blob: String,
    } -> ();
    /// Opens a file that is here (beside the answer: the `Blob`).
    Open {
        /// Which.
        blob: String,
    } -> ();
    /// Keeps a piece of a recording (beside it: the `Blob`).
    Record {
        /// Whose conversation.
        person: i64,
        /// The recording: any id that the page drew.
        take: String,
        /// Its media type.
        media_type: String,
        /// Milliseconds so far.
        duration: u32,
        /// How loud over that time.
        waveform: Vec<u8>,
    } -> ();
    /// Recordings that were not sent.
    Takes {} -> Vec<Take>;
    /// Sends a recording; gives the text's id.
    SendTake {
        /// Which.
        take: String,
        /// What it answers.
        reply_to: Option<String>,
    } -> String;
    /// Forgets a recording.
    DropTake {
        /// Which.
        take: String,
    } -> ();
    /// What was recorded so far (beside the answer: the `Blob`).
    HearTake {
        /// Which.
        take: String,
    } -> ();

    // Being woken.

    /// The switchboard's key for push messages (VAPID, an uncompressed P-256 point), if it sends any.
    WakeKey {} -> Option<serde_bytes::ByteBuf>;
    /// Has the switchboard wake this handset at this subscription, or not any more.
    Wake {
        /// Endpoint, `p256dh` and `auth`.
        subscription: Option<(String, serde_bytes::ByteBuf, serde_bytes::ByteBuf)>,
    } -> ();
    /// Has one push message sent, to see whether waking works here; gives when the push service took it.
    TestWake {} -> Option<Millis>;
}
