//! Not drawn yet.
use leptos::prelude::*;
pub(crate) fn scan(_open: RwSignal<bool>, _found: impl Fn(String) + Send + Sync + 'static) -> impl IntoView {}
