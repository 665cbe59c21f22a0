// subscriptions-transport-ws, the package that nobody mends any more and many still use, with its older protocol.
import assert from "node:assert/strict";
import { test } from "node:test";

import { SubscriptionClient } from "subscriptions-transport-ws";
import WebSocket from "ws";

import { server } from "../server.js";
import { followsTheTicker, followTicker, places, promises } from "./following.js";

const { nothingTwice, everythingAgain } = promises;

const legacyClient = (url, options) => new SubscriptionClient(url, { reconnect: true, ...options }, WebSocket);

followsTheTicker(
  "subscriptions-transport-ws, with variables that stay what they are,",
  ({ socket }, after, sink) => {
    const client = legacyClient(socket);
    client.request({ query: followTicker, variables: { after } }).subscribe({
      next: ({ data }) => sink.next(data.ticker),
      error: sink.error,
    });
    return { end: () => client.close() };
  },
  { cut: everythingAgain, killed: everythingAgain, stopped: everythingAgain },
);

followsTheTicker(
  "subscriptions-transport-ws, with variables that hold the place,",
  ({ socket }, after, sink) => {
    const client = legacyClient(socket);
    const variables = { after };
    client.request({ query: followTicker, variables }).subscribe({
      next({ data }) {
        variables.after = data.ticker.cursor;
        sink.next(data.ticker);
      },
      error: sink.error,
    });
    return { end: () => client.close() };
  },
  { cut: nothingTwice, killed: nothingTwice, stopped: nothingTwice },
);

/** What comes of an operation until it is over. */
function results(client, request) {
  return new Promise((resolve, reject) => {
    const results = [];
    client.request(request).subscribe({ next: (result) => results.push(result), error: reject, complete: () => resolve(results) });
  });
}

test("subscriptions-transport-ws asks queries and mutations", { timeout: 30_000 }, async (t) => {
  const client = legacyClient(places(new URL(server.api).origin).socket, { connectionParams: { Authorization: `Bearer ${server.token}` } });
  t.after(() => client.close());
  const queried = await results(client, { query: "query($n: Int) { tags(first: $n) { nodes { slug } } viewer { role } }", variables: { n: 2 } });
  assert.equal(queried.length, 1);
  assert.equal(queried[0].data.tags.nodes.length, 2);
  assert.equal(queried[0].data.viewer.role, "ADMIN");
  const [{ data }] = await results(client, { query: `mutation { publishTickerEntry(input: { headline: "As of old" }) { headline version } }` });
  assert.deepEqual(data.publishTickerEntry, { headline: "As of old", version: 1 });
});

test("subscriptions-transport-ws is told why an operation is refused", { timeout: 30_000 }, async (t) => {
  const client = legacyClient(places(new URL(server.api).origin).socket);
  t.after(() => client.close());
  for (const { query, variables, code } of [
    { query: "{ nothing }", code: "INVALID_ARGUMENT" },
    { query: followTicker, variables: { after: "nonsense" }, code: "BAD_CURSOR" },
  ]) {
    const refused = await results(client, { query, variables }).then(
      ([result]) => result.errors[0],
      (reason) => reason,
    );
    assert.equal(refused.extensions.code, code);
  }
});
