//! Recordings that were not sent yet. Each piece is sealed as it comes, so that an interruption loses no more than the one
//! that was being made; the recording's key and what is known of it are in the encrypted database.

use handset::Handset;
use js_sys::Array;
use protocol::files::PIECE_BYTES;
use protocol::{BlobId, FileKey, limits};
use seal::{FileSeal, sha256};
use serde::{Deserialize, Serialize};
use talk::Millis;
use talk::conversation::Take;
use web_sys::Blob;
use zeroize::Zeroizing;

use crate::disk::{self, Folder, whole};
use crate::failure::{Failure, Result};
use crate::settings;

/// Recordings that are kept at a time.
const TAKES: usize = 16;
/// Pieces of one, and bytes of one piece.
const PIECES: u32 = 4096;
const LARGEST_PIECE: u64 = 4 << 20;
/// What a page may call a recording, in bytes.
const NAME_BYTES: usize = 48;
/// The bytes before a sealed piece that say how long it is.
const HEADING: usize = 8;
/// The names of all.
const INDEX: &str = "takes";

/// What is known of a recording.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// The contact it is for.
    pub person: i64,
    /// Its media type.
    pub media_type: String,
    /// When it was begun.
    pub begun_at: Millis,
    /// Milliseconds.
    pub duration: u32,
    /// How loud over that time, in as many points as a voice note may have.
    pub waveform: serde_bytes::ByteBuf,
    key: FileKey,
    pieces: u32,
    bytes: u64,
    /// The file that was, or is being, made of it.
    pub sent_as: Option<BlobId>,
}

/// What comes with a piece.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The contact.
    pub person: i64,
    /// The media type of the whole.
    pub media_type: &'a str,
    /// Milliseconds so far.
    pub duration: u32,
    /// How loud over that time.
    pub waveform: &'a [u8],
    /// Now.
    pub now: Millis,
}

impl Kept {
    /// How long it is in all, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The key of one piece: each seals one stream of its own.
    fn piece_key(&self, piece: u32) -> FileKey {
        let mut input = Zeroizing::new(b"entrenous take piece v1".to_vec());
        input.extend_from_slice(self.key.as_bytes());
        input.extend_from_slice(&piece.to_be_bytes());
        FileKey::new(sha256(&input))
    }

    /// With one piece more of so many bytes.
    fn longer(mut self, bytes: u64, piece: &Piece<'_>) -> Result<Self> {
        let total = self.bytes.saturating_add(bytes);
        if self.pieces >= PIECES || total > limits::FILE_BYTES || self.sent_as.is_some() {
            return Err(Failure::new(
                "take-too-long",
                "this recording is as long as one can be: send it, and begin another",
            ));
        }
        (self.bytes, self.pieces) = (total, self.pieces + 1);
        (self.duration, self.waveform) = (piece.duration, fitting(piece.waveform).into());
        Ok(self)
    }
}

/// A waveform in as many points as a voice note may have: of each stretch the loudest.
pub fn fitting(waveform: &[u8]) -> Vec<u8> {
    let points = limits::WAVEFORM_POINTS;
    if waveform.len() <= points {
        return waveform.to_vec();
    }
    let stretch = |point: usize| (point * waveform.len() / points)..((point + 1) * waveform.len() / points);
    (0..points).map(|point| waveform.get(stretch(point)).into_iter().flatten().copied().max().unwrap_or(0)).collect()
}

/// What a recording is remembered under.
fn name(take: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if take.is_empty() || take.len() > NAME_BYTES || !take.chars().all(is_plain) {
        return Err(unknown());
    }
    Ok(format!("take {take}"))
}

fn piece_name(take: &str, piece: u32) -> String {
    format!("{take}.{piece}")
}

/// The names of all recordings.
///
/// # Errors
/// If the database fails.
pub fn all(handset: &Handset) -> Result<Vec<String>> {
    Ok(settings::get(handset, INDEX)?.unwrap_or_default())
}

/// One of them.
///
/// # Errors
/// If there is none of that name, or the database fails.
pub fn get(handset: &Handset, take: &str) -> Result<Kept> {
    settings::get(handset, &name(take)?)?.ok_or_else(unknown)
}

/// As pages see it.
pub(crate) fn shown(take: &str, kept: Kept) -> Take {
    Take {
        id: take.to_owned(),
        person: kept.person,
        duration: kept.duration,
        waveform: kept.waveform.into_vec(),
        begun_at: kept.begun_at,
    }
}

