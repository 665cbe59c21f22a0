import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The server that all tests ask. It ends with them. */
export const server = await start();
after(() => server.stop());

/**
 * Starts a server of its own, with the made-up newsroom, on a free port.
 * DEPECHE_TEST_BINARY names the program; without it, it is built of this tree.
 * What is started and made here is gone when the process has ended.
 *
 * @returns {Promise<{ api: string, token: string, stop: () => Promise<void> }>}
 */
async function start() {
  const folder = mkdtempSync(join(tmpdir(), "depeche-integration-"));
  const child = spawn(build(folder), ["--demo", "--listen", "127.0.0.1:0"], {
    env: { ...without(process.env), TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.once("exit", () => { // also when the tests come to a bad end
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));

  const greeting = new Promise((resolve) => {
    child.stdout.on("data", () => {
      const said = /^API: +(\S+)$[^]*^admin token: (\S+)$/m.exec(out);
      if (said) resolve({ api: said[1], token: said[2] });
    });
  });
  const { api, token } = await Promise.race([
    greeting,
    ended.then((code) => {
      throw new Error(`the server ended with ${code}:\n${out}${err}`);
    }),
  ]);
  return {
    api,
    token,
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${err}`);
    },
  };
}

/** The path of the program. */
function build(folder) {
  if (process.env.DEPECHE_TEST_BINARY) return process.env.DEPECHE_TEST_BINARY;
  const binary = join(folder, "depeche");
  const { status, stderr, error } = spawnSync("go", ["build", "-o", binary, "."], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build: ${error ?? stderr}`);
  return binary;
}

/** The environment without what would set up the server. */
function without(environment) {
  const set = (name) => name.startsWith("DEPECHE_") || name === "MONGODB_URI";
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !set(name)));
}
