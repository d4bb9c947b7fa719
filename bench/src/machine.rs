//! The machine and its load, and what one durable write costs here.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use crate::Result;
use crate::stats::Times;

/// Prints the machine.
pub(crate) fn print(folder: &Path) -> Result<()> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model =
        cpuinfo.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "machine   {} ({cores} cores), Linux {}",
        model.unwrap_or("unknown"),
        read("/proc/sys/kernel/osrelease").trim()
    );
    println!("load      {}", read("/proc/loadavg").trim());
    let mut file = File::create(folder.join("sync"))?;
    let mut times = Times::default();
    for _ in 0..200 {
        let begun = Instant::now();
        file.write_all(&[7; 1024])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    println!("fdatasync {}", times.line());
    Ok(())
}
