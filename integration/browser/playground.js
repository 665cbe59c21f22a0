// The playground, with its libraries built in and with those of the CDN.
import assert from "node:assert/strict";
import { describe } from "node:test";

import { server } from "../server.js";
import { absent, cdn, standInForCDN } from "./cdn.js";
import { unbuilt, withPlayground } from "./built.js";
import { eventually } from "./eventually.js";
import { browse } from "./visit.js";

const result = (page) => page.locator(".result-window");
const run = (page) => page.getByRole("button", { name: /^Execute query/ }).click();
const stop = (page) => page.getByRole("button", { name: /^Stop query/ }).click();

/** Opens a saved example of a group. */
async function open(page, group, example) {
  const section = page.locator("[data-examples] section").filter({ has: page.getByRole("heading", { name: group }) });
  await section.locator(`[data-example="${example}"]`).click();
  await eventually(async () => assert.match(await editor(page), new RegExp(example.replaceAll("-", ""), "i")));
}

/** What stands in the editor of the query. */
const editor = (page) => textOf(page.locator(".graphiql-query-editor .CodeMirror"));
const textOf = (locator) => locator.evaluate((element) => element.CodeMirror.getValue());

/** Replaces what stands there. */
const write = (page, text) =>
  page.locator(".graphiql-query-editor .CodeMirror").evaluate((element, text) => element.CodeMirror.setValue(text), text);

for (const { name, skip, demo, options } of [
  { name: "the playground with its libraries built in", skip: unbuilt, demo: withPlayground, options: {} },
  { name: "the playground with the libraries of the CDN", skip: absent, demo: async () => server, options: { hosts: [cdn], before: (page) => standInForCDN(page) } },
]) {
  describe(name, () => {
    const playground = async (visit) => {
      const { api, token } = await demo();
      const { page } = await visit(`${new URL(api).origin}/playground`, options);
      await page.locator(".graphiql-container").waitFor();
      return { page, api, token };
    };

    browse("opens a saved example and runs it", async (visit) => {
      const { page } = await playground(visit);
      await open(page, "Read", "front-page");
      await run(page);
      await eventually(async () => assert.match(await result(page).innerText(), /"slug"/));
      await open(page, "Read", "story");
      assert.match(await textOf(page.locator(".graphiql-editor-tool .CodeMirror").first()), /slug/);
    }, { skip });

    for (const [transport, label] of [["ws", "a WebSocket"], ["sse", "an event stream"]]) {
      browse(`follows the ticker over ${label}`, async (visit) => {
        const { page, api, token } = await playground(visit);
        await page.locator("[data-transport]").selectOption(transport);
        let sockets = 0;
        page.on("websocket", () => sockets++);
        await open(page, "Follow", "ticker");
        await run(page);
        const headline = `A line for ${label}`;
        await eventually(async () => {
          await publish(api, token, headline); // until the subscription has begun
          assert.match(await result(page).innerText(), new RegExp(headline));
        });
        assert.equal(sockets, transport === "ws" ? 1 : 0);
        await stop(page);
      }, { skip });
    }

    browse("writes with a token, and not without", async (visit) => {
      const { page, token } = await playground(visit);
      await write(page, `mutation { publishTickerEntry(input: { headline: "By hand" }) { id version } }`);
      await run(page);
      await eventually(async () => assert.match(await result(page).innerText(), /UNAUTHENTICATED|FORBIDDEN/));
      await page.locator("[data-token]").fill(token);
      await eventually(async () => assert.match(await page.locator("[data-who]").innerText(), /admin/));
      await run(page);
      await eventually(async () => assert.match(await result(page).innerText(), /"id": "tick_/));
      const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
      assert.ok(!kept.includes(token), "the token is kept no longer than the tab");
    }, { skip });

    browse("has the explorer and the documentation", async (visit) => {
      const { page } = await playground(visit);
      await page.getByRole("button", { name: "Show GraphiQL Explorer" }).click();
      await page.locator(".graphiql-explorer-root").waitFor();
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      await page.getByText("Root Types").waitFor();
    }, { skip });
  });
}

describe("the playground without a way to the CDN", () => {
  for (const [what, before, expected] of [
    ["can't be reached", (page) => page.route(`https://${cdn}/**`, (route) => route.abort("internetdisconnected")), /ERR_INTERNET_DISCONNECTED/],
    ["gives other files than those that were pinned", (page) => standInForCDN(page, "\n// something else"), /integrity/],
  ]) {
    browse(`says so when it ${what}`, async (visit) => {
      const { page } = await visit(`${new URL(server.api).origin}/playground`, { hosts: [cdn], before, expected });
      const said = page.getByRole("alert");
      await said.waitFor();
      assert.match(await said.innerText(), /make playground/);
    }, { skip: absent });
  }
});

async function publish(api, token, headline) {
  const response = await fetch(api, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: "mutation ($headline: String!) { publishTickerEntry(input: { headline: $headline }) { id } }", variables: { headline } }),
  });
  assert.equal((await response.json()).errors, undefined);
}
