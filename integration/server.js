import { after } from "node:test";

import { launch, temporaryFolder } from "./binary.js";

/** The server that all tests ask. It ends with them. */
export const server = await start();
after(() => server.stop());

/**
 * Starts a server of its own, with the made-up newsroom, on a free port.
 * DEPECHE_TEST_BINARY names the program; without it, it is built of this tree.
 *
 * @returns {Promise<{ api: string, token: string, stop: () => Promise<void> }>}
 */
async function start() {
  const { child, out, err, ended } = launch(["--demo", "--listen", "127.0.0.1:0"], { TMPDIR: temporaryFolder() });
  const greeting = new Promise((resolve) => {
    child.stdout.on("data", () => {
      const said = /^API: +(\S+)$[^]*^admin token: (\S+)$/m.exec(out());
      if (said) resolve({ api: said[1], token: said[2] });
    });
  });
  const { api, token } = await Promise.race([
    greeting,
    ended.then((code) => {
      throw new Error(`the server ended with ${code}:\n${out()}${err()}`);
    }),
  ]);
  return {
    api,
    token,
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${err()}`);
    },
  };
}
