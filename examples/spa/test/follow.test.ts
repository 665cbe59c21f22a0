import { afterEach, describe, expect, test, vi } from "vitest";

import { connect, follow, type Following } from "../src/live/follow";
import { eventually } from "./eventually";
import { FakeServer, type Line } from "./fakeServer";

const ends: (() => void)[] = [];
afterEach(() => {
  ends.splice(0).forEach((end) => end());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const atOnce = () => new Promise<void>((resolve) => void setImmediate(resolve));

function connection(server: FakeServer) {
  const made = connect("ws://fake", { webSocketImpl: server.webSocketImpl, retryWait: atOnce });
  ends.push(made.close);
  return made;
}

/** Follows the server's log, and keeps what was told in order. */
function reader(server: FakeServer, options: Partial<Following<string, { list: Line }>> = {}) {
  const told: string[] = [];
  const live = connection(server);
  const stop = follow<string, { list: Line }>(live, {
    query: "subscription ($after: Cursor) { list(after: $after) { cursor } }",
    read: async () => String(server.log.length),
    page: (cursor) => (told.push(`page ${cursor}`), cursor),
    event: ({ list }) => (told.push(list.cursor), list.cursor),
    failed: () => told.push("failed"),
    pause: atOnce,
    ...options,
  });
  ends.push(stop);
  return { live, stop, told };
}

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const publish = (server: FakeServer, n: number) => lines(1, n).forEach(() => server.publish("x"));
const refusal = (code: string) => ({ type: "error", payload: [{ message: code, extensions: { code } }] });

describe("follow", () => {
  test("begins with a page and goes on after its cursor", async () => {
    const server = new FakeServer();
    publish(server, 2);
    const { told } = reader(server, {
      page: (cursor) => {
        publish(server, 2); // between the page and the subscription
        return cursor;
      },
    });
    await eventually(() => expect(told).toEqual(["3", "4"]));
    server.publish("x");
    await eventually(() => expect(told).toEqual(["3", "4", "5"]));
    expect(server.asked).toEqual(["2"]);
  });

  test("begins after a cursor that is known, without a page", async () => {
    const server = new FakeServer();
    publish(server, 3);
    const { told } = reader(server, { after: "1" });
    await eventually(() => expect(told).toEqual(["2", "3"]));
  });

  test("misses nothing and gets nothing twice, however often the connection is cut", async () => {
    const server = new FakeServer();
    server.cutAfter = 7;
    const { told } = reader(server, { after: "0" });
    publish(server, 100);
    await eventually(() => expect(told.length).toBe(100));
    expect(told).toEqual(lines(1, 100));
    expect(server.asked).toEqual(["0", "7", "14", "21", "28", "35", "42", "49", "56", "63", "70", "77", "84", "91", "98"]);
  });

  test("goes on trying while the server can't be reached", async () => {
    const server = new FakeServer();
    const { told } = reader(server);
    await eventually(() => expect(server.asked).toEqual(["0"]));
    server.refuse = 30;
    server.cut();
    publish(server, 3);
    await eventually(() => expect(told).toEqual(["page 0", "1", "2", "3"]));
    expect(server.opened).toBe(32);
  });

  test.each([1000, 1001, 1008, 1012, 1013, 4400, 4403, 4429, 4512])("comes back after the close code %i", async (code) => {
    const server = new FakeServer();
    const { told } = reader(server);
    await eventually(() => expect(server.asked).toEqual(["0"]));
    server.cut(code);
    publish(server, 2);
    await eventually(() => expect(told).toEqual(["page 0", "1", "2"]));
  });

  test.each(["CURSOR_EXPIRED", "BAD_CURSOR"])("takes a page again on %s", async (code) => {
    const server = new FakeServer();
    publish(server, 5);
    server.answers.push(refusal(code));
    const { told } = reader(server, { after: "stale" });
    await eventually(() => expect(told).toEqual(["page 5"]));
    publish(server, 1);
    await eventually(() => expect(told).toEqual(["page 5", "6"]));
    expect(server.asked).toEqual(["stale", "5"]);
  });

  test("takes a page again after an event that could not be made", async () => {
    const server = new FakeServer();
    publish(server, 5);
    server.answers.push({ type: "next", payload: { data: null, errors: [{ message: "INTERNAL" }] } });
    const { told } = reader(server, { after: "3" });
    await eventually(() => expect(server.asked).toEqual(["3", "5"]));
    expect(told).toEqual(["page 5"]);
  });

  test.each(["UNAVAILABLE", "RATE_LIMITED", "INTERNAL"])("tries again on %s, after the same cursor", async (code) => {
    const server = new FakeServer();
    publish(server, 2);
    server.answers.push(refusal(code), refusal(code));
    const { told } = reader(server, { after: "1" });
    await eventually(() => expect(told).toEqual(["2"]));
    expect(server.asked).toEqual(["1", "1", "1"]);
  });

  test("subscribes again when the server says that it is complete", async () => {
    const server = new FakeServer();
    publish(server, 2);
    server.answers.push({ type: "complete" });
    const { told } = reader(server, { after: "1" });
    await eventually(() => expect(told).toEqual(["2"]));
  });

  test("gives up on what no waiting mends", async () => {
    const server = new FakeServer();
    server.answers.push(refusal("FORBIDDEN"));
    const { told } = reader(server, { after: "0" });
    await eventually(() => expect(told).toEqual(["failed"]));
    expect(server.asked).toEqual(["0"]);
  });

  test("reads the page again until it can be read, and waits longer each time", async () => {
    const server = new FakeServer();
    const waits: number[] = [];
    let reads = 0;
    const { told } = reader(server, {
      async read() {
        if (++reads <= 3) throw new Error("no network");
        return "0";
      },
      pause: async (tries) => void waits.push(tries),
    });
    await eventually(() => expect(told).toEqual(["page 0"]));
    expect(waits).toEqual([0, 1, 2]);
  });

  test("shows nothing once it was stopped", async () => {
    const server = new FakeServer();
    let answer = (_: string) => {};
    const { stop, told } = reader(server, { read: () => new Promise((resolve) => (answer = resolve)) });
    stop();
    answer("0");
    const other = reader(server, { after: "0" });
    publish(server, 1);
    await eventually(() => expect(other.told).toEqual(["1"]));
    expect(told).toEqual([]);
    expect(server.asked).toEqual(["0"]);
  });
});

describe("connect", () => {
  test("tells how the connection is", async () => {
    const server = new FakeServer();
    const { live } = reader(server, { after: "0" });
    const states: string[] = [];
    live.watch(() => states.push(live.state()));
    expect(live.state()).toBe("reconnecting");
    await eventually(() => expect(states).toEqual(["live"]));
    server.cut();
    await eventually(() => expect(states).toEqual(["live", "reconnecting", "live"]));
  });

  test("ends a connection that does not answer, and goes on with another", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    const { live, told } = reader(server, { after: "0" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([server.opened, live.state()]).toEqual([1, "live"]); // pongs come

    server.frozen = true;
    publish(server, 2); // lost with the line
    await vi.advanceTimersByTimeAsync(14_999);
    server.frozen = false;
    await vi.advanceTimersByTimeAsync(2);
    expect([server.opened, live.state()]).toEqual([2, "live"]);
    expect(told).toEqual(["1", "2"]);
  });

  test("ends a connection that does not come about, and tries another", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    server.frozen = true;
    const { live } = reader(server, { after: "0" });
    await vi.advanceTimersByTimeAsync(14_999);
    expect([server.opened, live.state()]).toEqual([1, "reconnecting"]);
    server.frozen = false;
    await vi.advanceTimersByTimeAsync(2);
    expect([server.opened, live.state()]).toEqual([2, "live"]);
  });

  test("has no grudge against the next connection for what the last one owed", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    reader(server, { after: "0" });
    await vi.advanceTimersByTimeAsync(9_999);
    server.frozen = true;
    await vi.advanceTimersByTimeAsync(1); // the ping
    server.frozen = false;
    server.cut();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(server.opened).toBe(2);
  });

  test("is offline when the device is, and back without delay", async () => {
    const device = new EventTarget();
    const navigator = { onLine: true };
    vi.stubGlobal("navigator", navigator);
    vi.stubGlobal("addEventListener", device.addEventListener.bind(device));
    vi.stubGlobal("removeEventListener", device.removeEventListener.bind(device));
    vi.useFakeTimers(); // that never advance: it is not by time that it comes back
    const server = new FakeServer();
    const live = connect("ws://fake", { webSocketImpl: server.webSocketImpl });
    ends.push(live.close, live.subscribe({ query: "", variables: { after: "0" } }, { next() {}, error() {}, complete() {} }));
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state()).toBe("live");

    navigator.onLine = false;
    device.dispatchEvent(new Event("offline"));
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state()).toBe("offline");

    navigator.onLine = true;
    device.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state()).toBe("live");
  });
});
