import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../examples/spa/", import.meta.url));
const program = `${folder}node_modules/vite/bin/vite.js`;

const children = new Set();
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** Why the example SPA can't be served, and what to do; undefined where it can. */
export const unbuilt =
  existsSync(program) && existsSync(`${folder}dist/index.html`) ? undefined : "the SPA is not built: npm ci && npm run build in examples/spa";

/** The flags of a server that knows the SPA's operations from the start. */
export const registered = ["--operations", `${folder}src/gql/manifest.json`];

/**
 * Serves the example SPA, as it was built, before a newsroom.
 *
 * @param {{ address: string }} newsroom
 * @returns {Promise<{ address: string, close: () => Promise<void> }>}
 */
export async function serveSPA({ address }) {
  const child = spawn(process.execPath, [program, "preview", "--host", "127.0.0.1", "--port", "0"], {
    cwd: folder,
    env: { ...process.env, DEPECHE_API: address, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  const ended = new Promise((resolve) => child.once("close", resolve)).finally(() => children.delete(child));
  let said = "";
  const served = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        const found = /Local: +(http:\/\/[^/\s]+)/.exec(said);
        if (found) resolve(found[1]);
      });
    }
  });
  return {
    address: await Promise.race([
      served,
      ended.then(() => {
        throw new Error(`vite preview has ended:\n${said}`);
      }),
    ]),
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
