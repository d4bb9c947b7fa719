//! The story's later chapters: files, texts that expire, backups, a handset taken out of service.

use std::fs;

use protocol::federation::FETCH_BLOB_PATH;
use protocol::files::BLOB_PATH;

use super::{ADA, IVO, Line, ODA, Stage, field, has};
use scenarios::secrets::Keeping;

const FILE: &str = "The annexes of Sorrelbridge name nobody whom the chamberlain has met. ";
const BACKUP: &str = "nine herons over the weir";

impl Stage {
    /// A file goes from one handset by both switchboards to the other.
    pub(super) fn send_a_file(&mut self) {
        let path = self.folder.join("Annexes to the Sorrelbridge protocol.txt");
        self.secrets.text("a file's name", "Annexes to the Sorrelbridge protocol");
        self.secrets.text("what a file says", FILE);
        fs::write(&path, FILE.repeat(3000)).expect("a file");
        self.secrets.text("a text", "Read the annexes beforehand, please.");
        let attach =
            ["text", "Woodpecker", "Read the annexes beforehand, please.", "--attach", &path.to_string_lossy()];
        self.does(ADA, &attach);
        self.keep_stores("with a file", [false, false]);
        self.hears(IVO, "Nightingale", "Read the annexes beforehand, please.");
        let into = self.folder.join("saved");
        self.does(IVO, &["read", "Nightingale", "--save", &into.to_string_lossy()]);
        let saved = fs::read(into.join("Annexes to the Sorrelbridge protocol.txt")).expect("it was saved");
        assert!(saved == FILE.repeat(3000).as_bytes(), "and is what was sent");
        let wires = [0, 1].map(|office: usize| self.recorders[office].recorded());
        let asks = |bytes: &[u8], method: &str, path: &str| has(bytes, format!("{method} {path}").as_bytes());
        assert!(asks(&wires[0].from_handsets, "PATCH", BLOB_PATH), "it was brought");
        assert!(asks(&wires[0].from_peers, "POST", FETCH_BLOB_PATH), "the other switchboard came for it");
        assert!(asks(&wires[1].from_handsets, "GET", BLOB_PATH), "it was fetched");
        assert!(wires[1].to_handsets.len() > FILE.len() * 3000, "its sealed bytes were recorded");
    }

    pub(super) fn let_texts_expire(&mut self) {
        self.does(ADA, &["expiry", "Woodpecker", "1w"]);
        self.until(IVO, &["expiry", "Nightingale"], |said| said["expiry_proposed"] == "1w");
        self.does(IVO, &["expiry", "Nightingale", "--accept"]);
        self.until(ADA, &["expiry", "Woodpecker"], |said| said["expiry"] == "1w");
        self.says(ADA, "Woodpecker", "Burn after reading, metaphorically.", &[]);
        self.hears(IVO, "Nightingale", "Burn after reading, metaphorically.");
    }

    /// One makes a backup and goes on from it on another handset; another's handset is taken out of service.
    pub(super) fn change_handsets(&mut self) {
        let (backup, passphrase) = (self.folder.join("line.backup"), self.folder.join("backup-passphrase"));
        self.secrets.text("a backup's passphrase", BACKUP);
        fs::write(&passphrase, format!("{BACKUP}\n")).expect("a file");
        let (file, under) = (backup.to_string_lossy(), passphrase.to_string_lossy());
        let under = ["--backup-passphrase-file", &*under];
        self.does(IVO, &[&["backup", "--out", &file], &under[..]].concat());
        let (office, name) = (self.lines[IVO].office, "Ivorek's second handset");
        self.offices[office].handset_of(name, &[&["restore", &file], &under[..]].concat()).done();
        let (id, invitation) = (self.lines[IVO].id, self.lines[IVO].invitation.clone());
        let keeping = Keeping::of(&self.offices[office].profile(name));
        self.lines.push(Line { name, office, keeping, id, invitation });
        let second = self.lines.len() - 1;
        self.note(second);
        let old = self.ends(IVO, &["sync"], 1);
        assert_eq!(field(&old[0], "error"), "restored-elsewhere");
        self.says(ADA, "Woodpecker", "Are you the same who promised the orchard?", &[]);
        self.hears(second, "Nightingale", "Are you the same who promised the orchard?");
        self.says(second, "Nightingale", "The same, with a newer telephone.", &[]);
        self.hears(ADA, "Woodpecker", "The same, with a newer telephone.");

        let lines = self.offices[office].operator(&["lines"]);
        let line = lines[1]["line"].as_u64().expect("a number").to_string();
        self.offices[office].operator(&["revoke-handset", &line, "--yes"]);
        self.ends(ODA, &["sync"], 1);
    }
}
