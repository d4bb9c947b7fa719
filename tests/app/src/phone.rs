//! A browser with a profile of its own, held like a phone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use thirtyfour::prelude::*;

use crate::{Driver, PATIENCE, Result};

/// Between two looks.
const BLINK: Duration = Duration::from_millis(50);

/// Nothing but the page; a microphone and a camera that are not there, and allowed.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--force-prefers-reduced-motion",
];

/// What a handset of these tests is opened with.
pub const PASSPHRASE: &str = "four long evening words";

/// A browser.
#[derive(Debug)]
pub struct Phone {
    web: WebDriver,
    profile: PathBuf,
}

impl Phone {
    /// One with this profile, in English, of a phone's size.
    ///
    /// # Errors
    /// If the browser does not start.
    pub async fn open(driver: &Driver, profile: &Path) -> Result<Self> {
        Self::open_in(driver, profile, "en-GB").await
    }

    /// One in this language.
    ///
    /// # Errors
    /// If the browser does not start.
    pub async fn open_in(driver: &Driver, profile: &Path, language: &str) -> Result<Self> {
        let mut wanted = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wanted.add_arg(flag)?;
        }
        // Its sandbox refuses to run as root.
        wanted.add_arg("--no-sandbox")?;
        wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        wanted.add_arg(&format!("--accept-lang={language}"))?;
        wanted.add_arg("--window-size=390,844")?;
        let web = WebDriver::new(driver.url(), wanted).await?;
        let phone = Self { web, profile: profile.to_owned() };
        phone.size(390, 844).await?;
        Ok(phone)
    }

    /// What drives it.
    pub fn web(&self) -> &WebDriver {
        &self.web
    }

    /// Makes its screen this large.
    ///
    /// # Errors
    /// The driver's.
    pub async fn size(&self, width: u32, height: u32) -> Result {
        let metrics = serde_json::json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
    }

    /// Has the browser's debugging protocol do something.
    ///
    /// # Errors
    /// The driver's.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        Ok(self.web.cdp().send_raw(method, parameters).await?)
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// The driver's.
    pub async fn go(&self, url: &str) -> Result {
        Ok(self.web.goto(url).await?)
    }

    /// Runs a script; its value.
    ///
    /// # Errors
    /// The driver's.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.web.execute(script, Vec::new()).await?.json().clone())
    }

    /// Waits until there is such an element, and it can be seen.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn see(&self, css: &str) -> Result<WebElement> {
        self.until(css, async || match self.web.find(By::Css(css)).await {
            Ok(found) if found.is_displayed().await.unwrap_or(false) => Ok(Some(found)),
            _ => Ok(None),
        })
        .await
    }

    /// Waits until no such element is there.
    ///
    /// # Errors
    /// If it does not go.
    pub async fn gone(&self, css: &str) -> Result {
        self.until(&format!("no {css}"), async || {
            let found = self.web.find_all(By::Css(css)).await?;
            Ok(found.is_empty().then_some(()))
        })
        .await
    }

    /// Waits until what such elements say, each on a line, has these words in it.
    ///
    /// # Errors
    /// If it does not come to that; says what they say.
    pub async fn reads(&self, css: &str, words: &str) -> Result<String> {
        self.until(&format!("{css} saying {words:?}"), async || {
            let said = self.said(css).await?;
            Ok(said.contains(words).then_some(said))
        })
        .await
    }

    /// What such elements say, each on a line.
    ///
    /// # Errors
    /// The driver's.
    pub async fn said(&self, css: &str) -> Result<String> {
        let script =
            format!("return [...document.querySelectorAll({})].map(e => e.innerText).join('\\n')", quoted(css));
        Ok(self.script(&script).await?.as_str().unwrap_or_default().to_owned())
    }

    /// How many there are.
    ///
    /// # Errors
    /// The driver's.
    pub async fn count(&self, css: &str) -> Result<u64> {
        let script = format!("return document.querySelectorAll({}).length", quoted(css));
        Ok(self.script(&script).await?.as_u64().unwrap_or_default())
    }

    /// Presses what is there, as a finger would.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn press(&self, css: &str) -> Result {
        let what = format!("{css} to be pressed");
        self.until(&what, async || {
            let Ok(found) = self.web.find(By::Css(css)).await else { return Ok(None) };
            let ready = found.is_displayed().await.unwrap_or(false) && found.is_enabled().await.unwrap_or(false);
            // Drawn anew between two words of ours, it is pressed with the next look.
            Ok((ready && found.click().await.is_ok()).then_some(()))
        })
        .await
    }

    /// Waits until such an element can be used.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn until_enabled(&self, css: &str) -> Result {
        self.until_script(&format!("return document.querySelector({})?.disabled === false", quoted(css))).await
    }

    /// Waits until a script gives `true`.
    ///
    /// # Errors
    /// If it does not.
    pub async fn until_script(&self, script: &str) -> Result {
        self.until(script, async || Ok((self.script(script).await? == Value::Bool(true)).then_some(()))).await
    }

    /// Types into a field.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn fill(&self, css: &str, text: &str) -> Result {
        let field = self.see(css).await?;
        Ok(field.send_keys(text).await?)
    }

    /// Claims a line, and leaves the backup for later.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn claim(&self, link: &str, name: &str) -> Result {
        self.go(link).await?;
        self.fill("#name", name).await?;
        self.press(".actions .primary").await?;
        self.fill("#p1", PASSPHRASE).await?;
        self.fill("#p2", PASSPHRASE).await?;
        self.press(".actions .primary").await?;
        self.see(".steps li:nth-child(3)[aria-current]").await?;
        self.press(".actions .quiet").await?;
        self.see(".tabs").await.map(drop)
    }

    /// Opens a locked handset.
    ///
    /// # Errors
    /// If it does not open.
    pub async fn unlock(&self) -> Result {
        self.fill("#passphrase", PASSPHRASE).await?;
        self.press(".actions .primary").await?;
        self.see(".app[data-view]").await.map(drop)
    }

    /// Takes a card up by its link, and waits for the conversation.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn take_up(&self, card: &str) -> Result {
        self.script("location.hash = '#/cards/take-up'").await?;
        self.fill("#card-link", card).await?;
        self.press(".detail .actions .primary").await?;
        self.see("#write").await.map(drop)
    }

    /// Writes a text in the open conversation, and waits until it stands there.
    ///
    /// # Errors
    /// If it does not come to that.
    pub async fn write(&self, text: &str) -> Result {
        self.fill("#write", text).await?;
        self.press(".composer button[type=submit]").await?;
        self.reads(".text.mine .bubble", text).await.map(drop)
    }

    /// What is said in the open conversation, oldest first.
    ///
    /// # Errors
    /// The driver's.
    pub async fn texts(&self) -> Result<Vec<String>> {
        let said = self.said(".text .bubble").await?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// A picture of the screen.
    ///
    /// # Errors
    /// The driver's, or the disk's.
    pub async fn picture(&self, path: &Path) -> Result {
        Ok(std::fs::write(path, self.web.screenshot_as_png().await?)?)
    }

    /// Ends the browser at once, as a battery that is empty would; its profile stays.
    ///
    /// # Errors
    /// If it is not found.
    pub async fn kill(self) -> Result<PathBuf> {
        let flag = format!("--user-data-dir={}", self.profile.display());
        let mut killed = 0;
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if line.split(|byte| *byte == 0).any(|word| word == flag.as_bytes()) {
                let pid = entry.file_name().to_string_lossy().into_owned();
                killed += u32::from(std::process::Command::new("kill").args(["-9", &pid]).status()?.success());
            }
        }
        if killed == 0 {
            return Err("there is no browser to be killed".into());
        }
        // The driver notices by itself.
        let _ = self.web.quit().await;
        Ok(self.profile)
    }

    /// Closes it; its profile stays.
    ///
    /// # Errors
    /// The driver's.
    pub async fn close(self) -> Result<PathBuf> {
        self.web.quit().await?;
        Ok(self.profile)
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if begun.elapsed() > PATIENCE {
                let page = self.said("body").await.unwrap_or_default();
                if let Some(folder) = std::env::var_os("APP_PICTURES") {
                    // To be looked at by whoever mends it.
                    let _ = self.picture(&PathBuf::from(folder).join("last.png")).await;
                }
                return Err(format!("there was no {what} in {} s; the page says:\n{page}", PATIENCE.as_secs()).into());
            }
            tokio::time::sleep(BLINK).await;
        }
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
