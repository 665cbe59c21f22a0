// The examples of a document, each run as its language has it.
//
// What an example prints stands behind "→" in its comments: `console.log(title); // → A title`. Other lines may come as
// well, and "…" stands for anything. An example is over when all of it has been printed. A module that begins with its
// name, `// live.js`, can be imported by the others. "https://news.example" is the server under test, and TOKEN in the
// environment an admin's token.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildSchema, parse, validate } from "graphql";

import { temporaryFolder } from "./binary.js";

const root = new URL("..", import.meta.url);
const patience = 20_000; // ms until an example is taken for stuck

/**
 * @typedef {{ language: string, code: string, line: number }} Example the line is that of its fence
 * @typedef {{ api: string, token: string }} Server
 */

/**
 * Finds the examples of a document: whatever is fenced.
 *
 * @param {string} text Markdown
 * @returns {Example[]}
 */
export function examples(text) {
  const found = [];
  let open;
  for (const [i, line] of text.split("\n").entries()) {
    if (!line.startsWith("```")) open?.code.push(line);
    else if (open) {
      found.push({ ...open, code: open.code.join("\n") + "\n" });
      open = undefined;
    } else open = { language: line.slice(3).trim(), code: [], line: i + 1 };
  }
  if (open) throw new Error(`the example in line ${open.line} has no end`);
  return found;
}

/**
 * Runs an example. What is wrong with it is thrown.
 *
 * @param {Example} example
 * @param {Server} server
 * @param {Example[]} [all] those of its document
 */
export async function run({ language, code }, server, all = []) {
  const way = ways[language];
  if (!way) throw new Error(`there is no way to run ${language || "what has no language"}`);
  await way(code, server, all);
}

const ways = { graphql: ask, js: runModule, sh: runShell, go: findInGoClient };

/** Asks the server, a mutation with a token. Of a subscription it is enough that it is valid. */
async function ask(query, { api, token }) {
  const document = parse(query);
  const faults = validate(schema(), document);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  const { operation } = document.definitions.find(({ kind }) => kind === "OperationDefinition");
  if (operation === "subscription") return;
  const response = await fetch(api, {
    method: "POST",
    headers: { "content-type": "application/json", ...(operation === "mutation" && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query }),
  });
  const { errors } = await response.json();
  if (errors) throw new Error(`it is answered ${JSON.stringify(errors)}`);
}

let known;
function schema() {
  const folder = new URL("graph/schema/", root);
  known ??= buildSchema(readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n"));
  return known;
}

/** Runs a module, which can import what is in node_modules here, and has what browsers have. */
async function runModule(code, server, all) {
  const name = nameOf(code);
  if (name) {
    if (!all.some((other) => other.code.includes(`from "./${name}";`))) throw new Error(`nobody imports ${name}`);
    return; // with whoever imports it
  }
  const folder = writeModules(all, server);
  writeFileSync(join(folder, "example.js"), placed(code, server));
  const flags = ["--experimental-websocket", "--experimental-eventsource"]; // Node 20 has them behind these
  const known = flags.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
  await prints(code, server, process.execPath, [...known, "--no-warnings", join(folder, "example.js")]);
}

/**
 * Writes the modules that have names.
 *
 * @param {Example[]} all
 * @param {{ api: string }} server
 * @returns {string} their folder
 */
export function writeModules(all, server) {
  const folder = temporaryFolder();
  symlinkSync(fileURLToPath(new URL("node_modules", import.meta.url)), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  for (const { language, code } of all) {
    if (language === "js" && nameOf(code)) writeFileSync(join(folder, nameOf(code)), placed(code, server));
  }
  return folder;
}

/** The name that a module gives itself. */
const nameOf = (code) => /^\/\/ (\S+\.js)\n/.exec(code)?.[1];

async function runShell(code, server) {
  if (!/^curl /m.test(code)) throw new Error("it does not call curl");
  await prints(code, server, "bash", ["-euc", placed(code, server)]);
}

/** An example for this server. */
function placed(code, { api }) {
  const { origin } = new URL(api);
  return code.replaceAll("https://news.example", origin).replaceAll("wss://news.example", origin.replace("http", "ws"));
}

/** Runs a program until it has printed what the example says. */
function prints(code, { token }, program, args) {
  const missing = Array.from(code.matchAll(/(?:\/\/|#) → (.*)$/gm), ([, text]) => text.trim());
  if (missing.length === 0) throw new Error("it does not tell what it prints");
  const child = spawn(program, args, {
    env: { ...process.env, TOKEN: token },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  let printed = "";
  let rest = "";
  let complaints = "";
  const look = (line) => {
    const i = missing.findIndex((text) => matches(line.trim(), text));
    if (i >= 0) missing.splice(i, 1);
    if (missing.length === 0) child.kill("SIGKILL");
  };
  child.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    lines.forEach(look);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", () => {
      if (rest) look(rest);
      if (missing.length === 0) resolve();
      else reject(new Error(`it does not print ${JSON.stringify(missing[0])}, but\n${printed}${complaints}`));
    });
  });
}

/** Whether a line is what a text with "…" says. */
function matches(line, text) {
  const pattern = text.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*");
  return new RegExp(`^${pattern}$`).test(line);
}

/** Code of the Go client stands there as it is here; it is tested there. */
async function findInGoClient(code) {
  const folder = new URL("examples/goclient/", root);
  const files = readdirSync(folder).filter((name) => name.endsWith(".go"));
  if (!files.some((name) => readFileSync(new URL(name, folder), "utf8").includes(code))) {
    throw new Error("no file of examples/goclient has it");
  }
}
