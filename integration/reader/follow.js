import assert from "node:assert/strict";
import { test } from "node:test";

import { Follow } from "../../internal/web/assets/follow.js";
import { World } from "./world.js";

function begin(expired = () => Promise.reject(new Error("not asked for"))) {
  const world = new World();
  const got = { cursors: [], states: [], reads: 0 };
  const follow = new Follow(
    {
      address: (cursor) => `/follow?after=${cursor}`,
      cursor: "c0",
      on: {
        event: (e) => got.cursors.push(e.cursor),
        state: (s) => got.states.push(s),
        expired: () => (got.reads++, expired(got.reads)),
      },
    },
    world,
  );
  follow.start();
  return { world, follow, got };
}

/** Lets what waits for promises go on. */
const settle = () => new Promise((go) => setImmediate(go));

test("it begins after the cursor of the page, and hands on what comes", () => {
  const { world, got } = begin();
  assert.equal(world.stream.url, "/follow?after=c0");
  world.accept();
  world.line("c1");
  world.line("c2");
  assert.deepEqual(got.cursors, ["c1", "c2"]);
  assert.deepEqual(got.states, ["connecting", "open"]);
});

test("an event that comes twice is handed on once", () => {
  const { world, got } = begin();
  world.accept();
  world.line("c1");
  world.line("c1");
  assert.deepEqual(got.cursors, ["c1"]);
});

test("a lost connection is left to the browser", () => {
  const { world, got } = begin();
  world.accept();
  world.lose();
  assert.equal(world.streams.length, 1);
  world.accept();
  assert.deepEqual(got.states, ["connecting", "open", "connecting", "open"]);
});

