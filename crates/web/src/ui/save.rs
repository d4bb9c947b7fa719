//! Giving bytes to the browser, to be saved where it saves files.

use talk::Trouble;
use wasm_bindgen::JsCast as _;
use web_sys::{Blob, HtmlElement, Url};

/// Long enough for any browser to have taken it.
const TAKEN: i32 = 60_000;

/// Saves it under this name.
///
/// # Errors
/// `not-saved`: the browser did not let us.
pub(crate) async fn save(blob: &Blob, name: &str) -> Result<(), Trouble> {
    let not_saved = || Trouble::new("not-saved", "the browser did not save it: try again");
    let url = Url::create_object_url_with_blob(blob).map_err(|_| not_saved())?;
    let link =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.create_element("a").ok());
    let link = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()).ok_or_else(not_saved)?;
    let _ = link.set_attribute("href", &url);
    let _ = link.set_attribute("download", name);
    link.click();
    leptos::task::spawn_local(async move {
        crate::ui::pause(TAKEN).await;
        let _ = Url::revoke_object_url(&url);
    });
    Ok(())
}

/// Today as it stands in names of files: 2031-03-02.
pub(crate) fn today() -> String {
    let now = js_sys::Date::new_0();
    format!("{}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date())
}
