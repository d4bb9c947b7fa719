//! Recording a voice note: every piece is on the handset as soon as it is spoken, so that an interruption loses nothing.

use js_sys::Promise;
use js_sys::futures::JsFuture;

use leptos::ev;
use leptos::html::{button, div, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::Trouble;
use talk::calls::{DropTake, Record, SendTake, Takes};
use talk::conversation::Take;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{
    AnalyserNode, AudioContext, BlobEvent, MediaRecorder, MediaRecorderOptions, MediaStream, MediaStreamConstraints,
    MediaStreamTrack, RecordingState,
};

use super::Open;
use crate::handset::{ask, ask_with};
use crate::moment;
use crate::screens::files::wave;
use crate::ui::{attempt, icon, pause, press};
use crate::words::{t, t_with};

/// How often what was said is kept, and loudness measured.
const PIECE: i32 = 500;
const BLINK: i32 = 50;
/// Points of a waveform, as the terminal's.
const POINTS: usize = 64;
/// No voice note is longer.
const LONGEST: u32 = 30 * 60 * 1000;
/// What browsers record, the best first.
const KINDS: [&str; 3] = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

/// The recording of a conversation.
#[derive(Clone, Copy)]
pub(super) struct Recording {
    open: Open,
    /// Milliseconds so far, while there is one.
    so_far: RwSignal<Option<u32>>,
    paused: RwSignal<bool>,
    /// Loudness, each measure of it.
    loud: RwSignal<Vec<u8>>,
    running: StoredValue<Option<Running>, LocalStorage>,
    /// One that was not sent, of an earlier time.
    left: RwSignal<Option<Take>>,
    /// Pieces that are on their way to the handset.
    keeping: StoredValue<u32>,
}

struct Running {
    take: String,
    recorder: MediaRecorder,
    stream: MediaStream,
    context: AudioContext,
    _heard: Closure<dyn Fn(BlobEvent)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.recorder.state() != RecordingState::Inactive {
            let _ = self.recorder.stop();
        }
        for track in self.stream.get_tracks().iter() {
            if let Some(track) = track.dyn_ref::<MediaStreamTrack>() {
                track.stop();
            }
        }
        let _ = self.context.close();
    }
}

impl Recording {
    pub(super) fn new(open: Open) -> Self {
        let recording = Self {
            open,
            so_far: RwSignal::new(None),
            paused: RwSignal::new(false),
            loud: RwSignal::new(Vec::new()),
            running: StoredValue::new_local(None),
            left: RwSignal::new(None),
            keeping: StoredValue::new(0),
        };
        recording.look_for_left_over();
        on_cleanup(move || {
            recording.running.try_update_value(|running| *running = None);
        });
        recording
    }

    /// Whether there is one.
    pub(super) fn is_on(self) -> bool {
        self.so_far.get().is_some()
    }

    fn look_for_left_over(self) {
        let person = self.open.person;
        spawn_local(async move {
            let Ok(takes) = ask(Takes {}).await else { return };
            self.left.try_set(takes.into_iter().find(|take| take.person == person));
        });
    }

    /// Begins one.
    pub(super) fn begin(self) {
        attempt(async move {
            let running = self.start().await?;
            let measured = analyser(&running);
            self.running.set_value(Some(running));
            self.loud.set(Vec::new());
            self.paused.set(false);
            self.so_far.set(Some(0));
            if let Some(measured) = measured {
                spawn_local(self.measure(measured));
            }
            Ok(())
        });
    }

