//! What must be true at every moment, checked after every step.
//!
//! Each handset's database keeps a journal (temporary triggers, so that what is rolled back leaves no trace there
//! either); what it says is compared with what the other parties have at that moment:
//!
//! - `sent`: the line's own switchboard has done a deed that submitted the text;
//! - `delivered`: the other handset has the text in its database (or the text was taken back, and it knows the number);
//! - `seen`: the other person has seen it there;
//! - states never go back, and no text arrives twice.
//!
//! What a switchboard gives its handsets is checked too: items without gap or change, and each envelope once for each
//! mailbox, under numbers without gap.

use std::collections::{BTreeMap, BTreeSet};

use handset::MessageState;
use protocol::frames::{FromSwitchboard, ItemBody};
use protocol::{ContentId, EnvelopeHash, LineId, MailboxId};

use crate::office::Switchboard;
use crate::phone::Phone;

/// Makes the journal.
pub const JOURNAL: &str = "
    CREATE TEMP TABLE journal (kind TEXT, id BLOB, mine INTEGER, new TEXT, old TEXT, other BLOB);
    CREATE TEMP TRIGGER kept AFTER INSERT ON message BEGIN
        INSERT INTO journal VALUES ('kept', new.id, new.mine, new.state, NULL,
            (SELECT line FROM contact WHERE id = new.contact));
    END;
    CREATE TEMP TRIGGER changed AFTER UPDATE OF state ON message WHEN new.state <> old.state BEGIN
        INSERT INTO journal VALUES ('changed', new.id, new.mine, new.state, old.state, NULL);
    END;
    CREATE TEMP TRIGGER removed AFTER DELETE ON message BEGIN
        INSERT INTO journal VALUES ('removed', old.id, old.mine, NULL, NULL, NULL);
    END;
    CREATE TEMP TRIGGER submitted AFTER INSERT ON flight WHEN new.message IS NOT NULL BEGIN
        INSERT INTO journal VALUES ('submitted', (SELECT id FROM message WHERE row = new.message), 1, NULL, NULL,
            new.envelope);
    END;";

/// One line of the journal.
struct Entry {
    kind: String,
    id: ContentId,
    mine: bool,
    new: Option<String>,
    old: Option<String>,
    other: Option<Vec<u8>>,
}

/// What one handset has come to.
#[derive(Debug, Default)]
struct Seen {
    /// Contents of others that are in its database.
    has: BTreeSet<ContentId>,
    /// Contents of others that ever were.
    had: BTreeSet<ContentId>,
    /// Envelopes that its own contents were submitted in.
    envelopes: BTreeMap<ContentId, Vec<EnvelopeHash>>,
}

/// The truth, as far as states speak of it.
#[derive(Debug, Default)]
pub struct Oracle {
    lines: BTreeMap<LineId, usize>,
    seen: Vec<Seen>,
    /// Who wrote what to whom.
    written: BTreeMap<ContentId, (usize, usize)>,
    items: BTreeMap<(usize, usize, u64), Stream>,
    /// Somebody sequences falsely, so that envelopes may come twice or never.
    pub hostile: bool,
    /// A switchboard went back to an older copy: its numbers leap.
    pub leaps: bool,
    /// Switchboards may drop what is beyond their limits, so that numbers are missing.
    pub gaps: bool,
    /// Handsets that were restored: their items begin with what came since.
    restored: BTreeSet<usize>,
    /// Checks made, so that a test can show that there were any.
    pub checks: u64,
}

/// The items of a line on one incarnation of one switchboard.
#[derive(Debug, Default)]
struct Stream {
    items: BTreeMap<u64, EnvelopeHash>,
    mailboxes: BTreeMap<MailboxId, (u64, BTreeSet<EnvelopeHash>)>,
}

impl Oracle {
    /// A handset has a line.
    pub fn add(&mut self, phone: usize, line: LineId) {
        self.lines.insert(line, phone);
    }

