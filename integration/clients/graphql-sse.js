// graphql-sse, each operation on a connection of its own: https://the-guild.dev/graphql/sse
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { createClient } from "graphql-sse";

import { server } from "../server.js";
import { followsTheTicker, followTicker, promises } from "./following.js";

const { nothingTwice, everythingAgain } = promises;

/** A client that comes back as often as it has to, and does not wait for seconds before it does. */
const streamClient = (url) => createClient({ url, retryAttempts: Infinity, retry: () => pause(50) });

followsTheTicker(
  "graphql-sse, with variables that hold the place,",
  ({ api }, after, sink) => {
    const client = streamClient(api);
    const variables = { after };
    client.subscribe({ query: followTicker, variables }, {
      next({ data }) {
        variables.after = data.ticker.cursor;
        sink.next(data.ticker);
      },
      error: sink.error,
      complete: () => sink.error(new Error("the subscription is over")),
    });
    return { end: () => client.dispose() };
  },
  { cut: nothingTwice, killed: nothingTwice, stopped: nothingTwice },
);

followsTheTicker(
  "graphql-sse, with variables that stay what they are,",
  ({ api }, after, sink) => {
    const client = streamClient(api);
    client.subscribe({ query: followTicker, variables: { after } }, {
      next: ({ data }) => sink.next(data.ticker),
      error: sink.error,
      complete: () => sink.error(new Error("the subscription is over")),
    });
    return { end: () => client.dispose() };
  },
  { cut: everythingAgain, killed: everythingAgain, stopped: everythingAgain },
);

test("graphql-sse asks queries too, and gets errors with their codes", { timeout: 30_000 }, async () => {
  const client = streamClient(server.api);
  const answers = [];
  for await (const answer of client.iterate({ query: "query($n: Int) { tags(first: $n) { nodes { slug } } }", variables: { n: 2 } })) answers.push(answer);
  assert.equal(answers.length, 1);
  assert.equal(answers[0].data.tags.nodes.length, 2);

  const refused = [];
  for await (const answer of client.iterate({ query: followTicker, variables: { after: "nonsense" } })) refused.push(answer);
  assert.deepEqual(refused.map(({ errors }) => errors[0].extensions.code), ["BAD_CURSOR"]);
  client.dispose();
});
