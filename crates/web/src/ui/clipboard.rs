//! The clipboard and the phone's own share sheet.

use js_sys::futures::JsFuture;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// What is in it, if the person lets us see it.
pub(crate) async fn read() -> Option<String> {
    let clipboard = web_sys::window()?.navigator().clipboard();
    JsFuture::from(clipboard.read_text()).await.ok()?.as_string()
}

/// Puts something into it; whether that went well.
pub(crate) async fn write(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

/// Whether there is a share sheet here.
pub(crate) fn can_share() -> bool {
    sharer().is_some()
}

/// Hands a text to the share sheet; whether the person shared it.
pub(crate) async fn share(title: &str, text: &str) -> bool {
    let Some((navigator, share)) = sharer() else { return false };
    let what = Object::new();
    let _ = Reflect::set(&what, &"title".into(), &title.into());
    let _ = Reflect::set(&what, &"text".into(), &text.into());
    let Ok(shared) = share.call1(&navigator, &what) else { return false };
    JsFuture::from(Promise::from(shared)).await.is_ok()
}

fn sharer() -> Option<(JsValue, Function)> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let share = Reflect::get(&navigator, &"share".into()).ok()?.dyn_into().ok()?;
    Some((navigator, share))
}
