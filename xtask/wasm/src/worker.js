// Runs one phase of one test, or lists the tests.
import init, { list, run } from "/module.js";

onmessage = async ({ data }) => {
  try {
    await init({ module_or_path: "/module_bg.wasm" });
    if (data === null) {
      postMessage(list());
    } else {
      await run(data[0], Number(data[1]));
      postMessage("ok");
    }
  } catch (error) {
    // A panic has told its own message before, and the page hears only the first.
    postMessage(`failed: ${error}`);
  }
};
