//! What two switchboards store, log, count and send, searched for all that is said and all that keeps it secret.
//!
//! The real binaries play a story. Everything that the handsets keep is looked for afterwards, with what the test knows
//! besides: texts that were taken back, words and links of cards, invitations, the switchboards' keys.

mod keeping;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use database::rusqlite::types::ValueRef;
use protocol::federation::{FETCH_PATH, PARCEL_PATH};
use protocol::{InvitationSecret, LineId, Token};
use scenarios::needles::Needles;
use scenarios::processes::{Folder, Office, PASSPHRASE, Serving};
use scenarios::recorder::{Recorder, ask};
use scenarios::secrets::{Keeping, tables};
use serde_json::Value;

const OFFICES: [&str; 2] = ["Chancery of Aldmoor", "Chancery of Veresk"];
const ADA: usize = 0;
const IVO: usize = 1;
const ODA: usize = 2;
/// Names, and the office of each.
const PRINCIPALS: [(&str, usize); 3] =
    [("Adalinde Marschwitz", 0), ("Ivorek Tarnhelmer", 1), ("Odarine Quillstrom", 1)];
/// Where a handset keeps what must not be missed among the needles.
const KEYS: [(&str, &str); 10] = [
    ("own", "identity"),
    ("own", "successor"),
    ("own", "signing"),
    ("own", "kem"),
    ("contact", "own_secret"),
    ("contact", "peer_secret"),
    ("contact", "own_intake"),
    ("contact", "peer_token"),
    ("generation", "token"),
    ("mls", "val"),
];
/// What a stranger sends.
const STRANGE: &str = "overheard gossip: periwinkles";

#[test]
fn what_switchboards_store_log_and_send_tells_nothing() {
    let folder = Folder::new("privacy");
    let mut stage = Stage::new(&folder.0);
    stage.become_contacts();
    stage.talk();
    stage.talk_while_one_is_down();
    stage.keys_are_looked_for();
    stage.send_a_file();
    stage.let_texts_expire();
    stage.change_handsets();
    stage.strangers_come();
    stage.end();

    let mut strange = Needles::default();
    strange.text("a stranger's words", STRANGE);
    for (office, name) in OFFICES.iter().enumerate() {
        let wire = stage.recorders[office].recorded();
        for (way, bytes) in [
            ("handsets tell", &wire.from_handsets),
            ("tells handsets", &wire.to_handsets),
            ("is asked by peers", &wire.from_peers),
            ("answers peers", &wire.to_peers),
        ] {
            stage.secrets.assert_absent(&format!("what {name} {way}"), bytes);
        }
        // A body in pieces could hide what lies across two of them.
        for bytes in [&wire.from_peers, &wire.to_peers] {
            assert!(!String::from_utf8_lossy(bytes).to_lowercase().contains("chunked"));
            stage.invitations.assert_absent(&format!("what passes between {name} and its peers"), bytes);
            stage.ids_of(|_| true).assert_absent(&format!("what passes between {name} and its peers"), bytes);
        }
        let theirs = stage.ids_of(|of| of != office);
        theirs.assert_absent(&format!("what handsets tell {name}"), &wire.from_handsets);
        theirs.assert_absent(&format!("what {name} tells handsets"), &wire.to_handsets);
        assert!(!strange.found_in(&wire.from_peers).is_empty(), "what a stranger asked was recorded");
        strange.assert_absent(&format!("what {name} answers"), &wire.to_peers);
    }
    for store in &stage.stores {
        stage.secrets.assert_absent(&store.place, &store.bytes);
        stage.ids_of(|of| of != store.office).assert_absent(&store.place, &store.bytes);
        strange.assert_absent(&store.place, &store.bytes);
    }
    for store in stage.stores.iter().filter(|store| store.is_closed) {
        stage.invitations.assert_absent(&store.place, &store.bytes);
    }
    for page in &stage.pages {
        for needles in [&stage.secrets, &stage.routing, &stage.invitations, &strange] {
            needles.assert_absent(&page.place, &page.bytes);
        }
    }
    println!("{} secrets, {} ids and addresses were looked for", stage.secrets.len(), stage.routing.len());
}

