import assert from "node:assert/strict";
import { test } from "node:test";

import { address, read } from "../../internal/web/assets/read.js";

test("variables stand in the address, without those that are not given", () => {
  const at = address("/graphql?documentId=sha256:00", { tags: ["a&b"], after: null, language: undefined });
  assert.equal(at, `/graphql?documentId=sha256:00&variables=${encodeURIComponent('{"tags":["a&b"]}')}`);
});

for (const { what, answer, want } of [
  { what: "data is handed on", answer: { data: { ticker: 1 } }, want: { ticker: 1 } },
  { what: "an error is one", answer: { errors: [{ message: "away" }] }, want: /read: away/ },
  { what: "half an answer is none", answer: { data: { ticker: null }, errors: [{ message: "away" }] }, want: /read: away/ },
]) {
  test(what, async (t) => {
    const asked = [];
    t.mock.method(globalThis, "fetch", async (at, { cache }) => (asked.push([at, cache]), Response.json(answer)));
    const got = read("/graphql", { fresh: true });
    if (want instanceof RegExp) await assert.rejects(got, want);
    else assert.deepEqual(await got, want);
    assert.deepEqual(asked, [["/graphql", "no-cache"]]);
  });
}
