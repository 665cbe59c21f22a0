// What the ticker of the reader page gets over, without a gap.
import assert from "node:assert/strict";
import { describe } from "node:test";

import { eventually } from "./eventually.js";
import { endures } from "./endures.js";
import { onlyPersisted, shownLines } from "./paper.js";

/** The ticker's page, as endures wants it. */
const ticker = {
  path: "/en/ticker",
  lines: shownLines,
  async state(page) {
    const banner = page.locator("[data-connection]");
    const state = await banner.getAttribute("data-state");
    assert.equal(await banner.isVisible(), state !== null);
    return state;
  },
  afterwards: onlyPersisted,
};
const survives = (what, happens, options) => endures(what, happens, { ...ticker, ...options });

describe("the ticker of the reader page survives", { concurrency: 4 }, () => {
  survives("a server that is killed and restarted while lines are published", async ({ newsroom, visitor, publish, read }) => {
    for (let i = 0; i < 2; i++) {
      await publish(5);
      await visitor.outage(async () => {
        await newsroom.kill();
        await newsroom.start();
        await publish(5); // before the page is back
        await read();
      });
    }
  });

  survives("a deploy", async ({ newsroom, visitor, publish, read }) => {
    await visitor.outage(async () => {
      await newsroom.stop();
      await newsroom.start();
      await publish(3);
      await read();
    });
  });

  survives("a spell without a network", async ({ visitor, publish, read, connection }) => {
    await visitor.outage(async () => {
      await visitor.setOffline(true);
      await connection("offline");
      await publish(3);
      await visitor.setOffline(false);
      await connection(null);
      await read();
    });
  });

  survives("a line that is cut", async ({ line, visitor, publish, read, connection }) => {
    await visitor.outage(async () => {
      line.cut();
      await connection("reconnecting");
      await publish(3);
      line.restore();
      await read();
      await connection(null);
    });
  });

  survives("half an hour of sleep", async ({ line, visitor, publish, sleep }) => {
    await visitor.outage(async () => {
      line.silence(); // nobody is told that the connection is dead
      await publish(3);
      line.restore();
      await sleep("30:00");
    });
  }, { clock: true });

  survives("a connection that is dead without anybody knowing", async ({ line, visitor, publish, sleep }) => {
    await visitor.outage(async () => {
      line.silence();
      await publish(3);
      line.restore();
      await sleep("00:01"); // awake all the time
    });
  }, { clock: true });

  survives("that nobody looks at it for a while", async ({ newsroom, visitor, publish, read, clock }) => {
    await eventually(async () => assert.notEqual(await streams(newsroom), 0));
    await look(visitor.page, "hidden");
    await clock.fastForward(31_000);
    await eventually(async () => assert.equal(await streams(newsroom), 0, "it gives its connections up"));
    await publish(3);
    await look(visitor.page, "visible");
    await read();
  }, { clock: true });

  // A cursor expires 10,000 changes later. So many are not made here: the server's word is put into its mouth.
  const error = { message: "the cursor after has expired", extensions: { code: "CURSOR_EXPIRED", argument: "after" } };
  const expired = { data: null, errors: [error] };
  for (const [what, answer] of [
    ["that its cursor has expired", (route) => {
      const body = `event: next\ndata: ${JSON.stringify(expired)}\n\nevent: complete\ndata:\n\n`;
      return route.fulfill({ contentType: "text/event-stream", body });
    }],
    ["that its cursor is of another newsroom", async (route) => {
      const { "last-event-id": _, ...headers } = route.request().headers();
      const url = route.request().url().replace(/(%22after%22%3A%22)[^%]+/, "$1nonsense");
      await route.fulfill({ response: await route.fetch({ url, headers }) });
    }],
  ]) {
    survives(what, async ({ visitor, publish, read, line }) => {
      const { page, requests } = visitor;
      await visitor.outage(async () => {
        line.cut();
        await publish(3);
        const answered = new Promise((resolve, reject) => {
          page.route(/ReaderFollowTicker/, (route) => {
            line.restore();
            answer(route).then(resolve, reject);
          }, { times: 1 });
        });
        await answered;
        await read();
      });
      assert.ok(requests.some((request) => request.url().includes("ReaderTicker&")), "it has read a page again");
    });
  }
});

/** How many event streams the server has open. */
async function streams({ address }) {
  const metrics = await (await fetch(`${address}/metrics`)).text();
  return Number(/^depeche_connections\{transport="sse"\} (\d+)$/m.exec(metrics)[1]);
}

/** Has the page believe that it is seen, or not: a headless browser shows every page. */
function look(page, state) {
  return page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}
