//! What stays: through a reload, a kill, a switchboard that is gone; and who gets at it.

use app_tests::{Driver, House, Phone, Result, Terminal};

/// A phone with a line at Aldmoor, in conversation with a terminal of Veresk.
async fn in_conversation(house: &House, driver: &Driver) -> Result<(Phone, Terminal)> {
    let ivo = house.terminal("Ivo Tarn")?;
    let (link, _) = ivo.card("Ada Marsh")?;
    let ada = Phone::open(driver, &house.dir().join("ada")).await?;
    ada.claim(&house.aldmoor.invite()?, "Ada Marsh").await?;
    ada.take_up(&link).await?;
    Ok((ada, ivo))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_locks_and_only_the_passphrase_opens() -> Result {
    let (house, driver) = (House::open()?, Driver::chromium()?);
    let (ada, _) = in_conversation(&house, &driver).await?;
    ada.write("Before the reload.").await?;
    ada.web().refresh().await?;
    ada.see("#passphrase").await?;
    let page = ada.said("body").await?;
    assert!(!page.contains("Ivo") && !page.contains("Ada") && !page.contains("reload"), "a locked page says {page:?}");
    for wrong in 1..=3 {
        ada.fill("#passphrase", "not this one").await?;
        ada.press(".actions .primary").await?;
        ada.until_script("return document.querySelector('#wrong').innerText !== ''").await?;
        if wrong < 3 {
            ada.until_enabled("#passphrase").await?;
        }
    }
    // After the third it waits, and a reload does not help.
    ada.see(".actions .primary:disabled").await?;
    ada.web().refresh().await?;
    ada.see(".actions .primary:disabled").await?;
    ada.unlock().await?;
    ada.reads(".text.mine .bubble", "Before the reload.").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_the_app_opens_and_what_is_written_goes_out_later() -> Result {
    let (mut house, driver) = (House::open()?, Driver::chromium()?);
    let (ada, ivo) = in_conversation(&house, &driver).await?;
    ada.write("With a network.").await?;
    ada.script("return navigator.serviceWorker.ready.then(() => 1)").await?;
    house.aldmoor.kill();
    ada.web().refresh().await?;
    ada.unlock().await?;
    ada.reads(".text.mine .bubble", "With a network.").await?;
    ada.write("Without one.").await?;
    ada.reads(".text.mine:last-of-type .state.waits", "Waiting for a connection. It goes out by itself.").await?;
    house.aldmoor.restart()?;
    ada.reads(".text.mine:last-of-type .state", "sent").await?;
    assert_eq!(ivo.texts("Ada Marsh")?, ["With a network.", "Without one."]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_amid_texts_it_loses_and_doubles_none() -> Result {
    let (house, driver) = (House::open()?, Driver::chromium()?);
    let (ada, ivo) = in_conversation(&house, &driver).await?;
    for number in 0..5 {
        ada.write(&format!("Text {number}.")).await?;
    }
    // The last one is being sent while the browser dies.
    ada.fill("#write", "Text 5.").await?;
    ada.press(".composer button[type=submit]").await?;
    let profile = ada.kill().await?;
    let ada = Phone::open(&driver, &profile).await?;
    ada.go(&house.aldmoor.url).await?;
    ada.unlock().await?;
    ada.press(".rows .row").await?;
    ada.reads(".text.mine .bubble", "Text 4.").await?;
    ada.write("The end.").await?;
    ada.reads(".text.mine:last-of-type .state", "sent").await?;
    let here = ada.texts().await?;
    let expected: Vec<String> = (0..5).map(|number| format!("Text {number}.")).collect();
    let middle = &here[5..here.len() - 1];
    assert_eq!(&here[..5], expected, "none is lost");
    assert!(middle.is_empty() || middle == ["Text 5."], "the last is there once, or still to be written: {here:?}");
    assert_eq!(ivo.texts("Ada Marsh")?, here, "and the other side has the same");
    Ok(())
}
