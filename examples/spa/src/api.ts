// How depeche is asked: queries by urql over HTTP, subscriptions by graphql-ws.
import { persistedExchange } from "@urql/exchange-persisted";
import { cacheExchange, Client, CombinedError, fetchExchange, stringifyDocument, type TypedDocumentNode } from "urql";

import {
  FollowStoriesDocument, FollowTickerDocument, StoriesDocument, TickerDocument, type CardFragment, type LineFragment,
} from "./gql/graphql";
import { createFeed, type Feed } from "./live/feed";
import { connect, type Connection } from "./live/follow";

/** Makes a client for queries. */
export function openQueries(url: string, options: { fetch?: typeof fetch } = {}): Client {
  return new Client({
    url,
    // Documents are named by their hashes, so that a query fits into an address and every cache on the way may keep its
    // answer. Pages without TLS can't make hashes, but for those of localhost: they send the text.
    exchanges: [cacheExchange, ...(globalThis.crypto?.subtle ? [persistedExchange({ generateHash })] : []), fetchExchange],
    ...options,
  });
}

async function generateHash(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The address of the live connection: that of the API, `ws` for `http`. */
export const liveURL = (url: string) => url.replace(/^http/, "ws");

/** All that is shown of a newsroom. */
export interface Newsroom {
  queries: Client;
  live: Connection;
  ticker: Feed<LineFragment>;
  /** The stories of a section, or all; each time the same feed. */
  stories(section?: string): Feed<CardFragment>;
}

export function openNewsroom(url: string): Newsroom {
  const queries = openQueries(url);
  const live = connect(liveURL(url));
  const sections = new Map<string | undefined, Feed<CardFragment>>();
  return {
    queries,
    live,
    ticker: tickerFeed(queries, live),
    stories(section) {
      const feed = sections.get(section) ?? storiesFeed(queries, live, section);
      sections.set(section, feed);
      return feed;
    },
  };
}

export function tickerFeed(queries: Client, live: Pick<Connection, "subscribe">): Feed<LineFragment> {
  return createFeed<LineFragment>(live, {
    read: async (after) => (await read(queries, TickerDocument, { first: 30, after })).ticker,
    query: stringifyDocument(FollowTickerDocument),
    order: (a, b) => descending(a.occurredAt, b.occurredAt) || descending(a.id, b.id),
    removes: () => false, // a retracted line stays, struck through
  });
}

function storiesFeed(queries: Client, live: Connection, section?: string): Feed<CardFragment> {
  const variables = section ? { section: [section] } : {};
  return createFeed<CardFragment>(live, {
    read: async (after) => (await read(queries, StoriesDocument, { ...variables, first: 12, after })).stories,
    query: stringifyDocument(FollowStoriesDocument),
    variables,
    order: (a, b) => descending(a.publishedAt ?? "", b.publishedAt ?? "") || descending(a.id, b.id),
    removes: ({ kind }) => kind === "REMOVED",
  });
}

/** Compares by code units, as the server does; a DateTime has always the same form. */
const descending = (a: string, b: string) => (a > b ? -1 : a < b ? 1 : 0);

/** Reads by a query. A first page is made sure of with the server; later ones may come from any cache: events tell what has changed. */
async function read<Data, Variables extends { after?: string | null | undefined }>(
  queries: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, error } = await queries
    .query(document, variables, {
      requestPolicy: "network-only",
      ...(!variables.after && { fetchOptions: { cache: "no-cache" as const } }),
    })
    .toPromise();
  if (data) return data;
  throw error ?? new CombinedError({ networkError: new Error("no answer") });
}
