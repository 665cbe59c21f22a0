// A list that is read page by page and lives: pages and events end in one place, each thing once and in its newest version.
import { follow, type Connection } from "./follow";

export interface Item {
  id: string;
  version: number;
}

/** A part of a Relay connection, newest first. */
export interface Page<T> {
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  liveCursor: string;
}

/** An event of a subscription. */
export interface Change<T> {
  cursor: string;
  kind: string;
  item: T;
}

/** Where a feed comes from. */
export interface Source<T extends Item> {
  /** Reads the first page as it is now, or the one after a cursor. */
  read(after?: string): Promise<Page<T>>;
  /** The text of the subscription. The one field at its root is a Change, aliases included. */
  query: string;
  variables?: Record<string, unknown>;
  /** Below 0 where a stands above b: the order of the server. */
  order(a: T, b: T): number;
  /** Whether what this change says is to be taken out of the list. */
  removes(change: Change<T>): boolean;
  /** Waits before another try. */
  pause?: ((tries: number) => Promise<void>) | undefined;
}

/** What is to be shown. */
export interface FeedState<T> {
  items: readonly T[];
  status: "loading" | "ready" | "failed";
  /** What was published last while somebody was looking. */
  latest: T | undefined;
  hasMore: boolean;
  /** What became of the last call of more. */
  more: "idle" | "loading" | "failed";
}

/** A store as React's useSyncExternalStore wants it. */
export interface Feed<T> {
  /** The same object until something changes. */
  state(): FeedState<T>;
  /** Calls listener on each change, until the returned function is called. The feed lives while somebody watches. */
  watch(listener: () => void): () => void;
  /** Reads the next page. Does nothing while it is being read, and where there is none. */
  more(): Promise<void>;
  /** Tries again after it has failed. */
  retry(): void;
}

export function createFeed<T extends Item>(connection: Pick<Connection, "subscribe">, source: Source<T>): Feed<T> {
  const listeners = new Set<() => void>();
  let known = new Map<string, { item: T; removed: boolean }>(); // also what lies behind the end, or was removed
  let end: T | undefined; // the last of the pages; undefined where they are all there
  let endCursor: string | undefined;
  let liveCursor: string | undefined;
  let stop: (() => void) | undefined;
  let state: FeedState<T> = { items: [], status: "loading", latest: undefined, hasMore: false, more: "idle" };

  const set = (change: Partial<FeedState<T>>) => {
    state = { ...state, ...change };
    listeners.forEach((listener) => listener());
  };
  /** Whether it was news. */
  const learn = (item: T, removed: boolean) => {
    if ((known.get(item.id)?.item.version ?? 0) >= item.version) return false;
    known.set(item.id, { item, removed });
    return true;
  };
  /** What is above the end: what lies behind it comes with its page, in the version that is known by then. */
  const items = () =>
    [...known.values()]
      .filter(({ item, removed }) => !removed && (!end || source.order(item, end) <= 0))
      .map(({ item }) => item)
      .sort(source.order);
  const append = (page: Page<T>) => {
    page.nodes.forEach((item) => learn(item, false));
    end = page.pageInfo.hasNextPage ? (page.nodes.at(-1) ?? end) : undefined;
    endCursor = page.pageInfo.endCursor ?? endCursor;
    return { items: items(), hasMore: page.pageInfo.hasNextPage };
  };

  const start = () =>
    follow<Page<T>, Record<string, Change<T>>>(connection, {
      query: source.query,
      variables: source.variables ?? {},
      after: liveCursor,
      pause: source.pause,
      read: () => source.read(),
      page(page) {
        known = new Map(); // what was there may have holes by now
        liveCursor = page.liveCursor;
        set({ ...append(page), status: "ready", more: "idle" });
        return liveCursor;
      },
      event(data) {
        const [change] = Object.values(data);
        if (!change) throw new Error("an event without a field");
        liveCursor = change.cursor;
        if (learn(change.item, source.removes(change)))
          set({ items: items(), ...(change.kind === "PUBLISHED" && { latest: change.item }) });
        return liveCursor;
      },
      failed: () => set({ status: "failed" }),
    });

  return {
    state: () => state,
    watch(listener) {
      listeners.add(listener);
      stop ??= start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined; // the place stays: who comes back gets what happened meanwhile
      };
    },
    async more() {
      if (!state.hasMore || !endCursor || state.more === "loading") return;
      set({ more: "loading" });
      const list = known;
      try {
        const page = await source.read(endCursor);
        if (list === known) set({ ...append(page), more: "idle" });
      } catch {
        if (list === known) set({ more: "failed" });
      }
    },
    retry() {
      stop?.();
      set({ status: state.items.length > 0 ? "ready" : "loading" });
      stop = start();
    },
  };
}
