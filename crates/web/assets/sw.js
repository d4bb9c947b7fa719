// The service worker: keeps the app, whole and unaltered, so that it opens without a network, and so that a switchboard
// that serves another one is noticed. It knows every file by its SHA-256; its own is what is published.
//
// It has no access to the handset: of a push message it can only say that something waits.
"use strict";
const VERSION = "{{version}}";
const FILES = {{files}};
const CACHE = `app-${VERSION}`;
const NOTES = "notes";

// What goes with every file: as the switchboard says it, but out of this file, whose hash is published.
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; font-src 'self'; media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types entrenous";
const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

async function fetched(path) {
  const response = await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error" });
  if (!response.ok) throw new Error(`${path} could not be had`);
  const body = await response.arrayBuffer();
  if (base64(await crypto.subtle.digest("SHA-256", body)) !== FILES[path]) throw new Error(`${path} is not what it should be`);
  const type = TYPES[path.split(".").pop()] ?? "text/html; charset=utf-8";
  return new Response(body, { headers: { ...HEADERS, "content-type": type } });
}

// All or nothing: a file that differs keeps the whole version from being installed.
self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await Promise.all(Object.keys(FILES).map(async (path) => cache.put(path, await fetched(path))));
    // The first one has nothing to replace; any later one waits until the principal has seen its hash.
    if (!self.registration.active) await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("app-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "version") event.ports[0]?.postMessage(VERSION);
  if (event.data === "take over") self.skipWaiting();
  if (event.data?.words) event.waitUntil(note("words", event.data.words));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  // A claim link opens the app.
  const path = url.pathname === "/claim" ? "/" : url.pathname;
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !(path in FILES)) return;
  event.respondWith((async () => {
    const cached = await (await caches.open(CACHE)).match(path);
    // The browser may have cleared it: what comes instead has to be the same.
    return cached ?? fetched(path);
  })());
});

async function note(name, value) {
  const cache = await caches.open(NOTES);
  await cache.put(`/notes/${name}`, new Response(JSON.stringify(value)));
}

async function noted(name) {
  const found = await (await caches.open(NOTES)).match(`/notes/${name}`);
  return found ? found.json() : undefined;
}

self.addEventListener("push", (event) => {
  event.waitUntil((async () => {
    // All that is in it: whether it is a call.
    const urgent = event.data?.text() === "1";
    await note("woken", Date.now());
    const words = (await noted("words")) ?? { waiting: "Something is waiting.", call: "A call." };
    await self.registration.showNotification("Entrenous", {
      body: urgent ? words.call : words.waiting,
      tag: "woken",
      renotify: urgent,
      requireInteraction: urgent,
      icon: "/app/icon-192.png",
      badge: "/app/badge-96.png",
      lang: words.lang ?? "en",
      dir: words.dir ?? "auto",
    });
    await self.navigator.setAppBadge?.();
  })());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (open.length > 0) {
      // What the page itself announced names a person, by the number that the handset gave them.
      if (event.notification.data) open[0].postMessage({ person: event.notification.data });
      return open[0].focus();
    }
    return self.clients.openWindow("/");
  })());
});
