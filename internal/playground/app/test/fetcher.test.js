import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parse } from "graphql";

import { createFetcher, post } from "../../page/fetcher.js";

const subscription = "subscription Follow($after: Cursor) { ticker(after: $after) { cursor } }";
const api = "http://127.0.0.1:1/graphql";

/** A client of either package that is driven by hand. */
function byHand() {
  const client = { stopped: 0, disposed: 0 };
  client.create = (options) => {
    client.options = options;
    return {
      subscribe(payload, sink) {
        Object.assign(client, { payload, sink });
        return () => client.stopped++;
      },
      dispose: () => client.disposed++,
      terminate() {},
    };
  };
  return client;
}

/** A fetcher of which nothing is real but what is given. */
function fetcherOf(o) {
  return createFetcher({ api, token: () => "", transport: () => "ws", tell() {}, parse, ...o });
}

/** What comes of following: its results, and whether it has ended. */
function following(observable) {
  const got = { results: [], ended: false };
  got.stop = observable.subscribe({
    next: (result) => got.results.push(result),
    error: assert.fail,
    complete: () => (got.ended = true),
  }).unsubscribe;
  return got;
}

/** The answers of a server, one after the other, and what it was asked. */
function server(...answers) {
  const asked = [];
  const request = async (url, init) => {
    asked.push({ url, ...init });
    const { status = 200, body } = answers.shift();
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  };
  return { asked, request };
}

describe("queries and mutations", () => {
  test("are asked by POST, with the token", async () => {
    const { asked, request } = server({ body: { data: { viewer: { role: "EDITOR" } } } });
    const fetcher = fetcherOf({ fetch: request, token: () => "abc" });
    const answer = await fetcher({ query: "query A { viewer { role } }", operationName: "A" }, { headers: { "X-More": "1" } });
    assert.deepEqual(answer, { data: { viewer: { role: "EDITOR" } } });
    const [{ url, method, headers, body }] = asked;
    assert.deepEqual([url, method, headers.Authorization, headers["X-More"]], [api, "POST", "Bearer abc", "1"]);
    assert.deepEqual(JSON.parse(body), { query: "query A { viewer { role } }", variables: {}, operationName: "A" });
  });

  test("the schema is asked for without it", async () => {
    const { asked, request } = server({ body: { data: {} } });
    await fetcherOf({ fetch: request, token: () => "abc" })({ query: "query IntrospectionQuery { __typename }", operationName: "IntrospectionQuery" });
    assert.equal(asked[0].headers.Authorization, undefined);
  });

  test("a name that the document does not have is not sent", async () => {
    const { asked, request } = server({ body: { data: {} } });
    await fetcherOf({ fetch: request })({ query: "query B { viewer { role } }", operationName: "OfAnotherTab" });
    assert.equal(JSON.parse(asked[0].body).operationName, "B");
  });

  for (const { name, answer, want } of [
    { name: "an error is shown as it is", answer: { status: 401, body: { errors: [{ message: "the token is malformed" }] } }, want: /^the token is malformed$/ },
    { name: "a proxy that speaks no GraphQL", answer: { status: 502, body: "<h1>Bad Gateway</h1>" }, want: /502.*Bad Gateway/ },
  ]) {
    test(name, async () => {
      const { errors } = await fetcherOf({ fetch: server(answer).request })({ query: "{ viewer { role } }" });
      assert.match(errors[0].message, want);
    });
  }

  test("a server that can't be reached", async () => {
    const { errors } = await post(async () => { throw new TypeError("Failed to fetch"); }, api, {});
    assert.match(errors[0].message, /can't be reached: Failed to fetch/);
  });
});

for (const [transport, option] of [["ws", "webSocketClient"], ["sse", "eventStreamClient"]]) {
  describe(`subscriptions over ${transport}`, () => {
    const follow = (client, variables, query = subscription) =>
      following(fetcherOf({ [option]: client.create, transport: () => transport, token: () => "abc" })({ query, variables }));

    test("bear the token, and go on from the last cursor", () => {
      const client = byHand();
      const variables = { after: "0" };
      const got = follow(client, variables);
      assert.equal(client.options.url, transport === "ws" ? "ws://127.0.0.1:1/graphql" : api);
      assert.deepEqual(client.options.connectionParams ?? client.options.headers, { Authorization: "Bearer abc" });
      assert.equal(client.payload.variables.after, "0");
      for (const cursor of ["1", "2"]) client.sink.next({ data: { ticker: { cursor } } });
      assert.equal(client.payload.variables.after, "2");
      assert.equal(variables.after, "0", "the editor's own stay as they are");
      assert.equal(got.results.length, 2);
    });

    test("without a variable after there is nothing to go on with", () => {
      const client = byHand();
      follow(client, {}, "subscription { ticker { cursor } }");
      client.sink.next({ data: { ticker: { cursor: "1" } } });
      assert.deepEqual(client.payload.variables, {});
    });

    test("end when they are stopped", () => {
      const client = byHand();
      follow(client, {}).stop();
      assert.deepEqual([client.stopped, client.disposed], [1, 1]);
    });

    test("what has ended one is its last result", () => {
      const client = byHand();
      const got = follow(client, {});
      client.sink.error(transport === "ws" ? { code: 4403, reason: "the token is malformed" } : new Error("it is over"));
      assert.match(got.results[0].errors[0].message, transport === "ws" ? /4403 the token is malformed/ : /it is over/);
      assert.ok(got.ended);
    });
  });
}

test("errors of the server over a WebSocket are shown as they are", () => {
  const client = byHand();
  const got = following(fetcherOf({ webSocketClient: client.create })({ query: subscription }));
  const errors = [{ message: "the cursor is too old", extensions: { code: "CURSOR_EXPIRED" } }];
  client.sink.error(errors);
  assert.deepEqual(got.results, [{ errors }]);
});

test("a WebSocket is opened again unless the token is not good", () => {
  const client = byHand();
  following(fetcherOf({ webSocketClient: client.create })({ query: subscription }));
  const { shouldRetry } = client.options;
  assert.deepEqual([shouldRetry({ code: 4403 }), shouldRetry({ code: 1012 }), shouldRetry(new Error())], [false, true, true]);
});

test("an event stream that was refused is not asked for again", async () => {
  const refusal = { errors: [{ message: "the token is malformed" }] };
  const client = byHand();
  const { request } = server({ status: 401, body: refusal });
  const got = following(fetcherOf({ eventStreamClient: client.create, transport: () => "sse", fetch: request })({ query: subscription }));
  await client.options.fetchFn(api, {});
  const ending = await client.options.retry(0).then(() => assert.fail("it is asked for again"), (error) => error);
  assert.equal(ending.message, "refused");
  client.sink.error(ending);
  assert.deepEqual(got.results, [refusal]);
});
