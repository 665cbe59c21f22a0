import { spawn } from "node:child_process";
import { after } from "node:test";

const program = process.env.DEPECHE_TEST_PLAYGROUND_BINARY;

/** Why there is no program that has the playground built in, and what to do; undefined where there is one. */
export const unbuilt = program ? undefined : "DEPECHE_TEST_PLAYGROUND_BINARY names no program: make playground, and go build -tags playground";

let started;
after(async () => (await started)?.stop());

/**
 * A server with the made-up newsroom whose playground has its libraries built in: one for all who ask, which ends with
 * the tests.
 *
 * @returns {Promise<{ api: string, token: string }>}
 */
export function withPlayground() {
  started ??= start();
  return started;
}

async function start() {
  const child = spawn(program, ["--demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  let said = "";
  const greeting = new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = /^API: +(\S+)$[^]*^admin token: (\S+)$/m.exec(said);
      if (found) resolve({ api: found[1], token: found[2] });
    });
  });
  const { api, token } = await Promise.race([
    greeting,
    ended.then((code) => {
      throw new Error(`the server with the playground ended with ${code}:\n${said}`);
    }),
  ]);
  return {
    api,
    token,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      process.removeListener("exit", end);
    },
  };
}
