//! Two tabs of one handset: one leads, and both are of use.

use app_tests::{Driver, House, Phone, Result};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_tab_follows_and_goes_on_when_the_first_is_closed() -> Result {
    let (house, driver) = (House::open()?, Driver::chromium()?);
    let ivo = house.terminal("Ivo Tarn")?;
    let (_, words) = ivo.card("Ada Marsh")?;
    let ada = Phone::open(&driver, &house.dir().join("ada")).await?;
    ada.claim(&house.aldmoor.invite()?, "Ada Marsh").await?;
    // By words, as they are said aloud.
    let (office, words) = words.split_once(' ').ok_or("an address and words")?;
    ada.script("location.hash = '#/cards/take-up'").await?;
    ada.fill("#card-office", office).await?;
    ada.fill("#card-words", words).await?;
    ada.press(".detail .actions .primary").await?;
    ada.write("From the first tab.").await?;

    let first = ada.web().window().await?;
    let second = ada.web().new_tab().await?;
    ada.web().switch_to_window(second).await?;
    ada.go(&house.aldmoor.url).await?;
    ada.press(".rows .row").await?;
    ada.reads(".text.mine .bubble", "From the first tab.").await?;
    ada.write("From the second.").await?;
    ada.web().switch_to_window(first).await?;
    ada.reads(".text.mine .bubble", "From the second.").await?;

    ada.web().close_window().await?;
    let left = ada.web().windows().await?.pop().ok_or("a tab is left")?;
    ada.web().switch_to_window(left).await?;
    ada.unlock().await?;
    ada.write("Alone.").await?;
    ada.reads(".text.mine:last-of-type .state", "sent").await?;
    assert_eq!(ivo.texts("Ada Marsh")?, ["From the first tab.", "From the second.", "Alone."]);
    Ok(())
}