    /// A line was restored on another handset, which has what was in the backup. The `old` one is under that number now.
    pub fn restored(&mut self, phones: &[Phone], phone: usize, old: usize) {
        self.seen.resize_with(phones.len(), Seen::default);
        drain(&phones[phone]);
        let has: Vec<Vec<u8>> = phones[phone].column("SELECT id FROM message WHERE mine = 0", ());
        self.seen[phone].has = has.iter().filter_map(|id| ContentId::from_slice(id)).collect();
        let items = std::mem::take(&mut self.items).into_iter();
        let renumbered = |of: usize| if of == phone { old } else { of };
        self.items = items.map(|((of, office, life), stream)| ((renumbered(of), office, life), stream)).collect();
        self.restored.insert(phone);
    }

    /// Checks what a handset's last call changed.
    ///
    /// # Panics
    /// With what does not hold.
    pub fn observe(&mut self, phones: &[Phone], offices: &[Switchboard], phone: usize) {
        self.seen.resize_with(phones.len(), Seen::default);
        for entry in drain(&phones[phone]) {
            self.checks += 1;
            match entry.kind.as_str() {
                "kept" if entry.mine => self.wrote(phone, &entry),
                "kept" => {
                    assert!(self.seen[phone].has.insert(entry.id), "{} has a text twice", phones[phone].name);
                    self.seen[phone].had.insert(entry.id);
                }
                "removed" => {
                    self.seen[phone].has.remove(&entry.id);
                }
                "submitted" => {
                    let envelope = entry.other.as_deref().and_then(EnvelopeHash::from_slice).expect("a hash");
                    self.seen[phone].envelopes.entry(entry.id).or_default().push(envelope);
                }
                _ => self.changed(phones, offices, phone, &entry),
            }
        }
    }

    fn wrote(&mut self, phone: usize, entry: &Entry) {
        let line = entry.other.as_deref().and_then(LineId::from_slice).expect("a line");
        let to = self.lines.get(&line).copied().expect("a line of this world");
        assert!(self.written.insert(entry.id, (phone, to)).is_none(), "contents have ids of their own");
        assert_eq!(entry.new.as_deref(), Some("waiting"), "a new text waits");
    }

    fn changed(&self, phones: &[Phone], offices: &[Switchboard], phone: usize, entry: &Entry) {
        let (old, new) = (rank(entry.old.as_deref()), rank(entry.new.as_deref()));
        let name = &phones[phone].name;
        // A switchboard that has no room says so only after it took the deed.
        let refused = self.gaps && (old, new) == (MessageState::Sent, MessageState::Waiting);
        assert!(new > old || refused, "{name}'s view of a text went from {old:?} back to {new:?}");
        if !entry.mine {
            return;
        }
        let (from, to) = self.written[&entry.id];
        assert_eq!(from, phone, "one's own texts are one's own");
        let other = &phones[to];
        match new {
            MessageState::Waiting => {}
            MessageState::Sent => {
                let envelopes = self.seen[phone].envelopes.get(&entry.id).map_or(&[][..], Vec::as_slice);
                let stored = envelopes.iter().any(|envelope| offices.iter().any(|o| o.stored.contains(envelope)));
                assert!(stored, "{name} says `sent` of a text that no switchboard of theirs stored");
            }
            MessageState::Delivered => {
                let had = self.seen[to].had.contains(&entry.id) || is_gone(&phones[phone], other, &entry.id);
                assert!(had, "{name} says `delivered` of a text that {} does not have", other.name);
            }
            MessageState::Seen => {
                let state: Vec<String> = other.column(
                    "SELECT state FROM message WHERE id = ?1 AND (gone = 0 OR expired = 1)",
                    [entry.id.as_bytes()],
                );
                let removed = self.seen[to].had.contains(&entry.id) && !self.seen[to].has.contains(&entry.id);
                let gone = is_gone(&phones[phone], other, &entry.id);
                let seen = state.iter().any(|state| state == "seen");
                assert!(seen || removed || gone, "{name} says `seen` of a text that {} did not see", other.name);
            }
        }
    }

