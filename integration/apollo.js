// Apollo Client with persisted queries by GET, as it comes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

import { server } from "./server.js";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** A client, and the requests that it has sent. */
function client() {
  const sent = [];
  const http = new HttpLink({
    uri: server.api,
    async fetch(url, options) {
      const response = await fetch(url, options);
      sent.push({ method: options.method, length: url.length, outcome: response.headers.get("x-cache") });
      return response;
    },
  });
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const apollo = new ApolloClient({ link: ApolloLink.from([persisted, http]), cache: new InMemoryCache() });
  return { apollo, sent };
}

const sections = gql`
  query Sections($first: Int!) {
    tags(first: $first, filter: { kind: SECTION }) {
      nodes { slug name }
    }
  }
`;
const ask = ({ apollo }, variables) => apollo.query({ query: sections, variables, fetchPolicy: "no-cache" });

test("a document is sent once, and named from then on, by whomever", async () => {
  const first = client();
  const { data } = await ask(first, { first: 3 });
  assert.equal(data.tags.nodes.length, 3);
  assert.deepEqual(first.sent.map(({ method }) => method), ["GET", "POST"]);

  const second = client();
  const again = await ask(second, { first: 3 });
  assert.deepEqual(again.data, data);
  assert.deepEqual(second.sent.map(({ method }) => method), ["GET"]);
  assert.ok(second.sent[0].length < 400, `the address has ${second.sent[0].length} characters`);

  await ask(first, { first: 3 });
  assert.deepEqual(first.sent.at(-1), { ...second.sent[0], outcome: "HIT" });
});

test("other variables are another question", async () => {
  const { data } = await ask(client(), { first: 1 });
  assert.equal(data.tags.nodes.length, 1);
});

test("a hash of something else is refused, and not remembered", async () => {
  const query = "{ tags(first: 1) { nodes { slug } } }";
  const sha256Hash = sha256("{ __typename }");
  const persistedQuery = { version: 1, sha256Hash };
  const post = (body) =>
    fetch(server.api, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
      body: JSON.stringify(body),
    });
  const wrong = await post({ query, extensions: { persistedQuery } });
  assert.equal(wrong.status, 400);
  assert.deepEqual(Object.keys(await wrong.json()), ["errors"]);
  const named = await post({ extensions: { persistedQuery } });
  const { errors } = await named.json();
  assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
  assert.equal(errors[0].message, "PersistedQueryNotFound");
});
