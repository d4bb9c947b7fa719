//! Not drawn yet.
use crate::state::State;
use leptos::prelude::*;
pub(crate) fn watch(_state: State) {}
pub(crate) fn banners(_state: State) -> impl IntoView {}
