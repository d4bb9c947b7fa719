//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn cards(_state: State) -> impl IntoView {
    "cards"
}
pub(crate) fn new_card(_state: State) -> impl IntoView {
    "new_card"
}
pub(crate) fn card(_state: State) -> impl IntoView {
    "card"
}
