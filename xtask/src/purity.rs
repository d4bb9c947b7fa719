//! The purity of the engine is a list that clippy enforces; this shows that the list bites.
//!
//! A file that breaks it on purpose is checked under each pure crate's own clippy.toml and must be refused. (That the
//! crates themselves keep to it, clippy says in the same stage.)

use std::fs;

use crate::shell::{self, Failure};
use crate::tally::Tally;

/// The crates that may have no clock, entropy, thread or lock.
const PURE: [&str; 2] = ["protocol", "handset"];

/// What clippy must name when it sees the file below.
const MUST_FIND: [&str; 6] = [
    "`std::time::Instant::now`",
    "`std::time::SystemTime::now`",
    "`std::thread::spawn`",
    "`std::thread::sleep`",
    "`std::collections::HashMap`",
    "`std::sync::Mutex`",
];

const IMPURE: &str = "\
pub fn impure() -> (std::time::Instant, std::time::SystemTime, std::collections::HashMap<u8, u8>) {
    std::thread::sleep(std::time::Duration::ZERO);
    drop((std::thread::spawn(|| ()), std::sync::Mutex::new(())));
    (std::time::Instant::now(), std::time::SystemTime::now(), std::collections::HashMap::new())
}
";

/// One check for each pure crate.
///
/// # Errors
///
/// One sentence if the file cannot be written or clippy not run.
pub(crate) fn prove() -> Result<Tally, Failure> {
    let folder = shell::target_dir().join("purity");
    let file = folder.join("impure.rs");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, IMPURE))
        .map_err(|error| format!("{} cannot be written: {error}.", file.display()))?;
    let mut tally = Tally::default();
    for package in PURE {
        let mut clippy = shell::command("clippy-driver", ["--edition=2024", "--crate-type=lib", "--emit=metadata"]);
        clippy.arg("--out-dir").arg(&folder).arg(&file).arg("--deny=warnings");
        clippy.env("CLIPPY_CONF_DIR", shell::root().join("crates").join(package));
        let said = shell::capture(&mut clippy).err().unwrap_or_default();
        let missed: Vec<_> = MUST_FIND.iter().filter(|name| !said.contains(**name)).collect();
        if !missed.is_empty() {
            eprintln!(
                "crates/{package}/clippy.toml does not forbid {missed:?}, which the engine must not use.\n{said}"
            );
        }
        tally += Tally::one(missed.is_empty());
    }
    Ok(tally)
}