test("one that is closed for good is opened anew after the last cursor, more slowly each time", () => {
  const { world } = begin();
  world.accept();
  world.line("c1");
  const waits = [];
  for (let i = 0; i < 8; i++) {
    const lost = world.time;
    const before = world.streams.length;
    world.lose({ forGood: true });
    while (world.streams.length === before) world.pass(100);
    waits.push(world.time - lost);
  }
  assert.equal(world.stream.url, "/follow?after=c1");
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

for (const { what, happens } of [
  { what: "nothing was heard for 90 s", happens: (w) => w.pass(95_000) },
  { what: "the machine slept", happens: (w) => w.sleep(30 * 60_000) },
  { what: "the clock was put back", happens: (w) => (w.setClock(-60_000), w.pass(5_000)) },
  { what: "it came online", happens: (w) => w.online() },
  { what: "the page was away for a while", happens: (w) => (w.hide(), w.pass(10_000), w.hide(false)) },
  { what: "the page was away for long", happens: (w) => (w.hide(), w.pass(10 * 60_000), w.hide(false)) },
  { what: "the page comes out of the back-forward cache", happens: (w) => (w.leave(), w.pass(60_000), w.comeBack()) },
]) {
  test(`it is opened anew when ${what}`, () => {
    const { world, got } = begin();
    world.accept();
    world.line("c1");
    const old = world.stream;
    happens(world);
    assert.equal(world.streams.length, 2);
    assert.equal(old.readyState, 2, "the old one is still open");
    assert.equal(world.stream.url, "/follow?after=c1");
    world.line("c2", old);
    assert.deepEqual(got.cursors, ["c1"], "the old one is still heard");
  });
}

test("what speaks is left alone", () => {
  const { world } = begin();
  world.accept();
  for (let i = 0; i < 10; i++) {
    world.pass(60_000);
    world.line(`c${i + 1}`);
  }
  assert.equal(world.streams.length, 1);
});

test("a stream that does not open is given up after 30 s", () => {
  const { world } = begin();
  world.pass(29_000);
  assert.equal(world.streams.length, 1);
  world.pass(6_000);
  assert.equal(world.streams.length, 2);
});

test("a page that nobody sees gives up its stream after 30 s", () => {
  const { world, follow } = begin();
  world.accept();
  world.hide();
  world.pass(29_000);
  assert.equal(world.stream.readyState, 1);
  world.pass(2_000);
  assert.equal(world.stream.readyState, 2);
  assert.equal(follow.state, "paused");
  world.pass(10 * 60_000);
  assert.equal(world.streams.length, 1, "opened while nobody sees it");
});

test("a short glance away changes nothing", () => {
  const { world } = begin();
  world.accept();
  world.hide();
  world.pass(4_000);
  world.hide(false);
  world.pass(40_000);
  assert.equal(world.streams.length, 1);
  assert.equal(world.stream.readyState, 1);
});

test("a page that is left holds nothing open", () => {
  const { world, follow } = begin();
  world.accept();
  world.leave();
  assert.equal(world.stream.readyState, 2);
  assert.equal(follow.state, "paused");
});

for (const code of ["CURSOR_EXPIRED", "BAD_CURSOR"]) {
  test(`after ${code} everything is read anew, and followed from there`, async () => {
    const { world, got } = begin(async () => "c9");
    world.accept();
    world.refuse(code);
    await settle();
    assert.equal(got.reads, 1);
    assert.equal(world.streams.length, 2);
    assert.equal(world.stream.url, "/follow?after=c9");
  });
}

test("what can't be read anew is tried again", async () => {
  const { world, got } = begin((n) => (n < 3 ? Promise.reject(new Error("offline")) : Promise.resolve("c9")));
  world.accept();
  world.refuse("CURSOR_EXPIRED");
  await settle();
  assert.equal(world.streams.length, 1, "followed without having read");
  world.pass(1_000);
  await settle();
  world.pass(2_000);
  await settle();
  assert.equal(got.reads, 3);
  assert.equal(world.stream.url, "/follow?after=c9");
});

test("what wakes the page meanwhile does not follow from the old place", async () => {
  let answer;
  const { world } = begin(() => new Promise((done) => (answer = done)));
  world.accept();
  world.refuse("CURSOR_EXPIRED");
  world.online();
  assert.equal(world.streams.length, 1);
  answer("c9");
  await settle();
  assert.deepEqual(world.streams.map((s) => s.url), ["/follow?after=c0", "/follow?after=c9"]);
});

for (const code of ["UNAVAILABLE", "RATE_LIMITED", "INTERNAL", undefined]) {
  test(`after ${code} it is tried again`, () => {
    const { world, follow } = begin();
    world.accept();
    world.refuse(code);
    assert.equal(follow.state, "connecting");
    world.pass(1_000);
    assert.equal(world.streams.length, 2);
  });
}

for (const code of ["NOT_FOUND", "INVALID_ARGUMENT", "FORBIDDEN"]) {
  test(`after ${code} it is over`, () => {
    const { world, follow } = begin();
    world.accept();
    world.refuse(code);
    assert.equal(follow.state, "over");
    world.pass(10 * 60_000);
    world.online();
    assert.equal(world.streams.length, 1);
    assert.equal(world.timers, 0, "timers are left");
  });
}

test("what the server says of a slow reader is no lost connection", () => {
  const { world, follow } = begin();
  world.accept();
  world.stream.dispatchEvent(Object.assign(new Event("error"), { data: '{"errors":[]}' }));
  assert.equal(follow.state, "open");
});

test("what is no JSON is not believed", () => {
  const { world, follow } = begin();
  world.accept();
  world.stream.dispatchEvent(Object.assign(new Event("next"), { data: "<html>" }));
  assert.equal(follow.state, "connecting");
});

test("stopped, it leaves nothing behind", () => {
  const { world, follow } = begin();
  world.accept();
  world.hide();
  follow.stop();
  assert.equal(world.stream.readyState, 2);
  assert.equal(world.timers, 0);
  world.hide(false);
  world.comeBack();
  assert.equal(world.streams.length, 1);
});
