import assert from "node:assert/strict";
import { test } from "node:test";

import { Wire } from "../../internal/web/assets/wire.js";

const line = (id, minute, version = 1, more = {}) => ({
  id,
  version,
  occurredAt: `2026-01-15T12:${String(minute).padStart(2, "0")}:00.000Z`,
  status: "PUBLISHED",
  ...more,
});
const ids = (wire) => wire.lines.map(({ id }) => id).join(" ");

/** Does the changes to a list, as a page does. */
function follow(list, changes) {
  for (const { do: what, line, from, index } of changes) {
    if (what !== "put") list.splice(from, 1);
    if (what !== "take") list.splice(index, 0, line.id);
  }
  return list.join(" ");
}

for (const { what, event, want, change } of [
  { what: "a new line goes on top", event: ["PUBLISHED", line("d", 40)], want: "d c b a", change: "put 0" },
  { what: "one that happened earlier goes to its place", event: ["PUBLISHED", line("d", 15)], want: "c b d a", change: "put 2" },
  { what: "of the same minute the greater id is the newer", event: ["PUBLISHED", line("bb", 20)], want: "c bb b a", change: "put 1" },
  { what: "and the smaller one the older", event: ["PUBLISHED", line("ab", 20)], want: "c b ab a", change: "put 2" },
  { what: "what is here already changes nothing", event: ["PUBLISHED", line("b", 20)], want: "c b a", change: null },
  { what: "a correction changes a line", event: ["CORRECTED", line("b", 20, 2)], want: "c b a", change: "change 1" },
  { what: "an older version does not", event: ["CORRECTED", line("b", 20, 0)], want: "c b a", change: null },
  { what: "a line whose time is corrected moves", event: ["CORRECTED", line("a", 50, 2)], want: "a c b", change: "change 0" },
  { what: "a retracted line stays", event: ["REMOVED", line("b", 20, 2, { status: "RETRACTED" })], want: "c b a", change: "change 1" },
  { what: "one that is taken away goes", event: ["REMOVED", line("b", 20, 2)], want: "c a", change: "take 1" },
  { what: "one that is not here can't go", event: ["REMOVED", line("z", 20, 2)], want: "c b a", change: null },
]) {
  test(what, () => {
    const wire = new Wire([line("c", 30), line("b", 20), line("a", 10)]);
    const got = wire.apply(...event);
    assert.equal(ids(wire), want);
    assert.equal(got && `${got.do} ${got.index ?? got.from}`, change);
    if (got) assert.equal(follow(["c", "b", "a"], [got]), want, "done as the change says");
  });
}

test("what was taken away does not come back by an older event", () => {
  const wire = new Wire([line("a", 10)]);
  wire.apply("REMOVED", line("a", 10, 3));
  assert.equal(wire.apply("UPDATED", line("a", 10, 2)), null);
  assert.notEqual(wire.apply("PUBLISHED", line("a", 10, 4)), null);
  assert.equal(ids(wire), "a");
});

test("a line older than all is left to the next page, where there is one", () => {
  const whole = new Wire([line("b", 20)]);
  whole.apply("PUBLISHED", line("a", 10));
  assert.equal(ids(whole), "b a");
  const part = new Wire([line("b", 20)], true);
  assert.equal(part.apply("UPDATED", line("a", 10)), null);
  assert.equal(ids(part), "b");
});

test("a page joins on, and what is known is not doubled", () => {
  const wire = new Wire([line("d", 40), line("c", 30)], true);
  const list = ["d", "c"];
  const changes = wire.merge([line("c", 30, 2), line("b", 20), line("a", 10)]);
  assert.equal(ids(wire), "d c b a");
  assert.equal(follow(list, changes), "d c b a");
  assert.deepEqual(wire.merge([line("b", 20), line("a", 10)]), []);
});

for (const { what, page, goesOn, want, more } of [
  { what: "it joins on to what is known", page: ["f", "e", "d"], goesOn: true, want: "f e d c b a", more: true },
  { what: "what is missing in it has gone", page: ["f", "d", "c"], goesOn: true, want: "f d c b a", more: true },
  { what: "it does not reach what is known", page: ["z", "y", "x"], goesOn: true, want: "z y x", more: true },
  { what: "there is nothing but it", page: ["e", "d"], goesOn: false, want: "e d", more: false },
  { what: "there is nothing any more", page: [], goesOn: false, want: "", more: false },
]) {
  test(`after a gap a page is read: ${what}`, () => {
    const at = (id) => line(id, id.charCodeAt(0) - 96);
    const known = ["e", "d", "c", "b", "a"].filter((id) => goesOn || id > "b" || page.length > 0);
    const wire = new Wire(known.map(at), true);
    const list = [...known];
    assert.equal(follow(list, wire.refresh(page.map(at), goesOn)), want);
    assert.equal(ids(wire), want);
    assert.equal(wire.goesOn, more);
  });
}

test("it grows no further than is asked for", () => {
  const wire = new Wire();
  const list = [];
  for (let i = 0; i < 50; i++) follow(list, [wire.apply("PUBLISHED", line(`l${i + 10}`, i))]);
  assert.equal(follow(list, wire.trim(3)), "l59 l58 l57");
  assert.equal(ids(wire), "l59 l58 l57");
  assert.equal(wire.goesOn, true, "there are older ones now that are not here");
  assert.deepEqual(wire.trim(3), []);
});

test("in whatever order and how often pages and events come, the same lines are there", () => {
  const lines = Array.from({ length: 20 }, (_, i) => line(`l${i + 10}`, i % 7, 1 + (i % 3)));
  const inOrder = new Wire();
  inOrder.merge(lines);
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round++) {
    const wire = new Wire();
    const list = [];
    for (const l of [...lines, ...lines].sort(() => random() - 0.5)) {
      const old = { ...l, version: Math.max(1, l.version - Math.floor(random() * 3)) };
      follow(list, [wire.apply("UPDATED", old), wire.apply("UPDATED", l)].filter(Boolean));
    }
    assert.equal(ids(wire), ids(inOrder));
    assert.equal(list.join(" "), ids(inOrder));
    assert.deepEqual(wire.lines.map((l) => l.version), inOrder.lines.map((l) => l.version));
  }
});
