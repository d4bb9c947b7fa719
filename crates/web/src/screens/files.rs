//! Files in bubbles: how far each is, pausing and going on, pictures, voice notes.

use leptos::ev;
use leptos::html::{self, audio, button, div, img, input, progress, span};
use leptos::prelude::*;
use leptos::svg;
use leptos::task::spawn_local;
use talk::Trouble;
use talk::calls::{Carry, Open, Pause};
use talk::conversation::File;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use web_sys::Url;

use crate::handset::{ask, ask_with};
use crate::moment;
use crate::state::State;
use crate::ui::{attempt, icon, typed};
use crate::words::{t, t_with};

/// Pictures that are shown as such; anything else is a file.
const PICTURES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];
/// Larger ones are fetched only when asked for.
const FETCHED_UNASKED: u64 = 2_000_000;
/// How fast a voice note is heard.
const SPEEDS: [f64; 3] = [1.0, 1.5, 2.0];

/// Whether a file is shown as a picture.
pub(crate) fn is_picture(file: &File) -> bool {
    PICTURES.contains(&file.media_type.as_str()) && file.voice.is_none()
}

/// Whether its bytes are on this handset.
fn is_here(file: &File, mine: bool) -> bool {
    file.state == "here" || (mine && matches!(file.state.as_str(), "sealed" | "opened" | "stored"))
}

/// Opens a file's bytes as something that the page can show; to be let go of with [`release`].
async fn opened(blob: String) -> Result<String, Trouble> {
    let ((), beside) = ask_with(Open { blob }, &JsValue::UNDEFINED).await?;
    let broken = || Trouble::new("file-broken", "this file could not be opened: try again");
    let bytes: web_sys::Blob = beside.dyn_into().map_err(|_| broken())?;
    Url::create_object_url_with_blob(&bytes).map_err(|_| broken())
}

fn release(url: &str) {
    let _ = Url::revoke_object_url(url);
}

/// A file with its name.
pub(crate) fn file(state: State, known: Memo<File>, mine: bool) -> impl IntoView {
    div().class("file").child((
        span().class("kind").child(icon("file")),
        span().child((
            span().class("file-name").attr("dir", "auto").child(known.with_untracked(|file| file.name.clone())),
            span().class("note").child(move || known.with(|file| how_far(state, file, mine))),
        )),
        move || handle(known.get(), mine),
        move || known.with(|file| bar(state, file)),
    ))
}

/// How far it is, in words.
fn how_far(state: State, file: &File, mine: bool) -> String {
    let size = moment::bytes(file.size);
    let (done, of) = match state.carried(&file.blob).get() {
        (_, 0) => file.carried,
        now => now,
    };
    let part = || t_with("of-bytes", &[("done", moment::bytes(done).into()), ("of", moment::bytes(of).into())]);
    match file.state.as_str() {
        _ if file.paused && is_under_way(file) => format!("{} · {}", t("paused"), part()),
        "sealed" => format!("{size} · {}", t("file-waits")),
        "opened" | "wanted" if of > 0 => part(),
        "refused" if mine => t("file-refused-here"),
        "lost" => t("file-lost"),
        _ => size,
    }
}

fn is_under_way(file: &File) -> bool {
    matches!(file.state.as_str(), "sealed" | "opened" | "wanted")
}

fn bar(state: State, file: &File) -> Option<impl IntoView + use<>> {
    let carried = state.carried(&file.blob);
    let before = file.carried;
    let name = file.name.clone();
    is_under_way(file).then(move || {
        let now = move || match carried.get() {
            (_, 0) => before,
            now => now,
        };
        progress()
            .class("progress")
            .attr("aria-label", name)
            .attr("max", move || now().1.max(1).to_string())
            .attr("value", move || now().0.to_string())
    })
}

