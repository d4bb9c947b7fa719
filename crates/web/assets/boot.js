// Begins the app: the worker that has the handset, the page, and the service worker that keeps both.
//
// The only places in the app where text becomes a script's address, and each is one of two constants.
const WORKER = "/app/worker-boot.js";
const SERVICE = "/sw.js";
const policy = globalThis.trustedTypes?.createPolicy("entrenous", {
  createScriptURL(url) {
    if (url === WORKER || url === SERVICE) return url;
    throw new TypeError("this is no script of the app");
  },
});
const trusted = (url) => policy?.createScriptURL(url) ?? url;

const worker = new Worker(trusted(WORKER), { type: "module", name: "handset" });
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register(trusted(SERVICE), { updateViaCache: "none" }).catch(() => {
    // Without one the app does not open offline; everything else works.
  });
}
const { default: init, start } = await import("/app/web.js");
await init({ module_or_path: "/app/web_bg.wasm" });
start(worker);
