//! The app in other languages than English, one of them from right to left.

use app_tests::{Driver, House, Phone, Result};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn french_and_arabic_are_spoken_where_the_browser_does() -> Result {
    let (house, driver) = (House::open()?, Driver::chromium()?);
    let root = "return [document.documentElement.lang, document.documentElement.dir].join(' ')";
    let french = Phone::open_in(&driver, &house.dir().join("french"), "fr-CA").await?;
    french.claim(&house.aldmoor.invite()?, "Ada Marsh").await?;
    assert_eq!(french.script(root).await?, "fr ltr");
    french.reads(".tabs", "Conversations").await?;
    french.reads(".empty", "carte").await?;

    let arabic = Phone::open_in(&driver, &house.dir().join("arabic"), "ar").await?;
    arabic.claim(&house.veresk.invite()?, "Salma Haddad").await?;
    assert_eq!(arabic.script(root).await?, "ar rtl");
    arabic.reads(".tabs", "المحادثات").await?;
    // What begins a line is at the right.
    let script = "const [title, button] = ['.letterhead h1', '.letterhead .icon-button'].map(
        css => document.querySelector(css).getBoundingClientRect()); return title.right > button.right";
    assert_eq!(arabic.script(script).await?, true);
    Ok(())
}
