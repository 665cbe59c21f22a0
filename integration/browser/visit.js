import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { browser, missing } from "./chromium.js";

const required = process.env.CI === "true";
const patience = 15_000; // ms that a page may take for anything

/** The folder of what the tests leave to be looked at, with a slash at its end. */
export const artefacts = fileURLToPath(new URL("../artefacts/", import.meta.url));
mkdirSync(artefacts, { recursive: true });
for (const name of readdirSync(artefacts)) if (name.startsWith("failed-")) rmSync(artefacts + name); // of an earlier run

/**
 * Declares a test that looks at pages. It fails where a page that it has visited has had trouble of any kind, and leaves
 * screenshots of its pages then. Without a browser it is skipped, but with CI=true it fails.
 *
 * @param {string} name
 * @param {(visit: (address: string, options?: VisitOptions) => Promise<Visit>) => Promise<void>} body
 * @param {{ skip?: string | false }} [options] skip: why it can't be run, said likewise
 */
export function browse(name, body, { skip } = {}) {
  const why = missing ?? (skip || undefined);
  test(name, { skip: required ? false : why, timeout: 90_000 }, async () => {
    if (why) throw new Error(why);
    const visits = [];
    try {
      await body(async (address, options) => {
        const visit = await Visit.begin(address, options);
        visits.push(visit);
        if (!options?.elsewhere) await visit.page.goto(address);
        return visit;
      });
      for (const visit of visits) visit.hadNoTrouble();
    } catch (error) {
      for (const [i, visit] of visits.entries()) await visit.show(`failed-${name.replace(/[^a-z0-9]+/gi, "-")}-${i}`);
      throw error;
    } finally {
      await Promise.all(visits.map((visit) => visit.end()));
    }
  });
}

/**
 * How a page is looked at.
 *
 * @typedef {object} VisitOptions
 * @property {number} [width] of the window; 1280
 * @property {boolean} [dark]
 * @property {string} [language] of the browser; en-GB
 * @property {boolean} [scripts] whether it runs scripts; true
 * @property {boolean} [clock] whether its clock is the test's: page.clock
 * @property {boolean} [calm] whether the reader has asked for less motion
 * @property {(page: import("playwright-core").Page) => unknown} [before] what to do before it is opened
 * @property {boolean} [elsewhere] whether the test opens a page by itself, at the same host
 * @property {string[]} [hosts] further ones that it may ask
 * @property {RegExp} [expected] the trouble that belongs to the test
 */

/** A page in a browser profile of its own, and what has gone wrong on it. */
export class Visit {
  /** @type {import("playwright-core").Page} */
  page;
  /** Every request that the page has made. @type {import("playwright-core").Request[]} */
  requests = [];

  #context;
  #hosts;
  #expected;
  #trouble = [];
  #outages = 0;

  /** Makes one that has not gone anywhere yet. @param {VisitOptions} [options] */
  static async begin(address, options = {}) {
    const { width = 1280, dark, language = "en-GB", scripts = true, clock, calm, before, hosts = [], expected } = options;
    const visit = new Visit();
    visit.#hosts = [new URL(address).host, ...hosts];
    visit.#expected = expected;
    visit.#context = await (await browser()).newContext({
      viewport: { width, height: width < 600 ? 844 : 900 },
      colorScheme: dark ? "dark" : "light",
      reducedMotion: calm ? "reduce" : "no-preference",
      locale: language,
      timezoneId: "America/Montreal", // not the newsroom's
      javaScriptEnabled: scripts,
    });
    visit.#context.setDefaultTimeout(patience);
    visit.page = await visit.#context.newPage();
    visit.#listen(scripts);
    if (clock) await visit.page.clock.install();
    await before?.(visit.page);
    return visit;
  }

  /** Does something during which connections may fail. */
  async outage(doing) {
    this.#outages++;
    await doing();
    this.#outages--;
  }

  /** Takes the network from the whole profile, or gives it back. */
  async setOffline(offline) {
    await this.#context.setOffline(offline);
  }

  /** Fails when something has gone wrong on the page. */
  hadNoTrouble() {
    assert.deepEqual(this.#trouble, []);
  }

  /** Speaks the protocol of Chromium's developer tools. */
  async tools() {
    return this.#context.newCDPSession(this.page);
  }

  /** Leaves a screenshot of the window, where one can be made. */
  async show(name) {
    await this.page.screenshot({ path: `${artefacts}${name}.png` }).catch(() => {});
  }

  async end() {
    await this.#context.close();
  }

  #listen(scripts) {
    const { page } = this;
    page.on("console", (message) => {
      if (message.type() === "error") this.#note(`console: ${message.text()}`, /net::ERR_|Failed to load resource|WebSocket/);
    });
    page.on("pageerror", (error) => this.#note(`exception: ${error.stack ?? error}`));
    page.on("request", (request) => {
      this.requests.push(request);
      if (this.#isElsewhere(request.url())) this.#note(`request to another host: ${request.url()}`);
    });
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText;
      // A stream ends so with its page; and a page without scripts does not load them.
      if (why !== "net::ERR_ABORTED" && (scripts || why !== "csp")) this.#note(`request failed: ${request.url()} ${why}`, /./);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.#note(`status ${response.status()}: ${response.url()}`, /./);
    });
    page.on("websocket", (socket) => {
      if (this.#isElsewhere(socket.url())) this.#note(`request to another host: ${socket.url()}`);
    });
    // A violation of the Content-Security-Policy is an error of the console too.
  }

  #isElsewhere(url) {
    const { protocol, host } = new URL(url);
    return /^(http|ws)s?:$/.test(protocol) && !this.#hosts.includes(host);
  }

  #note(trouble, ofOutages) {
    if (this.#expected?.test(trouble) || (this.#outages > 0 && ofOutages?.test(trouble))) return;
    this.#trouble.push(trouble);
  }
}
