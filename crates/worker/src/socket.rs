//! The connection to the switchboard: the browser's WebSocket, and nothing else.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Function, Uint8Array};
use protocol::limits::FRAME_BYTES;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use crate::worker::Worker;

/// A WebSocket, up or coming about; closed when dropped, and silent from then on.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: WebSocket,
    /// Distinguishes it from those before: what these still say is not heard.
    pub(crate) serial: u64,
    _callbacks: [Closure<dyn FnMut(MessageEvent)>; 3],
}

impl Socket {
    /// Begins to connect.
    ///
    /// # Errors
    /// If the browser does not even try.
    pub(crate) fn dial(worker: &Rc<Worker>, url: &str, serial: u64) -> Result<Self, JsValue> {
        let socket = WebSocket::new(url)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let listen = |heard: fn(&Rc<Worker>, u64, MessageEvent)| {
            let worker = Rc::downgrade(worker);
            Closure::new(move |event: MessageEvent| {
                if let Some(worker) = worker.upgrade() {
                    heard(&worker, serial, event);
                }
            })
        };
        let opened = listen(|worker, serial, _| worker.connected(serial));
        let closed = listen(|worker, serial, _| worker.disconnected(serial));
        let message = listen(|worker, serial, event| match frame(&event.data()) {
            Some(bytes) => worker.heard(serial, &bytes),
            // No switchboard says such things.
            None => worker.disconnected(serial),
        });
        let function =
            |closure: &Closure<dyn FnMut(MessageEvent)>| -> Function { closure.as_ref().clone().unchecked_into() };
        socket.set_onopen(Some(&function(&opened)));
        socket.set_onclose(Some(&function(&closed)));
        socket.set_onmessage(Some(&function(&message)));
        Ok(Self { socket, serial, _callbacks: [opened, closed, message] })
    }

    /// Sends a frame; one that does not go any more is said again on the next connection.
    pub(crate) fn send(&self, frame: &[u8]) {
        let _ = self.socket.send_with_u8_array(frame);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        self.socket.set_onmessage(None);
        let _ = self.socket.close();
    }
}

fn frame(data: &JsValue) -> Option<Vec<u8>> {
    let bytes = Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?);
    (bytes.length() as usize <= FRAME_BYTES).then(|| bytes.to_vec())
}
