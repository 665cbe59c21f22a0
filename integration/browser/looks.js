// How the pages look, in both themes and two widths: screenshots for people, and what axe-core says.
import { writeFileSync } from "node:fs";
import { after, before, describe } from "node:test";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { isAccessible } from "./accessible.js";
import { unbuilt as noPlayground, withPlayground } from "./built.js";
import { missing } from "./chromium.js";
import { publishStory, correctStory } from "./desk.js";
import { eventually } from "./eventually.js";
import { pagesOf } from "./pages.js";
import { serveSPA, unbuilt } from "./vite.js";
import { artefacts, browse } from "./visit.js";

const site = new URL(server.api).origin;
const themes = ["light", "dark"];
const widths = [1280, 390];

// What GraphiQL 4 and its CodeMirror 5 make themselves, and we can't mend: editors are textareas without a label, in boxes
// that scroll without the focus, with some colours of 4.1:1; a tab has a button inside; the logo's colour is 4.26:1.
const graphiql = [".CodeMirror", ".graphiql-tab", ".graphiql-logo"];

const found = {}; // by the page: what axe-core finds that is not grave
after(() => writeFileSync(`${artefacts}axe.json`, JSON.stringify(found, null, 2)));

describe("it looks well and can be used by everybody:", { concurrency: 2 }, () => {
  for (const theme of themes) {
    for (const name of ["front", "ticker", "story", "tag", "coverages", "coverage", "missing", "withdrawn", "french"]) {
      browse(`the reader page, ${name}, ${theme}`, async (visit) => {
        const { path } = (await pagesOf(server))[name];
        for (const width of widths) await look(await visit(site + path, how(theme, width)), name, theme, width);
      });
    }

    browse(`the reader page when much happens, ${theme}`, async (visit) => {
      for (const width of widths) {
        const visitor = await visit(`${newsroom.address}/en/ticker`, how(theme, width));
        const { page } = visitor;
        await page.locator("[data-box]").evaluate((box) => (box.scrollTop = 200));
        await newsroom.publish(`A line for the pill, ${theme} ${width}`);
        await page.locator("[data-wire] [data-pill]").waitFor();
        await visitor.setOffline(true);
        await page.locator("[data-connection]").waitFor();
        await look(visitor, "happening", theme, width);
      }
    });

    browse(`a story that has changed, ${theme}`, async (visit) => {
      for (const width of widths) {
        let story = await publishStory(newsroom, { title: "The budget is voted", summary: "By one voice.", body: "It is a billion." });
        const visitor = await visit(`${newsroom.address}/en/story/${story.slug}`, how(theme, width));
        await correctStory(newsroom, story, { body: "It is a million.", note: "We had mistaken the unit." });
        await visitor.page.locator("[data-notice]").waitFor();
        await look(visitor, "changed", theme, width);
      }
    });

    browse(`the SPA, ${theme}`, async (visit) => {
      const { story } = await pagesOf(server);
      for (const width of widths) {
        for (const [name, path] of [["spa", "/"], ["spa-story", story.path.replace("/en", "")]]) {
          // Pictures are the server's; a hash that is not known yet is answered with 400.
          const visitor = await visit(spa.address + path, { ...how(theme, width), hosts: [new URL(site).host], expected: /status(?: of)? 400/ });
          await visitor.page.locator("main h1").waitFor();
          await visitor.page.locator("[data-ticker] li[data-id]").first().waitFor();
          await look(visitor, name, theme, width);
        }
      }
    }, { skip: unbuilt });
  }

  for (const theme of themes) {
    browse(`the playground, ${theme}`, async (visit) => {
      const { api } = await withPlayground();
      for (const width of widths) {
        const visitor = await visit(`${new URL(api).origin}/playground`, how(theme, width));
        await visitor.page.locator(width < 600 ? ".graphiql-container" : "[data-examples]").waitFor();
        await look(visitor, "playground", theme, width, graphiql);
      }
    }, { skip: noPlayground });
  }

  let newsroom, spa;
  before(async () => {
    if (missing) return;
    newsroom = await openNewsroom();
    for (let i = 0; i < 20; i++) await newsroom.publish(`An earlier line, number ${i}: the level of the river stays where it is`);
    await newsroom.publish("The river is at 6.20 metres", { priority: "URGENT", body: "It has risen by ten centimetres within the hour." });
    const wrong = await newsroom.publish("Twelve people are missing");
    await newsroom.correct(wrong, { headline: "Two people are missing", note: "A figure was misheard." });
    const hoax = await newsroom.publish("The bridge has fallen");
    await newsroom.retract(hoax, "It stands.");
    await newsroom.publish("The dam has broken", { priority: "FLASH" });
    await newsroom.publish("The motorway is closed", { priority: "ALERT", keyEvent: true });
    if (!unbuilt) spa = await serveSPA({ address: site });
  });
  after(async () => {
    await spa?.close();
    await newsroom?.close();
  });
});

const how = (theme, width) => ({ width, dark: theme === "dark", calm: true, expected: /status(?: of)? (404|410)|INTERNET_DISCONNECTED/ });

/** Leaves a screenshot of the whole page, and asks axe-core: each theme at one width, and each width in one theme. */
async function look(visit, name, theme, width, except) {
  const { page } = visit;
  await page.evaluate(() => document.querySelectorAll("img").forEach((img) => (img.loading = "eager")));
  await eventually(async () => {
    if (!(await page.evaluate(() => [...document.images].every((img) => img.complete)))) throw new Error("not all pictures have come");
  });
  const shot = `${name}-${theme}-${width}`;
  await page.screenshot({ path: `${artefacts}${shot}.png`, fullPage: true });
  if ((theme === "light") === (width === widths[0])) found[shot] = await isAccessible(visit, except);
}
