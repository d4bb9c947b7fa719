//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn restore(_state: State, _back: impl Fn() + 'static) -> impl IntoView {
    "restore"
}
