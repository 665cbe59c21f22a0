// What browsers, CDNs and fetch get of the cache.
import assert from "node:assert/strict";
import { get } from "node:http";
import { test } from "node:test";
import * as zlib from "node:zlib";

import { server } from "./server.js";

/** The address of a query. */
function address(query) {
  const url = new URL(server.api);
  url.searchParams.set("query", query);
  return url;
}

/** What fetch gets; node's does not keep anything by itself. */
async function read(query, headers = {}) {
  const response = await fetch(address(query), { headers });
  assert.ok(response.ok || response.status === 304, `status ${response.status}`);
  return { response, text: await response.text(), of: (name) => response.headers.get(name) };
}

/** What stands on the line, which fetch does not tell. */
function bytes(query, coding) {
  return new Promise((resolve, reject) => {
    get(address(query), { headers: { "accept-encoding": coding } }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      assert.equal(response.statusCode, 200);
      resolve({ coding: response.headers["content-encoding"], body: Buffer.concat(parts) });
    }).on("error", reject);
  });
}

async function write(query) {
  const response = await fetch(server.api, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.match(response.headers.get("cache-control"), /\bno-store\b/);
  return data;
}

// Something that changes does not belong here: the demo's wire goes on meanwhile.
const many = "{ stories(first: 10) { nodes { title summary body { text } } } }";

test("the second to ask gets what the first got", async () => {
  const query = "{ tags(first: 2) { nodes { slug } } }";
  const made = await read(query);
  const kept = await read(query);
  assert.deepEqual([made.of("x-cache"), kept.of("x-cache")], ["MISS", "HIT"]);
  assert.equal(kept.text, made.text);
  assert.equal(kept.of("etag"), made.of("etag"));
  assert.match(kept.of("age"), /^\d+$/);
});

test("an answer is public, for as long as it is told", async () => {
  const { of } = await read("{ tags(first: 3) { nodes { slug } } }");
  assert.match(of("cache-control"), /^public, max-age=2\b/);
  for (const name of ["Accept", "Accept-Encoding", "Authorization", "Origin"]) {
    assert.match(of("vary"), new RegExp(`\\b${name}\\b`));
  }
});

test("who has it is not sent it again", async () => {
  const query = "{ tags(first: 4) { nodes { slug } } }";
  const first = await read(query);
  const again = await read(query, { "if-none-match": first.of("etag") });
  assert.equal(again.response.status, 304);
  assert.equal(again.text, "");
  assert.equal(again.of("etag"), first.of("etag"));
  assert.equal(again.of("cache-control")?.startsWith("public"), true);
  const other = await read(query, { "if-none-match": '"something else"' });
  assert.equal(other.response.status, 200);
  assert.equal(other.text, first.text);
});

for (const { coding, unpack } of [
  { coding: "gzip", unpack: zlib.gunzipSync },
  { coding: "zstd", unpack: zlib.zstdDecompressSync }, // from Node 22.15 on
]) {
  test(`${coding} says the same in less`, async () => {
    const plain = await bytes(many, "identity");
    assert.equal(plain.coding, undefined);
    for (const turn of ["made", "kept"]) {
      const packed = await bytes(many, coding);
      assert.equal(packed.coding, coding, turn);
      assert.ok(packed.body.length < plain.body.length / 2, `${turn}: ${packed.body.length} of ${plain.body.length} bytes`);
      if (unpack) assert.deepEqual(unpack(packed.body), plain.body, turn);
    }
  });
}

test("fetch reads what is packed", async () => {
  const { text, of } = await read(many);
  assert.equal(of("content-encoding"), "gzip");
  assert.equal(JSON.parse(text).data.stories.nodes.length, 10);
});

test("what was not there is there once it is written", async () => {
  const query = '{ tag(slug: "soon") { name } }';
  await read(query);
  const absent = await read(query);
  assert.deepEqual([absent.of("x-cache"), absent.text], ["HIT", '{"data":{"tag":null}}']);

  await write('mutation { createTag(input: { slug: "soon", name: "Soon", kind: TOPIC }) { id } }');
  const there = await read(query, { "if-none-match": absent.of("etag") });
  assert.equal(there.response.status, 200);
  assert.deepEqual([there.of("x-cache"), there.text], ["MISS", '{"data":{"tag":{"name":"Soon"}}}']);
});

test("who has a token is answered past the cache", async () => {
  const query = "{ tags(first: 5) { nodes { slug } } }";
  await read(query);
  const own = await read(query, { authorization: `Bearer ${server.token}` });
  assert.equal(own.of("x-cache"), "BYPASS");
  assert.equal(own.of("cache-control"), "private, no-store");
});
