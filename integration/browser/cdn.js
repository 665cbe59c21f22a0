import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../internal/playground/app/node_modules/", import.meta.url));
const types = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

/** The host from which the playground loads its parts where they are not built in. */
export const cdn = "cdn.jsdelivr.net";

/** Why its files are not here, and what to do; undefined where they are. */
export const absent = existsSync(modules) ? undefined : "the parts of the playground are not here: npm ci in internal/playground/app";

/**
 * Has a page get the files of the CDN from the packages that are installed, as the CDN would give them: its answers are
 * the packages' files. The browser checks them by their hashes.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} [changed] what stands behind each file, as if somebody had changed it
 */
export function standInForCDN(page, changed = "") {
  return page.route(`https://${cdn}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    const [, name, version, path] = /^\/npm\/((?:@[^/]+\/)?[^/@]+)@([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const here = name && JSON.parse(readFileSync(`${modules}${name}/package.json`, "utf8")).version;
    if (!here || here !== version) return route.fulfill({ status: 404, body: `${pathname}: here is ${here}` });
    return route.fulfill({
      body: readFileSync(`${modules}${name}/${path}`, "utf8") + changed,
      contentType: types[extname(path)],
      headers: { "access-control-allow-origin": "*" },
    });
  });
}
