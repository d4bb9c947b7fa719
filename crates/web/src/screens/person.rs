//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn person(_state: State, _id: i64) -> impl IntoView {
    "person"
}
pub(crate) fn compare(_state: State, _id: i64) -> impl IntoView {
    "compare"
}