    async fn start(self) -> Result<Running, Trouble> {
        let refused = |_| Trouble::new("no-microphone", "there is no microphone that this page may use");
        let devices = web_sys::window()
            .and_then(|window| window.navigator().media_devices().ok())
            .ok_or(wasm_bindgen::JsValue::NULL)
            .map_err(refused)?;
        let wanted = MediaStreamConstraints::new();
        wanted.set_audio_bool(true);
        let asked = devices.get_user_media_with_constraints(&wanted).map_err(refused)?;
        let stream: MediaStream = JsFuture::from(asked).await.map_err(refused)?.unchecked_into();
        let kind = KINDS.into_iter().find(|kind| MediaRecorder::is_type_supported(kind)).unwrap_or_default();
        let options = MediaRecorderOptions::new();
        options.set_mime_type(kind);
        options.set_audio_bits_per_second(24_000);
        let recorder =
            MediaRecorder::new_with_media_stream_and_media_recorder_options(&stream, &options).map_err(refused)?;
        let take = draw();
        let heard = Closure::<dyn Fn(BlobEvent)>::new({
            let take = take.clone();
            move |event: BlobEvent| {
                if let Some(piece) = event.data().filter(|piece| piece.size() > 0.0) {
                    self.keep(take.clone(), piece);
                }
            }
        });
        recorder.set_ondataavailable(Some(heard.as_ref().unchecked_ref()));
        recorder.start_with_time_slice(PIECE).map_err(refused)?;
        let context = AudioContext::new().map_err(refused)?;
        Ok(Running { take, recorder, stream, context, _heard: heard })
    }

    /// Keeps a piece on the handset.
    fn keep(self, take: String, piece: web_sys::Blob) {
        let person = self.open.person;
        let (duration, waveform) = (self.so_far.try_get_untracked().flatten().unwrap_or_default(), self.waveform());
        let media_type = piece.type_();
        self.keeping.try_update_value(|keeping| *keeping += 1);
        attempt(async move {
            let kept = ask_with(Record { person, take, media_type, duration, waveform }, piece.as_ref()).await;
            self.keeping.try_update_value(|keeping| *keeping -= 1);
            kept.map(drop)
        });
    }

    async fn measure(self, analyser: AnalyserNode) {
        let mut samples = vec![0_u8; analyser.fft_size() as usize];
        let mut before = moment::now();
        while let Some(Some(so_far)) = self.so_far.try_get_untracked() {
            pause(BLINK).await;
            let now = moment::now();
            let passed = u32::try_from(now.saturating_sub(before)).unwrap_or(0);
            before = now;
            if self.paused.try_get_untracked() != Some(false) {
                continue;
            }
            analyser.get_byte_time_domain_data(&mut samples);
            let peak = samples.iter().map(|sample| sample.abs_diff(128)).max().unwrap_or(0);
            self.loud.try_update(|loud| loud.push(peak.saturating_mul(2)));
            if self.so_far.try_get_untracked().flatten().is_none() {
                return;
            }
            self.so_far.try_set(Some(so_far + passed));
            if so_far + passed >= LONGEST {
                return self.pause_or_go_on();
            }
        }
    }

    /// All that was measured, in as many points as a narrow screen shows.
    fn waveform(self) -> Vec<u8> {
        let loud = self.loud.try_get_untracked().unwrap_or_default();
        let points = POINTS.min(loud.len()).max(1);
        (0..points)
            .map(|point| {
                let (from, to) = (point * loud.len() / points, ((point + 1) * loud.len() / points).max(1));
                loud.get(from..to).and_then(|part| part.iter().max().copied()).unwrap_or(0)
            })
            .collect()
    }

    fn pause_or_go_on(self) {
        self.running.try_with_value(|running| {
            let Some(running) = running else { return };
            match running.recorder.state() {
                RecordingState::Recording => drop(running.recorder.pause()),
                RecordingState::Paused => drop(running.recorder.resume()),
                _ => return,
            }
            self.paused.try_set(running.recorder.state() == RecordingState::Paused);
        });
    }

