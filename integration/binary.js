// The program under test, and what is started and made for it. All of that is gone when the process has ended.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const children = new Set();
const folders = new Set();
process.once("exit", () => { // also when the tests come to a bad end
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/**
 * Makes a folder of its own below that for temporary ones.
 *
 * @returns {string} its path
 */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "depeche-integration-"));
  folders.add(folder);
  return folder;
}

/**
 * Starts the program.
 *
 * @param {string[]} args
 * @param {Record<string, string>} [settings] variables of its environment; there are none of depeche's beside them
 * @returns {{ child: import("node:child_process").ChildProcess, out: () => string, err: () => string, ended: Promise<number | null> }}
 *   the process, what it has printed, and its exit code once it has ended: null when a signal has ended it
 */
export function launch(args, settings = {}) {
  const child = spawn(binary(), args, { env: { ...environment(), ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  ended.catch(() => {}).finally(() => children.delete(child)); // whoever waits for it hears of an error
  return { child, out: () => out, err: () => err, ended };
}

/**
 * Runs the program to its end, which has to be a good one.
 *
 * @param {string[]} args
 * @returns {string} what it has printed
 */
export function run(args) {
  const { status, stdout, stderr, error } = spawnSync(binary(), args, { env: environment(), encoding: "utf8" });
  if (status !== 0) throw new Error(`depeche ${args[0]}: ${error ?? stderr}`);
  return stdout;
}

/** The path of the program: what DEPECHE_TEST_BINARY names, or one that is built of this tree, once a process. */
let built;
function binary() {
  built ??= process.env.DEPECHE_TEST_BINARY || build();
  return built;
}

function build() {
  const path = join(temporaryFolder(), "depeche");
  const { status, stderr, error } = spawnSync("go", ["build", "-o", path, "."], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build: ${error ?? stderr}`);
  return path;
}

/** The environment without what would set up the server. */
function environment() {
  const set = (name) => name.startsWith("DEPECHE_") || name === "MONGODB_URI";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !set(name)));
}
