import assert from "node:assert/strict";

import { openNewsroom } from "../newsroom.js";
import { eventually } from "./eventually.js";
import { layLine } from "./line.js";
import { browse } from "./visit.js";

/**
 * Tests that a ticker has every line exactly once and in order: before, while and after something happens to it.
 *
 * @param {string} what
 * @param {(scene: Scene) => Promise<void>} happens
 * @param {object} site
 * @param {string} site.path of the page
 * @param {(page: Page) => Promise<string[]>} site.lines the ids of the lines that it shows, from the top
 * @param {(page: Page) => Promise<string | null>} site.state how it says that its connection is
 * @param {(newsroom: Newsroom) => Promise<{ address: string, close: () => unknown }>} [site.serve] starts what serves the
 *   page; without it that is the newsroom itself
 * @param {string[]} [site.flags] of the newsroom's server
 * @param {(visitor: Visit) => void} [site.afterwards] what else has to be true in the end
 * @param {boolean} [site.clock] whether the page's clock is the test's
 * @param {string} [site.skip] why it can't be run
 *
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("./visit.js").Visit} Visit
 * @typedef {Awaited<ReturnType<typeof openNewsroom>>} Newsroom
 * @typedef {object} Scene
 * @property {Newsroom} newsroom
 * @property {Awaited<ReturnType<typeof layLine>>} line between the browser and what serves the page
 * @property {Visit} visitor
 * @property {(n: number) => Promise<void>} publish publishes so many lines
 * @property {() => Promise<void>} read waits until the page shows what was published, and nothing else
 * @property {(state: string | null) => Promise<void>} connection waits until the page says that of its connection
 * @property {import("playwright-core").Clock} clock
 * @property {(time: string) => Promise<void>} sleep makes so much time pass for the page at once, as `"30:00"`, and lets time go
 *   on fast until it shows what was published
 */
export function endures(what, happens, site) {
  browse(what, async (visit) => {
    const newsroom = await openNewsroom(site.flags);
    let served, line;
    try {
      served = await site.serve?.(newsroom);
      line = await layLine((served ?? newsroom).address);
      const ids = [];
      const publish = async (n) => {
        for (let i = 0; i < n; i++) ids.unshift((await newsroom.publish(`Line ${ids.length + 1}`)).id);
      };
      await publish(3);
      const visitor = await visit(line.address + site.path, { clock: site.clock });
      const { page } = visitor;
      const read = () => eventually(async () => assert.deepEqual(await site.lines(page), ids));
      const connection = (state) => eventually(async () => assert.equal(await site.state(page), state));
      await publish(2);
      await read();
      const sleep = async (time) => {
        await page.clock.fastForward(time);
        await eventually(async () => {
          await page.clock.fastForward(2_000);
          assert.deepEqual(await site.lines(page), ids);
        });
      };
      await happens({ newsroom, line, visitor, publish, read, connection, sleep, clock: page.clock });
      await publish(2);
      await read();
      site.afterwards?.(visitor);
      visitor.hadNoTrouble();
      await visitor.end(); // before what it is connected to
    } finally {
      line?.close();
      await served?.close();
      await newsroom.close();
    }
  }, { skip: site.skip });
}
