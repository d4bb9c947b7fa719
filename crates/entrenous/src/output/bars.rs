//! Bars on stderr for what takes longer than a moment; none where nobody looks.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::style::one_line;

/// A bar for each of several files.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Bars {
    /// A bar for one more file of `bytes`; `doing` says what is done with it.
    pub(crate) fn add(&mut self, doing: &str, name: &str, bytes: u64) {
        let style = ProgressStyle::with_template("{msg:30!} {bar:24} {bytes:>10} of {total_bytes:10} {eta:>4}");
        let bar = ProgressBar::new(bytes).with_message(format!("{doing} {}", one_line(name)));
        let bar = style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style.progress_chars("━━─")));
        bar.enable_steady_tick(Duration::from_millis(250));
        self.bars.push(self.all.add(bar));
    }

    /// So many bytes of the file that was added at this place are done.
    pub(crate) fn set(&self, place: usize, bytes: u64) {
        if let Some(bar) = self.bars.get(place) {
            bar.set_position(bytes);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}

/// Bytes as people read them.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

/// A length in minutes and seconds.
pub(crate) fn minutes(milliseconds: u32) -> String {
    let seconds = milliseconds.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A waveform in a line of text, each point one letter.
pub(crate) fn waveform(points: &[u8]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 24;
    let each = points.len().div_ceil(WIDTH).max(1);
    let level = |peak: u8| LEVELS.get(usize::from(peak) * LEVELS.len() / 256).copied().unwrap_or('▁');
    points.chunks(each).map(|points| level(points.iter().copied().max().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_loudness_are_seen_at_a_glance() {
        assert_eq!((minutes(0), minutes(3200), minutes(61_000)), ("0:00".into(), "0:04".into(), "1:01".into()));
        assert_eq!(waveform(&[0, 128, 255]), "▁▅█");
        assert_eq!(waveform(&[255; 64]).chars().count(), 22);
        assert_eq!(bytes(1 << 20), "1.00 MiB");
    }
}
