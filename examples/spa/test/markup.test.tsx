import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Provider } from "urql";

import { openQueries, type Newsroom } from "../src/api";
import { App } from "../src/App";
import type { CardFragment, LineFragment } from "../src/gql/graphql";
import type { Feed, FeedState } from "../src/live/feed";
import type { State } from "../src/live/follow";
import { NewsroomContext } from "../src/newsroom";
import { Line } from "../src/Ticker";

const line: LineFragment = {
  id: "line_1", version: 1, headline: "Le Sénat vote le budget", priority: "ROUTINE", status: "PUBLISHED",
  occurredAt: "2026-11-22T14:05:00.000Z", corrections: [],
};
const story: CardFragment = {
  id: "story_1", version: 1, slug: "senat", title: "Le Sénat vote", summary: null, language: "fr", breaking: false,
  publishedAt: "2026-11-22T14:05:00.000Z", tags: [],
  image: { url: "https://images.example/senat.jpg", alt: "La salle", width: null, height: null, focalPoint: { x: 0.5, y: 0.25 } },
};

function feed<T>(state: Partial<FeedState<T>>): Feed<T> {
  const whole: FeedState<T> = { items: [], status: "ready", latest: undefined, hasMore: true, more: "idle", ...state };
  return { state: () => whole, watch: () => () => {}, more: async () => {}, retry: () => {} };
}

function app(state: State, stories: Partial<FeedState<CardFragment>> = { items: [story] }) {
  const newsroom: Newsroom = {
    queries: openQueries("http://127.0.0.1/graphql", { fetch: () => new Promise(() => {}) }),
    live: { state: () => state, watch: () => () => {}, subscribe: () => () => {}, close: () => {} },
    ticker: feed({ items: [line], latest: line }),
    stories: () => feed(stories),
  };
  return renderToStaticMarkup(
    <Provider value={newsroom.queries}>
      <NewsroomContext value={newsroom}>
        <App />
      </NewsroomContext>
    </Provider>,
  );
}

test("the page has its landmarks, and says how the connection is", () => {
  const page = app("offline");
  for (const part of ["<header>", "<nav aria-label=", "<main id=\"main\"", "<aside ", "href=\"#main\"", "<h1 "]) expect(page).toContain(part);
  expect(page).toContain('data-connection="true" data-state="offline"');
});

test("stories and lines can be told apart, and are in the language that they are written in", () => {
  const page = app("live");
  expect(page).toContain('<li data-id="story_1" data-version="1" lang="fr">');
  expect(page).toContain('<li data-id="line_1" data-version="1" data-priority="ROUTINE">');
  expect(page).toContain('alt="La salle" width="3" height="2"');
  expect(page).toContain("object-position:50% 25%");
});

test.each([
  ["idle", "More stories"],
  ["loading", "Reading…"],
  ["failed", "That did not work. Try again"],
] as const)("the button for more is %s", (more, words) => {
  expect(app("live", { items: [story], more })).toMatch(new RegExp(`<button type="button" data-more="true"[^>]*>${words}</button>`));
});

test("a failure is told, with a way out", () => {
  expect(app("live", { status: "failed" })).toContain('The stories can’t be read. <button type="button">Try again</button>');
});

test.each<[string, Partial<LineFragment>, string]>([
  ["a flash", { priority: "FLASH" }, "<strong>Flash </strong>Le Sénat vote le budget"],
  ["a corrected line", { corrections: [{ note: "Il a voté." }] }, "Le Sénat vote le budget<small>Corrected: Il a voté.</small>"],
  ["a retracted line", { status: "RETRACTED", corrections: [{ note: "Faux." }] }, "<s>Le Sénat vote le budget</s><small>Withdrawn: Faux.</small>"],
])("%s is marked", (_, fields, markup) => {
  expect(renderToStaticMarkup(<Line line={{ ...line, ...fields }} />)).toContain(markup);
});
