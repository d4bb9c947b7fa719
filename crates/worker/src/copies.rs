//! A small file that survives being killed at any instant: two copies, of which one is always whole. Each has a running
//! number and a hash of what is in it; the whole one with the higher number counts.

use seal::sha256;

/// The hash and the number before the bytes.
const HEADING: usize = 32 + 8;

/// One copy as it lies on the disk.
pub fn copy(number: u64, bytes: &[u8]) -> Vec<u8> {
    let numbered = [&number.to_be_bytes()[..], bytes].concat();
    [&sha256(&numbered)[..], &numbered].concat()
}

/// Which of two copies counts: its number and what is in it. None if neither is whole.
pub fn newest(copies: [Option<&[u8]>; 2]) -> Option<(u64, &[u8])> {
    copies.into_iter().flatten().filter_map(whole).max_by_key(|(number, _)| *number)
}

fn whole(copy: &[u8]) -> Option<(u64, &[u8])> {
    let (hash, numbered) = copy.split_at_checked(HEADING - 8)?;
    let (number, bytes) = numbered.split_at_checked(8)?;
    (sha256(numbered) == hash).then_some((u64::from_be_bytes(number.try_into().ok()?), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_copy_counts() {
        let (old, new) = (copy(4, b"old"), copy(5, b"new"));
        assert_eq!(newest([Some(&old), Some(&new)]), Some((5, &b"new"[..])));
        assert_eq!(newest([Some(&new), Some(&old)]), Some((5, &b"new"[..])));
        assert_eq!(newest([Some(&old), None]), Some((4, &b"old"[..])));
        assert_eq!(newest([None, None]), None);
    }

    #[test]
    fn wherever_writing_broke_off_the_other_copy_counts() {
        let (old, new) = (copy(4, b"what was before"), copy(5, b"what is new"));
        for written in 0..new.len() {
            let mut torn = old.clone();
            torn.splice(..written, new[..written].iter().copied());
            let found = newest([Some(&old), Some(&torn)]);
            assert_eq!(found, Some((4, &b"what was before"[..])), "{written}");
            assert_eq!(newest([Some(&old), Some(&new[..written])]), Some((4, &b"what was before"[..])), "{written}");
        }
    }
}
