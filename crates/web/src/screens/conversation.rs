//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn conversation(_state: State, _id: i64) -> impl IntoView {
    "conversation"
}
