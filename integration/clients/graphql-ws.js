// graphql-ws, by itself: https://the-guild.dev/graphql/ws
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { Ear, followsTheTicker, followTicker, places, promises } from "./following.js";
import { socketClient } from "./sockets.js";

const { nothingTwice, onlyWhatIsNotAcknowledged, everythingAgain } = promises;

followsTheTicker(
  "graphql-ws, with variables that hold the place,",
  ({ socket }, after, sink) => {
    const { client } = socketClient(socket);
    const variables = { after };
    client.subscribe({ query: followTicker, variables }, {
      next({ data }) {
        variables.after = data.ticker.cursor;
        sink.next(data.ticker);
      },
      error: sink.error,
      complete() {},
    });
    return { end: () => client.dispose() };
  },
  { cut: nothingTwice, killed: nothingTwice, stopped: nothingTwice },
);

followsTheTicker(
  "graphql-ws, with variables that stay what they are,",
  ({ socket }, after, sink) => {
    const { client, acknowledged } = socketClient(socket);
    client.subscribe({ query: followTicker, variables: { after } }, {
      next: ({ data }) => sink.next(data.ticker),
      error: sink.error,
      complete() {},
    });
    return { end: () => client.dispose(), acknowledged };
  },
  { cut: onlyWhatIsNotAcknowledged, killed: everythingAgain, stopped: nothingTwice },
);

test("graphql-ws that never gave a place loses nothing when the server is restarted", { timeout: 30_000 }, async (t) => {
  const newsroom = await openNewsroom();
  let comeBack;
  const enough = new Promise((resolve) => (comeBack = resolve));
  const { client } = socketClient(places(newsroom.address).socket, { retryWait: () => enough });
  t.after(async () => {
    await client.dispose();
    await newsroom.close();
  });
  const ear = new Ear();
  client.subscribe({ query: followTicker }, { next: ({ data }) => ear.next(data.ticker), error: ear.error, complete() {} });
  const published = [];
  const publish = async () => published.push((await newsroom.publish(`line ${published.length}`)).headline);
  while (ear.events.length === 0) { // it begins with whatever comes next
    await publish();
    await pause(10);
  }
  await publish();
  await newsroom.stop();
  await newsroom.start();
  await publish();
  await publish();
  comeBack();
  await ear.heard(published.at(-1));
  const heard = ear.events.map(({ entry }) => entry.headline);
  assert.deepEqual(heard, published.slice(published.indexOf(heard[0])));
});

test("graphql-ws asks queries and mutations, and is told why an operation is refused", { timeout: 30_000 }, async (t) => {
  const { socket } = places(new URL(server.api).origin);
  const { client } = socketClient(socket, { connectionParams: { Authorization: `Bearer ${server.token}` } });
  const { client: stranger } = socketClient(socket);
  t.after(() => Promise.all([client.dispose(), stranger.dispose()]));
  const first = async (by, request) => (await by.iterate(request).next()).value;

  const asked = await first(client, { query: "query ($n: Int) { tags(first: $n) { nodes { slug } } viewer { role } }", variables: { n: 2 } });
  assert.equal(asked.data.tags.nodes.length, 2);
  assert.equal(asked.data.viewer.role, "ADMIN");
  const publish = { query: `mutation { publishTickerEntry(input: { headline: "By WebSocket" }) { headline version } }` };
  assert.deepEqual((await first(client, publish)).data.publishTickerEntry, { headline: "By WebSocket", version: 1 });
  assert.equal((await first(stranger, publish)).errors[0].extensions.code, "UNAUTHENTICATED");

  for (const { request, code } of [
    { request: { query: "{ nothing }" }, code: "INVALID_ARGUMENT" },
    { request: { query: followTicker, variables: { after: "nonsense" } }, code: "BAD_CURSOR" },
  ]) {
    await assert.rejects(first(stranger, request), ([error]) => {
      assert.equal(error.extensions.code, code);
      return true;
    });
  }
});
