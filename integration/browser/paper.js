// What tests read off the reader page.
import assert from "node:assert/strict";

/** The ids of the lines of the page's ticker, from the top. */
export function shownLines(page) {
  return page.locator("[data-wire] [data-lines] > li").evaluateAll((lines) => lines.map((line) => line.dataset.id));
}

/** Fails unless every question of the page was a GET that names its document, so that caches can answer. */
export function onlyPersisted({ requests }) {
  const asked = requests.filter((request) => new URL(request.url()).pathname === "/graphql");
  assert.ok(asked.length > 0, "it has asked something");
  for (const request of asked) {
    const { searchParams } = new URL(request.url());
    assert.equal(request.method(), "GET", request.url());
    assert.match(searchParams.get("documentId") ?? "", /^sha256:[0-9a-f]{64}$/, request.url());
    assert.equal(searchParams.get("query"), null, request.url());
  }
}
