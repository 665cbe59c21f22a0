// The example SPA, as it is built.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { openNewsroom } from "../newsroom.js";
import { missing } from "./chromium.js";
import { createTag, publishStory } from "./desk.js";
import { endures } from "./endures.js";
import { eventually } from "./eventually.js";
import { registered, serveSPA, unbuilt } from "./vite.js";
import { browse } from "./visit.js";

const ids = (items) => items.evaluateAll((all) => all.map((item) => item.dataset.id));
const lines = (page) => page.locator("[data-ticker] li[data-id]");
const stories = (page) => page.locator("[data-stories] li[data-id]");

describe("the SPA", () => {
  let newsroom, spa;
  before(async () => {
    if (missing || unbuilt) return;
    newsroom = await openNewsroom(registered);
    spa = await serveSPA(newsroom);
    await createTag(newsroom, { slug: "culture", name: "Culture", kind: "SECTION" });
    for (let i = 1; i <= 45; i++) {
      const tags = i % 5 ? [] : ["culture"];
      await publishStory(newsroom, { title: `Story ${i}`, slug: `story-${i}`, summary: "What it is about.", body: "The *whole* text.", tags });
    }
  });
  after(async () => {
    await spa?.close();
    await newsroom?.close();
  });

  browse("shows the newest stories, and more of them to the end", async (visit) => {
    const { page } = await visit(spa.address);
    await page.getByText("Story 45", { exact: true }).waitFor();
    await eventually(async () => {
      await page.locator("footer, [data-more], [data-stories] li:last-child").last().scrollIntoViewIfNeeded();
      assert.equal(await stories(page).count(), 45);
    });
    assert.equal(new Set(await ids(stories(page))).size, 45);
    assert.equal(await page.locator("[data-more]").count(), 0);
  }, { skip: unbuilt });

  browse("leads to a story and back", async (visit) => {
    const { page } = await visit(spa.address);
    await page.getByRole("link", { name: "Story 44", exact: true }).click();
    await eventually(async () => assert.equal(await page.locator("article.story h1").textContent(), "Story 44"));
    assert.match(page.url(), /\/story\/story-44$/);
    assert.equal(await page.locator("article.story em").textContent(), "whole");
    await page.goBack();
    await stories(page).first().waitFor();
    await page.goto(`${spa.address}/story/story-3`);
    await eventually(async () => assert.equal(await page.locator("h1").textContent(), "Story 3"));
  }, { skip: unbuilt });

  browse("shows a section", async (visit) => {
    const { page } = await visit(spa.address);
    await page.getByRole("link", { name: "Culture" }).click();
    await eventually(async () => assert.equal(await stories(page).count(), 9));
  }, { skip: unbuilt });

  browse("has a ticker that moves", async (visit) => {
    const { page } = await visit(spa.address);
    const first = await newsroom.publish("The bridge is open again");
    await eventually(async () => assert.equal((await ids(lines(page)))[0], first.id));
    const flash = await newsroom.publish("The dam has broken", { priority: "FLASH" });
    await eventually(async () => assert.equal((await ids(lines(page)))[0], flash.id));
    assert.match(await lines(page).first().innerText(), /flash/i);
    const corrected = await newsroom.correct(first, { note: "It is the other bridge." });
    await page.getByText("It is the other bridge.").waitFor();
    await newsroom.retract(corrected, "It is closed.");
    await eventually(async () => assert.equal(await lines(page).nth(1).locator("s").count(), 1));
  }, { skip: unbuilt });
});

describe("the ticker of the SPA survives", { concurrency: 3 }, () => {
  const survives = (what, happens, options) =>
    endures(what, happens, {
      path: "/",
      serve: serveSPA,
      flags: registered,
      lines: (page) => ids(lines(page)),
      state: (page) => page.locator("[data-connection]").getAttribute("data-state"),
      skip: unbuilt,
      ...options,
    });

  survives("a server that is killed and restarted while lines are published", async ({ newsroom, visitor, publish, read, connection }) => {
    await publish(5);
    await visitor.outage(async () => {
      await newsroom.kill();
      await connection("reconnecting");
      await newsroom.start();
      await publish(5);
      await read();
      await connection("live");
    });
  });

  survives("a spell without a network", async ({ line, visitor, publish, read, connection }) => {
    await visitor.outage(async () => {
      await visitor.setOffline(true);
      line.cut(); // a browser that is told to be offline keeps its WebSockets
      await connection("offline");
      await publish(3);
      line.restore();
      await visitor.setOffline(false);
      await read();
      await connection("live");
    });
  });

  survives("half an hour of sleep", async ({ line, visitor, publish, sleep, connection }) => {
    await visitor.outage(async () => {
      line.silence();
      await publish(3);
      line.restore();
      await sleep("30:00");
      await connection("live");
    });
  }, { clock: true });
});
