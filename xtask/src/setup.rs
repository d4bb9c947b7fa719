//! What must be on the machine before something can be built or tested.
//!
//! On Debian (and what descends from it) as root, missing packages are installed; anywhere else one sentence names
//! them. Rust's own parts come through rustup, whoever runs it.

use std::path::Path;

use crate::shell::{self, Failure};

/// Something that the machine must have.
pub(crate) struct Need {
    /// What it is, in a sentence: "a C compiler".
    what: &'static str,
    /// What it is for, in a sentence: "to compile SQLite".
    purpose: &'static str,
    /// Any one of these programs is enough.
    programs: &'static [&'static str],
    /// Debian's packages for it.
    packages: &'static [&'static str],
}

/// For everything: SQLite and the TLS primitives are C.
pub(crate) const C_COMPILER: Need = Need {
    what: "a C compiler",
    purpose: "to compile SQLite",
    programs: &["cc", "gcc", "clang"],
    packages: &["gcc", "libc6-dev"],
};

/// For fuzzing: libFuzzer is C++.
pub(crate) const CXX_COMPILER: Need = Need {
    what: "a C++ compiler",
    purpose: "to compile libFuzzer",
    programs: &["c++", "g++", "clang++"],
    packages: &["g++"],
};

/// For the browser: the same SQLite, compiled to wasm.
pub(crate) const CLANG: Need =
    Need { what: "clang", purpose: "to compile SQLite for the browser", programs: &["clang"], packages: &["clang"] };

/// For the tests that run in a browser.
pub(crate) const CHROMIUM: Need = Need {
    what: "Chromium",
    purpose: "to run the engine's tests in a browser",
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    packages: &["chromium"],
};

/// For the tests of the phone app.
pub(crate) const CHROMEDRIVER: Need = Need {
    what: "Chromium's driver",
    purpose: "to use the phone app as a person does",
    programs: &["chromedriver"],
    packages: &["chromium-driver"],
};

/// For the tests of certificates by ACME.
pub(crate) const PEBBLE: Need = Need {
    what: "Pebble",
    purpose: "to be the certificate authority of tests",
    programs: &["pebble"],
    packages: &["pebble"],
};

/// Makes sure that all of `needs` are there, installing what can be installed.
///
/// # Errors
///
/// One sentence that names what is missing and the command that installs it.
pub(crate) fn require(needs: &[&Need]) -> Result<(), Failure> {
    let missing: Vec<&Need> = needs.iter().copied().filter(|need| !is_there(need)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !(is_debian() && is_root()) {
        return Err(Failure::Failed(sentence(&missing)));
    }
    let packages = packages(&missing);
    println!("Installing {}.", packages.join(", "));
    // The lists may be empty (fresh images ship none) or older than what the mirror still carries.
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], packages.as_slice()].concat())?;
    match missing.iter().find(|need| !is_there(need)) {
        None => Ok(()),
        Some(need) => Err(Failure::Failed(sentence(&[need]))),
    }
}

/// Makes sure that rustup's component, and the program it brings, are there.
///
/// # Errors
///
/// One sentence if rustup is missing or cannot install it.
pub(crate) fn component(program: &str, component: &str) -> Result<(), Failure> {
    if shell::capture(&mut shell::cargo([program, "--version"])).is_ok() {
        return Ok(());
    }
    rustup(&["component", "add", component])
}

/// Makes sure that Rust can compile for the browser.
///
/// # Errors
///
/// One sentence if rustup is missing or cannot install the target.
pub(crate) fn wasm_target() -> Result<(), Failure> {
    let found = shell::capture(&mut shell::command(
        "rustc",
        ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"],
    ));
    if found.is_ok_and(|dir| Path::new(dir.trim()).is_dir()) {
        return Ok(());
    }
    rustup(&["target", "add", "wasm32-unknown-unknown"])
}

fn rustup(args: &[&str]) -> Result<(), Failure> {
    if !shell::has("rustup") {
        return Err(Failure::Failed(format!(
            "This needs what `rustup {}` would install; install rustup from https://rustup.rs, or that part from \
             where your Rust came from.",
            args.join(" ")
        )));
    }
    println!("Running rustup {}.", args.join(" "));
    Ok(shell::run(&mut shell::command("rustup", args))?)
}

fn apt_get(args: &[&str]) -> Result<(), Failure> {
    let mut command = shell::command("apt-get", args);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    Ok(shell::run(&mut command)?)
}

fn is_there(need: &Need) -> bool {
    need.programs.iter().any(|program| shell::has(program))
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file() && shell::has("apt-get")
}

fn is_root() -> bool {
    shell::capture(&mut shell::command("id", ["-u"])).is_ok_and(|id| id.trim() == "0")
}

fn packages(needs: &[&Need]) -> Vec<&'static str> {
    let mut packages: Vec<_> = needs.iter().flat_map(|need| need.packages.iter().copied()).collect();
    packages.dedup();
    packages
}

fn sentence(missing: &[&Need]) -> String {
    let wanted: Vec<String> = missing.iter().map(|need| format!("{} {}", need.what, need.purpose)).collect();
    let packages = packages(missing).join(" ");
    let how = if is_debian() {
        format!("run `sudo apt-get install -y {packages}`")
    } else {
        format!("install it with your system's package manager (on Debian: `apt-get install -y {packages}`)")
    };
    format!("This needs {}: {how}, then try again.", wanted.join(", and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let sentence = sentence(&[&C_COMPILER, &CLANG]);
        assert!(sentence.starts_with("This needs a C compiler to compile SQLite, and clang to compile SQLite for the"));
        assert!(sentence.contains("apt-get install -y gcc libc6-dev clang`"), "{sentence}");
        assert_eq!(sentence.matches(". ").count(), 0, "one sentence: {sentence}");
    }

    #[test]
    fn a_need_is_met_by_any_of_its_programs() {
        let need = Need { what: "a shell", purpose: "", programs: &["no-such-program", "sh"], packages: &[] };
        assert!(is_there(&need));
        let need = Need { programs: &["no-such-program"], ..need };
        assert!(!is_there(&need));
    }
}
