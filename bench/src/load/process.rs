//! What processes use, as the system tells it.

use std::fs;

use crate::Result;

/// Clock ticks in a second on every Linux that there is (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

/// CPU seconds that these processes and all below them have used, children that have ended included.
pub(crate) fn cpu_seconds(roots: &[u32]) -> Result<f64> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while it is looked at.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        // After the name: state, parent, ..., utime, stime, and both of the children that were waited for.
        all.push((pid, number(1), number(11) + number(12) + number(13) + number(14)));
    }
    let mut tree: Vec<u64> = roots.iter().map(|pid| u64::from(*pid)).collect();
    let mut at = 0;
    while let Some(parent) = tree.get(at).copied() {
        tree.extend(all.iter().filter(|(_, of, _)| *of == parent).map(|(pid, ..)| u64::from(*pid)));
        at += 1;
    }
    let ticks: u64 = all.iter().filter(|(pid, ..)| tree.contains(&u64::from(*pid))).map(|(.., ticks)| ticks).sum();
    Ok(ticks as f64 / TICKS)
}

/// What of a process's memory is in RAM, in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Its own, and its share of what it shares.
    pub(crate) pss: u64,
    /// All of it.
    pub(crate) rss: u64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let field = |name: &str| -> Result<u64> {
            let value = rollup.lines().find_map(|line| line.strip_prefix(name)).ok_or("a field is missing")?;
            Ok(value.trim().trim_end_matches("kB").trim().parse()?)
        };
        Ok(Self { pss: field("Pss:")?, rss: field("Rss:")? })
    }
}

/// The load average, as the system has it.
pub(crate) fn load() -> String {
    let all = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    all.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Files that this process, and those that it starts, may have open.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|soft| soft.parse().ok()).unwrap_or_default()
}
