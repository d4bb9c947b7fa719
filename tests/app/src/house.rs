//! Two offices of invented countries, and whoever has a line there by a terminal.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::Result;

/// Two switchboards.
#[derive(Debug)]
pub struct House {
    /// Of Aldmoor.
    pub aldmoor: Office,
    /// Of Veresk.
    pub veresk: Office,
    dir: TempDir,
}

/// One switchboard in its process.
#[derive(Debug)]
pub struct Office {
    name: &'static str,
    data: PathBuf,
    process: Option<Child>,
    /// Where it is reached.
    pub url: String,
}

/// A line whose handset is a terminal.
#[derive(Debug)]
pub struct Terminal {
    profile: PathBuf,
    passphrase: PathBuf,
}

fn program() -> Result<PathBuf> {
    let path = std::env::var_os("ENTRENOUS_BIN")
        .ok_or("run these tests by `cargo xtask test app`, which builds the program")?;
    Ok(path.into())
}

impl House {
    /// Two offices, both serving the app.
    ///
    /// # Errors
    /// If one does not start.
    pub fn open() -> Result<Self> {
        if std::env::var_os("ENTRENOUS_APP").is_none() {
            return Err("run these tests by `cargo xtask test app`, which builds the app".into());
        }
        let dir = tempfile::tempdir()?;
        let office = |name| Office::open(name, dir.path().join(name));
        Ok(Self { aldmoor: office("Chancery of Aldmoor")?, veresk: office("Foreign Ministry of Veresk")?, dir })
    }

    /// Where a test may keep what it makes.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A line at the second office, by a terminal.
    ///
    /// # Errors
    /// If it is not claimed.
    pub fn terminal(&self, name: &str) -> Result<Terminal> {
        let passphrase = self.dir.path().join("passphrase");
        std::fs::write(&passphrase, "a long evening\n")?;
        let terminal = Terminal { profile: self.dir.path().join(format!("terminal of {name}")), passphrase };
        terminal.run(&["claim", &self.veresk.invite()?, "--as", name])?;
        Ok(terminal)
    }
}

impl Office {
    fn open(name: &'static str, data: PathBuf) -> Result<Self> {
        let mut office = Self { name, data, process: None, url: String::new() };
        office.start("127.0.0.1:0")?;
        Ok(office)
    }

    fn start(&mut self, listen: &str) -> Result<()> {
        let mut process = Command::new(program()?)
            .args(["serve", "--json", "--insecure-loopback", "--office", self.name, "--listen", listen, "--data"])
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().ok_or("it says nothing")?);
        said.read_line(&mut line)?;
        // Whatever it says later is nobody's.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        self.process = Some(process);
        let ready: Value = serde_json::from_str(&line)?;
        self.url = ready["public_url"].as_str().ok_or("the switchboard does not say where it is")?.to_owned();
        Ok(())
    }

    /// A claim link.
    ///
    /// # Errors
    /// If the office does not give one.
    pub fn invite(&self) -> Result<String> {
        let output =
            Command::new(program()?).args(["office", "invite", "--json", "--data"]).arg(&self.data).output()?;
        let said: Value = serde_json::from_slice(&output.stdout)?;
        Ok(said["claim_url"].as_str().ok_or("the office gives no claim link")?.to_owned())
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let listen = self.url.trim_start_matches("http://").to_owned();
        self.start(&listen)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Terminal {
    /// Runs one command; gives the objects that it prints.
    ///
    /// # Errors
    /// What it says, if it fails.
    pub fn run(&self, args: &[&str]) -> Result<Vec<Value>> {
        let output = Command::new(program()?)
            .args(args)
            .args(["--json", "--profile"])
            .arg(&self.profile)
            .env("ENTRENOUS_PASSPHRASE_FILE", &self.passphrase)
            .stdin(Stdio::null())
            .output()?;
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return Err(format!("{args:?} failed: {lines}{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(lines.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
    }

    /// A card handed out by it: its link, and its words after the office's address.
    ///
    /// # Errors
    /// If none is made.
    pub fn card(&self, for_name: &str) -> Result<(String, String)> {
        let made = self.run(&["card", "new", "--for", for_name])?;
        let card = made.first().ok_or("no card")?;
        let text = |key: &str| card[key].as_str().map(str::to_owned).ok_or_else(|| format!("the card has no {key}"));
        Ok((text("url")?, text("words")?))
    }

    /// What stands in its conversation with somebody.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn texts(&self, person: &str) -> Result<Vec<String>> {
        let all = self.run(&["read", person])?;
        Ok(all.iter().filter_map(|one| Some(one["text"].as_str()?.to_owned())).collect())
    }
}