/// Everything that plays, and what was gathered so far.
struct Stage {
    folder: PathBuf,
    recorders: [Recorder; 2],
    offices: [Office; 2],
    lines: Vec<Line>,
    /// What nobody but handsets may have.
    secrets: Needles,
    /// What switchboards have to know, and logs must not tell: lines, mailboxes, addresses.
    routing: Needles,
    /// What a handset shows its own switchboard once.
    invitations: Needles,
    stores: Vec<Haystack>,
    pages: Vec<Haystack>,
}

struct Line {
    name: &'static str,
    office: usize,
    keeping: Keeping,
    id: LineId,
    invitation: InvitationSecret,
}

struct Haystack {
    place: String,
    office: usize,
    /// Of a store: whether the switchboard had ended.
    is_closed: bool,
    bytes: Vec<u8>,
}

impl Stage {
    fn new(folder: &Path) -> Self {
        let recorders = [(); 2].map(|()| Recorder::new().expect("a port"));
        let office = |at: usize| {
            let public_url = Some(recorders[at].url.clone());
            // The most that a log can be asked to tell; every other level leaves out some of it.
            let serving = Serving { office: OFFICES[at], public_url, log: "trace", keeps_log: true };
            let office = Office::new(folder, ["aldmoor", "veresk"][at], serving);
            recorders[at].lead_to(&office.listen);
            office
        };
        let offices = [office(0), office(1)];
        let mut stage = Self {
            folder: folder.to_owned(),
            recorders,
            offices,
            lines: Vec::new(),
            secrets: Needles::default(),
            routing: Needles::default(),
            invitations: Needles::default(),
            stores: Vec::new(),
            pages: Vec::new(),
        };
        stage.secrets.text("the passphrase", PASSPHRASE);
        stage.routing.text("a network address", "127.0.0.1");
        for office in &stage.offices {
            let key = fs::read(office.data().join("switchboard.key")).expect("a key");
            assert_eq!(key.len(), 32, "nothing else is in it");
            stage.secrets.bytes("a switchboard's key", &key);
            stage.routing.text("where a switchboard listens", &office.listen);
        }
        for (name, office) in PRINCIPALS {
            stage.claim(name, office);
        }
        stage
    }

    fn claim(&mut self, name: &'static str, at: usize) {
        let office = &self.offices[at];
        let is_first = self.lines.iter().all(|line| line.office != at);
        let url = if is_first { office.claim_url.clone() } else { office.invite() };
        let (_, secret) = url.split_once('#').expect("a secret");
        let invitation: InvitationSecret = secret.parse().expect("a secret");
        self.invitations.bytes("an invitation", invitation.as_bytes());
        let claimed = office.handset_of(name, &["claim", &url, "--as", name]).done();
        let id = field(&claimed[0], "line").parse().expect("a line");
        let keeping = Keeping::of(&office.profile(name));
        self.lines.push(Line { name, office: at, keeping, id, invitation });
        self.note(self.lines.len() - 1);
    }

    /// Notes what a handset keeps now.
    fn note(&mut self, line: usize) {
        let line = &self.lines[line];
        line.keeping.note(line.name, &mut self.secrets, &mut self.routing);
    }

    /// What a command says that ends with this exit code.
    fn ends(&mut self, line: usize, args: &[&str], code: i32) -> Vec<Value> {
        let Line { name, office, .. } = self.lines[line];
        let said = self.offices[office].handset_of(name, args).ended(code);
        self.note(line);
        said
    }

    fn does(&mut self, line: usize, args: &[&str]) -> Vec<Value> {
        self.ends(line, args, 0)
    }

