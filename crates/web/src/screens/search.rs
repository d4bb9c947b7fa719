//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn search(_state: State) -> impl IntoView {
    "search"
}
