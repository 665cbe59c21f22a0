// What moves on the reader page while it is read: lines, corrections, withdrawals, new stories.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { openNewsroom } from "../newsroom.js";
import { missing } from "./chromium.js";
import { beginCoverage, correctStory, createTag, publishStory, retractStory, unpublishStory, updateStory } from "./desk.js";
import { eventually } from "./eventually.js";
import { onlyPersisted, shownLines } from "./paper.js";
import { browse } from "./visit.js";

describe("while the reader page is read", () => {
  let newsroom;
  before(async () => {
    if (missing) return;
    newsroom = await openNewsroom();
    for (let i = 0; i < 40; i++) await newsroom.publish(`An earlier line, number ${i}`);
    for (let i = 0; i < 16; i++) {
      await publishStory(newsroom, { title: `An earlier story, number ${i}`, summary: "What it is about.", body: "The text." });
    }
  });
  after(() => newsroom?.close());

  const first = (page) => page.locator("[data-lines] > li").first();
  const line = (page, { id }) => page.locator(`[data-lines] > li[data-id="${id}"]`);
  const pill = (page) => page.locator("[data-wire] [data-pill]");

  for (const path of ["/en", "/fr/ticker"]) {
    browse(`a line that is published is on top of ${path}`, async (visit) => {
      const visitor = await visit(newsroom.address + path);
      const published = await newsroom.publish("The bridge is open again");
      await eventually(async () => assert.equal((await shownLines(visitor.page))[0], published.id));
      assert.ok((await first(visitor.page).innerText()).includes("The bridge is open again"));
      await eventually(async () => assert.ok(await inView(first(visitor.page))));
      onlyPersisted(visitor);
    });
  }

  browse("a flash stands out, and is told at once", async (visit) => {
    const { page } = await visit(`${newsroom.address}/en/ticker`);
    const flash = await newsroom.publish("The dam has broken", { priority: "FLASH" });
    await line(page, flash).waitFor();
    assert.equal(await line(page, flash).getAttribute("data-priority"), "FLASH");
    assert.match(await line(page, flash).innerText(), /flash/i);
    await eventually(async () => assert.match(await page.locator('[aria-live="assertive"]').textContent(), /The dam has broken/));
  });

  browse("a line is told to who does not look", async (visit) => {
    const { page } = await visit(`${newsroom.address}/en/ticker`);
    await newsroom.publish("The mayor resigns");
    await eventually(async () => assert.match(await page.locator('[data-announce][aria-live="polite"]').textContent(), /The mayor resigns/));
  });

  browse("a corrected line says why, and a withdrawn one is struck through", async (visit) => {
    const { page } = await visit(`${newsroom.address}/en/ticker`);
    const wrong = await newsroom.publish("Twelve people are missing");
    await line(page, wrong).waitFor();
    const corrected = await newsroom.correct(wrong, { headline: "Two people are missing", note: "A figure was misheard." });
    await eventually(async () => {
      assert.match(await line(page, wrong).locator(".correction").innerText(), /A figure was misheard\./);
      assert.match(await line(page, wrong).innerText(), /Two people are missing/);
    });
    await newsroom.retract(corrected, "Everybody has been found.");
    await eventually(async () => {
      assert.match(await line(page, wrong).getAttribute("class"), /\bretracted\b/);
      assert.equal(await line(page, wrong).locator("s").count(), 1);
      assert.match(await line(page, wrong).innerText(), /Everybody has been found\./);
    });
    // What scripts have made is what the server makes.
    const says = () => line(page, wrong).evaluate((li) => li.innerText.replace(/\s+/g, " "));
    const said = await says();
    await page.reload();
    assert.equal(await says(), said);
  });

  for (const [how, press] of [["the mouse", (button) => button.click()], ["a key", (button) => button.press("Enter")]]) {
    browse(`who reads further down stays there, and a pill counts until it is pressed by ${how}`, async (visit) => {
      const { page } = await visit(`${newsroom.address}/en/ticker`);
      const box = page.locator("[data-box]");
      await box.evaluate((element) => (element.scrollTop = 300));
      const reading = page.locator(`[data-lines] > li[data-id="${await seenFirst(page)}"]`);
      const { y } = await reading.boundingBox();
      let last;
      for (const n of [1, 2, 3]) {
        last = await newsroom.publish(`News for the pill, number ${n}`);
        await eventually(async () => assert.match(await pill(page).textContent(), new RegExp(`\\b${n}\\b`)));
      }
      assert.ok(Math.abs((await reading.boundingBox()).y - y) < 1, "what is read does not move");
      await press(pill(page));
      await eventually(async () => assert.ok(await inView(line(page, last))));
      await eventually(async () => assert.equal(await box.evaluate((element) => element.scrollTop), 0));
      assert.equal(await pill(page).isVisible(), false);
    });
  }

  browse("a keyboard gets everywhere", async (visit) => {
    const { page } = await visit(`${newsroom.address}/en/ticker`);
    await page.keyboard.press("Tab");
    const focused = (f) => page.evaluate(`(${f})(document.activeElement)`);
    assert.equal(await focused((e) => e.getAttribute("href")), "#main");
    assert.ok(await inView(page.locator(":focus")), "the skip link shows when it has the focus");
    await page.keyboard.press("Enter");
    await eventually(async () => assert.equal(await focused((e) => e.closest("#main")?.id), "main"));
    for (let i = 0; i < 4 && !(await focused((e) => e.matches("[data-box]"))); i++) await page.keyboard.press("Tab");
    assert.equal(await focused((e) => e.matches("[data-box]")), true, "the ticker is near");

    const published = await newsroom.publish("A line while the ticker has the focus");
    await line(page, published).waitFor({ state: "attached" });
    await pill(page).waitFor();
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused((e) => e.matches("[data-pill]")), true, "the pill is the next before it");
    await page.keyboard.press("Enter");
    await eventually(async () => assert.ok(await inView(line(page, published))));
    await eventually(async () => assert.equal(await focused((e) => e.closest("[data-wire]") !== null), true, "the focus stays in the ticker"));
  });

  browse("new stories are counted, and come when they are asked for", async (visit) => {
    const visitor = await visit(`${newsroom.address}/en`);
    const { page } = visitor;
    const stories = page.locator("[data-cards] [data-pill]");
    const titles = () => page.locator("[data-items] > li .title").allTextContents();
    const before = await titles();
    await publishStory(newsroom, { title: "A story of this minute", summary: "It is new." });
    await eventually(async () => assert.match(await stories.textContent(), /\b1\b/));
    await publishStory(newsroom, { title: "And another", summary: "It is newer." });
    await eventually(async () => assert.match(await stories.textContent(), /\b2\b/));
    assert.deepEqual(await titles(), before, "nothing comes by itself");
    await stories.click();
    await eventually(async () => assert.deepEqual((await titles()).slice(0, 2).map((t) => t.trim()), ["And another", "A story of this minute"]));
    assert.equal(await stories.isVisible(), false);
    onlyPersisted(visitor);
  });

  browse("a story that is corrected meanwhile says so, and is read anew", async (visit) => {
    const story = await publishStory(newsroom, { title: "The budget", body: "It is a billion." });
    const { page } = await visit(`${newsroom.address}/en/story/${story.slug}`);
    const notice = page.locator("[data-notice]");
    assert.equal(await notice.isVisible(), false);
    await correctStory(newsroom, story, { body: "It is a million.", note: "We had mistaken the unit." });
    await eventually(async () => assert.match(await notice.innerText(), /We had mistaken the unit\./));
    assert.match(await page.locator("article .body").innerText(), /billion/, "the text stays until it is asked for");
    await notice.locator("button, a").click();
    await eventually(async () => assert.match(await page.locator("article .body").innerText(), /million/));
    assert.match(await page.locator(".corrections").innerText(), /We had mistaken the unit\./);
  });

  browse("a story that is taken down goes from the page", async (visit) => {
    const story = await publishStory(newsroom, { title: "Not for long", summary: "Not this either.", body: "A secret slipped in." });
    const { page } = await visit(`${newsroom.address}/en/story/${story.slug}`, { expected: /status(?: of)? 404/ });
    await unpublishStory(newsroom, story);
    await eventually(async () => assert.equal(await page.locator("[data-notice]").isVisible(), true));
    const says = await page.locator("body").innerText();
    for (const gone of [/A secret slipped in/, /Not this either/]) assert.doesNotMatch(says, gone);
    assert.equal((await page.reload()).status(), 404);
  });

  browse("a story that is withdrawn keeps its title and the reason", async (visit) => {
    const story = await publishStory(newsroom, { title: "The hoax", body: "None of this has happened." });
    const { page } = await visit(`${newsroom.address}/en/story/${story.slug}`, { expected: /status(?: of)? 410/ });
    await retractStory(newsroom, story, "We were taken in.");
    await eventually(async () => assert.match(await page.getByRole("main").innerText(), /We were taken in\./));
    assert.doesNotMatch(await page.locator("body").innerText(), /None of this has happened/);
    assert.equal((await page.reload()).status(), 410);
    assert.match(await page.getByRole("main").innerText(), /We were taken in\./);
    assert.doesNotMatch(await page.content(), /None of this has happened/);
  });

  browse("a former slug leads to the new one", async (visit) => {
    const story = await publishStory(newsroom, { title: "Under a first name", slug: "first-name" });
    await updateStory(newsroom, story, { slug: "second-name" });
    for (const path of ["/en/story/first-name", "/story/second-name", "/story/first-name"]) {
      const { page } = await visit(newsroom.address + path);
      assert.equal(page.url(), `${newsroom.address}/en/story/second-name`, path);
    }
  });

  browse("a tag shows its own lines and no others", async (visit) => {
    await createTag(newsroom, { slug: "rail", name: "Rail", kind: "TOPIC" });
    await publishStory(newsroom, { title: "The trains", tags: ["rail"] });
    const { page } = await visit(`${newsroom.address}/en/tag/rail`);
    await newsroom.publish("Of something else");
    const own = await newsroom.publish("The trains run again", { tags: ["rail"] });
    await eventually(async () => assert.deepEqual(await shownLines(page), [own.id]));
  });

  browse("a live coverage goes on, line by line, to its end", async (visit) => {
    const coverage = await beginCoverage(newsroom, { title: "Election night", slug: "election-night" });
    const { page } = await visit(`${newsroom.address}/en/live/election-night`);
    const lines = [];
    for (const headline of ["The first results", "The second results"]) {
      lines.unshift(await newsroom.publish(headline, { coverage: coverage.slug }));
      await newsroom.publish("Of something else");
    }
    await eventually(async () => assert.deepEqual(await shownLines(page), lines.map(({ id }) => id)));
    await newsroom.ask(`mutation { endCoverage(input: { id: "${coverage.id}", expectedVersion: ${coverage.version} }) { id } }`);
    await eventually(async () => assert.match(await page.getByRole("main").innerText(), /\bended\b/i));
  });
});

/** Whether something is on the screen, and nothing lies on it. */
function inView(locator) {
  return locator.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const there = document.elementFromPoint(left + Math.min(width, 40) / 2, top + height / 2);
    return there !== null && (element.contains(there) || there.contains(element));
  });
}

/** The id of the first line that is wholly in the ticker's box. */
function seenFirst(page) {
  return page.locator("[data-box]").evaluate((box) => {
    const { top } = box.getBoundingClientRect();
    return [...box.querySelectorAll("[data-lines] > li")].find((line) => line.getBoundingClientRect().top >= top).dataset.id;
  });
}
