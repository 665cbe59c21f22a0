import assert from "node:assert/strict";
import { test } from "node:test";

import { described } from "../../page/bar.js";
import { asTab } from "../../page/examples.js";

for (const { name, answer, want } of [
  { name: "an editor", answer: { data: { viewer: { name: "marie", role: "EDITOR" } } }, want: { text: "You are marie, editor." } },
  { name: "somebody without a name", answer: { data: { viewer: { name: null, role: "READER" } } }, want: { text: "You are reader." } },
  { name: "a wrong token", answer: { errors: [{ message: "the token is malformed" }] }, want: { wrong: true, text: "the token is malformed" } },
  { name: "no answer", answer: {}, want: { wrong: true, text: "The server does not say who you are." } },
]) {
  test(`who a token is for: ${name}`, () => assert.deepEqual(described(answer), want));
}

test("an example is explained in its tab", () => {
  const about = "The newest stories in one language, with their tags and pictures, and what is much written about.";
  assert.deepEqual(asTab({ about, role: "EDITOR", query: "{ a }\n", variables: { b: 1 } }), {
    query:
      "# The newest stories in one language, with their tags and\n" +
      "# pictures, and what is much written about. It takes a token:\n" +
      "# editor.\n\n{ a }\n",
    variables: '{\n  "b": 1\n}',
  });
});
