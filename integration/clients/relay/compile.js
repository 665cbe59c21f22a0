import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildSchema, printSchema } from "graphql";
import compiler from "relay-compiler"; // the path of the program for this machine

import { temporaryFolder } from "../../binary.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const schemaFolder = fileURLToPath(new URL("../../../graph/schema", import.meta.url));

/**
 * Has Relay's compiler compile a file with graphql tags against the schema, in a temporary folder.
 *
 * @param {string} file beside this one, such as `reader.js`
 * @returns {{ artefact: (name: string) => any, manifest: string }} the artefact of an operation or a fragment by its
 *   name; the path of the manifest that names each operation by the SHA-256 of its text
 */
export function compile(file) {
  const folder = temporaryFolder();
  const artefacts = join(folder, "artefacts");
  const manifest = join(folder, "operations.json");
  mkdirSync(join(folder, "src"));
  mkdirSync(artefacts);
  copyFileSync(join(here, file), join(folder, "src", file));
  // Relay takes what an "extend type" adds for a field that the client alone knows: so it gets the schema in one piece.
  const parts = readdirSync(schemaFolder).map((name) => readFileSync(join(schemaFolder, name), "utf8"));
  writeFileSync(join(folder, "schema.graphql"), printSchema(buildSchema(parts.join("\n"))));
  const config = {
    src: "src",
    schema: "schema.graphql",
    language: "javascript",
    artifactDirectory: "artefacts",
    eagerEsModules: false,
    persistConfig: { file: "operations.json", algorithm: "SHA256", include_query_text: true },
  };
  writeFileSync(manifest, "{}");
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
  const { status, stdout, stderr, error } = spawnSync(compiler, ["--noWatchman", "relay.config.json"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`relay-compiler: ${error ?? stdout + stderr}`);
  const require = createRequire(join(artefacts, "index.js"));
  return { artefact: (name) => require(`./${name}.graphql.js`), manifest };
}
