// Asks the server what to do, does it in a fresh worker, tells what came of it, and asks again.
const PHASE_MILLISECONDS = 60_000;
const KILL_MILLISECONDS = 300;

function inWorker(message) {
  const worker = new Worker("/worker.js", { type: "module" });
  return new Promise((resolve) => {
    const end = (result) => {
      worker.terminate();
      resolve(result);
    };
    setTimeout(end, PHASE_MILLISECONDS, `failed: it took longer than ${PHASE_MILLISECONDS} ms`);
    worker.onerror = (event) => end(`failed: ${event.message}`);
    worker.onmessage = ({ data }) => {
      if (data === "kill") setTimeout(end, KILL_MILLISECONDS, "ok");
      else end(data);
    };
    worker.postMessage(message);
  });
}

async function main() {
  for (;;) {
    const task = await (await fetch("/task")).text();
    const [verb, ...rest] = task.split("\t");
    if (verb === "end") return;
    if (verb === "reload") return location.reload();
    const result = await inWorker(verb === "list" ? null : rest);
    await fetch("/result", { method: "POST", body: result });
  }
}

main();
