//! Which packages and test targets the workspace has, out of `cargo metadata`.
//!
//! A few fixed keys are picked out of its JSON by hand: a JSON crate would double the time until a fresh machine can
//! run its first command.

use std::path::{Path, PathBuf};

use crate::shell;

/// What the workspace holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Targets {
    /// The names of its packages.
    pub(crate) packages: Vec<String>,
    /// Each integration test: its target's name and its source file.
    pub(crate) tests: Vec<(String, PathBuf)>,
}

impl Targets {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// What cargo said, if a manifest is wrong.
    pub(crate) fn read() -> Result<Self, String> {
        let mut command = shell::cargo(["metadata", "--no-deps", "--format-version", "1"]);
        Ok(Self::parse(&shell::capture(&mut command)?))
    }

    /// Whether there is a package of this name.
    pub(crate) fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|name| name == package)
    }

    /// The names of the integration tests in or outside of a folder.
    pub(crate) fn tests(&self, folder: &Path, inside: bool) -> Vec<&str> {
        self.tests
            .iter()
            .filter(|(_, path)| path.starts_with(folder) == inside)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn parse(metadata: &str) -> Self {
        let members = metadata
            .split_once("\"workspace_members\":[")
            .and_then(|(_, rest)| rest.split_once(']'))
            .map_or("", |(members, _)| members);
        let tests = metadata
            .split("\"kind\":[\"test\"]")
            .skip(1)
            .filter_map(|rest| Some((after(rest, "\"name\":\"")?.to_owned(), after(rest, "\"src_path\":\"")?.into())));
        Self {
            packages: members.split(',').filter_map(|id| package_name(id.trim_matches('"'))).collect(),
            tests: tests.collect(),
        }
    }
}

/// The name in a package id: `path+file:///root/crates/seal#0.1.0`, or `path+file:///root/tests#scenarios@0.1.0`
/// where folder and package are named differently.
fn package_name(id: &str) -> Option<String> {
    let (path, version) = id.split_once('#')?;
    match version.split_once('@') {
        Some((name, _)) => Some(name.to_owned()),
        None => path.rsplit('/').next().map(str::to_owned),
    }
}

fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_once(key)?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = concat!(
        r#"{"packages":[{"name":"scenarios","targets":[{"kind":["lib"],"crate_types":["lib"],"name":"scenarios","#,
        r#""src_path":"/root/tests/src/lib.rs"},{"kind":["test"],"crate_types":["bin"],"name":"crash","#,
        r#""src_path":"/root/tests/tests/crash.rs"}]},{"name":"seal","targets":[{"kind":["test"],"#,
        r#""crate_types":["bin"],"name":"vectors","src_path":"/root/crates/seal/tests/vectors.rs"}]}],"#,
        r#""workspace_members":["path+file:///root/crates/seal#0.1.0","path+file:///root/tests#scenarios@0.1.0"],"#,
        r#""resolve":null}"#
    );

    #[test]
    fn packages_and_tests_are_found() {
        let targets = Targets::parse(METADATA);
        assert_eq!(targets.packages, ["seal", "scenarios"]);
        assert!(targets.has("scenarios") && !targets.has("tests"));
        assert_eq!(targets.tests(Path::new("/root/tests"), true), ["crash"]);
        assert_eq!(targets.tests(Path::new("/root/tests"), false), ["vectors"]);
    }

    #[test]
    fn this_workspace_is_read() {
        let targets = Targets::read().expect("cargo metadata");
        assert!(targets.has("xtask") && targets.has("protocol"), "{:?}", targets.packages);
    }
}
