//! Offices and principals for tests: real processes of the real binary.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A directory for one test, with the passphrase in a file.
pub(crate) struct World {
    dir: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passphrase"), "a long evening\n").unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The binary, with nothing of this machine's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
        let settings = std::env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("ENTRENOUS_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .env_remove("RUST_LOG")
            .env("ENTRENOUS_PASSPHRASE_FILE", self.path("passphrase"))
            .stdin(Stdio::null());
        command
    }

    /// An office's switchboard, ready.
    pub(crate) fn office(&self, name: &str) -> Office {
        Office::start(self, name, "127.0.0.1:0", &[])
    }

    /// A principal's handset, not claimed yet.
    pub(crate) fn handset<'w>(&'w self, name: &str) -> Handset<'w> {
        Handset { world: self, profile: self.path(name) }
    }

    /// A principal with a line at an office.
    pub(crate) fn principal<'w>(&'w self, office: &Office, name: &str) -> Handset<'w> {
        let handset = self.handset(name);
        handset.done(&["claim", &office.claim_url(self), "--as", name]);
        handset
    }
}

/// A process that is killed when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A switchboard in a process of its own.
pub(crate) struct Office {
    process: Running,
    pub(crate) ready: Value,
    name: String,
}

impl Office {
    pub(crate) fn start(world: &World, name: &str, listen: &str, more: &[&str]) -> Self {
        let data = world.path(name);
        let data = data.to_str().unwrap();
        let fixed = ["serve", "--json", "--data", data, "--listen", listen, "--office", name, "--insecure-loopback"];
        let mut process = world
            .command(&[fixed.as_slice(), more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no first line: {line:?}"));
        Self { process: Running(process), ready, name: name.to_owned() }
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    /// A claim link for a new line, made while the switchboard runs.
    pub(crate) fn claim_url(&self, world: &World) -> String {
        let data = world.path(&self.name);
        let output = world.command(&["office", "invite", "--json", "--data", data.to_str().unwrap()]).output().unwrap();
        records(&output)[0]["claim_url"].as_str().unwrap().to_owned()
    }

    /// Ends it by SIGTERM; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        signal(&self.process.0, "TERM");
        exit_within(&mut self.process.0, Duration::from_secs(10))
    }
}

/// A principal's handset.
pub(crate) struct Handset<'w> {
    world: &'w World,
    pub(crate) profile: PathBuf,
}

impl Handset<'_> {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        command.args(["--json", "--profile"]).arg(&self.profile);
        command
    }

    /// Runs a command: its exit code and what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let output = self.command(arguments).output().unwrap();
        (output.status.code().unwrap(), records(&output))
    }

    /// Runs a command that is done; the first thing it printed.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        records(&output).into_iter().next().unwrap_or_default()
    }

    /// Runs a command that fails; its exit code and the error's code.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let records = records(&output);
        let record = records.last().unwrap_or_else(|| panic!("{arguments:?} said nothing"));
        let sentence = record["message"].as_str().unwrap_or_default();
        assert!(String::from_utf8_lossy(&output.stderr).contains(sentence.get(2..20).unwrap_or("?")), "{record}");
        (output.status.code().unwrap(), record["error"].as_str().unwrap_or("none").to_owned())
    }

    /// What a conversation is, as text and state.
    pub(crate) fn conversation(&self, person: &str) -> Vec<(String, String, String)> {
        let field = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        let (_, records) = self.run(&["read", person]);
        let texts = records.iter().filter(|record| record["notice"].is_null());
        texts.map(|text| (field(text, "from"), field(text, "text"), field(text, "state"))).collect()
    }
}

/// Objects on stdout, one a line.
pub(crate) fn records(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line:?}"))).collect()
}

pub(crate) fn signal(process: &Child, name: &str) {
    let kill = Command::new("kill").args([format!("-{name}"), process.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

/// The exit code of a process that ends by itself within a time.
pub(crate) fn exit_within(process: &mut Child, time: Duration) -> Option<i32> {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Everything in a directory, by name.
pub(crate) fn names_in(dir: &Path) -> Vec<String> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}
