//! Pictures of every screen, on a phone and on a desk, in light and in dark, in English and in Arabic; to be looked at.
//!
//! `cargo xtask screens` builds what is needed and says where they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use app_tests::{Driver, House, Phone, Result};

/// Widths and heights.
const SIZES: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desk", 1440, 900)];
const THEMES: [&str; 2] = ["light", "dark"];

/// Screens that an address leads to, in an open handset that knows somebody as number 1.
const ADDRESSES: [(&str, &str); 15] = [
    ("conversations", "#/"),
    ("conversation", "#/conversation/1"),
    ("people", "#/people"),
    ("person", "#/people/1"),
    ("compare", "#/people/1/compare"),
    ("cards", "#/cards"),
    ("new-card", "#/cards/new"),
    ("take-up", "#/cards/take-up"),
    ("search", "#/search"),
    ("settings", "#/settings"),
    ("settings-look", "#/settings/look"),
    ("settings-woken", "#/settings/woken"),
    ("settings-lock", "#/settings/lock"),
    ("settings-backup", "#/settings/backup"),
    ("settings-storage", "#/settings/storage"),
];

#[tokio::main]
async fn main() -> Result {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("say in which folder the pictures shall be")?);
    std::fs::create_dir_all(&folder)?;
    let (house, driver) = (House::open()?, Driver::chromium()?);
    for language in ["en-GB", "ar"] {
        tour(&house, &driver, &folder, language).await?;
    }
    println!("{} pictures", std::fs::read_dir(&folder)?.count());
    Ok(())
}

async fn tour(house: &House, driver: &Driver, folder: &Path, language: &str) -> Result {
    let tag = language.split('-').next().unwrap_or(language);
    let take = async |phone: &Phone, name: &str| pictures(phone, &folder.join(format!("{tag}-{name}"))).await;
    let ada = Phone::open_in(driver, &house.dir().join(tag), language).await?;
    ada.go(&house.aldmoor.url).await?;
    ada.see("#claim").await?;
    take(&ada, "start").await?;
    ada.go(&house.aldmoor.invite()?).await?;
    ada.fill("#name", if tag == "ar" { "سلمى حداد" } else { "Ada Marsh" }).await?;
    take(&ada, "claim-name").await?;
    ada.press(".actions .primary").await?;
    ada.fill("#p1", app_tests::PASSPHRASE).await?;
    ada.fill("#p2", app_tests::PASSPHRASE).await?;
    take(&ada, "claim-secret").await?;
    ada.press(".actions .primary").await?;
    ada.see(".steps li:nth-child(3)[aria-current]").await?;
    take(&ada, "claimed").await?;
    ada.press(".actions .quiet").await?;
    ada.see(".empty").await?;
    take(&ada, "nobody").await?;

    let (name, other) = if tag == "ar" { ("Karim Nasser", "سلمى حداد") } else { ("Ivo Tarn", "Ada Marsh") };
    let ivo = house.terminal(name)?;
    let (link, _) = ivo.card(other)?;
    ada.take_up(&link).await?;
    ada.write("Good evening. Did you sleep at all?").await?;
    for text in [
        "Four hours. Your minister is right about the ferries, and I will say so.",
        "https://ports.example/ferries",
        "🙏",
    ] {
        ivo.run(&["text", other, text])?;
    }
    ada.reads(".text.theirs .bubble", "🙏").await?;
    ada.write("Then we do it before the summit, you and I. No communiqué.").await?;
    ada.reads(".text.mine:last-of-type .state", "").await?;
    ada.script("location.hash = '#/cards/new'").await?;
    ada.fill("#for", "Aino Rautio").await?;
    ada.press(".detail .actions .primary").await?;
    ada.see(".code svg").await?;
    take(&ada, "card").await?;
    for (name, address) in ADDRESSES {
        ada.script(&format!("location.hash = '{address}'")).await?;
        tokio::time::sleep(Duration::from_millis(600)).await;
        take(&ada, name).await?;
    }
    ada.script("location.hash = '#/conversation/1'").await?;
    ada.see(".text .said").await?;
    ada.script("document.querySelector('.text.mine .said .icon-button').click()").await?;
    ada.see("dialog.menu").await?;
    take(&ada, "text-menu").await?;
    ada.web().refresh().await?;
    ada.see("#passphrase").await?;
    take(&ada, "locked").await?;
    ada.close().await.map(drop)
}

async fn pictures(phone: &Phone, path: &Path) -> Result {
    for (name, width, height) in SIZES {
        phone.size(width, height).await?;
        for theme in THEMES {
            phone.script(&format!("document.documentElement.dataset.theme = '{theme}'")).await?;
            tokio::time::sleep(Duration::from_millis(150)).await;
            phone.picture(Path::new(&format!("{}-{name}-{theme}.png", path.display()))).await?;
        }
    }
    let (_, width, height) = SIZES[0];
    phone.size(width, height).await
}
