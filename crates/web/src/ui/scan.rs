//! Reading a QR code: through the camera, or in a picture.

use js_sys::futures::JsFuture;
use js_sys::{Object, Reflect, Uint8Array};
use leptos::ev;
use leptos::html::{self, div, input, label, p, video};
use leptos::prelude::*;
use leptos::svg;
use leptos::task::spawn_local;
use talk::calls::ReadQr;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, HtmlInputElement, HtmlVideoElement, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

use crate::handset::ask_with;
use crate::state::State;
use crate::ui::dialog::sheet;
use crate::ui::{icon, pause};
use crate::words::t;

/// Larger frames are read no better, only slower.
const WIDEST: u32 = 640;
/// Between two frames that are read.
const BETWEEN: i32 = 150;
/// The corners of what is held into the frame.
const CORNERS: &str =
    "M4 24V10a6 6 0 0 1 6-6h14M76 4h14a6 6 0 0 1 6 6v14M96 76v14a6 6 0 0 1-6 6H76M24 96H10a6 6 0 0 1-6-6V76";

/// Looks for a code as long as `open` is true; what it says goes to `found`, and that closes it.
pub(crate) fn scan(open: RwSignal<bool>, found: impl Fn(String) + Send + Sync + 'static) -> impl IntoView {
    let found = StoredValue::new(found);
    let done = move |text: String| {
        open.set(false);
        found.with_value(|found| found(text));
    };
    sheet(open, t("scan"), move || {
        div().class("page").child((camera(done), div().class("pills").child(from_picture(done))))
    })
}

/// What the camera sees, until a code is found or nobody looks any more.
fn camera(done: impl Fn(String) + Copy + 'static) -> impl IntoView {
    let node = NodeRef::<html::Video>::new();
    let why = RwSignal::new(None::<&'static str>);
    // Gone with what is shown: then the camera stops.
    let watched = RwSignal::new(());
    spawn_local(async move {
        let stream = match stream().await {
            Ok(stream) => stream,
            Err(name) => {
                why.try_set(Some(name));
                return;
            }
        };
        let read = look(&stream, node, watched).await;
        for track in stream.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
        if let Some(text) = read {
            done(text);
        }
    });
    let shown = move || match why.get() {
        Some(name) => p().child(t(name)).into_any(),
        None => (
            video().node_ref(node).prop("muted", true).attr("playsinline", "").attr("aria-label", t("camera-picture")),
            svg::svg()
                .attr("class", "frame")
                .attr("viewBox", "0 0 100 100")
                .attr("aria-hidden", "true")
                .child(svg::path().attr("d", CORNERS)),
            p().child(t("hold-the-code")),
        )
            .into_any(),
    };
    div().class("camera").attr("role", "status").child(shown)
}

/// The camera's stream, or the name of the sentence that says why there is none.
async fn stream() -> Result<MediaStream, &'static str> {
    let devices = web_sys::window().and_then(|window| window.navigator().media_devices().ok());
    let devices = devices.filter(|devices| !devices.is_undefined()).ok_or("no-camera")?;
    let facing = Object::new();
    // A new object takes everything.
    let _ = Reflect::set(&facing, &"facingMode".into(), &"environment".into());
    let wanted = MediaStreamConstraints::new();
    wanted.set_video(&facing);
    let asked = devices.get_user_media_with_constraints(&wanted).map_err(|_| "no-camera")?;
    match JsFuture::from(asked).await {
        Ok(stream) => Ok(stream.unchecked_into()),
        Err(error) => {
            let name = Reflect::get(&error, &"name".into()).ok().and_then(|name| name.as_string());
            Err(match name.as_deref() {
                Some("NotAllowedError" | "SecurityError") => "camera-not-allowed",
                Some("NotReadableError" | "AbortError") => "camera-busy",
                _ => "no-camera",
            })
        }
    }
}

/// Reads frame by frame; nothing if nobody looks any more.
async fn look(stream: &MediaStream, node: NodeRef<html::Video>, watched: RwSignal<()>) -> Option<String> {
    let canvas: HtmlCanvasElement = web_sys::window()?.document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    let options = Object::new();
    let _ = Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE);
    let context = canvas.get_context_with_context_options("2d", &options).ok()??;
    let context: CanvasRenderingContext2d = context.dyn_into().ok()?;
    let mut begun = false;
    while watched.try_get_untracked().is_some() {
        if let Some(video) = node.try_get_untracked().flatten() {
            let video: &HtmlVideoElement = &video;
            if !begun {
                video.set_src_object(Some(stream));
                if let Ok(playing) = video.play() {
                    let _ = JsFuture::from(playing).await;
                }
                begun = true;
            }
            if let Some((pixels, width)) = frame(video, &canvas, &context)
                && let Ok((Some(text), _)) = ask_with(ReadQr { width: Some(width) }, &pixels).await
                && watched.try_get_untracked().is_some()
            {
                return Some(text);
            }
        }
        pause(BETWEEN).await;
    }
    None
}

/// What the camera sees now: RGBA, and pixels a row.
fn frame(
    video: &HtmlVideoElement,
    canvas: &HtmlCanvasElement,
    context: &CanvasRenderingContext2d,
) -> Option<(JsValue, u32)> {
    let (width, height) = (video.video_width(), video.video_height());
    if width == 0 || height == 0 {
        return None;
    }
    let (to_width, to_height) = if width > WIDEST { (WIDEST, height * WIDEST / width) } else { (width, height) };
    canvas.set_width(to_width);
    canvas.set_height(to_height);
    let (wide, high) = (f64::from(to_width), f64::from(to_height));
    context.draw_image_with_html_video_element_and_dw_and_dh(video, 0.0, 0.0, wide, high).ok()?;
    let pixels = context.get_image_data(0.0, 0.0, wide, high).ok()?.data();
    Some((Uint8Array::from(pixels.0.as_slice()).into(), to_width))
}

/// Chooses a picture instead.
pub(crate) fn from_picture(found: impl Fn(String) + Copy + 'static) -> impl IntoView {
    let state = State::get();
    let chosen = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        // The same picture can be chosen again.
        input.set_value("");
        spawn_local(async move {
            match ask_with(ReadQr { width: None }, &file).await {
                Ok((Some(text), _)) => found(text),
                Ok((None, _)) => crate::ui::toast::Toast::say(state, t("no-code-in-picture")),
                Err(trouble) => state.tell(&trouble),
            }
        });
    };
    label().class("pill").child((
        icon("image"),
        t("from-a-picture"),
        input().class("sr-only").r#type("file").attr("accept", "image/*").on(ev::change, chosen),
    ))
}