/// What can be done with it now.
fn handle(file: File, mine: bool) -> impl IntoView {
    let (blob, name, file_name) = (file.blob.clone(), file.name.clone(), file.name.clone());
    let (picture, label) = match file.state.as_str() {
        _ if is_under_way(&file) && file.paused => ("play", t("go-on-with-file")),
        _ if is_under_way(&file) => ("pause", t("pause-file")),
        "offered" => ("download", t("fetch-file")),
        "lost" | "refused" => return ().into_any(),
        _ => ("download", t("save-file")),
    };
    let done = move |_| {
        let (blob, name, file) = (blob.clone(), name.clone(), file.clone());
        attempt(async move {
            if is_under_way(&file) && !file.paused {
                ask(Pause { blob }).await
            } else if is_here(&file, mine) && !is_under_way(&file) {
                save(blob, &name).await
            } else {
                ask(Carry { blob }).await
            }
        });
    };
    button()
        .r#type("button")
        .class("icon-button")
        .attr("aria-label", format!("{label}: {}", file_name))
        .on(ev::click, done)
        .child(icon(picture))
        .into_any()
}

/// Gives a file to the browser, to be saved where it saves files.
async fn save(blob: String, name: &str) -> Result<(), Trouble> {
    let url = opened(blob).await?;
    let link =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.create_element("a").ok());
    if let Some(link) = link {
        let _ = link.set_attribute("href", &url);
        let _ = link.set_attribute("download", name);
        if let Some(link) = link.dyn_ref::<web_sys::HtmlElement>() {
            link.click();
        }
    }
    // The browser has taken it by then.
    crate::ui::pause(60_000).await;
    release(&url);
    Ok(())
}

/// A picture; small ones are fetched and shown unasked.
pub(crate) fn picture(state: State, known: Memo<File>, mine: bool) -> impl IntoView {
    let url = RwSignal::new(None::<String>);
    let file = known.get_untracked();
    let blob = file.blob.clone();
    if file.state == "offered" && file.size <= FETCHED_UNASKED {
        let blob = blob.clone();
        attempt(async move { ask(Carry { blob }).await });
    }
    let here = Memo::new(move |_| known.with(|file| is_here(file, mine)));
    Effect::new(move |_| {
        if !here.get() || url.with_untracked(Option::is_some) {
            return;
        }
        let blob = blob.clone();
        spawn_local(async move {
            if let Ok(made) = opened(blob).await
                && let Some(unused) = url.try_set(Some(made)).flatten()
            {
                release(&unused);
            }
        });
    });
    on_cleanup(move || {
        if let Some(url) = url.try_get_untracked().flatten() {
            release(&url);
        }
    });
    let shown = RwSignal::new(false);
    let name = file.name.clone();
    let kept = StoredValue::new(file);
    let view = move || match url.get() {
        Some(url) => {
            let label = t_with("show-picture", &[("name", name.clone().into())]);
            button()
                .r#type("button")
                .attr("aria-label", label)
                .on(ev::click, move |_| shown.set(true))
                .child(img().attr("src", url).attr("alt", name.clone()).attr("decoding", "async"))
                .into_any()
        }
        None => self::file(state, known, mine).into_any(),
    };
    let large = crate::ui::dialog::modal(shown, "viewer", kept.with_value(|file| file.name.clone()), move || {
        let (blob, name) = kept.with_value(|file| (file.blob.clone(), file.name.clone()));
        let named = name.clone();
        let save = move || {
            let (blob, name) = (blob.clone(), name.clone());
            attempt(async move { save(blob, &name).await });
        };
        (
            div().class("top").child((
                crate::ui::icon_button("close", t("close"), move || shown.set(false)),
                span().class("top-title").child(named.clone()),
                crate::ui::icon_button("download", t("save-file"), save),
            )),
            move || url.get().map(|url| img().attr("src", url).attr("alt", named.clone())),
        )
    });
    (view, large)
}

