// Begins the worker. What the page says before it is ready is kept and heard then.
import init, { start } from "/app/worker.js";

const early = [];
const keep = (event) => early.push(event.data);
self.addEventListener("message", keep);
try {
  await init({ module_or_path: "/app/worker_bg.wasm" });
} catch (error) {
  // The page says so, and loads everything anew.
  self.postMessage("stopped");
  throw error;
}
self.removeEventListener("message", keep);
start();
for (const data of early) self.dispatchEvent(new MessageEvent("message", { data }));
