//! Time: now, waiting, and one alarm for whatever is due next.

use std::cell::Cell;

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use protocol::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// The worker itself.
pub(crate) fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// The clock of this device.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(millis())
}

/// The same in milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of Unix time are whole")]
pub(crate) fn millis() -> u64 {
    js_sys::Date::now() as u64
}

/// Waits.
pub(crate) async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        // Without a timer it would never settle.
        if scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds).is_err() {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    let _: Result<JsValue, JsValue> = JsFuture::from(promise).await;
}

/// One timer, set anew as often as need be.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Cell<Option<i32>>);

impl Alarm {
    /// Rings after so many milliseconds, and not when it was to ring before.
    pub(crate) fn set(&self, milliseconds: u64, ring: &Function) {
        self.clear();
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let id = scope().set_timeout_with_callback_and_timeout_and_arguments_0(ring, milliseconds);
        self.0.set(id.ok());
    }

    /// Does not ring any more.
    pub(crate) fn clear(&self) {
        if let Some(id) = self.0.take() {
            scope().clear_timeout_with_handle(id);
        }
    }
}
