//! Files and voice notes, and finding what was said.

use app_tests::{Driver, House, Phone, Result};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_over_a_switchboard_that_breaks_off_and_a_voice_note_is_heard() -> Result {
    let (mut house, driver) = (House::open()?, Driver::chromium()?);
    let ivo = house.terminal("Ivo Tarn")?;
    let (link, _) = ivo.card("Ada Marsh")?;
    let ada = Phone::open(&driver, &house.dir().join("ada")).await?;
    ada.claim(&house.aldmoor.invite()?, "Ada Marsh").await?;
    ada.take_up(&link).await?;

    let draft = house.dir().join("Draft treaty.bin");
    let bytes: Vec<u8> = (0..64_000_000_u32).map(|n| u8::try_from(n % 251).unwrap_or_default()).collect();
    std::fs::write(&draft, &bytes)?;
    let chooser = ada.web().find(thirtyfour::By::Css(".composer input[type=file]")).await?;
    chooser.send_keys(draft.to_string_lossy()).await?;
    ada.reads(".composer-files", "Draft treaty.bin").await?;
    ada.fill("#write", "The draft.").await?;
    ada.press(".composer button[type=submit]").await?;
    ada.reads(".text.mine .file-name", "Draft treaty.bin").await?;
    // Amid it: some of it is there, and not all.
    ada.until_script(
        "const bar = document.querySelector('.text.mine .progress'); return bar !== null && bar.value > 0 && bar.value < bar.max",
    )
    .await?;
    house.aldmoor.restart()?;
    assert_eq!(ada.count(".text.mine .progress").await?, 1, "it had not ended when the switchboard did");
    ada.gone(".text.mine .progress").await?;

    // A second or so of the tone that stands in for a microphone.
    ada.press(".composer-line .icon-button:last-child").await?;
    ada.reads(".recording", "0:02").await?;
    ada.press(".composer-line .icon-button.accent").await?;
    ada.see(".text.mine .voice").await?;
    ada.gone(".text.mine .progress").await?;
    ada.reads(".text.mine:last-of-type .state", "sent").await?;
    ada.press(".text.mine .voice .icon-button").await?;
    ada.until_script("return document.querySelector('.voice audio').currentTime > 0.2").await?;

    let out = house.dir().join("out");
    ivo.run(&["read", "Ada Marsh", "--save", &out.to_string_lossy()])?;
    assert_eq!(std::fs::read(out.join("Draft treaty.bin"))?, bytes, "the file came as it went");
    assert_eq!(std::fs::read_dir(&out)?.count(), 2, "and the voice note too");

    ivo.run(&["text", "Ada Marsh", "The ferries run on Monday."])?;
    ada.reads(".text.theirs .bubble", "ferries").await?;
    ada.script("location.hash = '#/search'").await?;
    ada.fill("#search-words", "ferr").await?;
    ada.reads(".hit mark", "ferr").await?;
    ada.press(".hit .row").await?;
    ada.reads(".bubble.found", "The ferries run on Monday.").await?;
    Ok(())
}
