//! The real binary as a test's own processes: switchboards, and commands of handsets on them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The passphrase of every profile.
pub const PASSPHRASE: &str = "a long evening";
/// The profile of an office's first line.
const FIRST: &str = "profile";

/// A folder of the test's own, gone with it.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// Makes one; `test` tells it from those of others.
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("entrenous-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// How a switchboard is run.
#[derive(Debug)]
pub struct Serving {
    /// The office's name.
    pub office: &'static str,
    /// Where others reach it, if that is not where it listens.
    pub public_url: Option<String>,
    /// RUST_LOG.
    pub log: &'static str,
    /// Whether the log goes into a file ([`Office::log`]) and not among the test's own errors.
    pub keeps_log: bool,
}

impl Default for Serving {
    fn default() -> Self {
        Self { office: "An office", public_url: None, log: "error", keeps_log: false }
    }
}

/// A switchboard process, and the profiles of the lines on it.
#[derive(Debug)]
pub struct Office {
    /// Where it listens.
    pub listen: String,
    /// The claim link of its first line.
    pub claim_url: String,
    child: Option<Child>,
    folder: PathBuf,
    serving: Serving,
}

impl Office {
    /// Starts a new one, with everything of its own in one folder.
    pub fn new(folder: &Path, name: &str, serving: Serving) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("passphrase"), format!("{PASSPHRASE}\n")).expect("a file");
        let listen = "127.0.0.1:0".to_owned();
        let mut office = Self { listen, claim_url: String::new(), child: None, folder, serving };
        let ready = office.start();
        // Started again, it has to be found where it was.
        office.listen = ready["listening"].as_str().expect("an address").to_owned();
        office.claim_url = ready["claim_url"].as_str().expect("a claim link").to_owned();
        office
    }

    /// Starts it (again); what it says once it is ready.
    pub fn start(&mut self) -> Value {
        let mut command = Command::new(binary());
        command
            .args(["serve", "--json", "--insecure-loopback", "--office", self.serving.office, "--listen", &self.listen])
            .arg("--data")
            .arg(self.data())
            .env("RUST_LOG", self.serving.log)
            .stdout(Stdio::piped());
        if let Some(url) = &self.serving.public_url {
            command.args(["--public-url", url]);
        }
        if self.serving.keeps_log {
            command.stderr(File::options().create(true).append(true).open(self.log()).expect("a file"));
        }
        let mut child = command.spawn().expect("a switchboard starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("output")).read_line(&mut line).expect("a line");
        self.child = Some(child);
        serde_json::from_str(&line).expect("the switchboard is ready")
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process of our own");
            child.wait().expect("an end");
        }
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let kill = Command::new("kill").args(["-TERM".to_owned(), child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        assert_eq!(child.wait().expect("an end").code(), Some(0));
    }

    /// Where the switchboard keeps its data.
    pub fn data(&self) -> PathBuf {
        self.folder.join("switchboard")
    }

    /// Where its log is, if it keeps one.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Where the handset of a line keeps its own.
    pub fn profile(&self, line: &str) -> PathBuf {
        self.folder.join(line)
    }

    /// A claim link for a further line.
    pub fn invite(&self) -> String {
        self.operator(&["invite"])[0]["claim_url"].as_str().expect("a claim link").to_owned()
    }

    /// What a command of the switchboard's operator says, once it is done.
    pub fn operator(&self, args: &[&str]) -> Vec<Value> {
        let mut command = Command::new(binary());
        command.arg("office").args(args).args(["--json", "--data"]).arg(self.data());
        Said(command.output().expect("runs")).done()
    }

    /// Starts a command of the first line's handset.
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.spawn_of(FIRST, args)
    }

    /// What a command of the first line's handset says.
    pub fn handset(&self, args: &[&str]) -> Said {
        self.handset_of(FIRST, args)
    }

    /// What a command of a line's handset says.
    pub fn handset_of(&self, line: &str, args: &[&str]) -> Said {
        Said(self.spawn_of(line, args).wait_with_output().expect("an end"))
    }

    fn spawn_of(&self, line: &str, args: &[&str]) -> Child {
        Command::new(binary())
            .args(args)
            .arg("--json")
            .arg("--profile")
            .arg(self.profile(line))
            .env("ENTRENOUS_PASSPHRASE_FILE", self.folder.join("passphrase"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a handset starts")
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said(Output);

impl Said {
    /// What it printed, if it is done.
    pub fn done(self) -> Vec<Value> {
        self.ended(0)
    }

    /// What it printed, if it ended with this exit code.
    pub fn ended(self, code: i32) -> Vec<Value> {
        assert_eq!(self.0.status.code(), Some(code), "{}", String::from_utf8_lossy(&self.0.stderr));
        self.objects()
    }

    /// What it printed, however it ended.
    pub fn objects(self) -> Vec<Value> {
        objects(&self.0)
    }
}

/// What a process printed with `--json`.
pub fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The real binary: where the environment says, or beside this test.
fn binary() -> PathBuf {
    let beside = || {
        let test = std::env::current_exe().expect("a path");
        test.ancestors().nth(2).expect("a folder").join("entrenous")
    };
    let path = std::env::var_os("ENTRENOUS_BIN").map_or_else(beside, PathBuf::from);
    assert!(path.is_file(), "the binary is missing: cargo build -p entrenous");
    path
}
