//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn people(_state: State) -> impl IntoView {
    "people"
}