/// A voice note.
pub(crate) fn voice(state: State, known: Memo<File>) -> impl IntoView {
    let file = known.get_untracked();
    let (length, loudness) = file.voice.clone().unwrap_or_default();
    let player = NodeRef::<html::Audio>::new();
    let (playing, played, speed) = (RwSignal::new(false), RwSignal::new(0.0_f64), RwSignal::new(0_usize));
    let url = StoredValue::new(None::<String>);
    on_cleanup(move || {
        if let Some(url) = url.try_get_value().flatten() {
            release(&url);
        }
    });
    let blob = file.blob.clone();
    // Theirs is fetched as it comes: it is a text that was said.
    if file.state == "offered" {
        let blob = blob.clone();
        attempt(async move { ask(Carry { blob }).await });
    }
    let is_here = move || known.with(|file| !matches!(file.state.as_str(), "offered" | "wanted" | "lost"));
    let press = move |_| {
        let Some(player) = player.get_untracked() else { return };
        if playing.get_untracked() {
            let _ = player.pause();
            return;
        }
        let blob = blob.clone();
        attempt(async move {
            if url.try_get_value() == Some(None) {
                let made = opened(blob).await?;
                player.set_src(&made);
                // The screen may be gone by now.
                if let Some(unused) = url.try_set_value(Some(made)).flatten() {
                    release(&unused);
                    return Ok(());
                }
            }
            player.set_playback_rate(SPEEDS[speed.try_get_untracked().unwrap_or_default() % SPEEDS.len()]);
            let broken = |_| Trouble::new("voice-broken", "this voice note cannot be heard in this browser");
            let started = player.play().map_err(broken)?;
            js_sys::futures::JsFuture::from(started).await.map(drop).map_err(broken)
        });
    };
    let moved = move |_| {
        if let Some(player) = player.get_untracked() {
            let whole = f64::from(length.max(1)) / 1000.0;
            played.set((player.current_time() / whole).clamp(0.0, 1.0));
        }
    };
    let seek = move |event: web_sys::Event| {
        if let (Some(player), Ok(part)) = (player.get_untracked(), typed(&event).parse::<f64>()) {
            player.set_current_time(part / 1000.0 * f64::from(length) / 1000.0);
            played.set(part / 1000.0);
        }
    };
    let faster = move |_| {
        speed.update(|speed| *speed = (*speed + 1) % SPEEDS.len());
        if let Some(player) = player.get_untracked() {
            player.set_playback_rate(SPEEDS[speed.get_untracked()]);
        }
    };
    let track = NodeRef::<html::Span>::new();
    Effect::new(move |_| {
        let part = played.get();
        if let Some(track) = track.get() {
            let track: &web_sys::HtmlElement = &track;
            let _ = track.style().set_property("--played", &format!("{:.1}%", part * 100.0));
        }
    });
    let label = move || {
        let name = if playing.get() { "pause-voice" } else { "play-voice" };
        t_with(name, &[("length", moment::length(length).into())])
    };
    let note = move || {
        known.with(|file| match file.state.as_str() {
            "lost" => t("file-lost"),
            "refused" => t("file-refused-here"),
            _ => moment::length(length),
        })
    };
    div().class("voice").child((
        button()
            .r#type("button")
            .class("icon-button accent")
            .attr("aria-label", label)
            .prop("disabled", move || !is_here())
            .on(ev::click, press)
            .child(move || if playing.get() { icon("pause").into_any() } else { icon("play").into_any() }),
        span().class("track").node_ref(track).child((
            wave(&loudness),
            input()
                .r#type("range")
                .attr("min", "0")
                .attr("max", "1000")
                .attr("aria-label", t("place-in-voice"))
                .prop("value", move || (played.get() * 1000.0).round().to_string())
                .on(ev::input, seek),
        )),
        button()
            .r#type("button")
            .class("speed")
            .attr("aria-label", move || t_with("speed", &[("times", SPEEDS[speed.get()].into())]))
            .on(ev::click, faster)
            .child(move || format!("{}×", SPEEDS[speed.get()])),
        span().class("length").child(note),
        audio()
            .node_ref(player)
            .attr("preload", "none")
            .on(ev::play, move |_| playing.set(true))
            .on(ev::pause, move |_| playing.set(false))
            .on(ev::ended, move |_| played.set(0.0))
            .on(ev::timeupdate, moved),
        move || known.with(|file| bar(state, file)),
    ))
}

/// Loudness over time, as strokes.
pub(crate) fn wave(loudness: &[u8]) -> impl IntoView + use<> {
    let width = loudness.len().max(1) * 5;
    let mut path = String::new();
    for (place, loud) in loudness.iter().enumerate() {
        let (x, half) = (place as f64 * 5.0 + 2.5, 2.0 + f64::from(*loud) / 255.0 * 16.0);
        path.push_str(&format!("M{x:.1} {:.1}V{:.1}", 20.0 - half, 20.0 + half));
    }
    svg::svg()
        .attr("class", "wave")
        .attr("viewBox", format!("0 0 {width} 40"))
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .child((
            svg::path().attr("class", "all").attr("d", path.clone()),
            svg::path().attr("class", "played").attr("d", path),
        ))
}
