//! From a claim link to texts both ways, and what a reload, a kill and a lost network do to them.

use app_tests::{Driver, House, Phone, Result};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_claim_meet_by_a_link_and_text_both_ways() -> Result {
    let (house, driver) = (House::open()?, Driver::chromium()?);
    let ada = Phone::open(&driver, &house.dir().join("ada")).await?;
    ada.claim(&house.aldmoor.invite()?, "Ada Marsh").await?;
    // Nobody is there: the first card is one press away.
    ada.press(".empty .primary").await?;
    ada.fill("#for", "Tomas Ortega").await?;
    ada.press(".detail .actions .primary").await?;
    let link = ada.see(".address-line span").await?.text().await?;

    let tomas = Phone::open(&driver, &house.dir().join("tomas")).await?;
    tomas.claim(&house.veresk.invite()?, "Tomas Ortega").await?;
    tomas.take_up(&link).await?;
    tomas.write("Good evening.").await?;

    ada.script("location.hash = '#/'").await?;
    ada.reads(".row .name", "Tomas Ortega").await?;
    ada.press(".rows .row").await?;
    ada.reads(".text.theirs .bubble", "Good evening.").await?;
    ada.write("And to you.").await?;
    tomas.reads(".text.theirs .bubble", "And to you.").await?;
    tomas.reads(".text.mine .state", "seen").await?;
    Ok(())
}
