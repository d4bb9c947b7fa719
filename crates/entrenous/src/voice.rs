//! What is shown of a voice note before it is heard: how long it is, and how loud over its time.

use std::path::Path;

use hound::{Error, SampleFormat, WavReader};
use protocol::content::Voice;

/// Points of a waveform: as many as a narrow screen shows.
const POINTS: usize = 64;

/// Why a file is no voice note.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAVoiceNote {
    #[error("it is not a WAV file with PCM samples")]
    NotWav,
    #[error("it is empty, or longer than a voice note may be")]
    Length,
}

/// Reads a WAV file's length and loudness, a sample at a time.
///
/// # Errors
/// [`NotAVoiceNote`].
pub(crate) fn read(path: &Path) -> Result<Voice, NotAVoiceNote> {
    let mut wav = WavReader::open(path).map_err(|_| NotAVoiceNote::NotWav)?;
    let (spec, frames) = (wav.spec(), wav.duration());
    let duration = u64::from(frames) * 1000 / u64::from(spec.sample_rate.max(1));
    let duration = u32::try_from(duration).map_err(|_| NotAVoiceNote::Length)?;
    if frames == 0 {
        return Err(NotAVoiceNote::Length);
    }
    let points = POINTS.min(usize::try_from(frames).unwrap_or(POINTS));
    let mut peaks = vec![0f32; points];
    let samples = u64::from(frames) * u64::from(spec.channels.max(1));
    let mut take = |index: usize, loudness: f32| {
        let point = (index as u64).saturating_mul(points as u64) / samples.max(1);
        if let Some(peak) = usize::try_from(point).ok().and_then(|point| peaks.get_mut(point)) {
            *peak = peak.max(loudness.min(1.0));
        }
    };
    let read: Result<(), Error> = match spec.sample_format {
        SampleFormat::Float => wav.samples::<f32>().enumerate().try_for_each(|(index, sample)| {
            take(index, sample?.abs());
            Ok(())
        }),
        SampleFormat::Int => {
            let full = (1i64 << spec.bits_per_sample.clamp(1, 32).saturating_sub(1)) as f32;
            wav.samples::<i32>().enumerate().try_for_each(|(index, sample)| {
                take(index, sample?.unsigned_abs() as f32 / full);
                Ok(())
            })
        }
    };
    read.map_err(|_| NotAVoiceNote::NotWav)?;
    Ok(Voice { duration, waveform: peaks.into_iter().map(|peak| (peak * 255.0).round() as u8).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_that_swells_is_seen_to_swell() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("note.wav");
        let spec =
            hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        // Only to one side: what is below zero is as loud as what is above.
        for n in 0..24_000i32 {
            wav.write_sample(i16::try_from(-n * 32_767 / 24_000).unwrap()).unwrap();
        }
        wav.finalize().unwrap();
        let voice = read(&path).unwrap();
        assert_eq!((voice.duration, voice.waveform.len()), (3000, POINTS));
        assert!(voice.waveform.is_sorted() && voice.waveform[0] < 10 && voice.waveform[POINTS - 1] > 250);
    }

    #[test]
    fn what_is_no_voice_note_is_said_to_be_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("note.wav");
        std::fs::write(&path, "RIFF and nothing").unwrap();
        assert!(matches!(read(&path), Err(NotAVoiceNote::NotWav)));
    }
}
