import { afterEach, describe, expect, test } from "vitest";

import { createFeed, type Feed, type Item, type Page } from "../src/live/feed";
import { connect } from "../src/live/follow";
import { eventually } from "./eventually";
import { FakeServer } from "./fakeServer";

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

const atOnce = () => new Promise<void>((resolve) => void setImmediate(resolve));
const ids = (feed: Feed<Item>) => feed.state().items.map(({ id, version }) => (version === 1 ? id : `${id}.${version}`)).join(" ");
const item = (id: string, version = 1): Item => ({ id, version });
const page = (nodes: Item[], endCursor: string | null, liveCursor = "0"): Page<Item> => ({
  nodes,
  pageInfo: { hasNextPage: endCursor !== null, endCursor },
  liveCursor,
});

/** A feed whose items stand in the order of their ids, the greatest on top. */
function feedOf(server: FakeServer, read: (after?: string) => Promise<Page<Item>>) {
  const live = connect("ws://fake", { webSocketImpl: server.webSocketImpl, retryWait: atOnce });
  const feed = createFeed<Item>(live, {
    read,
    query: "subscription { list { cursor } }",
    order: (a, b) => (a.id > b.id ? -1 : a.id < b.id ? 1 : 0),
    removes: ({ kind }) => kind === "REMOVED",
    pause: atOnce,
  });
  ends.push(live.close);
  return feed;
}

function watch(feed: Feed<Item>) {
  const states: string[] = [];
  const unwatch = feed.watch(() => states.push(ids(feed)));
  ends.push(unwatch);
  return { states, unwatch };
}

describe("a feed", () => {
  test("puts events into a page, each thing once and in its newest version", async () => {
    const server = new FakeServer();
    const feed = feedOf(server, async () => page([item("f"), item("d")], null));
    watch(feed);
    await eventually(() => expect(ids(feed)).toBe("f d"));
    server.publish("g");
    server.publish("e"); // an hour ago, by the time that it shows
    server.publish("d", 2);
    server.publish("d", 1); // a version that came late
    await eventually(() => expect(ids(feed)).toBe("g f e d.2"));
    server.publish("f", 2, "REMOVED");
    server.publish("f", 1);
    server.publish("h");
    await eventually(() => expect(ids(feed)).toBe("h g e d.2"));
  });

  test("is not moved by events that come twice", async () => {
    const server = new FakeServer();
    const feed = feedOf(server, async () => page([], null));
    const { states } = watch(feed);
    await eventually(() => expect(server.asked.length).toBe(1));
    for (const id of ["a", "b", "c"]) server.publish(id);
    await eventually(() => expect(ids(feed)).toBe("c b a"));
    server.repeat(3);
    server.publish("d");
    await eventually(() => expect(ids(feed)).toBe("d c b a"));
    expect(states).toEqual(["", "a", "b a", "c b a", "d c b a"]);
  });

  test("has what was published last, and not what was changed", async () => {
    const server = new FakeServer();
    const feed = feedOf(server, async () => page([item("a")], null));
    watch(feed);
    await eventually(() => expect(ids(feed)).toBe("a"));
    expect(feed.state().latest).toBe(undefined);
    server.publish("b");
    server.publish("a", 2);
    await eventually(() => expect(ids(feed)).toBe("b a.2"));
    expect(feed.state().latest).toEqual(item("b"));
  });

  test("reads on, page by page, while news comes in", async () => {
    const server = new FakeServer();
    const feed = feedOf(server, async (after) =>
      after === "9" ? page([item("d"), item("c")], "7") : after === "7" ? page([item("b")], null) : page([item("h"), item("f")], "9"),
    );
    watch(feed);
    await eventually(() => expect(ids(feed)).toBe("h f"));
    server.publish("i");
    server.publish("c", 2); // not to be seen yet: its page has not been read
    server.publish("d", 2, "REMOVED");
    await eventually(() => expect(ids(feed)).toBe("i h f"));
    await feed.more();
    expect(ids(feed)).toBe("i h f c.2"); // although the page was from a cache, and older
    expect(feed.state().hasMore).toBe(true);
    await feed.more();
    expect(ids(feed)).toBe("i h f c.2 b");
    expect(feed.state().hasMore).toBe(false);
    server.publish("a");
    await eventually(() => expect(ids(feed)).toBe("i h f c.2 b a"));
  });

  test("reads one page at a time, and says when that failed", async () => {
    const server = new FakeServer();
    const reads: string[] = [];
    let network = false;
    const feed = feedOf(server, async (after) => {
      if (!after) return page([item("b")], "1");
      reads.push(after);
      if (!network) throw new Error("no network");
      return page([item("a")], null);
    });
    watch(feed);
    await eventually(() => expect(feed.state().status).toBe("ready"));
    await Promise.all([feed.more(), feed.more()]);
    expect([reads, feed.state().more, ids(feed)]).toEqual([["1"], "failed", "b"]);
    network = true;
    await feed.more();
    await feed.more();
    expect([reads, feed.state().more, ids(feed)]).toEqual([["1", "1"], "idle", "b a"]);
  });

  test("goes on where it was when somebody watches again", async () => {
    const server = new FakeServer();
    const feed = feedOf(server, async () => page([], null));
    const first = watch(feed);
    server.publish("a");
    await eventually(() => expect(ids(feed)).toBe("a"));
    first.unwatch();
    server.publish("b");
    server.publish("c");
    expect(ids(feed)).toBe("a");
    watch(feed);
    await eventually(() => expect(ids(feed)).toBe("c b a"));
    expect(server.asked).toEqual(["0", "1"]);
  });

  test("begins anew when its place is too old, without what it had", async () => {
    const server = new FakeServer();
    let first = true;
    const feed = feedOf(server, async () => {
      if (!first) return page([item("z"), item("y", 3)], null, "2");
      first = false;
      return page([item("b"), item("a")], "1");
    });
    watch(feed);
    await eventually(() => expect(server.asked).toEqual(["0"]));
    server.answers.push({ type: "error", payload: [{ message: "", extensions: { code: "CURSOR_EXPIRED" } }] });
    server.cut();
    await eventually(() => expect(ids(feed)).toBe("z y.3"));
    expect(feed.state().hasMore).toBe(false);
  });

  test("says when it can't go on, and can be told to", async () => {
    const server = new FakeServer();
    server.answers.push({ type: "error", payload: [{ message: "", extensions: { code: "FORBIDDEN" } }] });
    const feed = feedOf(server, async () => page([item("a")], null));
    watch(feed);
    await eventually(() => expect(feed.state().status).toBe("failed"));
    feed.retry();
    expect(feed.state().status).toBe("ready");
    server.publish("b");
    await eventually(() => expect(ids(feed)).toBe("b a"));
  });
});
