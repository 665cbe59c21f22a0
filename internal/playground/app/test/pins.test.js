import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { list, parts } from "../pin.js";

test("what the page loads from the CDN is what the packages have in them", () => {
  assert.deepEqual(JSON.parse(readFileSync(list, "utf8")), parts(), "npm run pin is due");
});

test("what is pinned is what is bundled", () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  for (const { url } of parts()) {
    const [, name, version] = /^https:\/\/cdn\.jsdelivr\.net\/npm\/(.[^@]*)@([^/]+)\//.exec(url);
    assert.equal(devDependencies[name], version, url);
  }
});