    /// Ends it and waits until all of it is kept; gives which it was.
    async fn end(self) -> Option<String> {
        let (take, stopped) = self.running.try_with_value(|running| {
            let running = running.as_ref()?;
            let recorder = &running.recorder;
            // Comes after the last piece.
            let stopped = Promise::new(&mut |done, _| recorder.set_onstop(Some(&done)));
            recorder.stop().ok()?;
            Some((running.take.clone(), stopped))
        })??;
        let _ = JsFuture::from(stopped).await;
        // All of it is to be kept before it is sent.
        for _ in 0..100 {
            if self.keeping.try_get_value().is_none_or(|keeping| keeping == 0) {
                break;
            }
            pause(BLINK).await;
        }
        self.running.try_update_value(|running| *running = None);
        self.so_far.try_set(None);
        Some(take)
    }

    fn send(self) {
        attempt(async move {
            let Some(take) = self.end().await else { return Ok(()) };
            self.send_take(take).await
        });
    }

    async fn send_take(self, take: String) -> Result<(), Trouble> {
        let reply_to = self.open.reply.try_get_untracked().flatten().map(|quote| quote.id);
        ask(SendTake { take, reply_to }).await?;
        self.open.reply.try_set(None);
        self.open.sent.try_update(|sent| *sent += 1);
        Ok(())
    }

    fn throw_away(self) {
        attempt(async move {
            match self.end().await {
                Some(take) => ask(DropTake { take }).await,
                None => Ok(()),
            }
        });
    }

    /// What was recorded before and not sent, perhaps since the app was closed amid it.
    pub(super) fn left_over(self) -> impl IntoView {
        let one = move |take: Take| {
            let (sent, dropped) = (take.id.clone(), take.id.clone());
            let send = move || {
                let take = sent.clone();
                self.left.set(None);
                attempt(async move { self.send_take(take).await });
            };
            let throw_away = move || {
                let take = dropped.clone();
                self.left.set(None);
                attempt(async move { ask(DropTake { take }).await });
            };
            let words = t_with("left-recording", &[("length", moment::length(take.duration).into())]);
            div().class("line asked").attr("role", "status").child((
                span().child(words),
                div()
                    .class("pair")
                    .child((press("compact", t("throw-away"), throw_away), press("compact accent", t("send"), send))),
            ))
        };
        move || self.left.get().filter(|_| !self.is_on()).map(one)
    }
}

/// The line of a recording, in place of where one writes.
pub(super) fn recorder(recording: Recording) -> impl IntoView {
    let act = move |picture: &'static str, label: String, class: &'static str, pressed: fn(Recording)| {
        button()
            .r#type("button")
            .class(class)
            .attr("aria-label", label)
            .on(ev::click, move |_| pressed(recording))
            .child(icon(picture))
    };
    let length = move || moment::length(recording.so_far.get().unwrap_or_default());
    let waves = move || {
        let loud = recording.loud.get();
        let newest = loud.len().saturating_sub(POINTS);
        wave(loud.get(newest..).unwrap_or_default()).into_any()
    };
    let pausing = move || {
        let (picture, name) =
            if recording.paused.get() { ("microphone", "record-on") } else { ("pause", "record-pause") };
        act(picture, t(name), "icon-button framed", Recording::pause_or_go_on)
    };
    (
        act("delete", t("record-drop"), "icon-button", Recording::throw_away),
        div()
            .class("recording")
            .child((span().attr("role", "timer").attr("aria-label", t("recorded-so-far")).child(length), waves)),
        pausing,
        act("send", t("record-send"), "icon-button accent", Recording::send),
    )
}

fn analyser(running: &Running) -> Option<AnalyserNode> {
    let source = running.context.create_media_stream_source(&running.stream).ok()?;
    let analyser = running.context.create_analyser().ok()?;
    analyser.set_fft_size(1024);
    source.connect_with_audio_node(&analyser).ok()?;
    Some(analyser)
}

fn draw() -> String {
    let mut bytes = [0_u8; 16];
    // Two of one name would go into one: without randomness the time has to do.
    if getrandom::fill(&mut bytes).is_err() {
        let now = moment::now().to_be_bytes();
        bytes.iter_mut().zip(now).for_each(|(byte, of)| *byte = of);
    }
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}