    /// Repeats a command until it says something that is wanted; that.
    fn until(&mut self, line: usize, args: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..100 {
            if let Some(found) = self.does(line, args).into_iter().find(&wanted) {
                return found;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{args:?} never said what was waited for");
    }

    /// A new card, whose every spelling is secret.
    fn card(&mut self, line: usize, for_name: &str, ask: &[&str]) -> Value {
        self.secrets.text("for whom a card is", for_name);
        let card = self.does(line, &[&["card", "new", "--for", for_name], ask].concat()).remove(0);
        let words: Vec<&str> = field(&card, "words").split(' ').skip(1).collect();
        assert_eq!(words.len(), 8);
        self.secrets.words("a card's words", &words);
        let (_, secret) = field(&card, "url").split_once('#').expect("a secret");
        let (token, _) = secret.split_once('.').expect("a fingerprint");
        self.secrets.bytes("a card's TOKEN", token.parse::<Token>().expect("a token").as_bytes());
        card
    }

    /// Says something; its id.
    fn says(&mut self, line: usize, to: &str, text: &str, reply_to: &[&str]) -> String {
        self.secrets.text("a text", text);
        let written = self.does(line, &[&["text", to, text], reply_to].concat());
        field(&written[0], "id").to_owned()
    }

    /// Waits until a text has arrived.
    fn hears(&mut self, line: usize, from: &str, text: &str) -> Value {
        self.until(line, &["read", from], |message| message["text"] == text)
    }

    /// Two take cards up, one by its link and one by its words, asking first.
    fn become_contacts(&mut self) {
        let card = self.card(ADA, "Gregorian Feldspar", &[]);
        self.secrets.text("a petname", "Nightingale Adalinda");
        let issuer = self.does(IVO, &["accept", field(&card, "url"), "--as", "Nightingale Adalinda"]).remove(0);
        let safety: Vec<&str> = field(&issuer, "safety_words").split(' ').collect();
        self.secrets.words("safety words", &safety);
        self.until(ADA, &["people"], |person| person["person"] == "Ivorek Tarnhelmer");
        // Both have to come for each other's vouching before anybody is verified.
        let vouched = (0..100).any(|_| {
            self.does(IVO, &["sync"]);
            field(&self.does(ADA, &["people", "show", "Ivorek"])[0], "verified") == "card"
        });
        assert!(vouched, "his handset has vouched");
        self.does(ADA, &["people", "verify", "Ivorek", "--yes"]);

        let card = self.card(ADA, "the Halvorsen delegation", &["--ask", "--uses", "3"]);
        let said: Vec<&str> = field(&card, "words").split(' ').collect();
        self.secrets.text("a petname", "Kingfisher Adalinda");
        self.does(ODA, &[&["accept"], &said[..], &["--as", "Kingfisher Adalinda"]].concat());
        self.says(ODA, "Kingfisher", "May I present myself beforehand?", &[]);
        self.until(ADA, &["people", "requests"], |person| person["state"] == "requested");
        let admitted = self.does(ADA, &["people", "admit", "Odarine Quillstrom"]).remove(0);
        let safety: Vec<&str> = field(&admitted, "safety_words").split(' ').collect();
        self.secrets.words("safety words", &safety);
        self.hears(ADA, "Odarine", "May I present myself beforehand?");

        let card = self.card(IVO, "Balthasar Nobody", &[]);
        self.does(IVO, &["card", "revoke", field(&card, "id")]);
    }

    fn talk(&mut self) {
        let first = self.says(ADA, "Ivorek", "The vineyards above Sorrelbridge, on Thursday.", &[]);
        self.hears(IVO, "Nightingale", "The vineyards above Sorrelbridge, on Thursday.");
        self.says(IVO, "Nightingale", "Gladly: bring the cartographer along.", &["--reply-to", &first]);
        self.secrets.text("a reaction", "👩🏽‍🚀");
        self.does(IVO, &["react", "Nightingale", &first, "👩🏽‍🚀"]);
        self.hears(ADA, "Ivorek", "Gladly: bring the cartographer along.");
        let wanted = |message: &Value| message["reactions"].as_array().is_some_and(|all| !all.is_empty());
        self.until(ADA, &["read", "Ivorek"], wanted);

        let regretted = self.says(ADA, "Ivorek", "Nobody trusts the plenipotentiary.", &[]);
        self.hears(IVO, "Nightingale", "Nobody trusts the plenipotentiary.");
        self.does(ADA, &["unsend", "Ivorek", &regretted]);
        self.until(IVO, &["read", "Nightingale"], |message| message["gone"] == true);

        self.secrets.text("a petname", "Woodpecker Ivorekson");
        self.does(ADA, &["people", "rename", "Ivorek", "Woodpecker Ivorekson"]);
        self.does(ADA, &["people", "block", "Odarine"]);
        self.says(ODA, "Kingfisher", "Have the negotiators fallen silent?", &[]);
        self.does(ADA, &["sync"]);
    }

    /// One switchboard is down: what is for it waits in the other's queue, and what its own line writes on the handset.
    fn talk_while_one_is_down(&mut self) {
        self.offices[1].stop();
        self.says(ADA, "Woodpecker", "Signatories only; leave the chamberlain.", &[]);
        let text = "Understood, the chamberlain stays behind.";
        self.secrets.text("a text", text);
        self.ends(IVO, &["text", "Nightingale", text, "--timeout", "1"], 3);
        let db = database::open_plain(&self.offices[0].data().join("switchboard.db")).expect("it opens");
        let queued: Vec<u8> = db
            .query_row("SELECT envelopes.bytes FROM queued JOIN envelopes ON envelopes.id = envelope", [], |row| {
                row.get(0)
            })
            .expect("an envelope waits for the other switchboard");
        drop(db);
        self.keep_stores("with a queue", [false, true]);
        self.offices[1].start();
        self.hears(IVO, "Nightingale", "Signatories only; leave the chamberlain.");
        self.hears(ADA, "Woodpecker", text);
        let wire = self.recorders[1].recorded().from_peers;
        assert!(has(&wire, &queued), "the sealed envelope went between the switchboards");
    }

    fn strangers_come(&mut self) {
        for (recorder, office) in self.recorders.iter().zip(&self.offices) {
            let address = recorder.url.trim_start_matches("http://");
            for request in [format!("POST {PARCEL_PATH}"), format!("POST {FETCH_PATH}"), "GET /c?q=periwinkles".into()]
            {
                ask(address, &request, STRANGE.as_bytes()).expect("an answer");
            }
            for (path, expected) in [("/metrics", "entrenous_works_total"), ("/healthz", "ok\n")] {
                let bytes = ask(&office.listen, &format!("GET {path}"), b"").expect("an answer");
                let place = format!("{path} of {}", office.listen);
                assert!(bytes.starts_with(b"HTTP/1.1 200 ") && has(&bytes, expected.as_bytes()), "{place}");
                self.pages.push(Haystack { place, office: 0, is_closed: false, bytes });
            }
        }
    }

    /// Ends the switchboards, and shows that what is searched is what it should be.
    fn end(&mut self) {
        self.keep_stores("at work", [false, false]);
        self.offices.iter_mut().for_each(Office::stop);
        self.keep_stores("at the end", [true, true]);
        self.planted_rows_are_found();
        for (at, office) in self.offices.iter().enumerate() {
            let bytes = fs::read(office.log()).expect("a log");
            for line in ["the switchboard is ready", "the switchboard has stopped"] {
                assert!(has(&bytes, line.as_bytes()), "{line}");
            }
            self.pages.push(Haystack {
                place: format!("the log of {}", OFFICES[at]),
                office: at,
                is_closed: true,
                bytes,
            });

            let wire = self.recorders[at].recorded();
            let here = self.lines.iter().filter(|line| line.office == at);
            for line in here {
                assert!(has(&wire.from_handsets, line.id.as_bytes()), "frames are unmasked");
                assert!(has(&wire.from_handsets, line.invitation.as_bytes()), "frames are unmasked");
                let known = |store: &&Haystack| store.office == at;
                assert!(self.stores.iter().filter(known).all(|store| has(&store.bytes, line.id.as_bytes())));
            }
            assert!(has(&wire.to_handsets, OFFICES[at].as_bytes()), "handsets are told the office's name");
            assert!(has(&wire.to_peers, OFFICES[at].as_bytes()), "so are peers");
            for path in [PARCEL_PATH, FETCH_PATH] {
                // Cards of Aldmoor alone were taken up.
                let is_asked = path == PARCEL_PATH || at == 0;
                let request = format!("POST {path} HTTP/1.1\r\n");
                assert!(!is_asked || has(&wire.from_peers, request.as_bytes()), "{path}");
            }
        }
    }

    fn keys_are_looked_for(&self) {
        for line in &self.lines {
            for (table, column) in KEYS {
                let kept = line.keeping.value(table, column);
                assert!(!self.secrets.found_in(&kept).is_empty(), "{table}.{column} of {} is looked for", line.name);
            }
        }
    }

    fn keep_stores(&mut self, moment: &str, is_closed: [bool; 2]) {
        for (at, office) in self.offices.iter().enumerate() {
            for (what, bytes) in [("files", files(&office.data())), ("rows", rows(&office.data()))] {
                let place = format!("what {} stores {moment}, its {what}", OFFICES[at]);
                self.stores.push(Haystack { place, office: at, is_closed: is_closed[at], bytes });
            }
        }
    }

    /// Plants a text in a copy of a store, where it is in the write-ahead log alone, and finds it in files and rows.
    fn planted_rows_are_found(&self) {
        let (data, copy) = (self.offices[0].data(), self.offices[0].profile("copy"));
        fs::create_dir(&copy).expect("a folder");
        fs::copy(data.join("switchboard.db"), copy.join("switchboard.db")).expect("a copy");
        let mut planted = Needles::default();
        planted.text("a planted text", STRANGE);
        let found = |bytes: &[u8]| planted.found_in(bytes).len();
        assert_eq!((found(&files(&copy)), found(&rows(&copy))), (0, 0));
        let db = database::open_plain(&copy.join("switchboard.db")).expect("it opens");
        db.execute("INSERT INTO settings (name, value) VALUES ('planted', ?1)", [STRANGE.as_bytes()]).expect("a row");
        let log = fs::read(copy.join("switchboard.db-wal")).expect("a log");
        assert!(found(&log) > 0 && found(&fs::read(copy.join("switchboard.db")).expect("a file")) == 0);
        assert!(found(&files(&copy)) > 0, "the search looks into every file");
        assert!(found(&rows(&copy)) > 0, "the search reads every row");
    }

    /// What lines and handsets of some offices are known by.
    fn ids_of(&self, is_meant: impl Fn(usize) -> bool) -> Needles {
        let mut ids = Needles::default();
        for line in self.lines.iter().filter(|line| is_meant(line.office)) {
            ids.bytes(&format!("the line of {}", line.name), line.id.as_bytes());
            for column in ["handset", "handsets"] {
                ids.bytes(&format!("{} of {}", column, line.name), &line.keeping.value("own", column));
            }
        }
        ids
    }
}

/// Every file of a data directory but the switchboard's key, which is a secret itself.
fn files(data: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(data).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.file_name().is_some_and(|name| name != "switchboard.key") {
            all.extend(fs::read(&path).expect("a file"));
        }
    }
    all
}

/// Every value of every database in a data directory, whole: a page may hold a part only.
fn rows(data: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(data).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(rows(&path));
        } else if fs::read(&path).expect("a file").starts_with(b"SQLite format 3\0") {
            let db = database::open_plain(&path).expect("it opens");
            for table in tables(&db) {
                let mut statement = db.prepare(&format!("SELECT * FROM {table}")).expect("a table");
                let columns = statement.column_count();
                let mut rows = statement.query([]).expect("rows");
                while let Some(row) = rows.next().expect("a row") {
                    for column in 0..columns {
                        match row.get_ref(column).expect("a value") {
                            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => all.extend_from_slice(bytes),
                            _ => {}
                        }
                        all.push(0);
                    }
                }
            }
        }
    }
    all
}

fn has(haystack: &[u8], part: &[u8]) -> bool {
    haystack.windows(part.len()).any(|window| window == part)
}

fn field<'a>(said: &'a Value, name: &str) -> &'a str {
    said[name].as_str().expect("a text")
}
