//! The phone app's page.
#[cfg(target_family = "wasm")]
mod app {
    use leptos::html::h1;
    use leptos::prelude::*;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    pub fn start(_worker: web_sys::Worker) {
        leptos::mount::mount_to_body(|| h1().child("Entrenous"));
    }
}
