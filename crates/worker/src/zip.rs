//! An archive of files as they are (ZIP, APPNOTE.TXT 6.3.10, without compression): what is not bytes of files.

use std::collections::BTreeSet;

/// What is before, after and between the bytes of an archive's files.
#[derive(Debug, Default)]
pub struct Zip {
    central: Vec<u8>,
    names: BTreeSet<String>,
    at: u64,
}

/// The check of a file's bytes (CRC-32), as they come.
#[derive(Debug, Clone, Copy)]
pub struct Check(u32);

impl Default for Check {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Check {
    /// With more bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                self.0 = (self.0 >> 1) ^ (0xedb8_8320 & (self.0 & 1).wrapping_neg());
            }
        }
    }

    const fn value(self) -> u32 {
        !self.0
    }
}

impl Zip {
    /// What comes before a file's bytes; none if the archive would be larger than such a one can be.
    pub fn file(&mut self, name: &str, check: Check, bytes: u64) -> Option<Vec<u8>> {
        let (size, at) = (u32::try_from(bytes).ok()?, u32::try_from(self.at).ok()?);
        let length = u16::try_from(name.len()).ok()?;
        // Version 2.0; names in UTF-8; stored; no time.
        let mut common = Vec::new();
        for half in [20_u16, 1 << 11, 0, 0, 0x21] {
            common.extend(half.to_le_bytes());
        }
        for word in [check.value(), size, size] {
            common.extend(word.to_le_bytes());
        }
        common.extend(length.to_le_bytes());
        common.extend([0, 0]);
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(&common);
        local.extend(name.as_bytes());
        self.central.extend(b"PK\x01\x02\x14\x00");
        self.central.extend(&common);
        self.central.extend([0; 10]);
        self.central.extend(at.to_le_bytes());
        self.central.extend(name.as_bytes());
        self.at = self.at.checked_add(local.len() as u64)?.checked_add(bytes)?;
        self.names.insert(name.to_owned());
        Some(local)
    }

    /// What comes after the last file; none if there is more than such an archive can hold.
    pub fn end(self) -> Option<Vec<u8>> {
        let (count, at) = (u16::try_from(self.names.len()).ok()?, u32::try_from(self.at).ok()?);
        let length = u32::try_from(self.central.len()).ok()?;
        let mut end = self.central;
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend(count.to_le_bytes());
        end.extend(count.to_le_bytes());
        end.extend(length.to_le_bytes());
        end.extend(at.to_le_bytes());
        end.extend([0, 0]);
        Some(end)
    }

    /// A name in a folder that is safe wherever it is unpacked, and that no file has yet.
    pub fn free_name(&self, folder: &str, name: &str) -> String {
        let safe = safe_name(name);
        let (stem, extension) = match safe.rfind('.') {
            Some(at) if at > 0 => safe.split_at(at),
            _ => (safe.as_str(), ""),
        };
        let mut free = format!("{folder}{safe}");
        for number in 2_u32.. {
            if !self.names.contains(&free) {
                break;
            }
            free = format!("{folder}{stem} ({number}){extension}");
        }
        free
    }
}

/// A name that is no path, nothing hidden, and nothing that a file system minds.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_unsafe = |c: char| {
        c.is_control()
            || "<>:\"|?*".contains(c)
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let safe: String = last.chars().map(|c| if is_unsafe(c) { '_' } else { c }).take(120).collect();
    let trimmed = safe.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    if trimmed.is_empty() { "file".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_the_known_one() {
        let mut check = Check::default();
        check.add(b"1234");
        check.add(b"56789");
        assert_eq!(check.value(), 0xcbf4_3926);
    }

    #[test]
    fn an_archive_has_its_files_where_it_says() {
        let mut zip = Zip::default();
        let mut whole = Vec::new();
        for (name, bytes) in [("Ines/conversation.json", &b"{}"[..]), ("Ines/files/brouillon é.txt", b"page 1")] {
            let mut check = Check::default();
            check.add(bytes);
            whole.extend(zip.file(name, check, bytes.len() as u64).unwrap());
            whole.extend(bytes);
        }
        let central = whole.len();
        whole.extend(zip.end().unwrap());
        let end = whole.len() - 22;
        assert_eq!(&whole[end..end + 4], b"PK\x05\x06");
        assert_eq!(&whole[end + 10..end + 12], [2, 0]);
        assert_eq!(&whole[end + 16..end + 20], u32::try_from(central).unwrap().to_le_bytes());
        assert_eq!(&whole[central..central + 4], b"PK\x01\x02");
        let at = u32::from_le_bytes(whole[central + 42..central + 46].try_into().unwrap()) as usize;
        assert_eq!((at, &whole[..4]), (0, &b"PK\x03\x04"[..]));
        let second = central + 46 + "Ines/conversation.json".len();
        let at = u32::from_le_bytes(whole[second + 42..second + 46].try_into().unwrap()) as usize;
        assert_eq!(&whole[at..at + 4], b"PK\x03\x04");
        assert!(whole[at + 30..].starts_with("Ines/files/brouillon é.txt".as_bytes()));
        assert!(Zip::default().file("x", Check::default(), 1 << 32).is_none(), "larger than can be said");
    }

    #[test]
    fn names_lead_nowhere_and_are_never_the_same() {
        for (name, safe) in
            [("../../etc/passwd", "passwd"), (".bashrc", "bashrc"), ("..", "file"), ("a\u{202e}b\n", "a_b_")]
        {
            assert_eq!(safe_name(name), safe);
        }
        let mut zip = Zip::default();
        let mut names = Vec::new();
        for _ in 0..3 {
            let name = zip.free_name("files/", "draft.pdf");
            zip.file(&name, Check::default(), 0).unwrap();
            names.push(name);
        }
        assert_eq!(names, ["files/draft.pdf", "files/draft (2).pdf", "files/draft (3).pdf"]);
    }
}
