// What the first view of the reader page costs, and that nothing on it ever jumps.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe } from "node:test";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { browser, missing } from "./chromium.js";
import { publishStory } from "./desk.js";
import { eventually } from "./eventually.js";
import { pagesOf } from "./pages.js";
import { shownLines } from "./paper.js";
import { artefacts, browse } from "./visit.js";

const site = new URL(server.api).origin;
const most = 40 * 1024; // bytes of a first view on the wire, headers included
const widths = [390, 1280];
// What Lighthouse takes for a phone.
const megabit = (1024 * 1024) / 8; // in bytes
const slow = { cpu: 4, network: { offline: false, latency: 150, downloadThroughput: 1.6 * megabit, uploadThroughput: 0.75 * megabit } };

const figures = [];
after(() => {
  if (figures.length === 0) return;
  writeFileSync(`${artefacts}figures.json`, JSON.stringify(figures, null, 2));
  console.table(figures);
});

describe("the first view", () => {
  for (const width of widths) {
    for (const name of ["front", "ticker", "story", "tag", "coverage"]) {
      browse(`of ${name} at ${width} is small, and nothing shifts`, async (visit) => {
        const { path } = (await pagesOf(server))[name];
        const visitor = await visit(site, { width, before: observe, elsewhere: true });
        const { page } = visitor;
        const sizes = await weigh(visitor);
        await page.goto(site + path);
        await firstViewIsThere(page);
        const pictures = await picturesInView(page);
        const bytes = (wanted) => [...sizes.values()].filter(wanted).reduce((sum, { bytes }) => sum + bytes, 0);
        const text = bytes(({ type }) => type !== "Image");
        const images = bytes(({ type, url }) => type === "Image" && pictures.includes(url));
        const { lcp, shifts } = await observed(page);
        const row = {
          page: name,
          width,
          requests: sizes.size,
          html: bytes(({ type }) => type === "Document"),
          css: bytes(({ type }) => type === "Stylesheet"),
          js: bytes(({ type }) => type === "Script"),
          "without pictures": text,
          "pictures in view": images,
          shifts: shifts.length,
          "LCP, ms": lcp.ms,
          "LCP of": lcp.of,
        };
        figures.push(row);
        assert.deepEqual(shifts, []);
        assert.ok(text < most, `${text} bytes without pictures: ${said(sizes)}`);
        assert.ok(text + images < most, `${text + images} bytes with the pictures that are in view: ${said(sizes)}`);

        const slowly = await visit(site, { width, before: observe, elsewhere: true });
        const tools = await slowly.tools();
        await tools.send("Emulation.setCPUThrottlingRate", { rate: slow.cpu });
        await tools.send("Network.enable");
        await tools.send("Network.emulateNetworkConditions", slow.network);
        await slowly.page.goto(site + path);
        await firstViewIsThere(slowly.page);
        const then = await observed(slowly.page);
        row["LCP on a slow phone, ms"] = then.lcp.ms;
        assert.deepEqual(then.shifts, []);
      });
    }
  }

  browse("leaves a trace", async (visit) => {
    const { page } = await visit(site, { width: 390, elsewhere: true });
    await (await browser()).startTracing(page, { path: `${artefacts}trace-front-390.json` });
    await page.goto(`${site}/en`);
    await firstViewIsThere(page);
    await (await browser()).stopTracing();
  });
});

describe("nothing shifts while twenty lines come in", () => {
  let newsroom;
  before(async () => {
    if (missing) return;
    newsroom = await openNewsroom();
    for (let i = 0; i < 35; i++) await newsroom.publish(`An earlier line, number ${i}`);
    for (let i = 0; i < 8; i++) await publishStory(newsroom, { title: `A story, number ${i}`, summary: "What it is about.", body: "The text." });
  });
  after(() => newsroom?.close());

  for (const width of widths) {
    for (const path of ["/en", "/en/ticker"]) {
      for (const [where, scroll] of [["at the top", 0], ["further down", 250]]) {
        browse(`of ${path} at ${width}, ${where}`, async (visit) => {
          const { page } = await visit(newsroom.address + path, { width, before: observe });
          const box = page.locator("[data-box]");
          if (scroll) await box.evaluate((element, top) => (element.scrollTop = top), scroll);
          let last;
          for (let i = 0; i < 20; i++) {
            const headline = i % 4 ? `Line ${i}` : `Line ${i}, which is long enough to take more than one row of the ticker, however wide the window is`;
            last = await newsroom.publish(headline, { priority: i === 7 ? "FLASH" : "ROUTINE" });
          }
          await eventually(async () => assert.equal((await shownLines(page))[0], last.id));
          if (!scroll) await eventually(async () => assert.equal(await box.evaluate((element) => element.scrollTop), 0));
          const { shifts } = await observed(page);
          assert.deepEqual(shifts, []);
        });
      }
    }
  }
});

/** Has the page write down what it paints and what shifts. */
function observe(page) {
  return page.addInitScript(() => {
    window.painted = [];
    window.shifted = [];
    const name = (node) => node && `${node.nodeName.toLowerCase()}${node.id ? `#${node.id}` : ""}${node.className ? `.${node.className}` : ""}`;
    const place = ({ x, y, width, height }) => `${x},${y} ${width}x${height}`;
    new PerformanceObserver((list) => {
      for (const { startTime, element, size } of list.getEntries()) window.painted.push({ ms: Math.round(startTime), of: name(element), size });
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) {
        // What is scrolled stands at whole pixels: what comes of that counts for less than a thousandth, and nobody sees it.
        if (value < 0.001) continue;
        const moved = sources.map(({ node, previousRect, currentRect }) => `${name(node)} ${place(previousRect)} → ${place(currentRect)}`);
        window.shifted.push(`${value.toFixed(4)} ${moved.join("; ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** What has been written down: what was painted last of the largest, and every shift, also after input. */
async function observed(page) {
  await eventually(async () => assert.ok(await page.evaluate(() => window.painted.length > 0)));
  // Entries are told after the frame that they are of.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));
  return page.evaluate(() => ({ lcp: window.painted.at(-1), shifts: window.shifted }));
}

/** Weighs what arrives, by the request: bytes on the wire, headers included. */
async function weigh(visit) {
  const tools = await visit.tools();
  const sizes = new Map();
  await tools.send("Network.enable");
  tools.on("Network.responseReceived", ({ requestId, type, response }) => sizes.set(requestId, { type, url: response.url, bytes: 0 }));
  tools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (sizes.has(requestId)) sizes.get(requestId).bytes = encodedDataLength;
  });
  return sizes;
}

/** Waits until the scripts have done what they do at first and the pictures in the window are there. */
async function firstViewIsThere(page) {
  await page.waitForLoadState("load");
  await eventually(async () => assert.ok(await page.evaluate(() => document.querySelector("[data-today]").textContent !== "")));
  await eventually(async () => {
    for (const url of await picturesInView(page)) assert.ok(await page.evaluate((u) => [...document.images].find((i) => i.currentSrc === u).complete, url), url);
  });
}

function picturesInView(page) {
  return page.evaluate(() =>
    [...document.images]
      .filter((img) => {
        const { top, bottom } = img.getBoundingClientRect();
        return bottom > 0 && top < innerHeight && img.currentSrc;
      })
      .map((img) => img.currentSrc));
}

const said = (sizes) => [...sizes.values()].map(({ type, url, bytes }) => `${type} ${new URL(url).pathname} ${bytes}`).join(", ");
