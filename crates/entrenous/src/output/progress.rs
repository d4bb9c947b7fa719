//! How far something is that takes longer than a second, for whoever looks at a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// What takes less is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is said.
const PACE: Duration = Duration::from_millis(200);

/// A line on stderr that is written over.
#[derive(Debug)]
pub(crate) struct Progress {
    what: &'static str,
    next: Instant,
    said: bool,
}

impl Progress {
    /// Of something that begins now.
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what, next: Instant::now() + PATIENCE, said: false }
    }

    /// So much of all is done.
    pub(crate) fn tell(&mut self, done: u64, total: u64) {
        let now = Instant::now();
        if now < self.next || !std::io::stderr().is_terminal() {
            return;
        }
        self.next = now + PACE;
        self.said = true;
        let of_100 = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        let _ = write!(std::io::stderr(), "\r{}: {of_100} %", self.what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.said {
            // The next line says how it went.
            let _ = writeln!(std::io::stderr());
        }
    }
}
