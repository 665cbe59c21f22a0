// The browser of the machine: one for all tests.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after } from "node:test";

import { chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Why there is none, and what to do; undefined where there is one. */
export const missing = path() ? undefined : "there is no Chromium: install it (Debian: apt-get install chromium), or name it in DEPECHE_TEST_CHROMIUM";

let launched;
after(async () => (await launched)?.close());

/**
 * The browser, which is launched for the first who asks, and ends with the tests.
 *
 * @returns {Promise<import("playwright-core").Browser>}
 */
export function browser() {
  launched ??= chromium.launch({ executablePath: path(), args: ["--no-sandbox"] });
  return launched;
}

function path() {
  const named = process.env.DEPECHE_TEST_CHROMIUM;
  if (named) return named;
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter).filter(Boolean)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file));
}
