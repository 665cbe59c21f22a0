import assert from "node:assert/strict";
import { test } from "node:test";

import { createToken, withoutHeaders } from "../../page/storage.js";

/** What a browser's storage does. */
function memory() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}

test("a token is kept, and forgotten", () => {
  const storage = memory();
  const token = createToken(storage);
  assert.equal(token.get(), "");
  token.set("abc");
  assert.equal(createToken(storage).get(), "abc");
  token.set("");
  assert.equal(storage.length, 0);
});

const secret = '{"Authorization":"Bearer abc"}';

for (const { name, key, value, want } of [
  { name: "the headers of the editor", key: "graphiql:headers", value: secret, want: "" },
  {
    name: "those of the history",
    key: "graphiql:queries",
    value: JSON.stringify({ queries: [{ query: "{ a }", headers: secret }] }),
    want: '{"queries":[{"query":"{ a }","headers":null}]}',
  },
  { name: "an operation", key: "graphiql:query", value: '{ a(b: "headers") }', want: '{ a(b: "headers") }' },
  { name: "variables", key: "graphiql:variables", value: '{"a": 1}', want: '{"a": 1}' },
]) {
  test(`what GraphiQL keeps: ${name}`, () => {
    const storage = memory();
    withoutHeaders(storage).setItem(key, value);
    assert.equal(storage.getItem(key), want);
  });
}
