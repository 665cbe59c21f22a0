// A subscription that misses nothing, for any frontend: this file needs graphql-ws and nothing else. Copy it.
import { createClient, type Client, type ClientOptions } from "graphql-ws";

/** How the connection is. `offline` is what the device says of itself; `reconnecting` is also the first time. */
export type State = "live" | "reconnecting" | "offline";

/** A WebSocket that is opened when something is subscribed, and again whenever it was lost. */
export interface Connection extends Pick<Client, "subscribe"> {
  state(): State;
  /** Calls listener on each change of the state, until the returned function is called. */
  watch(listener: () => void): () => void;
  /** Ends it for good. */
  close(): void;
}

/** Makes a Connection to url, as `wss://news.example/graphql`. Options count more than what is set here. */
export function connect(url: string, options: Partial<ClientOptions> = {}): Connection {
  const closing = new AbortController();
  const listeners = new Set<() => void>();
  let connected = false;
  let overdue: ReturnType<typeof setTimeout> | undefined;

  const changed = () => listeners.forEach((listener) => listener());
  // A line that is dead says nothing, so whatever is due from the server has its time.
  const expect = (ms: number) => {
    clearTimeout(overdue);
    overdue = setTimeout(() => client.terminate(), ms);
  };
  const client = createClient({
    url,
    retryAttempts: Infinity,
    // By default it gives up where it can't connect, as while a server restarts. What is neither that nor a connection
    // that was closed is a fault of our own, which no retry mends.
    shouldRetry: (why) => why instanceof Object && ("code" in why || "target" in why),
    retryWait: pause, // by default it waits twice as long each time, for hours in the end
    keepAlive: 10_000,
    ...options,
  });
  client.on("connecting", () => expect(15_000));
  client.on("connected", () => {
    clearTimeout(overdue);
    connected = true;
    changed();
  });
  client.on("ping", (received) => {
    if (!received) expect(5_000);
  });
  client.on("pong", (received) => {
    if (received) clearTimeout(overdue);
  });
  client.on("closed", () => {
    clearTimeout(overdue);
    connected = false;
    changed();
  });
  // Node has no such events.
  const { signal } = closing;
  globalThis.addEventListener?.("offline", () => (client.terminate(), changed()), { signal });
  globalThis.addEventListener?.("online", changed, { signal });

  return {
    subscribe: client.subscribe,
    state: () => (connected ? "live" : globalThis.navigator?.onLine === false ? "offline" : "reconnecting"),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closing.abort();
      clearTimeout(overdue);
      void client.dispose();
    },
  };
}

/**
 * Waits before another try: longer each time, up to 30 s. A random part of it, so that not all readers come at once; and
 * no longer when the device finds its network again.
 */
export function pause(tries: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, Math.random() * Math.min(30_000, 1_000 * 2 ** tries));
    globalThis.addEventListener?.("online", done);
  });
}

/** What to follow, and what to do with it. */
export interface Following<Page, Data> {
  /** The text of a subscription that takes `$after`. */
  query: string;
  /** Its other variables. */
  variables?: Record<string, unknown>;
  /** The last cursor that is known, to begin after it. Without it a page is read first. */
  after?: string | undefined;
  /** Reads a page as it is now. */
  read(): Promise<Page>;
  /** Shows a page in the place of everything that was there. Returns its liveCursor. */
  page(page: Page): string;
  /** Applies an event. Returns its cursor. */
  event(data: Data): string;
  /** Is told why it can't go on: the last call. */
  failed(error: unknown): void;
  /** Waits before another try; `pause` when it is left out. */
  pause?: ((tries: number) => Promise<void>) | undefined;
}

/**
 * Follows until the returned function is called: a page, then every event after its liveCursor, without a gap and in order.
 * After a lost connection it goes on after the last cursor; where that is too old, or no longer one, with a page again.
 * An event may come twice, so `event` has to look at id and version.
 */
export function follow<Page, Data>(connection: Pick<Client, "subscribe">, f: Following<Page, Data>): () => void {
  const variables: Record<string, unknown> = { ...f.variables, after: f.after };
  let stopped = false;
  let unsubscribe = () => {};

  // Settles when the subscription has ended: a lost connection does not end it, graphql-ws sends it again, with the
  // variables as they are by then.
  const subscription = () =>
    new Promise<void>((resolve, reject) => {
      unsubscribe = connection.subscribe<Data>(
        { query: f.query, variables },
        {
          next({ data, errors }) {
            if (data) {
              variables.after = f.event(data);
              failures = 0;
              return;
            }
            delete variables.after; // what this event was nobody knows: a page tells what is true now
            unsubscribe();
            reject(errors);
          },
          error: reject,
          complete: resolve,
        },
      );
    });

  let failures = 0;
  const run = async () => {
    while (!stopped) {
      try {
        if (!variables.after) {
          const page = await f.read();
          if (stopped) return;
          variables.after = f.page(page);
        }
        await subscription();
      } catch (error) {
        const reasons = codes(error);
        if (reasons.some((code) => hopeless.has(code))) {
          if (!stopped) f.failed(error);
          return;
        }
        if (reasons.some((code) => code === "CURSOR_EXPIRED" || code === "BAD_CURSOR")) delete variables.after;
      }
      if (!stopped) await (f.pause ?? pause)(failures++);
    }
  };
  void run();
  return () => {
    stopped = true;
    unsubscribe();
  };
}

/** What no waiting mends. */
const hopeless = new Set(["INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN", "TOO_COMPLEX"]);

/** The codes of what graphql-ws (an array) or urql (a CombinedError) give as an error; none where the network is at fault. */
function codes(error: unknown): string[] {
  const errors = Array.isArray(error) ? error : ((error as { graphQLErrors?: unknown[] } | null)?.graphQLErrors ?? []);
  return errors.map((e) => String(e?.extensions?.code));
}
