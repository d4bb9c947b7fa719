//! What the browser promises about what is stored here.

use js_sys::futures::JsFuture;

/// Asks it to keep what is stored until the person erases it; whether it will.
pub(crate) async fn persist() -> bool {
    let Some(window) = web_sys::window() else { return false };
    let Ok(promise) = window.navigator().storage().persist() else { return false };
    JsFuture::from(promise).await.is_ok_and(|kept| kept.is_truthy())
}
