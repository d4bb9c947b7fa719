//! Being woken by the browser's push service (RFC 8030, 8291, 8292): subscribing, and letting go of it.

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Function, Reflect, Uint8Array};
use serde_bytes::ByteBuf;
use talk::Trouble;
use talk::calls::{Wake, WakeKey};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Notification, NotificationPermission, PushManager, PushSubscription, PushSubscriptionOptionsInit};

use crate::handset::ask;
use crate::ui::worker::registration;

/// Whether this browser can be woken at all.
pub(crate) fn is_possible() -> bool {
    let has = |name: &str| web_sys::window().is_some_and(|window| Reflect::has(&window, &name.into()).unwrap_or(false));
    has("PushManager") && has("Notification") && crate::ui::worker::workers().is_some()
}

/// Whether the browser lets us announce anything: none if it was not asked yet.
pub(crate) fn allowed() -> Option<bool> {
    let has = web_sys::window().is_some_and(|window| Reflect::has(&window, &"Notification".into()).unwrap_or(false));
    if !has {
        return Some(false);
    }
    match Notification::permission() {
        NotificationPermission::Granted => Some(true),
        NotificationPermission::Denied => Some(false),
        _ => None,
    }
}

/// Has the browser ask the person, if it has not; whether they allow it.
pub(crate) async fn allow() -> bool {
    if let Some(allowed) = allowed() {
        return allowed;
    }
    let Ok(asked) = Notification::request_permission() else { return false };
    let _ = JsFuture::from(asked).await;
    allowed() == Some(true)
}

/// Whether this browser is subscribed.
pub(crate) async fn is_on() -> bool {
    subscription().await.is_some()
}

/// Has this handset woken from here on.
///
/// # Errors
/// `not-allowed`, `no-wake-key`, `no-push`: why not; or what the handset says.
pub(crate) async fn begin() -> Result<(), Trouble> {
    if !allow().await {
        return Err(Trouble::new(
            "not-allowed",
            "the browser does not allow notifications: allow them in its settings",
        ));
    }
    let no_key = || Trouble::new("no-wake-key", "your office does not send wake-ups");
    let key = ask(WakeKey {}).await?.ok_or_else(no_key)?;
    let manager = manager().await.ok_or_else(no_push)?;
    let options = PushSubscriptionOptionsInit::new();
    options.set_user_visible_only(true);
    options.set_application_server_key_opt_u8_array(Some(&Uint8Array::from(key.as_slice())));
    let asked = manager.subscribe_with_options(&options).map_err(|_| no_push())?;
    let made: PushSubscription = JsFuture::from(asked).await.map_err(|_| no_push())?.unchecked_into();
    let told = async {
        let keys = (part(&made, "p256dh").ok_or_else(no_push)?, part(&made, "auth").ok_or_else(no_push)?);
        ask(Wake { subscription: Some((made.endpoint(), keys.0, keys.1)) }).await
    };
    match told.await {
        Ok(()) => Ok(()),
        Err(trouble) => {
            // Nobody would use it.
            let _ = let_go(&made).await;
            Err(trouble)
        }
    }
}

/// Not any more.
///
/// # Errors
/// What the handset says.
pub(crate) async fn end() -> Result<(), Trouble> {
    if let Some(subscription) = subscription().await {
        let _ = let_go(&subscription).await;
    }
    ask(Wake { subscription: None }).await
}

fn no_push() -> Trouble {
    Trouble::new("no-push", "this browser's push service did not answer: try again later")
}

async fn manager() -> Option<PushManager> {
    registration().await?.push_manager().ok()
}

async fn subscription() -> Option<PushSubscription> {
    let found = JsFuture::from(manager().await?.get_subscription().ok()?).await.ok()?;
    found.dyn_into().ok()
}

async fn let_go(subscription: &PushSubscription) -> Result<(), JsValue> {
    JsFuture::from(subscription.unsubscribe()?).await.map(drop)
}

/// One of the two values that messages are sealed to.
fn part(subscription: &PushSubscription, name: &str) -> Option<ByteBuf> {
    let get: Function = Reflect::get(subscription, &"getKey".into()).ok()?.dyn_into().ok()?;
    let found: ArrayBuffer = get.call1(subscription, &name.into()).ok()?.dyn_into().ok()?;
    Some(ByteBuf::from(Uint8Array::new(&found).to_vec()))
}
