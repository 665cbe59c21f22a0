// EventSource as Node has it, by the same specification as browsers: https://html.spec.whatwg.org/multipage/server-sent-events.html
import { Worker } from "node:worker_threads";

import { followsTheTicker, followTicker, promises } from "./following.js";

const { nothingTwice } = promises;

// Node 20 has it behind a flag, which a worker can have by itself.
const worker = `
  const { parentPort, workerData } = require("node:worker_threads");
  const events = new EventSource(workerData);
  events.addEventListener("next", ({ data }) => parentPort.postMessage(JSON.parse(data)));
  events.addEventListener("complete", () => events.close());
  parentPort.on("message", () => {}); // an EventSource that waits does not keep a worker alive
`;

followsTheTicker(
  "EventSource",
  ({ api }, after, sink) => {
    const url = new URL(api);
    url.searchParams.set("query", followTicker);
    url.searchParams.set("variables", JSON.stringify({ after }));
    const source = new Worker(worker, { eval: true, execArgv: ["--experimental-eventsource", "--no-warnings"], workerData: url.href });
    source.on("message", ({ data, errors }) => (errors ? sink.error(errors[0]) : sink.next(data.ticker)));
    source.on("error", sink.error);
    return { end: () => source.terminate() };
  },
  { cut: nothingTwice, killed: nothingTwice, stopped: nothingTwice },
);
