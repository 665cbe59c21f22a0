// What docs/clients.md shows is what happens.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import WebSocket from "ws";

import { followsTheTicker, followTicker, promises } from "./clients/following.js";
import { examples, run, writeModules } from "./document.js";
import { server } from "./server.js";

const all = examples(readFileSync(new URL("../docs/clients.md", import.meta.url), "utf8"));

describe("docs/clients.md", () => {
  // Somebody publishes meanwhile, so that whoever follows has something to hear.
  let publishing;
  let enough = false;
  before(() => {
    publishing = (async () => {
      for (; !enough; await pause(250)) await publish("Le Sénat vote le budget");
    })();
  });
  after(async () => {
    enough = true;
    await publishing;
  });

  for (const example of all) {
    test(`line ${example.line}, ${example.language}`, () => run(example, server, all));
  }
});

async function publish(headline) {
  const query = `mutation Publish($headline: String!) { publishTickerEntry(input: { headline: $headline }) { id } }`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token}` };
  const response = await fetch(server.api, { method: "POST", headers, body: JSON.stringify({ query, variables: { headline } }) });
  const { errors } = await response.json();
  assert.equal(errors, undefined);
}

// What the document says of live.js: it goes on behind the last event, whatever happens, also where variables are copied.
globalThis.WebSocket ??= WebSocket; // as browsers have it
followsTheTicker(
  "Apollo Client, over live.js of docs/clients.md,",
  ({ api }, after, sink) => {
    const opened = import(join(writeModules(all, { api }), "live.js")).then(({ live }) => {
      const client = new ApolloClient({ link: new GraphQLWsLink(live), cache: new InMemoryCache() });
      client.subscribe({ query: gql(followTicker), variables: { after } }).subscribe({
        next: ({ data, error }) => (error ? sink.error(error) : sink.next(data.ticker)),
        error: sink.error,
      });
      return { client, live };
    });
    opened.catch(sink.error);
    return {
      async end() {
        const { client, live } = await opened;
        client.stop();
        await live.dispose();
      },
    };
  },
  { cut: promises.nothingTwice, killed: promises.nothingTwice, stopped: promises.nothingTwice },
);

describe("an example that is wrong is noticed", () => {
  for (const { name, language, code, reason } of [
    { name: "a language that nothing runs", language: "python", code: "print(1)\n", reason: /no way to run python/ },
    { name: "no language", language: "", code: "x\n", reason: /no way to run/ },
    { name: "a field that is not there", language: "graphql", code: "{ stories { nodes { rank } } }\n", reason: /rank/ },
    { name: "an answer with errors", language: "graphql", code: "{ stories(first: 1000) { nodes { id } } }\n", reason: /INVALID_ARGUMENT/ },
    { name: "a module that prints something else", language: "js", code: "console.log(1); // → 2\n", reason: /does not print "2", but\n1/ },
    { name: "a module that fails", language: "js", code: 'throw new Error("broken"); // → 1\n', reason: /broken/ },
    { name: "a module that tells nothing", language: "js", code: "console.log(1);\n", reason: /does not tell/ },
    { name: "a part for the whole", language: "js", code: "console.log(12); // → 1\n", reason: /does not print/ },
    { name: "a module that nobody imports", language: "js", code: "// live.js\nconsole.log(1); // → 1\n", reason: /nobody imports live.js/ },
    { name: "another status", language: "sh", code: "curl -so /dev/null -w '%{http_code}' https://news.example/graphql # → 200\n", reason: /does not print "200", but\n400/ },
    { name: "no curl", language: "sh", code: "echo 1 # → 1\n", reason: /curl/ },
    { name: "Go that is nowhere", language: "go", code: "func nowhere() {}\n", reason: /no file/ },
  ]) {
    test(name, () => assert.rejects(run({ language, code }, server), reason));
  }

  test("what has no end", () => assert.throws(() => examples("a\n```js\nb\n"), /line 2 has no end/));
});