/// The recording to which a piece is added; a new one if there is none of that name.
///
/// # Errors
/// If there are too many, or the database fails.
pub fn begun(handset: &mut Handset, take: &str, piece: &Piece<'_>) -> Result<Kept> {
    if let Some(kept) = settings::get::<Kept>(handset, &name(take)?)? {
        return Ok(kept);
    }
    if all(handset)?.len() >= TAKES {
        return Err(Failure::new(
            "too-many-takes",
            "there are many recordings that were not sent: send or delete some first",
        ));
    }
    let media_type = piece.media_type.chars().take(100).collect();
    let waveform = serde_bytes::ByteBuf::new();
    let (person, begun_at, (_, key)) = (piece.person, piece.now, handset.draw_file());
    Ok(Kept { person, media_type, begun_at, duration: 0, waveform, key, pieces: 0, bytes: 0, sent_as: None })
}

/// Seals a piece and makes it last; gives the recording as it is then, to be kept by [`keep`]. Until that is done, it is as
/// if the piece had not been.
///
/// # Errors
/// If it is too long, or the disk does not take it.
pub async fn seal(folder: &Folder, take: &str, kept: &Kept, source: &Blob, piece: &Piece<'_>) -> Result<Kept> {
    let length = whole(source.size());
    if length > LARGEST_PIECE {
        return Err(Failure::new("take-too-long", "this piece of a recording is too long: begin it anew"));
    }
    let longer = kept.clone().longer(length, piece)?;
    let plain = Zeroizing::new(disk::read(source, 0, length).await?);
    let seal = FileSeal::new(&kept.piece_key(kept.pieces), length);
    let file = folder.write(&piece_name(take, kept.pieces)).await?;
    file.write_at(0, &length.to_be_bytes())?;
    let mut at = HEADING as u64;
    for (number, part) in parts(&plain).enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let sealed = seal.seal(number, part).map_err(|_| spoiled())?;
        file.write_at(at, &sealed)?;
        at += sealed.len() as u64;
    }
    file.truncate(at)?;
    file.flush()?;
    Ok(longer)
}

/// A piece in the parts that are sealed one by one; nothing is one empty part.
fn parts(plain: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = plain.is_empty().then_some(plain);
    empty.into_iter().chain(plain.chunks(PIECE_BYTES))
}

/// Keeps what is known of a recording.
///
/// # Errors
/// If the database fails.
pub fn keep(handset: &mut Handset, take: &str, kept: &Kept) -> Result<()> {
    let mut names = all(handset)?;
    if !names.iter().any(|name| name == take) {
        names.push(take.to_owned());
        settings::set(handset, INDEX, &names)?;
    }
    settings::set(handset, &name(take)?, kept)
}

/// Forgets what is known of a recording, and with it the key of its pieces.
pub(crate) fn forget(handset: &mut Handset, take: &str) -> Result<()> {
    settings::forget(handset, &name(take)?)?;
    let mut names = all(handset)?;
    names.retain(|name| name != take);
    settings::set(handset, INDEX, &names)?;
    Ok(handset.erase_deleted()?)
}

/// Removes the pieces of recordings that are not among these.
///
/// # Errors
/// The browser's.
pub async fn remove_others(folder: &Folder, takes: &[String]) -> Result<()> {
    for file in folder.names().await? {
        let of = file.rsplit_once('.').map(|(take, _)| take);
        if !takes.iter().any(|take| Some(take.as_str()) == of) {
            folder.remove(&file).await?;
        }
    }
    Ok(())
}

/// A recording as one Blob.
///
/// # Errors
/// If a piece is not there or not what was sealed.
pub async fn whole_take(folder: &Folder, take: &str, kept: &Kept) -> Result<Blob> {
    let all = Array::new();
    for piece in 0..kept.pieces {
        let file = folder.file(&piece_name(take, piece)).await?.ok_or_else(spoiled)?;
        let bytes = disk::read(&file, 0, whole(file.size())).await?;
        let (length, mut sealed) = bytes.split_first_chunk::<HEADING>().ok_or_else(spoiled)?;
        let length = u64::from_be_bytes(*length);
        if length > LARGEST_PIECE {
            return Err(spoiled());
        }
        let seal = FileSeal::new(&kept.piece_key(piece), length);
        for part in 0..seal.pieces() {
            let (one, rest) = sealed.split_at_checked(seal.sealed_bytes(part)).ok_or_else(spoiled)?;
            let plain = Zeroizing::new(seal.open(part, one).map_err(|_| spoiled())?);
            all.push(&js_sys::Uint8Array::from(plain.as_slice()).into());
            sealed = rest;
        }
    }
    disk::join(&all, crate::files::harmless_type(&kept.media_type))
}

fn unknown() -> Failure {
    Failure::new("unknown-take", "there is no such recording any more")
}

fn spoiled() -> Failure {
    Failure::new("take-spoiled", "this recording cannot be read any more: delete it, and record it again")
}
