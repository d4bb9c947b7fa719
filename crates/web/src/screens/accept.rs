//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn accept(_state: State) -> impl IntoView {
    "accept"
}
