//! A browser's driver: one process for each test, on a port that is free.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Result;

/// How Chromium's driver says where it listens.
const LISTENS: &str = "started successfully on port ";

/// A driver that ends with its test.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    /// Starts Chromium's.
    ///
    /// # Errors
    /// If there is none, or it does not say where it listens.
    pub fn chromium() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromedriver cannot be started: {error}"))?;
        let said = BufReader::new(process.stdout.take().ok_or("it says nothing")?);
        let port = said.lines().map_while(std::result::Result::ok).find_map(|line| {
            let (_, rest) = line.split_once(LISTENS)?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.ok_or("chromedriver does not say where it listens")?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}") })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
