import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcer } from "../../internal/web/assets/announce.js";
import { World } from "./world.js";

function begin() {
  const world = new World();
  const said = [];
  const words = { say: (key) => key, count: (key, n) => `${n} ${key}` };
  const announcer = new Announcer(
    { polite: (text) => said.push(`polite: ${text}`), assertive: (text) => said.push(`at once: ${text}`), words },
    world,
  );
  return { world, said, announcer };
}
const line = (headline, priority = "ROUTINE") => ({ headline, priority });

test("a line is said with its headline", () => {
  const { world, said, announcer } = begin();
  announcer.lines([line("Rain")]);
  world.pass(1000);
  assert.deepEqual(said, ["polite: Rain"]);
});

test("many are said by their number", () => {
  const { world, said, announcer } = begin();
  announcer.lines(Array.from({ length: 12 }, (_, i) => line(`line ${i}`)));
  world.pass(60_000);
  assert.deepEqual(said, ["polite: 12 new"]);
});

test("what comes one after the other is gathered", () => {
  const { world, said, announcer } = begin();
  for (let i = 0; i < 8; i++) {
    announcer.lines([line(`line ${i}`)]);
    world.pass(1000);
  }
  world.pass(10_000);
  assert.deepEqual(said, ["polite: line 0", "polite: 7 new"]);
  assert.equal(world.timers <= 1, true);
});

test("a flash does not wait, and of several the last is said", () => {
  const { said, announcer } = begin();
  announcer.lines([line("First", "FLASH"), line("Second", "ALERT")]);
  assert.deepEqual(said, ["at once: priority.ALERT: Second"]);
});
