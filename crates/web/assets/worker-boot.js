// Begins the worker. What the page says before it is ready waits in the worker's queue of messages.
import init, { start } from "/app/worker.js";

const early = [];
const keep = (event) => early.push(event);
self.addEventListener("message", keep);
await init({ module_or_path: "/app/worker_bg.wasm" });
self.removeEventListener("message", keep);
start(early.map((event) => event.data));