    /// Checks what a switchboard gives to a handset.
    ///
    /// # Panics
    /// With what does not hold.
    pub fn given(&mut self, phone: usize, office: usize, incarnation: u64, frame: &FromSwitchboard) {
        let FromSwitchboard::Items(items) = frame else { return };
        let stream = self.items.entry((phone, office, incarnation)).or_default();
        for item in items {
            self.checks += 1;
            let digest = seal::envelope_hash(&protocol::encode(&item.body));
            if let Some(before) = stream.items.get(&item.number) {
                assert_eq!(*before, digest, "an item does not change");
                continue;
            }
            let last = stream.items.last_key_value().map_or(0, |(number, _)| *number);
            let begins = stream.items.is_empty() && self.restored.contains(&phone);
            let next = item.number == last + 1 || (self.leaps && item.number > last) || begins;
            assert!(next, "items come one by one");
            stream.items.insert(item.number, digest);
            match &item.body {
                ItemBody::Envelope(delivery) if !self.hostile => {
                    let (last, envelopes) = stream.mailboxes.entry(delivery.mailbox).or_default();
                    let next = delivery.number == *last + 1 || ((self.gaps || self.leaps) && delivery.number > *last);
                    assert!(next, "a mailbox's envelopes are numbered one by one");
                    *last = delivery.number;
                    let new = envelopes.insert(seal::envelope_hash(&delivery.envelope));
                    // What had not been confirmed by the time of the copy goes once more.
                    assert!(new || self.leaps, "each envelope comes once to each mailbox");
                }
                ItemBody::Introduction { mailbox, .. } => {
                    stream.mailboxes.insert(*mailbox, (0, BTreeSet::new()));
                }
                ItemBody::Envelope(_)
                | ItemBody::Outcome { .. }
                | ItemBody::OutOfService { .. }
                | ItemBody::BackInService { .. } => {}
            }
        }
    }
}

/// Whether a text was taken back, and the other handset knows that its number is gone (it never had the words).
fn is_gone(writer: &Phone, reader: &Phone, id: &ContentId) -> bool {
    let gone: Vec<u64> = writer.column("SELECT number FROM message WHERE id = ?1 AND gone = 1", [id.as_bytes()]);
    let Some(number) = gone.first() else { return false };
    let handset: Vec<Vec<u8>> = writer.column("SELECT handset FROM own", ());
    let heard: Vec<u64> = reader.column(
        "SELECT 1 FROM heard WHERE handset = ?1 AND through >= ?2
         UNION ALL SELECT 1 FROM heard_beyond WHERE handset = ?1 AND number = ?2",
        (&handset[0], number),
    );
    !heard.is_empty()
}

fn rank(state: Option<&str>) -> MessageState {
    [MessageState::Waiting, MessageState::Sent, MessageState::Delivered, MessageState::Seen]
        .into_iter()
        .find(|known| state == Some(known.as_str()))
        .expect("a state")
}

fn drain(phone: &Phone) -> Vec<Entry> {
    let db = phone.database();
    let entries = {
        let mut all =
            db.prepare_cached("SELECT kind, id, mine, new, old, other FROM journal ORDER BY rowid").expect("a journal");
        let rows = all.query_map((), |row| {
            Ok(Entry {
                kind: row.get(0)?,
                id: ContentId::from_slice(&row.get::<_, Vec<u8>>(1)?).expect("an id"),
                mine: row.get(2)?,
                new: row.get(3)?,
                old: row.get(4)?,
                other: row.get(5)?,
            })
        });
        rows.expect("rows").collect::<Result<Vec<_>, _>>().expect("entries")
    };
    if !entries.is_empty() {
        db.prepare_cached("DELETE FROM journal").and_then(|mut all| all.execute(())).expect("a journal");
    }
    entries
}
