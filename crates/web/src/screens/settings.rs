//! Not drawn yet.
use crate::route::Setting;
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn settings(_state: State) -> impl IntoView {
    "settings"
}
pub(crate) fn setting(_state: State, _setting: Setting) -> impl IntoView {
    "setting"
}
