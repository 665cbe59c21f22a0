// The reader page as it is read: every page of it, with and without scripts.
import assert from "node:assert/strict";
import { describe } from "node:test";

import { server } from "../server.js";
import { eventually } from "./eventually.js";
import { pagesOf } from "./pages.js";
import { onlyPersisted, shownLines } from "./paper.js";
import { browse } from "./visit.js";

const site = new URL(server.api).origin; // of the made-up newsroom: it has everything, and does not stand still

describe("the reader page", { concurrency: 2 }, () => {
  for (const [language, skip, name] of [["en", "Skip to content", "English"], ["fr", "Aller au contenu", "French"]]) {
    browse(`the front page is there in ${name}`, async (visit) => {
      const visitor = await visit(`${site}/${language}`);
      const { page } = visitor;
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.equal(await page.locator("a").first().textContent(), skip);
      assert.equal(await page.locator("h1").count(), 1);
      for (const landmark of ["banner", "main", "contentinfo"]) assert.equal(await page.getByRole(landmark).count(), 1, landmark);
      assert.ok((await page.locator("[data-items] > li").count()) >= 6, "there are stories");
      assert.ok((await shownLines(page)).length >= 10, "there are lines");
      await picturesAreThere(page);
      onlyPersisted(visitor);
    });
  }

  browse("pictures come from where the page comes from, also those that scripts add", async (visit) => {
    const { page } = await visit(`${site.replace("127.0.0.1", "localhost")}/en`);
    const items = page.locator("[data-items] > li");
    const before = await items.count();
    await page.locator("[data-cards] a[data-more]").click();
    await eventually(async () => assert.ok((await items.count()) > before));
    await picturesAreThere(page);
  });

  browse("who asks for no language gets that of the browser", async (visit) => {
    for (const [language, want] of [["fr-CA", "fr"], ["en-US", "en"]]) {
      const { page } = await visit(`${site}/`, { language });
      assert.equal(await page.locator("html").getAttribute("lang"), want);
    }
  });

  browse("one language leads to the other", async (visit) => {
    const { page } = await visit(`${site}/en/ticker`);
    await page.locator("header a[hreflang=fr]").first().click();
    await page.waitForURL(`${site}/fr/ticker`);
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  });

  browse("a story has its corrections, what is related, and what machines read", async (visit) => {
    const { story } = await pagesOf(server);
    const visitor = await visit(site + story.path);
    const { page } = visitor;
    assert.equal(await page.locator("h1").textContent(), story.title);
    assert.ok((await page.locator("article .body").innerText()).length > 400, "the text is there");
    const corrections = page.getByRole("region", { name: /correction/i });
    assert.ok((await corrections.innerText()).includes(story.note));
    assert.ok((await page.locator(".related li").count()) > 0);
    assert.ok((await page.locator(".tags a").count()) > 0);
    await picturesAreThere(page);

    const about = (name) => page.locator(`meta[property="${name}"]`).getAttribute("content");
    assert.equal(await about("og:title"), story.title);
    assert.equal(await about("og:type"), "article");
    const data = await page.locator('script[type="application/ld+json"]').allTextContents();
    const article = data.map((text) => JSON.parse(text)).find((thing) => thing["@type"] === "NewsArticle");
    assert.equal(article?.headline, story.title);
    onlyPersisted(visitor);
  });

  browse("a tag has its stories and its ticker", async (visit) => {
    const { tag } = await pagesOf(server);
    const visitor = await visit(site + tag.path);
    assert.equal(await visitor.page.locator("h1").textContent(), tag.name);
    assert.ok((await visitor.page.locator("[data-items] > li").count()) > 0);
    onlyPersisted(visitor);
  });

  browse("the live coverages lead to each of them", async (visit) => {
    const { coverages, coverage } = await pagesOf(server);
    const { page } = await visit(site + coverages.path);
    await page.getByRole("main").getByRole("link", { name: coverage.title }).click();
    await page.waitForURL(site + coverage.path);
    assert.equal(await page.locator("h1").textContent(), coverage.title);
    assert.ok((await shownLines(page)).length > 0);
    assert.ok((await page.locator('script[type="application/ld+json"]').allTextContents()).join("").includes("LiveBlogPosting"));
  });

  for (const [what, path, section, list] of [
    ["stories", "/en", "[data-cards]", "[data-items]"],
    ["lines", "/en/ticker", "[data-wire]", "[data-lines]"],
  ]) {
    browse(`more ${what} come in place`, async (visit) => {
      const visitor = await visit(site + path);
      const { page } = visitor;
      const items = page.locator(`${list} > li`);
      const ids = () => items.evaluateAll((all) => all.map((item) => item.dataset.id));
      const before = await ids();
      await page.evaluate(() => (window.stays = true));
      await page.locator(`${section} a[data-more]`).click();
      await eventually(async () => assert.ok((await ids()).length >= before.length + 5));
      const after = await ids();
      assert.equal(new Set(after).size, after.length, "nothing comes twice");
      const known = before[before.length - 1];
      assert.ok(after.indexOf(known) < after.length - 5, "they come behind the others");
      assert.equal(await page.evaluate(() => window.stays), true, "the page is the same");
      assert.ok(visitor.requests.some((r) => r.url().includes("documentId")));
      onlyPersisted(visitor);
    });

    browse(`without scripts, more ${what} are another page`, async (visit) => {
      const { page } = await visit(site + path, { scripts: false });
      const ids = () => page.locator(`${list} > li`).evaluateAll((all) => all.map((item) => item.dataset.id));
      const before = await ids();
      await page.locator(`${section} a[data-more]`).click();
      await page.waitForURL(/\?after=/);
      const after = await ids();
      assert.ok(after.length > 0);
      assert.deepEqual(after.filter((id) => before.includes(id)), []);
    });
  }

  browse("without scripts it is a whole newspaper", async (visit) => {
    const { page } = await visit(`${site}/en`, { scripts: false, expected: /status(?: of)? (404|410)/ });
    for (const { path, title } of Object.values(await pagesOf(server))) {
      await page.goto(site + path);
      assert.equal(await page.locator("h1").count(), 1, path);
      if (title) assert.equal(await page.locator("h1").textContent(), title);
      assert.ok((await page.getByRole("main").innerText()).length > 40, path);
      const idles = page.locator("[data-theme-switch], [data-pause], [data-pill], [data-connection], [data-notice]");
      for (const idle of await idles.all()) {
        assert.equal(await idle.isVisible(), false, `${path} shows what does nothing: ${await idle.textContent()}`);
      }
    }
    await page.goto(`${site}/en`);
    await page.locator("main .title a").first().click();
    await page.waitForURL(/\/story\//);
    assert.ok((await page.locator("article .body").innerText()).length > 100);
  });

  browse("the theme that was chosen stays", async (visit) => {
    const { page } = await visit(`${site}/en`);
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    const theme = page.locator("[data-theme-switch]");
    assert.equal(await theme.getAttribute("aria-pressed"), "false");
    await theme.click();
    await eventually(async () => assert.notEqual(await paper(), light));
    const dark = await paper();
    await page.goto(`${site}/en/ticker`);
    assert.equal(await paper(), dark);
    assert.equal(await page.locator("[data-theme-switch]").getAttribute("aria-pressed"), "true");
    await page.locator("[data-theme-switch]").click();
    await eventually(async () => assert.equal(await paper(), light));
    await page.reload();
    assert.equal(await paper(), light);
  });

  for (const [dark, name] of [[false, "light"], [true, "dark"]]) {
    browse(`it is ${name} where the system is`, async (visit) => {
      const { page } = await visit(`${site}/en`, { dark });
      const [red] = (await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).match(/\d+/g);
      assert.equal(Number(red) < 100, dark);
    });
  }

  browse("what there is not has a page that says so", async (visit) => {
    const { page } = await visit(`${site}/en`, { expected: /status(?: of)? 404/ });
    for (const path of ["/en/story/there-is-no-such-story", "/fr/tag/rien", "/en/live/nothing", "/fr/rien"]) {
      assert.equal((await page.goto(site + path)).status(), 404, path);
      assert.equal(await page.locator("h1").count(), 1, path);
      assert.ok(await page.locator(`main a[href="/${path.slice(1, 3)}"]`).count(), `${path} leads home`);
    }
  });
});

/** Scrolls through the page, and fails unless every picture on it has arrived. */
async function picturesAreThere(page) {
  const pictures = await page.locator("main img").all();
  assert.ok(pictures.length > 0, "there are pictures");
  const isThere = (img) => img.complete && img.naturalWidth > 0;
  for (const picture of pictures) {
    await picture.scrollIntoViewIfNeeded();
    await eventually(async () => assert.ok(await picture.evaluate(isThere), await picture.getAttribute("src")));
    assert.notEqual(await picture.getAttribute("alt"), null);
  }
}
